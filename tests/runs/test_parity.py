"""The comparison of a checkpoint and its export."""

from __future__ import annotations

from typing import Any

import pytest

from ppocr_kit.errors import DataError
from ppocr_kit.runs.parity import compare_answers, compare_boxes, compare_texts


def box(left: float, top: float, score: float = 0.9) -> dict[str, Any]:
    return {"points": [[left, top], [left + 20, top], [left + 20, top + 8], [left, top + 8]], "score": score}


def text(transcription: str, score: float = 0.9) -> list[dict[str, Any]]:
    return [{"transcription": transcription, "score": score}]


def answer(
    image: str, checkpoint: list[dict[str, Any]], export: list[dict[str, Any]], ratio: float = 1.0
) -> dict[str, Any]:
    return {
        "image": image,
        "pixel": 1.0,
        "ratio": ratio,
        "checkpoint": checkpoint,
        "exports": {"paddle": {"regions": export, "milliseconds": 2.0}},
    }


def test_equal_boxes_are_the_same_in_any_order():
    gap = compare_boxes([box(0, 0), box(50, 0, 0.8)], [box(50, 0, 0.8), box(0, 0)])
    assert (gap.score, gap.points_px, gap.difference) == (0.0, 0.0, None)


def test_no_boxes_on_either_side_are_the_same():
    assert compare_boxes([], []).difference is None


@pytest.mark.parametrize(
    ("ours", "theirs", "difference"),
    [
        ([box(0, 0)], [], "finds 0 boxes for 1"),
        ([], [box(0, 0)], "finds 1 boxes for 0"),
        ([box(0, 0)], [box(2, 0)], "a corner is 2 pixels away"),
        ([box(0, 0)], [box(0, 0, 0.898)], "the scores differ by 0.0020"),
        ([box(0, 0)], [box(0, 0, float("nan"))], "the scores differ by nan"),
        ([box(0, 0)], [{"points": [[0, 0]] * 5, "score": 0.9}], "a corner is inf pixels away"),
    ],
)
def test_other_boxes_are_a_difference(ours, theirs, difference):
    assert compare_boxes(ours, theirs).difference == difference


def test_a_pixel_of_the_map_is_tolerated_on_a_page_that_was_reduced():
    assert compare_boxes([box(0, 0)], [box(3, 0)], pixel=3.5).difference is None


def test_a_counterpart_is_used_once():
    assert compare_boxes([box(0, 0), box(0.5, 0)], [box(0, 0), box(40, 0)]).difference is not None


@pytest.mark.parametrize(
    ("ours", "theirs", "difference"),
    [
        (text("2P24"), text("2P24"), None),
        (text(""), text(""), None),
        (text("2P24"), text("2P24", 0.9009), None),
        (text("2P24"), text("2R24"), "reads '2R24' for '2P24'"),
        (text("a"), text("A"), "reads 'A' for 'a'"),
        (text("2P24"), text("2P24", 0.8), "the scores differ by 0.1000"),
    ],
)
def test_texts_must_be_equal_and_scores_close(ours, theirs, difference):
    assert compare_texts(ours, theirs).difference == difference


def test_differences_are_told_by_picture():
    found = compare_answers(
        [answer("a.png", text("a"), text("a", 0.8995), 2.0), answer("b.png", text("a"), text("b"), 9.5)],
        "paddle",
    )
    assert not found.same
    assert found.differences == ("b.png: reads 'b' for 'a'",)
    assert (found.images, found.regions, found.widest_ratio) == (2, 2, 9.5)
    assert found.to_json()["largest_score_gap"] == 0.0005


def test_a_page_without_boxes_counts_as_compared():
    found = compare_answers([answer("a.png", [], [])], "paddle")
    assert found.same and (found.images, found.regions) == (1, 0)


def test_comparing_nothing_is_refused():
    with pytest.raises(DataError, match="none of the pictures"):
        compare_answers([], "paddle")


def test_an_engine_is_compared_on_the_pictures_it_answered():
    answers = [answer("a.png", text("a"), text("a")), answer("b.png", text("b"), text("b"))]
    answers[1]["exports"]["openvino"] = {"regions": text("c"), "milliseconds": 1.0}
    assert compare_answers(answers, "paddle").images == 2
    found = compare_answers(answers, "openvino")
    assert found.images == 1 and found.differences == ("b.png: reads 'c' for 'b'",)
