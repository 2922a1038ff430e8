"""``ppocr-kit eval``: what is asked for and how it is shown; measuring itself is stood in for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ppocr_kit.cli import evaluate as command
from ppocr_kit.cli.main import main
from ppocr_kit.metrics.core import MetricReport
from ppocr_kit.metrics.entities import score_entities
from ppocr_kit.runs.evaluate import Evaluation, evaluate_run
from ppocr_kit.runs.rundir import RunFolder
from ppocr_kit.tasks import Split

LABELLED = ["B-TOTAL", "I-TOTAL", "B-NAME"]


def a_run(name: str, task: str) -> RunFolder:
    folder = RunFolder(Path("output", name).absolute())
    folder.path.mkdir(parents=True)
    record = {"format": 1, "name": name, "task": task, "model": "m", "status": "finished", "dataset": None}
    folder.record_file.write_text(json.dumps(record), encoding="utf-8")
    folder.config_file.write_text("Global: {}\n", encoding="utf-8")
    return folder


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A run ``forms-ser`` that is measured as said; the options that it was asked with."""
    monkeypatch.chdir(tmp_path)
    a_run("forms-ser", "ser")
    whole = score_entities([(LABELLED[:2] + ["O"], LABELLED)], num_skipped=1)
    figures = {"whole_page": whole, "first_window": score_entities([(LABELLED, LABELLED)])}
    options: dict[str, Any] = {}

    def measured(folder: RunFolder, split: Split | None, **given: Any) -> Evaluation:
        options.update(given, split=split)
        skipped = ({"list": "ser/val.txt", "line": 3, "reason": "no text in any box"},)
        return Evaluation(
            whole,
            Split.VAL,
            "x",
            "a" * 64,
            {"name": "forms", "checksum": "c"},
            "b" * 64,
            skipped,
            1.0,
            figures,
        )

    monkeypatch.setattr(command, "evaluate_run", measured)
    return options


def test_every_figure_and_every_class_is_shown(
    asked: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", "forms-ser", "--split", "val", "--checkpoint", "latest"]) == 0
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert lines[:4] == [
        "precision  1.0000", "recall     0.5000", "hmean      0.6667", "on 1 page of forms/val, 1 skipped",
    ]  # fmt: skip
    words = [line.split() for line in lines]
    assert ["whole_page", "1.0000", "0.5000", "0.6667", "all", "windows", "of", "each", "page"] in words
    assert any(row[:4] == ["first_window", "1.0000", "1.0000", "1.0000"] for row in words)
    assert ["NAME", "0.0000", "0.0000", "0.0000", "0", "0", "1"] in words
    assert "skipped val.txt:3: no text in any box" in shown.err
    assert asked["checkpoint"] == "latest" and asked["split"] is Split.VAL and asked["ser_run"] is None


def test_json_names_the_figures(asked: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "forms-ser", "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert body["figure"] == "whole_page" and body["values"] == body["figures"]["whole_page"]["values"]
    assert body["figures"]["first_window"]["values"]["recall"] == 1.0
    assert body["per_class"]["NAME"]["labelled"] == 1


def test_a_task_of_one_figure_names_none() -> None:
    report = MetricReport("det", {"hmean": 1.0}, {}, 1, 0, "", "")
    body = Evaluation(report, Split.TEST, "x", "a", None, "b", (), 1.0).to_json()
    assert "figures" not in body and "figure" not in body


@pytest.mark.parametrize(
    ("task", "message"), [("ser", "'a-run' is a ser run; links are of re runs"), ("det", "is a det run")]
)
def test_classes_that_are_read_are_for_links(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    task: str,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = a_run("a-run", task)
    folder.checkpoints.mkdir()
    (folder.checkpoints / "best_accuracy.pdparams").write_bytes(b"")
    assert command.evaluate_run is evaluate_run
    assert main(["eval", "a-run", "--ser", "forms-ser"]) == 2
    assert message in capsys.readouterr().err


def test_weights_under_a_recipe_are_measured_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "re/vi_layoutxlm", "--weights", "w", "--dataset", "d", "--ser", "x"]) == 2
    assert "--ser" in capsys.readouterr().err
