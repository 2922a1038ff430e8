"""Key information from drawn forms to trained and measured networks, in the kie lane."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kie_files import make_dataset

from ppocr_kit.cli.main import main
from ppocr_kit.errors import SetupError
from ppocr_kit.storage import sha256_of
from ppocr_kit.vendor.environment import find_interpreter
from ppocr_kit.vendor.process import run_tool
from ppocr_kit.vendor.release import find_release, sync_release
from ppocr_kit.vendor.tools import tool_invocation

pytestmark = [pytest.mark.release, pytest.mark.xdist_group("kie-flow")]

TINY = Path(__file__).with_name("scripts") / "tiny_layoutxlm.py"
SHORT = ("--epochs", "2", "--batch-size", "4", "--lr", "0.003", "--max-seq-len", "128")


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory, release_path: Path) -> Iterator[Path]:
    """A project with a data set of 16 forms, and a tiny network with its tokenizer in ``tiny``."""
    try:
        python = find_interpreter("kie").python
    except SetupError as error:
        pytest.skip(f"no kie lane here: {error.hint}")
    project = tmp_path_factory.mktemp("forms")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        patch.delenv("PPOCR_KIT_KIE_TOKENIZER", raising=False)
        sync_release(project=project, source=str(release_path))
        assert main(["synth", "labels", "--kind", "form", "--pages", "16"]) == 0
        texts = make_dataset(Path("labels"), Path("train_data/forms"))
        Path("texts.txt").write_text("\n".join(texts * 3) + "\n", encoding="utf-8")
        run_tool(
            tool_invocation(
                find_release(project), python, str(TINY), ["tiny", "texts.txt"], cwd=project, timeout_s=300.0
            )
        )
        yield project


@pytest.fixture(scope="module")
def ser(forms: Path) -> str:
    """A trained SER run."""
    train = ("train", "ser", "--dataset", "train_data/forms", "--pretrained", "tiny", "--name", "forms-ser")
    assert main([*train, *SHORT]) == 0
    return "forms-ser"


def record_of(name: str) -> dict[str, Any]:
    return dict(json.loads(Path("output", name, "run.json").read_text(encoding="utf-8")))


def test_ser_starts_from_a_folder_and_says_what_of_it_fits(ser: str) -> None:
    record = record_of(ser)
    assert record["status"] == "finished" and record["task"] == "ser"
    assert record["plan"]["rows"]["train"] == {"total": 12, "usable": 12, "rejected": 0}
    parts = {part["part"]: part for part in record["plan"]["weights"]["parts"]}
    assert parts["layoutxlm"]["share"] == 1.0 and parts["classifier"]["loaded"] == 0
    assert {path.name for path in Path("output", ser, "start").iterdir()} == {
        "config.json", "model_state.pdparams", "sentencepiece.bpe.model",
    }  # fmt: skip
    assert "paddlenlp" in record["versions"]


def test_a_run_goes_on_where_it_ended_with_its_own_tokenizer(ser: str) -> None:
    assert (
        main(["train", "ser", "--dataset", "train_data/forms", "--name", ser, "--epochs", "4", "--resume"])
        == 0
    )
    record = record_of(ser)
    assert record["plan"]["first_epoch"] == 3 and record["plan"]["weights"] is None
    log = Path("output", ser, "logs", "train.log").read_text(encoding="utf-8")
    assert "epoch: [3/4], global_step: 7," in log
    assert ".pdopt is not exists" not in log.split("resume from")[-1]


def test_re_starts_from_the_network_of_a_ser_run_and_is_measured(
    ser: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(
            ["train", "re", "--dataset", "train_data/forms", "--from-ser", ser, "--name", "forms-re", *SHORT]
        )
        == 0
    )
    parts = {part["part"]: part for part in record_of("forms-re")["plan"]["weights"]["parts"]}
    assert parts["layoutxlm"]["share"] == 1.0 and parts["extractor"]["loaded"] == 0
    capsys.readouterr()
    assert main(["eval", "forms-re", "--split", "val", "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    assert measured["task"] == "re" and measured["num_samples"] == 4
    assert "whole pages" in measured["definition"]
    assert "first 128 tokens" in measured["figures"]["first_window"]["definition"]
    assert (
        main(["train", "re", "--dataset", "train_data/forms", "--from-ser", "forms-re", "--name", "x"]) == 2
    )


def test_rows_that_cannot_be_used_are_named_before_anything_trains(
    forms: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = forms / "train_data" / "odd"
    make_dataset(forms / "labels", root)
    file = root / "ser" / "train.txt"
    lines = file.read_text(encoding="utf-8").splitlines()
    lines[0] = lines[0].replace("\t", "  ", 1)
    lines[1] = (
        lines[1].replace('"label": "TOTAL_Q"', '"label": "SUM"').replace('"label": "OTHER"', '"label": "SUM"')
    )
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    manifest = json.loads((root / "dataset.json").read_text(encoding="utf-8"))
    manifest["tasks"]["ser"]["splits"]["train"]["sha256"] = sha256_of(file)
    (root / "dataset.json").write_text(json.dumps(manifest), encoding="utf-8")
    train = [
        "train",
        "ser",
        "--dataset",
        str(root),
        "--pretrained",
        "tiny",
        "--name",
        "odd",
        "--dry-run",
        "--json",
    ]
    assert main(train) == 0
    assert json.loads(capsys.readouterr().out)["plan"]["rows"]["train"]["rejected"] == 2
