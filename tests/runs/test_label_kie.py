"""What ``labels check`` tells of key information."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ppocr_kit.datasets.build import BuildRequest, build_dataset
from ppocr_kit.datasets.kie_request import KieRequest
from ppocr_kit.errors import DataError
from ppocr_kit.labels.kie_window_plan import WindowOptions
from ppocr_kit.runs.label_check import CheckRequest, LabelReport, check_labels
from ppocr_kit.tasks import KIE_TASKS, TEXT_TASKS, Task

SER, RE = (Task.SER,), (Task.RE,)
SMALL = WindowOptions(32, 4)
LONG = " ".join(f"word{number}" for number in range(20))

Box = dict[str, Any]


def box(text: str, key_cls: str | None = None, row: int = 0, column: int = 0, **more: Any) -> Box:
    """Return a box of a grid of two columns on a picture of 200 x 400 pixels."""
    left, top = 2 + 98 * column, 1 + 40 * row
    points = [[left, top], [left + 90, top], [left + 90, top + 30], [left, top + 30]]
    classed = {} if key_cls is None else {"key_cls": key_cls}
    return {"transcription": text, "points": points, "difficult": False, **classed, **more}


def field(name: str, answer: str, row: int = 0) -> list[Box]:
    return [box(f"{name}:", f"{name}_q", row), box(answer, f"{name}_a", row, 1)]


@pytest.fixture
def labelled(tmp_path: Path):
    """Write a labelled folder of pages of 200 x 400 pixels that all differ."""

    def write(*pages: list[Box], between: str = "\t") -> Path:
        folder = tmp_path / "forms"
        folder.mkdir()
        lines = []
        for number, boxes in enumerate(pages):
            pixels = np.random.default_rng(number).integers(0, 255, (400, 200, 3), dtype=np.uint8)
            cv2.imwrite(str(folder / f"{number}.png"), pixels)
            lines.append(f"forms/{number}.png{between}{json.dumps(boxes)}\n")
        (folder / "Label.txt").write_text("".join(lines), encoding="utf-8")
        return folder

    return write


def look(folder: Path, kie_tasks: tuple[Task, ...] | None = None, **options: Any) -> LabelReport:
    request = CheckRequest((folder,), (), release=False, kie_tasks=kie_tasks, kie=KieRequest(**options))
    return check_labels(request)


def told(report: LabelReport) -> list[tuple[str, Any, Any]]:
    return [(found.code, found.line, found.region) for found in report.check.problems]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ([box("a"), box("b", "None", 1)], None),
        ([box("a", "x"), box("b", row=1)], SER),
        ([box("a", id=1, linking=[[1, 2]]), box("b", row=1, id=2, linking=[[1, 2]])], RE),
        (field("name", "Tom"), KIE_TASKS),
    ],
    ids=["plain", "classes", "links", "both"],
)
def test_what_the_labels_have_something_for_is_looked_at(labelled, page, expected) -> None:
    report = look(labelled(page))
    assert (report.kie.tasks if report.kie is not None else None) == expected
    assert told(report) == [] and report.passed


@pytest.mark.parametrize("tasks", [None, ()])
def test_labels_for_detection_alone_are_told_nothing(labelled, tasks) -> None:
    # longer than any window, and without a text that can be read
    report = look(labelled([box(" ".join([LONG] * 20))], [box("###", row=1)]), tasks)
    assert told(report) == [("L053", 2, 0)] and report.kie is None


def test_who_gives_options_of_key_information_asks_for_it(labelled) -> None:
    folder = labelled([box("a"), box("b", row=1)])
    assert [code for code, _, _ in told(look(folder, windows=SMALL))] == ["L104"]
    assert [code for code, _, _ in told(look(folder, pairs=(("a", "b"),)))] == ["L099", "L104", "L105"]


@pytest.mark.parametrize(
    ("page", "tasks", "options", "expected"),
    [
        ([box("###", "a_q")], SER, {}, [("L053", 1, 0), ("L098", 1, None)]),
        ([box("a", "a_q"), box("b", "b_q", 1)], RE, {}, [("L105", None, None), ("L099", 1, None)]),
        ([box("a"), box("b", row=1)], SER, {}, [("L104", None, None)]),
        ([box("a", "a_q"), box("b", row=1)], SER, {}, []),
        ([*field("a", "1"), box("x", "b", 2)], SER, {"windows": SMALL}, []),
        ([*field("a", LONG), box("x", "b", 2)], SER, {"windows": SMALL}, [("L100", 1, None), ("L101", 1, 1)]),
        (
            [box("q", "a_q"), *(box("word " * 5, row=row) for row in range(1, 6)), box("1", "a_a", 6)],
            RE,
            {"windows": SMALL},
            [("L100", 1, None), ("L102", 1, 0)],
        ),
        ([box("q", "a_q"), box("", "a_a", 1)], RE, {}, ["L105", "L052", "L097", "L099"]),
        ([box("q", "cap"), box("a", "sum", 1)], RE, {"pairs": (("cap", "sum"),)}, []),
        ([box("q", "a_q"), box("a", "a_a", 1, points=[])], SER, {}, [("L041", 1, 1)]),
        ([*field("a", "1"), box("x", "b", 20)], SER, {}, [("L043", 1, 2)]),
        ([*field("a", "1"), box("x", "b", 9, points=[[-9, 370], [90, 370], [90, 390], [-9, 390]])], SER, {},
         [("L044", 1, 2)]),
        ([box("a", "x", label="y")], SER, {}, [("L095", 1, 0)]),
    ],
)  # fmt: skip
def test_what_is_not_learnt_is_told_with_its_place(labelled, page, tasks, options, expected) -> None:
    found = told(look(labelled(page), tasks, **options))
    if expected and isinstance(expected[0], str):
        assert sorted(code for code, _, _ in found) == sorted(expected)
    else:
        assert sorted(found, key=str) == sorted(expected, key=str)


def test_reading_order_is_told_against_the_twenty_pixels_of_vi_layoutxlm(labelled) -> None:
    page = field("a", "1")
    # one line to people, who see how much the boxes have in common; two to VI-LayoutXLM
    page[0]["points"] = [[x, y + 21] for x, y in page[0]["points"]]
    for each in page:
        (left, top), (right, _) = each["points"][0], each["points"][2]
        each["points"] = [[left, top], [right, top], [right, top + 90], [left, top + 90]]
    assert told(look(labelled(page), SER)) == [("L103", 1, 1)]


def test_numbers_are_those_of_a_build(labelled) -> None:
    pages = [field("name", "Tom"), [*field("NAME", "Ann"), box("seen", None, 3)], [box("alone", "date")]]
    numbers = look(labelled(*pages)).kie
    assert numbers is not None
    shown = numbers.to_json()
    tokens = shown.pop("tokens_per_page")
    assert shown == {
        "tasks": ["ser", "re"],
        "pages": 3,
        "classes": {"OTHER": 1, "DATE": 1, "NAME_A": 2, "NAME_Q": 2},
        "linked_pages": 2,
        "links": {"naming": 2},
        "counted_by": "estimate",
        "window": 512,
        "long_pages": 0,
        "notes": [
            "NAME_A is written in several ways, which are one class: 'NAME_a' (1), 'name_a' (1)",
            "NAME_Q is written in several ways, which are one class: 'NAME_q' (1), 'name_q' (1)",
        ],
    }
    assert sum(tokens["counts"].values()) == 3


def test_tokens_are_counted_by_the_tokenizer_where_one_is_given(labelled) -> None:
    class Letters:
        sha256 = "0"

        def count(self, texts):
            return [len(text) for text in texts]

    numbers = look(labelled(field("name", "Tom")), tokens=Letters()).kie
    assert numbers is not None
    assert (numbers.counted_by, numbers.tokens.counts) == ("tokenizer", {8: 1})


def test_classes_are_held_against_a_list_that_is_put_right(labelled, tmp_path) -> None:
    classes = tmp_path / "classes.txt"
    classes.write_text("name_q\n\nNAME_A\ntotal\nother\n", encoding="utf-8")
    report = look(labelled([*field("name", "Tom"), box("x", "strange", 2)]), classes=classes)
    assert told(report) == [("L096", 1, 2)] and report.passed and report.kie is not None
    assert report.kie.classes == {"OTHER": 1, "NAME_Q": 1, "NAME_A": 1, "TOTAL": 0}
    blank, first, absent = report.kie.notes
    assert "blank lines were passed over: 2" in blank and "OTHER was put first" in first
    assert absent == "no box has the class TOTAL"


def test_peoples_links_count_and_strangers_among_their_pages_are_told(labelled) -> None:
    folder = labelled([box("q"), box("a", row=1)])
    point = {"text": "q", "index": 0, "box": [2, 1, 92, 31]}
    answer = {"text": "a", "index": 1, "box": [2, 41, 92, 71]}
    link = {"question": point, "answer": answer, "origin": "people"}
    page = {"revision": 1, "done": True, "boxes": "", "links": [link]}
    pages = {"0.png": page, "gone.png": {**page, "links": []}}
    (folder / "links.json").write_text(json.dumps({"format": 1, "pages": pages}), encoding="utf-8")
    report = look(folder)
    assert [code for code, _, _ in told(report)] == ["L093", "L094"]
    assert report.kie is not None and report.kie.links == {"people": 1}
    assert look(folder, SER).kie.links == {}


def test_damaged_links_of_people_end_the_check(labelled) -> None:
    folder = labelled(field("name", "Tom"))
    (folder / "links.json").write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match="this is no file of links"):
        look(folder)


@pytest.mark.parametrize(("between", "expected"), [("  ", ["L013"]), ("", ["L010"])])
def test_a_lost_tab_is_told_and_nothing_else(labelled, between, expected) -> None:
    report = look(labelled(field("name", "Tom"), between=between), KIE_TASKS)
    assert [code for code, _, _ in told(report)] == expected
    assert report.passed is (expected == ["L013"])


@pytest.mark.parametrize("name", ["wire", "mix"])
def test_real_exports_without_classes_hear_nothing_of_key_information(shared: Path, name: str) -> None:
    request = CheckRequest((shared / "real" / name,), release=False, kie_tasks=None)
    report = check_labels(request)
    assert report.kie is None
    assert not {f"L{number:03}" for number in range(90, 106)} & set(report.check.problems.by_code)


def test_the_real_forms_are_told_what_a_build_tells(shared: Path) -> None:
    request = CheckRequest((shared / "real" / "form_1040",), TEXT_TASKS, release=False, kie_tasks=None)
    report = check_labels(request)
    found = {code: count for code, count in report.check.problems.by_code.items() if code >= "L090"}
    assert found == {"L103": 11}
    numbers = report.kie
    assert numbers is not None and (numbers.tasks, numbers.pages, numbers.linked_pages) == (KIE_TASKS, 24, 24)
    assert numbers.classes == {"OTHER": 0, "DOCID_A": 20, "DOCID_Q": 21, "NAME_A": 18, "NAME_Q": 18}
    assert numbers.links == {"naming": 38}
    assert (numbers.tokens.least, numbers.tokens.most, numbers.long_pages) == (14, 53, 0)


@pytest.mark.parametrize("tasks", [(Task.SER,), (Task.RE,), KIE_TASKS], ids=str)
def test_a_build_tells_the_same_of_the_same_pages(shared: Path, tmp_path: Path, tasks) -> None:
    source, kie = shared / "real" / "form_1040", KieRequest(windows=SMALL)
    checked = check_labels(CheckRequest((source,), (), release=False, kie_tasks=tasks, kie=kie))
    request = BuildRequest((source,), "set", tmp_path, tasks, kie=kie, near_duplicates=False)
    built = build_dataset(request).problems
    places = [
        {(each.code, each.line, each.region, each.message) for each in problems if each.code >= "L090"}
        for problems in (checked.check.problems, built)
    ]
    assert places[0] == places[1] and {"L100", "L103"} <= {code for code, *_ in places[0]}
