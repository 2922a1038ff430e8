"""Labelled pages from the rows of lists: windows of a page together, links as the release reads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ppocr_kit.datasets.kie_windows import Window
from ppocr_kit.runs.inspection import RowCheck
from ppocr_kit.runs.labelled_pages import LabelledPage, first_windows, group_lines, read_pages, tags_of_label


def box(number: int, label: str, linking: Any = (), text: str = "word", **more: Any) -> dict[str, Any]:
    points = [[0, 0], [9, 0], [9, 9], [0, 9]]
    return {
        "transcription": text, "label": label, "points": points, "id": number,
        "linking": [list(link) for link in linking], **more,
    }  # fmt: skip


def check(*kept: tuple[int, ...], rejected: tuple[dict[str, Any], ...] = ()) -> RowCheck:
    return RowCheck(sum(map(len, kept)) + len(rejected), kept, rejected, {})


def pages_of(
    folder: Path, rows: list[tuple[str, Any]], checked: RowCheck, windows: dict[int, Window] | None = None
) -> list[LabelledPage]:
    file = folder / "val.txt"
    file.write_text("".join(f"{name}\t{json.dumps(boxes)}\n" for name, boxes in rows), encoding="utf-8")
    config = {"Eval": {"dataset": {"data_dir": str(folder), "label_file_list": [str(file)]}}}
    return read_pages(config, checked, windows or {})


def window(number: int, of: int = 2, over: tuple[tuple[int, int], ...] = ()) -> Window:
    return Window("images/a.jpg", number, of, over)


def test_windows_of_a_page_become_one_page_with_each_entity_once(tmp_path: Path) -> None:
    question, answer, other = box(0, "question", [(0, 1)]), box(1, "answer", [(0, 1)]), box(2, "other")
    late = box(3, "answer")
    rows = [
        ("images/b.jpg", [other]),
        ("images/a.jpg", [question, answer]),
        ("images/a.jpg", [answer, other, late]),
    ]
    windows = {1: window(0, over=((0, 3),)), 2: window(1)}
    first, second = pages_of(tmp_path, rows, check((1, 2, 3)), windows)
    assert list(first.entities) == [2] and not first.links
    assert second.picture == str(tmp_path / "images" / "a.jpg")
    assert list(second.entities) == [0, 1, 2, 3]
    # a link over windows stands in no row
    assert second.links == {(0, 1), (0, 3)}


def test_rows_that_cannot_be_used_are_no_part_of_their_page(tmp_path: Path) -> None:
    rows = [
        ("images/a.jpg", [box(0, "other"), box(1, "other")]),
        ("images/a.jpg", [box(1, "?"), box(2, "?")]),
    ]
    windows = {0: window(0, over=((0, 2),)), 1: window(1)}
    (page,) = pages_of(tmp_path, rows, check((1,)), windows)
    assert list(page.entities) == [0, 1]
    (page,) = pages_of(tmp_path, rows, check((2,)), windows)
    # what is labelled stays labelled
    assert list(page.entities) == [1, 2] and page.links == {(0, 2)}


@pytest.mark.parametrize(
    ("labels", "texts", "link", "expected"),
    [
        (("question", "answer"), "xx", (0, 1), {(0, 1)}),
        (("question", "answer"), "xx", (1, 0), {(0, 1)}),
        (("answer", "question"), "xx", (0, 1), {(1, 0)}),
        (("question", "question"), "xx", (0, 1), set()),
        (("question", "other"), "xx", (0, 1), set()),
        # as the release compares: lower case
        (("QUESTION", "answer"), "xx", (0, 1), set()),
        # what has no text is not read, and not linked
        (("question", "answer"), ["x", ""], (0, 1), set()),
        (("question", "answer"), "xx", (0, 7), set()),
    ],
)
def test_links_are_those_that_the_release_learns(
    tmp_path: Path, labels: Any, texts: Any, link: tuple[int, int], expected: set[tuple[int, int]]
) -> None:
    boxes = [box(number, label, [link], texts[number]) for number, label in enumerate(labels)]
    (page,) = pages_of(tmp_path, [("images/a.jpg", boxes)], check((1,)))
    assert page.links == expected


def test_a_row_by_itself_needs_no_ids(tmp_path: Path) -> None:
    boxes = [{key: value for key, value in box(0, "Q").items() if key != "id"} for _ in range(3)]
    (page,) = pages_of(tmp_path, [("images/a.jpg", boxes)], check((1,)))
    assert list(page.entities) == [0, 1, 2] and page.entities[2]["id"] == 2


def test_an_entity_is_told_apart_by_its_own_class() -> None:
    page = LabelledPage("", {0: box(0, "question", key_cls="total_q"), 1: box(1, "answer")})
    assert [page.class_of(number) for number in (0, 1, 2)] == ["TOTAL_Q", "ANSWER", ""]


@pytest.mark.parametrize(
    ("label", "tokens", "expected"),
    [
        ("total", 3, ["B-TOTAL", "I-TOTAL", "I-TOTAL"]),
        ("A", 1, ["B-A"]),
        ("Other", 2, ["O", "O"]),
        ("ignore", 1, ["O"]),
    ],
)
def test_labels_become_tags(label: str, tokens: int, expected: list[str]) -> None:
    assert tags_of_label(label, tokens) == expected


def test_the_first_usable_row_of_each_page_is_its_first_window() -> None:
    windows = {1: window(0), 2: window(1), 4: Window("b", 0, 2), 5: Window("b", 1, 2)}
    # line 5, the first window of b, cannot be used
    rows = check((1, 2, 3, 4, 6), rejected=({"list": "val.txt", "line": 5, "reason": "?"},))
    assert group_lines(rows, windows) == [[(0, 1)], [(0, 2), (0, 3)], [(0, 4)], [(0, 6)]]
    chosen = first_windows(rows, windows)
    assert chosen.kept == ((1, 2, 4, 6),)
    assert [row["line"] for row in chosen.rejected] == [5, 3]
    assert first_windows(check((1, 2), (1, 3)), {}).kept == ((1, 2), (1, 3))
