"""Figures of key information, with a tool and a worker that answer what they are told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from test_labelled_pages import box, check, window

from ppocr_kit.configs.device import parse_device
from ppocr_kit.errors import UsageError
from ppocr_kit.runs import kie_evaluate
from ppocr_kit.runs.inspection import RowCheck
from ppocr_kit.runs.kie_evaluate import KieMeasuring, figures_to_json, measure_pages
from ppocr_kit.runs.kie_source import KieSource
from ppocr_kit.tasks import Task

Answer = dict[str, Any]


class Told:
    """Stands in for the tool and for the worker; keeps what both were asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answers: list[Answer]) -> None:
        self.jobs: list[dict[str, Any]] = []
        self.pages: list[dict[str, Any]] = []
        self.lines: Any = None
        self.answers = answers
        monkeypatch.setattr(kie_evaluate, "ask", self.ask)
        monkeypatch.setattr(kie_evaluate, "run_eval_tool", self.run_eval_tool)

    def ask(self, worker: str, job: Mapping[str, Any], scratch: Path, take: Any, **_: Any) -> None:
        assert worker == "measure_kie.py"
        self.jobs.append(dict(job))
        lines = Path(job["pages"]).read_text(encoding="utf-8").splitlines()
        self.pages = [json.loads(line) for line in lines]
        for answer in self.answers:
            take(answer)

    def run_eval_tool(self, config: Any, rows: Any, task: Task, **_: Any) -> dict[str, float]:
        self.lines = rows.kept
        return {"precision": 1.0, "recall": 0.5, "hmean": 2 / 3}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a checkpoint's folder."""
    (tmp_path / "tokenizer").mkdir()
    (tmp_path / "tokenizer" / "sentencepiece.bpe.model").write_bytes(b"")
    monkeypatch.setenv("PPOCR_KIT_KIE_TOKENIZER", str(tmp_path / "tokenizer"))
    release = SimpleNamespace(version="3.7.0", source="archive", complete=False)
    monkeypatch.setattr(kie_evaluate, "find_release", lambda: release)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def measuring_of(
    folder: Path, task: Task, rows: list[tuple[str, Any]], checked: RowCheck, **more: Any
) -> KieMeasuring:
    file = folder / "val.txt"
    file.write_text("".join(f"{name}\t{json.dumps(boxes)}\n" for name, boxes in rows), encoding="utf-8")
    dataset = {
        "data_dir": str(folder), "label_file_list": [str(file)],
        "transforms": [{"VQASerTokenChunk": {"max_seq_len": 4}}],
    }  # fmt: skip
    config = {
        "Global": {}, "Architecture": {}, "PostProcess": {},
        "Train": {"dataset": dataset}, "Eval": {"dataset": dataset, "loader": {"batch_size_per_card": 3}},
    }  # fmt: skip
    return KieMeasuring(task, config, folder / "checkpoint", checked, **more)


CPU = parse_device("cpu")
WINDOWS = {0: window(0), 1: window(1)}


def test_a_page_of_two_windows_is_scored_as_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        ("images/a.jpg", [box(0, "Q"), box(1, "A")]),
        ("images/a.jpg", [box(1, "A"), box(2, "A"), box(3, "OTHER")]),
    ]
    told = Told(
        monkeypatch,
        [
            {
                "tags": [
                    [0, ["B-Q", "I-Q"], "Q"],
                    [1, ["B-Q", "I-A", "I-A"], "A"],
                    [2, ["O", "O"], "OTHER"],
                    [3, ["B-A"], "A"],
                ]
            }
        ],
    )
    rejected = ({"list": "val.txt", "line": 3, "reason": "?"},)
    checked = check((1, 2), rejected=rejected)
    measuring = measuring_of(folder, Task.SER, rows, checked, windows=WINDOWS)
    figures = measure_pages(measuring, log=folder / "log", device=CPU)
    assert list(figures) == ["whole_page", "first_window", "by_majority"]
    whole, first, majority = figures.values()
    # labelled: Q, A, A; found: Q, Q and A in one place, A in the last; only the first is right
    assert whole.counts == {"matched": 1, "predicted": 4, "labelled": 3}
    assert whole.values["hmean"] == pytest.approx(2 / 7)
    # by most of its tokens the second is right, too
    assert majority.counts == {"matched": 2, "predicted": 3, "labelled": 3}
    assert majority.per_class["A"]["predicted"] == 2 and "texts" in majority.definition
    assert whole.per_class["Q"] == {
        "precision": 0.5, "recall": 1.0, "hmean": pytest.approx(2 / 3),
        "matched": 1, "predicted": 2, "labelled": 1,
    }  # fmt: skip
    assert (whole.num_samples, whole.num_skipped) == (1, 1) == (first.num_samples, first.num_skipped)
    assert first.values == {"precision": 1.0, "recall": 0.5, "hmean": 2 / 3}
    assert "whole pages" in whole.definition and "first 4 tokens" in first.definition
    assert "ppocr-kit" in whole.computed_by and "tools/eval.py" in first.computed_by
    # the page went to the worker once and whole, to the tool went its first window alone
    (page,) = told.pages
    assert [entity["id"] for entity in page["entities"]] == [0, 1, 2, 3]
    assert told.lines == ((1,),)
    (job,) = told.jobs
    assert job["model"]["tokenizer"] == str(folder / "tokenizer") and job["model"]["batch_size"] == 3
    body = figures_to_json(figures)
    assert body["figure"] == "whole_page" and set(body["figures"]) == set(figures)
    assert "per_class" not in body["figures"]["first_window"] and figures_to_json({}) == {}


