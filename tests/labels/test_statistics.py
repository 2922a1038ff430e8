"""What is counted of labels, by hand-worked cases."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.labels.checks import CheckOptions, check_sources
from ppocr_kit.labels.distinct_texts import DistinctTexts, Place
from ppocr_kit.labels.statistics import Distribution, TrainingScale


def box(text: str, left: int, top: int, width: int, height: int, **more: object) -> dict[str, object]:
    right, bottom = left + width, top + height
    points = [[left, top], [right, top], [right, bottom], [left, bottom]]
    return {"transcription": text, "points": points, "difficult": False, **more}


def lines(*pages: list[dict[str, object]]) -> str:
    names = ("a.png", "b.png", "c.png")
    return "".join(
        f"batch/{name}\t{json.dumps(boxes, ensure_ascii=False)}\n" for name, boxes in zip(names, pages)
    )


@given(st.lists(st.integers(-3, 9), min_size=1))
def test_a_distribution_knows_what_the_values_know(values: list[int]) -> None:
    found = Distribution(dict(sorted(Counter(values).items())))
    assert (found.total, found.least, found.most) == (len(values), min(values), max(values))
    assert found.median == statistics.median(values)
    assert found.below(4) == sum(value < 4 for value in values)


def test_a_distribution_of_nothing_has_no_values() -> None:
    nothing = Distribution({})
    assert (nothing.total, nothing.least, nothing.median, nothing.most) == (0, None, None, None)
    assert nothing.to_json() is None


def test_pages_boxes_and_texts_are_counted(make_folder) -> None:
    label = lines(
        [
            box("ab b", 1, 2, 60, 20, key_cls="total"),
            box("###", 1, 30, 40, 10, key_cls="total"),
            box("c", 70, 2, 10, 40, key_cls="date"),
        ],
        [],
        [box("ab b", 5, 5, 50, 25)],
    )
    found = check_sources([make_folder(label, ("a.png", "b.png", "c.png"))]).statistics
    assert (found.pages, found.empty_pages, found.boxes, found.ignored_boxes) == (3, 1, 4, 1)
    assert (found.texts, found.distinct_texts) == (3, 2)
    assert found.characters == {" ": 2, "a": 2, "b": 4, "c": 1}
    assert found.text_lengths.counts == {1: 1, 4: 2}
    assert found.boxes_per_page.counts == {0: 1, 1: 1, 3: 1}
    # the high crop is turned; the ignored box is no crop that recognition learns
    assert found.aspect_ratios.counts == {2: 1, 3: 1, 4: 1}
    assert found.box_heights.counts == {10: 2, 20: 1, 25: 1}
    assert found.image_sizes == {(100, 60): 3}
    assert list(found.classes.items()) == [("total", 2), ("date", 1)]
    assert found.training_heights.total == 0


def test_boxes_are_measured_at_the_scale_that_a_detector_trains_at(make_folder) -> None:
    label = lines([box("a", 1, 1, 50, 10), box("b", 1, 20, 10, 40)])
    options = CheckOptions(scale=TrainingScale("some_det", 50, True, 8))
    found = check_sources([make_folder(label)], options).statistics
    assert found.training_heights.counts == {5: 2}
    assert found.to_json()["training_scale"] == {"model": "some_det", "side": 50, "least_side": 8}


@pytest.mark.parametrize(
    ("enlarges", "size", "factor"),
    [
        (True, (100, 60), 6.4),
        (True, (1280, 640), 0.5),
        (False, (100, 60), 1.0),  # RandomCrop makes nothing larger
        (False, (1280, 640), 0.5),
        (False, (640, 4000), 1 / 3),  # and takes at most three sides of its square
    ],
)
def test_a_page_is_smallest_where_all_of_it_is_cut(enlarges, size, factor) -> None:
    assert TrainingScale("model", 640, enlarges, 8).factor(*size) == pytest.approx(factor)


def test_texts_are_held_against_a_given_dictionary(make_folder) -> None:
    label = lines(
        [box("a b", 1, 1, 50, 10), box("éa", 1, 20, 50, 10)],
        [box("éé", 1, 1, 50, 10), box("b", 1, 20, 50, 10)],
    )
    folder = make_folder(label, ("a.png", "b.png"))
    found = check_sources([folder], CheckOptions(dictionary=("a", "b"), dictionary_name="d.txt"))
    coverage = found.statistics.dictionary
    # a space needs no entry: use_space_char adds it
    assert (coverage.entries, coverage.covered_texts, coverage.texts) == (2, 2, 4)
    lacking = coverage.lacking["é"]
    assert (lacking.occurrences, lacking.texts) == (3, 2)
    assert lacking.first == f"{folder / 'Label.txt'}:1 box 1"
    assert list(coverage.lacking) == ["é"]


def test_the_dictionary_made_of_the_texts_covers_them(make_folder) -> None:
    found = check_sources([make_folder(lines([box("a b", 1, 1, 50, 10)]))]).statistics.dictionary
    assert (found.dictionary, found.entries, found.covered_texts) == (None, 2, 1)
    assert not found.lacking


def test_a_table_of_texts_stops_growing_and_says_so() -> None:
    table = DistinctTexts(most=2)
    for text in ("a", "b", "a", "c", "b", "a"):
        table.add(text, Place("Label.txt", 1, 0))
    assert list(table) == ["a", "b"]
    assert (table.count("a"), table.count("b"), table.complete) == (3, 2, False)
    assert table.notes() == ["spellings were compared among the first 2 different texts only"]


def test_the_numbers_of_a_real_export_are_known(shared: Path) -> None:
    found = check_sources([shared / "real" / "form_1040"]).statistics
    assert dict(found.classes) == {"docid_q": 21, "docid_a": 20, "name_a": 18, "name_q": 18}
    assert (found.text_lengths.least, found.text_lengths.most) == (4, 35)
    assert found.distinct_texts == 53


def test_texts_that_real_annotators_misspelt_are_found(shared: Path) -> None:
    result = check_sources([shared / "real" / "form_1040"])
    found = {(problem.line, problem.region) for problem in result.problems if problem.code == "L088"}
    messages = " ".join(problem.message for problem in result.problems)
    assert {(7, 2), (11, 0), (15, 2)} <= found
    for typo in ("'Your social se curity number'", "'Your first name and midle initial'", "securty"):
        assert typo in messages
