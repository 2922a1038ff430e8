"""Which pages are worth labelling next, and why."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.runs.uncertainty import measure_page, pick_pages


def region(
    text: str = "4711", rec_score: float = 0.99, score: float = 0.98, left: int = 10
) -> dict[str, Any]:
    points = [[left, 10], [left + 60, 10], [left + 60, 30], [left, 30]]
    return {"points": points, "score": score, "transcription": text, "rec_score": rec_score}


def page(name: str, *regions: dict[str, Any], size: tuple[int, int] = (200, 100)) -> dict[str, Any]:
    return {"image": name, "width": size[0], "height": size[1], "regions": list(regions)}


def sure(count: int) -> list[dict[str, Any]]:
    return [page(f"sure{number}", region(f"{number}", 0.9999)) for number in range(count)]


def test_a_long_text_is_misread_more_likely_than_a_short_one_of_the_same_score() -> None:
    assert measure_page(page("a", region("1234", 0.9))).misread == pytest.approx(1 - 0.9**4)
    assert measure_page(page("a", region("1", 0.9), region("2", 0.5))).misread == pytest.approx(0.6)


@pytest.mark.parametrize(("score", "doubt"), [(0.7, 1.0), (0.75, 0.5), (0.8, 0.0), (0.99, 0.0), (0.2, 1.0)])
def test_a_box_counts_by_how_near_the_threshold_it_is(score: float, doubt: float) -> None:
    measured = measure_page(page("a", region(score=score)), box_threshold=0.7)
    assert measured.doubtful_boxes == pytest.approx(doubt)


def test_an_empty_text_has_a_measure_too() -> None:
    measured = measure_page(page("a", region("", 0.0)))
    assert (measured.misread, measured.texts) == (1.0, frozenset())


def test_the_page_with_the_most_doubtful_text_is_picked_and_the_text_is_named() -> None:
    answers = [*sure(8), page("doubt", region("K07", 0.4))]
    (pick,) = pick_pages([measure_page(answer) for answer in answers], 1)
    assert pick.name == "doubt"
    assert pick.why[0] == "about 0.9 of 1 texts probably misread (least sure: 'K07', 0.40)"


def test_a_page_with_a_box_near_the_threshold_is_picked() -> None:
    answers = [*sure(8), page("near", region("x", 0.9999, score=0.71))]
    (pick,) = pick_pages([measure_page(answer) for answer in answers], 1)
    assert (pick.name, pick.why) == ("near", ("0.9 of 1 boxes near the detector's threshold",))


def test_a_page_unlike_the_others_is_picked_although_the_models_are_sure() -> None:
    wide = page("wide", region("x", 0.9999), size=(2000, 100))
    (pick,) = pick_pages([measure_page(answer) for answer in [*sure(8), wide]], 1)
    assert pick.name == "wide" and pick.why[0].startswith("looks unlike the other pages (")


def test_a_page_without_any_text_is_unlike_pages_with_text() -> None:
    (pick,) = pick_pages([measure_page(answer) for answer in [*sure(8), page("blank")]], 1)
    assert pick.name == "blank" and pick.why[0].startswith("no text was found")


def test_of_two_pages_with_the_same_texts_one_comes_before_all_others() -> None:
    twins = [page(name, region("K07", 0.4), region("K08", 0.4)) for name in ("a", "b")]
    answers = [*twins, page("c", region("K09", 0.6)), *sure(8)]
    names = [pick.name for pick in pick_pages([measure_page(answer) for answer in answers], 3)]
    assert names[0] == "a" and "c" in names and "b" not in names


def test_pages_that_nothing_is_doubtful_about_are_picked_without_a_reason() -> None:
    (pick,) = pick_pages([measure_page(answer) for answer in sure(1)], 1)
    assert pick.why == ("nothing doubtful was found",)


def test_no_pages_give_no_picks() -> None:
    assert pick_pages([], 3) == []


answers = st.lists(
    st.lists(
        st.builds(region, st.text(max_size=5), st.floats(0, 1), st.floats(0, 1), st.integers(0, 100)),
        max_size=4,
    ),
    max_size=12,
)


@given(answers, st.integers(1, 15))
def test_as_many_pages_are_picked_as_there_are_none_twice_each_with_a_reason(
    regions: list[list[dict[str, Any]]], count: int
) -> None:
    pages = [measure_page(page(str(number), *found)) for number, found in enumerate(regions)]
    picks = pick_pages(pages, count)
    assert len({pick.name for pick in picks}) == len(picks) == min(count, len(pages))
    assert all(pick.why for pick in picks)
    assert pick_pages(pages[::-1], count) == picks