def links_of_a_form() -> list[tuple[str, Any]]:
    total_q = box(4, "question", [(4, 5)], key_cls="TOTAL_Q")
    total_a = box(5, "answer", [(4, 5)], key_cls="TOTAL_A")
    name_q = box(6, "question", key_cls="NAME_Q")
    name_a = box(7, "answer", key_cls="NAME_A")
    return [("images/a.jpg", [total_q, total_a, name_q]), ("images/a.jpg", [total_a, name_a])]


def test_links_are_scored_by_the_class_of_their_question(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows = {0: window(0, over=((6, 7),)), 1: window(1)}
    Told(monkeypatch, [{"links": [[4, 5], [6, 5]], "read": None}])
    measuring = measuring_of(folder, Task.RE, links_of_a_form(), check((1, 2)), windows=windows)
    whole = measure_pages(measuring, log=folder / "log", device=CPU)["whole_page"]
    # the link over windows is labelled, and not found
    assert whole.counts == {"matched": 1, "predicted": 2, "labelled": 2}
    assert whole.per_class["TOTAL_Q"]["hmean"] == 1.0
    assert {key: whole.per_class["NAME_Q"][key] for key in ("matched", "predicted", "labelled")} == {
        "matched": 0, "predicted": 1, "labelled": 1,
    }  # fmt: skip
    assert "as labelled" in whole.definition


def test_links_from_end_to_end_are_between_what_was_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    classes = [[4, "TOTAL_Q"], [5, "TOTAL_A"], [6, "DATE_Q"], [7, "NAME_A"]]
    read = {"links": [[4, 5], [6, 7]], "classes": classes}
    told = Told(monkeypatch, [{"links": [[4, 5]], "read": read}])
    measuring = measuring_of(
        folder, Task.RE, links_of_a_form(), check((1, 2)), windows=WINDOWS, reader=reader_of(classes)
    )
    figures = measure_pages(measuring, log=folder / "log", device=CPU)
    assert list(figures) == ["whole_page", "first_window", "end_to_end"]
    found = figures["end_to_end"]
    # 6 to 7 is not labelled; it counts in the class that 6 was read as
    assert found.counts == {"matched": 1, "predicted": 2, "labelled": 1}
    assert {name: each["predicted"] for name, each in found.per_class.items()} == {"TOTAL_Q": 1, "DATE_Q": 1}
    assert "as the SER run reads them" in found.definition
    # DATE_Q is in no row: its name tells
    assert told.jobs[0]["roles"] == {
        "TOTAL_Q": "QUESTION", "TOTAL_A": "ANSWER", "DATE_Q": "QUESTION", "NAME_A": "ANSWER",
    }  # fmt: skip
    assert told.jobs[0]["reader"]["tokenizer"] == "reader"


def test_classes_without_a_question_are_refused_before_anything_is_asked(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told(monkeypatch, [])
    reader = reader_of([[0, "WEIGHT"], [1, "COLOUR"]])
    measuring = measuring_of(folder, Task.RE, links_of_a_form(), check((1, 2)), reader=reader)
    with pytest.raises(
        UsageError, match="no class of 'forms-ser' is QUESTION in the data set: WEIGHT, COLOUR"
    ):
        measure_pages(measuring, log=folder / "log", device=CPU)
    assert not told.jobs


def reader_of(classes: list[list[Any]]) -> KieSource:
    names = ("OTHER", *(str(name) for _, name in classes))
    return KieSource(
        Task.SER, "forms-ser", (), {}, {}, names, tokenizer=Path("reader"), export=Path("export")
    )
