"""The release's own transforms look at labels that are no data set yet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ppocr_kit.errors import SetupError, ToolError
from ppocr_kit.labels.sources import read_sources
from ppocr_kit.runs import label_check
from ppocr_kit.runs.label_check import CheckRequest, LabelReport, check_labels
from ppocr_kit.tasks import Task


def region(text: str, *points: tuple[float, float]) -> dict[str, Any]:
    return {"transcription": text, "points": [list(point) for point in points], "difficult": False}


def line(text: str, top: float, height: float = 20) -> dict[str, Any]:
    return region(text, (5, top), (95, top), (95, top + height), (5, top + height))


def label(*pages: list[dict[str, Any]]) -> str:
    rows = (f"batch/{name}.png\t{json.dumps(boxes)}\n" for name, boxes in zip("abc", pages))
    return "".join(rows)


def told(report: LabelReport) -> list[tuple[str, Any, Any]]:
    return [(found.code, found.line, found.region) for found in report.check.problems]


def test_without_a_release_the_rest_is_checked_and_it_is_said(make_folder, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    dictionary = tmp_path / "d.txt"
    dictionary.write_text("a\nb\n", "utf-8")
    folder = make_folder(label([line("ab", 5), line("axe", 30)]))
    report = check_labels(CheckRequest((folder,), dictionary=dictionary))
    assert told(report) == [("L081", 1, 1)]
    assert not report.passed
    assert report.release.rows == {}
    assert "ppocr-kit vendor sync" in str(report.release.left_out)


def test_a_release_that_is_asked_for_must_be_there(make_folder, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = make_folder(label([line("ab", 5)]))
    with pytest.raises(SetupError, match="no PaddleOCR release"):
        check_labels(CheckRequest((folder,), release=True))


def test_it_can_be_left_out(make_folder, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    report = check_labels(CheckRequest((make_folder(label([line("ab", 5)])),), release=False))
    assert report.passed
    assert "--no-release" in str(report.release.left_out)


@pytest.fixture
def answering(monkeypatch):
    """Stand in for release, environment and worker: what is given comes as the worker's answers."""

    def answer(*answers: dict[str, Any], error: ToolError | None = None) -> None:
        def ask(worker: str, job: Any, scratch: Path, on_answer: Any, **options: Any) -> None:
            for each in answers:
                on_answer(each)
            if error is not None:
                raise error

        monkeypatch.setattr(label_check, "find_release", lambda: None)
        monkeypatch.setattr(label_check, "find_interpreter", lambda lane: None)
        monkeypatch.setattr(label_check, "ask", ask)

    return answer


def test_answers_are_findings_and_progress(make_folder, answering) -> None:
    refused = {"task": "rec", "row": 1, "kind": "row", "boxes": None, "detail": "why"}
    answering(
        {"done": 1, "findings": []},
        {"done": 1, "findings": [refused]},
        {"task": "rec", "rows": 2, "pasteable": True},
    )
    passed = []

    def track(items, description, total=None):
        for item in items:
            passed.append((description, total))
            yield item

    folder = make_folder(label([line("ab", 5), line("b", 30)]))
    report = check_labels(CheckRequest((folder,), (Task.REC,)), track=track)
    assert told(report) == [("L086", 1, 1)]
    assert passed.count(("letting the release look", 2)) == 2
    assert report.release.rows == {Task.REC: 2}


def test_a_worker_that_dies_does_not_take_the_check_with_it(make_folder, answering) -> None:
    folder = make_folder(label([line("ab", 5)]))
    answering(error=ToolError("check_rows.py was killed"))
    report = check_labels(CheckRequest((folder,)))
    assert report.passed
    assert "check_rows.py was killed" in str(report.release.left_out)
    with pytest.raises(ToolError):
        check_labels(CheckRequest((folder,), release=True))


def test_pages_that_nothing_can_be_pasted_on_are_a_note(make_folder, answering) -> None:
    answering({"done": 1, "findings": []}, {"task": "det", "rows": 1, "pasteable": False})
    report = check_labels(CheckRequest((make_folder(label([line("ab", 5)])),), (Task.DET,)))
    assert "ch_det_mv3_db_v2.0 cannot train on these pages" in report.release.notes[0]


def test_a_folder_without_a_usable_row_needs_no_release(make_folder, answering) -> None:
    answering(error=ToolError("never asked"))
    report = check_labels(CheckRequest((make_folder("batch/none.png\t[]\n"),), release=True))
    assert report.release.rows == {}
    assert not report.passed


@pytest.mark.release
def test_every_row_that_training_refuses_is_told_at_its_box(make_folder, workspace: Path) -> None:
    dictionary = workspace / "d.txt"
    dictionary.write_text("a\nb\n", "utf-8")
    folder = make_folder(
        label(
            [line("ab", 1), line("abababababab", 25), line("###", 45, 10)],
            [],
            [line("xy", 5), line("ab" * 4, 30, 3)],
        ),
        ("a.png", "b.png", "c.png"),
    )
    request = CheckRequest(
        (folder,),
        models={Task.DET: "quickstart_det", Task.REC: "PP-OCRv5_mobile_rec"},
        dictionary=dictionary,
        max_text_length=10,
        release=True,
    )
    report = check_labels(request)
    assert report.release.rows == {Task.DET: 3, Task.REC: 4}
    assert report.release.left_out is None
    assert told(report) == [
        ("L080", 1, 1),  # 12 characters
        ("L053", 1, 2),
        ("L017", 2, None),
        ("L082", 3, 0),
        ("L085", 3, 1),  # 3 pixels high, 7.7 where the page of 100 is 256 wide
        ("L087", 3, 1),  # and 90 long, for a picture of 320 x 48
    ]
    long = next(found for found in report.check.problems if found.code == "L080")
    # a guiding head takes two signs off: the eight characters of the last box are the most
    assert "12 > 10" in long.message


@pytest.mark.release
def test_pages_that_copy_paste_would_wait_for_are_told(make_folder, workspace: Path) -> None:
    pentagon = region("ab", (5, 5), (50, 2), (95, 5), (95, 30), (5, 30))
    folder = make_folder(label([pentagon]))
    report = check_labels(CheckRequest((folder,), (Task.DET,), {Task.DET: "PP-OCRv5_mobile_det"}))
    assert "CopyPaste" in " ".join(report.release.notes)
    four = make_folder(label([line("ab", 5)]), name="four")
    (four / "Label.txt").write_text(
        (four / "Label.txt").read_text("utf-8").replace("batch/", "four/"), "utf-8"
    )
    report = check_labels(CheckRequest((four,), (Task.DET,), {Task.DET: "PP-OCRv5_mobile_det"}))
    assert report.release.notes == ()


@pytest.mark.release
def test_the_release_takes_every_row_of_the_real_exports(shared: Path, workspace: Path) -> None:
    folders = tuple(shared / "real" / name for name in ("mix", "form_1040"))
    report = check_labels(CheckRequest(folders, release=True))
    assert report.release.rows == {Task.DET: 144, Task.REC: 390}
    assert not {code for code in report.check.problems.by_code if code in ("L080", "L082", "L084", "L086")}
    assert sum(len(source.pages) for source in read_sources(folders)) == 144
