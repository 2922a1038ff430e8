"""The ``config`` verb as a user calls it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ppocr_kit.cli.main import main
from ppocr_kit.configs.base import list_models
from ppocr_kit.tasks import Task

Capture = pytest.CaptureFixture[str]


def run(capsys: Capture, *words: str) -> tuple[int, str, str]:
    code = main(["config", *words])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with a built data set of both tasks: nine rows to train, one to validate."""
    from ppocr_kit.storage import sha256_of

    root = tmp_path / "train_data" / "tiny"
    (root / "rec").mkdir(parents=True)
    (root / "det").mkdir()
    (root / "rec" / "dict.txt").write_text("a\nb\n", encoding="utf-8")
    tasks: dict[str, Any] = {}
    for task in ("det", "rec"):
        splits = {}
        for split, rows in (("train", 9), ("val", 1), ("test", 1)):
            file = root / task / f"{split}.txt"
            pictures = [f"{split}-{number}.png" for number in range(rows)]
            file.write_text("".join(f"{name}\tab\n" for name in pictures), encoding="utf-8")
            for name in pictures:
                (root / task / name).touch()
            splits[split] = {
                "list": f"{task}/{split}.txt", "sha256": sha256_of(file), "samples": rows, "pages": rows,
            }  # fmt: skip
        tasks[task] = {"data_dir": task, "splits": splits}
    tasks["rec"].update(
        dictionary="rec/dict.txt",
        dictionary_sha256=sha256_of(root / "rec" / "dict.txt"),
        num_characters=2,
        use_space_char=False,
        max_text_length=2,
    )
    manifest = {
        "format": 1, "name": "tiny", "tool": {"name": "ppocr-kit", "version": "0"}, "seed": 0,
        "ratio": [8, 1, 1], "sources": [], "tasks": tasks,
        "skipped": {"count": 0, "by_code": {}, "list": "skipped.jsonl"},
    }  # fmt: skip
    (root / "dataset.json").write_text(json.dumps(manifest), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_list_names_every_model_and_marks_the_defaults(capsys: Capture) -> None:
    code, out, _ = run(capsys, "list")
    assert code == 0
    rows = out.splitlines()
    assert len(rows) == 1 + len(list_models(*Task)), "every model has one line"
    assert all(recipe.name in out for recipe in list_models(*Task))
    assert sum(row.startswith("*") for row in rows) == len(Task)
    assert max(len(row.rstrip()) for row in rows) <= 100


def test_list_of_one_task_as_json_is_one_document(capsys: Capture) -> None:
    code, out, _ = run(capsys, "list", "--task", "det", "--json")
    models = json.loads(out)
    assert code == 0
    assert {model["task"] for model in models} == {"det"}
    assert [model["name"] for model in models if model["default"]] == ["ch_det_mv3_db_v2.0"]
    assert all(model["parameters"] >= model["exported_parameters"] > 0 for model in models)
    assert all(model["export_mb"] > 0 and model["choose"] for model in models)


def test_render_says_on_stderr_and_in_the_file_what_it_changed(project: Path, capsys: Capture) -> None:
    code, out, err = run(capsys, "render", "rec", "--dataset", "train_data/tiny", "--batch-size", "3")
    line = "Train.loader.batch_size_per_card: 256 -> 3, because of --batch-size"
    assert code == 0
    assert line in err.splitlines()
    assert f"#   {line}" in out.splitlines()


def test_render_as_json_has_the_configuration_and_its_changes(project: Path, capsys: Capture) -> None:
    code, out, err = run(
        capsys, "render", "rec", "--model", "PP-OCRv5_mobile_rec", "--dataset", "train_data/tiny",
        "--image-width", "160", "--json",
    )  # fmt: skip
    shown = json.loads(out)
    assert (code, err) == (0, "")
    assert shown["config"]["Train"]["sampler"]["scales"][0][0] == 160
    said = {change["what"]: change for change in shown["changes"]}
    assert said["Eval.dataset.transforms.RecResizeImg.image_shape"]["to"] == [3, 48, 160]
    assert said["Eval.dataset.transforms.RecResizeImg.image_shape"]["why"] == "of --image-width 160"


def test_mixed_precision_on_a_cpu_is_refused(project: Path, capsys: Capture) -> None:
    code, _, err = run(capsys, "render", "det", "--dataset", "train_data/tiny", "--amp")
    assert code == 2
    assert "mixed precision needs a GPU" in err


def test_show_prints_the_recipe_as_shipped(capsys: Capture) -> None:
    code, out, _ = run(capsys, "show", "quickstart_rec")
    assert code == 0
    assert yaml.safe_load(out)["Architecture"]["algorithm"] == "CRNN"


def test_show_of_an_unknown_model_names_the_nearest(capsys: Capture) -> None:
    code, out, err = run(capsys, "show", "quickstart")
    assert (code, out) == (2, "")
    assert "did you mean 'quickstart_det'" in err


def test_render_prints_what_would_run(project: Path, capsys: Capture) -> None:
    code, out, _ = run(
        capsys, "render", "rec", "--dataset", "train_data/tiny", "--epochs", "3", "--lr", "1e-4",
        "--seed", "5", "-o", "Optimizer.lr.warmup_epoch=1", "-o", "Global.use_amp=false",
    )  # fmt: skip
    config = yaml.safe_load(out)
    assert code == 0
    assert config["Global"]["epoch_num"] == 3
    assert config["Global"]["seed"] == 5
    assert config["Global"]["use_amp"] is False
    assert config["Global"]["save_model_dir"] == (project / "output/tiny-rec/checkpoints").as_posix()
    assert config["Optimizer"]["lr"] == {"name": "Cosine", "learning_rate": 1e-4, "warmup_epoch": 1.0}
    assert config["Train"]["dataset"]["data_dir"] == (project / "train_data/tiny/rec").as_posix()


@pytest.mark.parametrize("task", ["det", "rec"])
def test_rendered_file_passes_lint(task: str, project: Path, capsys: Capture) -> None:
    assert run(capsys, "render", task, "--dataset", "train_data/tiny", "--out", "c.yml")[0] == 0
    code, out, _ = run(capsys, "lint", "c.yml", "--strict")
    *notes, summary = out.splitlines()
    assert code == 0
    assert summary == f"c.yml: no errors, {len(notes)} notes"
    assert all(" note C018: " in note for note in notes)


def test_render_writes_nothing_but_the_file(project: Path, capsys: Capture) -> None:
    run(capsys, "render", "det", "--dataset", "train_data/tiny", "--out", "c.yml")
    assert sorted(path.name for path in project.iterdir()) == ["c.yml", "train_data"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("rec", "--dataset", "train_data/none"), 3, "no data set here"),
        (("rec",), 2, "--dataset"),
        (("kie", "--dataset", "train_data/tiny"), 2, "kie"),
        (("rec", "--dataset", "train_data/tiny", "--model", "quickstart_det"), 2, "is a det model"),
        (("rec", "--dataset", "train_data/tiny", "--device", "tpu"), 2, "is not a device"),
        (("rec", "--dataset", "train_data/tiny", "--lr", "-1"), 2, "is not a learning rate"),
        (("rec", "--dataset", "train_data/tiny", "--lr", "nan"), 2, "is not a learning rate"),
        (("rec", "--dataset", "train_data/tiny", "--epochs", "0"), 2, "epochs"),
        (("rec", "--dataset", "train_data/tiny", "--name", "../x"), 2, "cannot name a run"),
        (("rec", "--dataset", "train_data/tiny", "--pretrained", "no"), 3, "no training weights"),
        (("rec", "--dataset", "train_data/tiny", "-o", "Global.epoch_num"), 2, "is not KEY=VALUE"),
        (("rec", "--dataset", "train_data/tiny", "-o", "Global.epochs=1"), 4, "unknown key Global.epochs"),
        (("rec", "--dataset", "train_data/tiny", "-o", "Global.epoch_num=x"), 4, "takes a whole number"),
    ],
)
def test_wrong_request_ends_with_its_exit_code(
    words: tuple[str, ...], code: int, message: str, project: Path, capsys: Capture
) -> None:
    found, out, err = run(capsys, "render", *words)
    assert (found, out) == (code, "")
    assert message in err
    assert "Traceback" not in err


