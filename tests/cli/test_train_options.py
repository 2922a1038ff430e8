"""What the options of ``train`` for key information mean, and where they do not belong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ppocr_kit.cli.main import main
from ppocr_kit.cli.run_options import spec_from_options
from ppocr_kit.configs.spec import RunSpec
from ppocr_kit.errors import UsageError
from ppocr_kit.runs.rundir import RunFolder, RunRecord, write_run
from ppocr_kit.tasks import Task

NOTHING: dict[str, Any] = {
    "dataset": Path("train_data/forms"), "model": None, "name": None, "epochs": None, "batch_size": None,
    "lr": None, "pretrained": None, "transplant_head": True, "pretrained_dict": None, "device": "cpu",
    "image_size": None, "image_width": None, "amp": False, "seed": 0, "eval_every": None, "overrides": (),
    "from_ser": None, "max_seq_len": None,
}  # fmt: skip


def spec(task: Task, **options: Any) -> RunSpec:
    return spec_from_options(task, **{**NOTHING, **options})


@pytest.fixture(autouse=True)
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The best checkpoint of the SER run ``forms-ser``, beside a recogniser's run."""
    monkeypatch.chdir(tmp_path)
    for name, task in (("forms-ser", Task.SER), ("forms-rec", Task.REC)):
        write_run(RunFolder(tmp_path / "output" / name), RunRecord(name, task, "vi_layoutxlm", "finished"))
    best = tmp_path / "output" / "forms-ser" / "checkpoints" / "best_accuracy"
    best.mkdir(parents=True)
    (best / "model_state.pdparams").write_bytes(b"")
    return best


@pytest.mark.parametrize("task", [Task.SER, Task.RE])
def test_key_information_starts_from_a_folder(task: Task) -> None:
    wanted = spec(task, pretrained="tiny", max_seq_len=64)
    assert (wanted.model, wanted.pretrained, wanted.max_seq_len) == ("vi_layoutxlm", Path("tiny"), 64)
    assert wanted.name == f"forms-{task}" and wanted.to_json()["max_seq_len"] == 64
    assert spec(task).pretrained is None


def test_relations_start_from_the_best_network_of_a_ser_run(trained: Path) -> None:
    assert spec(Task.RE, from_ser="forms-ser").pretrained == trained


@pytest.mark.parametrize(
    ("task", "options", "said"),
    [
        (Task.SER, {"from_ser": "forms-ser"}, "--from-ser goes with re, not with ser"),
        (Task.REC, {"from_ser": "forms-ser"}, "--from-ser goes with ser and re, not with rec"),
        (Task.DET, {"max_seq_len": 64}, "--max-seq-len goes with ser and re, not with det"),
        (Task.RE, {"from_ser": "forms-ser", "pretrained": "tiny"}, "exclude each other"),
        (Task.RE, {"from_ser": "forms-rec"}, "'forms-rec' is a rec run, not a ser run"),
        (Task.RE, {"from_ser": "forms-set"}, "did you mean 'forms-ser'"),
        (Task.RE, {"model": "quickstart_rec"}, "is a rec model, not a re one"),
    ],
)
def test_options_that_do_not_go_together_are_refused(task: Task, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        spec(task, **options)


def test_predict_by_a_detector_says_so_of_a_run_of_key_information(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("page.png").write_bytes(b"")
    (trained.parents[1] / "config.yml").write_text(
        "Global: {}\nArchitecture: {model_type: kie, Backbone: {name: LayoutXLMForSer}}\n", encoding="utf-8"
    )
    assert main(["predict", "forms-ser", "page.png"]) == 2
    assert "'forms-ser' is a ser run" in capsys.readouterr().err
