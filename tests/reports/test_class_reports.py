"""Runs of key information in reports: figures by name, scores by class, several runs side by side."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ppocr_kit.metrics.entities import score_entities
from ppocr_kit.reports.compare import compare_runs
from ppocr_kit.reports.console import render_comparison, render_figures, render_report
from ppocr_kit.reports.document import report_to_json
from ppocr_kit.reports.markdown import render_markdown
from ppocr_kit.reports.reading import read_run_report
from ppocr_kit.reports.remarks import remarks
from ppocr_kit.reports.run_report import RunReport
from ppocr_kit.reports.write import write_report
from ppocr_kit.runs.kie_evaluate import figures_to_json

MakeRun = Callable[..., Any]
LABELLED = ["B-TOTAL", "I-TOTAL", "B-NAME", "O", "B-NAME"]


def figures_of(found: list[str]) -> dict[str, Any]:
    return {
        "whole_page": score_entities([(found, LABELLED)]),
        "first_window": score_entities([(found[:3], LABELLED[:3])]),
    }


@pytest.fixture
def make_ser(make_run: MakeRun, tmp_path: Path) -> Callable[..., RunReport]:
    """Make a SER run whose best weights found tags on val."""

    def make(name: str, found: list[str]) -> RunReport:
        figures = figures_of(found)
        measured = {
            **figures["whole_page"].to_json(), **figures_to_json(figures),
            "split": "val", "checkpoint_sha256": None, "dataset": {"name": "forms", "checksum": "d" * 64},
            "split_sha256": "5" * 64, "skipped": [],
        }  # fmt: skip
        folder = make_run(name, record={"task": "ser", "model": "vi_layoutxlm"}, measured=None)
        folder.reports.mkdir(exist_ok=True)
        (folder.reports / "eval-val.json").write_text(json.dumps(measured), encoding="utf-8")
        best = folder.checkpoints / "best_accuracy"
        best.mkdir()
        (best / "model_state.pdparams").write_bytes(b"weights")
        return read_run_report(folder)

    return make


def test_a_checkpoint_that_is_a_folder_is_found(make_ser: Callable[..., RunReport]) -> None:
    report = make_ser("forms-ser", LABELLED)
    (checkpoint,) = report.checkpoints
    assert checkpoint.file == "checkpoints/best_accuracy/model_state.pdparams"
    assert "The run has no best weights." not in remarks(report)


def test_each_figure_has_a_row_and_each_class_its_numbers(make_ser: Callable[..., RunReport]) -> None:
    report = make_ser("forms-ser", ["B-TOTAL", "I-TOTAL", "B-NAME", "B-NAME", "O"])
    markdown = render_markdown(report, ["classes-val.png"])
    assert "| val | best | whole_page | 0.6667 | 0.6667 | 0.6667 | 1 | 0 |" in markdown
    assert "| val | best | first_window | 1.0000 | 1.0000 | 1.0000 | 1 | 0 |" in markdown
    assert "| NAME | 0.5000 | 0.5000 | 0.5000 | 1 | 2 | 2 |" in markdown
    assert "![hmean by class on val](classes-val.png)" in markdown
    assert "![" not in render_markdown(report)
    text = render_report(report)
    assert "by class, val" in text and "whole_page" in text
    body = report_to_json(report)["measurements"][0]
    assert [figure["name"] for figure in body["figures"]] == ["whole_page", "first_window"]
    assert body["per_class"]["TOTAL"]["labelled"] == 1


def test_classes_are_drawn_where_they_were_measured(make_ser: Callable[..., RunReport]) -> None:
    report = make_ser("forms-ser", LABELLED)
    stale = report.folder.reports / "classes-test.png"
    stale.write_bytes(b"of a measurement that is gone")
    write_report(report)
    assert (report.folder.reports / "classes-val.png").read_bytes().startswith(b"\x89PNG")
    assert not stale.exists()


def test_runs_stand_side_by_side_class_by_class(make_ser: Callable[..., RunReport]) -> None:
    reports = [make_ser("one", LABELLED), make_ser("two", ["B-TOTAL", "O", "B-NAME", "O", "B-NAME"])]
    (compared,) = compare_runs(reports)
    lines = render_comparison(compared, width=120).splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in lines if line.split()}
    assert rows["NAME"] == ["1.0000", "1.0000"] and rows["TOTAL"] == ["1.0000", "0.0000"]
    (split,) = compared.to_json()["splits"]
    assert split["best"] == ["one"]
    assert [classes["TOTAL"]["hmean"] for classes in split["per_class"]] == [1.0, 0.0]


def test_one_run_alone_has_no_table_of_classes_side_by_side(make_ser: Callable[..., RunReport]) -> None:
    (compared,) = compare_runs([make_ser("one", LABELLED)])
    assert "by class" not in render_comparison(compared)


def test_a_measurement_is_shown_with_what_its_figures_are() -> None:
    text = render_figures(figures_of(LABELLED), {"first_window": "of the first window"})
    assert "of the first window" in text and "TOTAL" in text
    without = {"whole_page": score_entities([(["O"], ["O"])])}
    assert "labelled" not in render_figures(without, {})