def test_folder_in_place_of_weights_is_answered_with_the_file(project: Path, capsys: Capture) -> None:
    (project / "w").mkdir()
    (project / "w" / "best_accuracy.pdparams").write_bytes(b"")
    code, _, err = run(capsys, "render", "rec", "--dataset", "train_data/tiny", "--pretrained", "w")
    assert code == 3
    assert "--pretrained w/best_accuracy.pdparams" in err


def test_lint_prints_every_finding_with_its_line(project: Path, capsys: Capture) -> None:
    run(capsys, "render", "rec", "--dataset", "train_data/tiny", "--out", "c.yml")
    text = Path("c.yml").read_text(encoding="utf-8").replace("seed:", "sead:").replace(": 0.00075", ": 7e-4")
    Path("c.yml").write_text(text, encoding="utf-8")
    code, out, err = run(capsys, "lint", "c.yml")
    rows = [row.partition("#")[0] for row in text.splitlines()]
    places = [next(n for n, row in enumerate(rows, 1) if part in row) for part in ("sead:", "7e-4")]
    assert code == 4
    found = [line.split(" ") for line in out.splitlines()]
    assert [words[0] for words in found if words[1] == "error"] == [f"c.yml:{place}:" for place in places]
    assert "2 errors" in err


def test_lint_of_several_files_names_each(project: Path, capsys: Capture) -> None:
    run(capsys, "render", "rec", "--dataset", "train_data/tiny", "--out", "good.yml")
    Path("bad.yml").write_text("Global: [", encoding="utf-8")
    code, out, err = run(capsys, "lint", "good.yml", "bad.yml")
    assert code == 4
    assert "good.yml: no errors" in out
    assert "bad.yml: 1 error" in out
    assert "at: bad.yml" in err
    code, out, _ = run(capsys, "lint", "good.yml", "bad.yml", "--json")
    assert code == 4
    assert [each["file"] for each in json.loads(out)["files"]] == ["good.yml", "bad.yml"]


