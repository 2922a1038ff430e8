"""Laying a page's entities into windows, and which window answers for which."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.runs.workers.kie_windows import best_window, plan_windows


def spans(lengths: list[int], limit: int, overlap: int) -> list[tuple[int, int]]:
    return [(window.begin, window.end) for window in plan_windows(lengths, limit, overlap)]


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([], []),
        ([10], [(0, 1)]),
        ([4, 3, 3], [(0, 3)]),
        ([4, 3, 3, 1], [(0, 3), (2, 4)]),
        ([1] * 14, [(0, 10), (7, 14)]),
        # longer than a window: one for itself
        ([2, 30, 2], [(0, 1), (1, 2), (2, 3)]),
        # what is shared leaves room for what did not fit
        ([3, 7, 8, 3], [(0, 2), (2, 3), (3, 4)]),
    ],
)
def test_entities_are_laid_into_windows_that_overlap(
    lengths: list[int], expected: list[tuple[int, int]]
) -> None:
    assert spans(lengths, limit=10, overlap=3) == expected


@given(st.lists(st.integers(1, 15), max_size=60), st.integers(1, 12), st.integers(0, 30))
def test_every_entity_is_in_a_window_and_every_window_has_its_own(
    lengths: list[int], limit: int, overlap: int
) -> None:
    windows = plan_windows(lengths, limit, overlap)
    assert {n for window in windows for n in range(window.begin, window.end)} == set(range(len(lengths)))
    for window in windows:
        assert window.offsets[-1] <= limit or window.end - window.begin == 1
    for before, after in zip(windows, windows[1:]):
        assert before.begin < after.begin <= before.end < after.end
        assert sum(lengths[after.begin : before.end]) <= overlap
    assert [window.is_first for window in windows] == [number == 0 for number in range(len(windows))]
    assert [window.is_last for window in windows[::-1]] == [number == 0 for number in range(len(windows))]


def test_the_window_in_which_an_entity_lies_furthest_inside_answers_for_it() -> None:
    windows = plan_windows([2] * 7, limit=10, overlap=6)
    assert [(window.begin, window.end) for window in windows] == [(0, 5), (2, 7)]
    # 2, 3 and 4 lie in both: 4, 2 and 0 tokens from the end of one, 0, 2 and 4 from the begin of the other
    assert [best_window(windows, number) for number in range(7)] == [0, 0, 0, 0, 1, 1, 1]
    # a pair counts by the one of the two that lies nearer to an edge
    assert best_window(windows, 2, 4) == 0
    assert best_window(windows, 3, 4) == 1


def test_the_ends_of_the_page_are_no_edges() -> None:
    (only,) = plan_windows([2, 2], limit=10, overlap=3)
    assert only.margin(0) == only.margin(1) == math.inf
    first, second = plan_windows([4, 3, 3, 1], limit=10, overlap=3)
    assert [first.margin(number) for number in range(3)] == [6, 3, 0]
    assert [second.margin(number) for number in (2, 3)] == [0, 3]
    # of two windows alike the first
    assert [best_window([first, second], number) for number in range(4)] == [0, 0, 0, 1]
    assert best_window([first, second], 2, 3) == 1
