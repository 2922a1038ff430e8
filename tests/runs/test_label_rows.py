"""What a recogniser can take of a line, and how a row leads back to its box; without the release."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from ppocr_kit.configs.base import find_recipe, load_recipe
from ppocr_kit.configs.label_limits import LineLimits, line_limits, training_scale, with_labels
from ppocr_kit.labels.checks import CheckedPage
from ppocr_kit.labels.placement import place_regions
from ppocr_kit.labels.region import LabeledImage, TextRegion
from ppocr_kit.labels.statistics import TrainingScale
from ppocr_kit.runs.label_rows import LabelRows, LineLook
from ppocr_kit.tasks import TEXT_TASKS, Task

ANY = LineLimits("model", None, None, None)


def checked_page(*texts: str, line: int = 1, width: int = 60) -> CheckedPage:
    regions = []
    for at, text in enumerate(texts):
        left, top, right, bottom = 1.0, 20.0 * at, 1.0 + width, 20.0 * at + 10
        points = ((left, top), (right, top), (right, bottom), (left, bottom))
        regions.append(TextRegion(text, points, index=at))
    placed, _ = place_regions(regions, 1000, 1000)
    labelled = LabeledImage("batch/a.png", Path("a.png"), (), line)
    return CheckedPage(
        "Label.txt", line, "batch/a.png", True, (1000, 1000), tuple(placed), (), "", 0, labelled
    )


def found(page: CheckedPage, limits: LineLimits, dictionary: Any = None, told: bool = False) -> list[Any]:
    look = LineLook(limits, dictionary, told_by_release=told)
    return [(code, box) for region in page.regions for code, box, _ in look.look_at(region)]


@pytest.mark.parametrize(
    ("text", "codes"),
    [("ab", []), ("a b", []), ("axb", ["L081"]), ("xyz", ["L082"]), ("x a", ["L081"])],
)
def test_characters_that_the_dictionary_lacks_are_told_at_their_box(text: str, codes: list[str]) -> None:
    assert found(checked_page("ab", text), ANY, ("a", "b")) == [(code, 1) for code in codes]


def test_lacking_characters_are_named_once_each() -> None:
    look = LineLook(ANY, ("a",), told_by_release=False)
    (finding,) = look.look_at(checked_page("aéé\u200b").regions[0])
    assert finding[2] == "'é' (U+00E9), ' ' (U+200B) in 'aéé\u200b'"


@pytest.mark.parametrize(
    ("text", "longest", "told", "codes"),
    [
        ("abcd", None, False, []),
        ("abcde", None, False, ["L083"]),
        ("abcde", None, True, []),  # training refuses it: the release says so
        ("abcde", 9, True, ["L083"]),  # training takes it and cannot align it
        ("aabc", None, True, ["L083"]),  # a frame is lost between two equal characters
        ("aaa", None, True, ["L083"]),
        ("aba", None, True, []),
    ],
)
def test_a_text_needs_a_frame_for_each_character_and_between_equal_ones(text, longest, told, codes) -> None:
    limits = LineLimits("model", longest, 4, None)
    assert [code for code, _ in found(checked_page(text), limits, told=told)] == codes


@pytest.mark.parametrize(("width", "codes"), [(60, []), (200, []), (201, ["L087"])])
def test_a_line_more_than_twice_as_long_as_the_picture_is_told(width: int, codes: list[str]) -> None:
    limits = LineLimits("model", None, None, 320 / 32)
    assert [code for code, _ in found(checked_page("a", width=width), limits)] == codes


def test_rows_lead_back_to_their_line_and_box(tmp_path: Path) -> None:
    scale = TrainingScale("det", 500, True, 8)
    with LabelRows(tmp_path, TEXT_TASKS, scale, None) as rows:
        for page in (checked_page("a", "###", "b", line=3), checked_page(line=4), checked_page("c", line=7)):
            assert list(rows.look_at(page)) == []
    assert rows.file(Task.REC).read_text("utf-8") == "a\nb\nc\n"
    assert rows.counts == {Task.DET: 3, Task.REC: 3}
    pages = [row.split("\t") for row in rows.file(Task.DET).read_text("utf-8").splitlines()]
    assert [row[2:] for row in pages] == [
        ["1000", "1000", "0.5", "[0, 1, 2]"],
        ["1000", "1000", "0.5", "[]"],
        ["1000", "1000", "0.5", "[0]"],
    ]
    answers = [
        {"task": "rec", "row": 1, "kind": "length", "boxes": None, "detail": "why"},
        {"task": "det", "row": 0, "kind": "small", "boxes": [[0, 5.04], [2, 3]], "detail": ""},
        {"task": "det", "row": 2, "kind": "row", "boxes": None, "detail": "why"},
        {"task": "rec", "row": 2, "kind": "row", "boxes": None, "detail": "why"},
        {"task": "rec", "row": 2, "kind": "characters", "boxes": None, "detail": "why"},
    ]
    told = [(each.code, each.line, each.region) for each in rows.problems(answers)]
    assert "5.0 pixels" in next(each.message for each in rows.problems(answers) if each.code == "L085")
    assert told == [
        ("L080", 3, 2),
        ("L085", 3, 0),
        ("L085", 3, 2),
        ("L084", 7, None),
        ("L086", 7, 0),
        ("L082", 7, 0),
    ]


def test_a_given_dictionary_is_told_of_once(tmp_path: Path) -> None:
    line = LineLook(ANY, ("a",), told_by_release=True)
    with LabelRows(tmp_path, (Task.REC,), None, line) as rows:
        assert [code for code, _, _ in rows.look_at(checked_page("x"))] == ["L082"]
    answer = {"task": "rec", "row": 0, "boxes": None, "detail": "why"}
    # the row is gone either way: what else keeps it out is not counted again
    assert list(rows.problems([{**answer, "kind": kind} for kind in ("characters", "length")])) == []


@pytest.mark.parametrize(
    ("model", "side", "enlarges"),
    [
        ("ch_det_mv3_db_v2.0", 960, True),
        ("PP-OCRv5_mobile_det", 640, True),
        ("PP-OCRv6_tiny_det", 640, False),
    ],
)
def test_the_scale_of_a_detector_is_read_from_its_recipe(model: str, side: int, enlarges: bool) -> None:
    config = load_recipe(find_recipe(Task.DET, model))
    assert training_scale(config, model) == TrainingScale(model, side, enlarges, 8)


@pytest.mark.parametrize(
    ("model", "longest", "ratio"),
    [("rec_en_number_lite_train", 25, 10.0), ("PP-OCRv5_mobile_rec", 23, 320 / 48)],
)
def test_the_limits_of_a_recogniser_are_read_from_its_recipe(model, longest, ratio) -> None:
    config = load_recipe(find_recipe(Task.REC, model))
    limits = line_limits(config, model, 25)
    # a guiding head's start and end sign are taken off
    assert limits.longest_text == longest
    assert limits.ratio is not None and math.isclose(limits.ratio, ratio)
    assert line_limits(config, model, None).longest_text is None


def test_a_given_length_is_taken_exactly_and_else_it_grows() -> None:
    config = load_recipe(find_recipe(Task.REC, "rec_en_number_lite_train"))
    given = with_labels(config, "d.txt", True, 60, 10)
    assert given["Global"]["max_text_length"] == 10
    grown = with_labels(config, "d.txt", False, 60, None)
    assert grown["Global"]["max_text_length"] == 60
    assert (grown["Global"]["character_dict_path"], grown["Global"]["use_space_char"]) == ("d.txt", False)