def test_strict_lint_makes_errors_of_warnings(project: Path, capsys: Capture) -> None:
    run(capsys, "render", "det", "--dataset", "train_data/tiny", "--out", "c.yml")
    text = Path("c.yml").read_text(encoding="utf-8").replace("Global:\n", "Global:\n  distort: true\n")
    Path("c.yml").write_text(text, encoding="utf-8")
    assert run(capsys, "lint", "c.yml")[0] == 0
    assert run(capsys, "lint", "c.yml", "--strict")[0] == 4


def test_lint_as_json_is_one_document(project: Path, capsys: Capture) -> None:
    Path("c.yml").write_text("Global: [", encoding="utf-8")
    code, out, _ = run(capsys, "lint", "c.yml", "--json")
    body = json.loads(out)
    assert code == 4
    assert body["errors"] == 1
    assert body["problems"][0]["code"] == "C001"


def test_lint_of_no_file_is_a_usage_error(project: Path, capsys: Capture) -> None:
    assert run(capsys, "lint", "none.yml")[0] == 2


@pytest.mark.parametrize("verb", ["list", "show", "render", "lint"])
def test_help_ends_with_an_example(verb: str, capsys: Capture) -> None:
    code, out, _ = run(capsys, verb, "--help")
    assert code == 0
    assert re.search(rf"Examples?:\s+ppocr-kit config {verb}", out)
