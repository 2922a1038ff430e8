"""How far answers are from questions, as one reads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.labels.link_geometry import in_reading_order, nearest_questions, reading_distances
from ppocr_kit.labels.region import TextRegion


def box(index, left, top, width=40.0, height=10.0):
    points = ((left, top), (left + width, top), (left + width, top + height), (left, top + height))
    return TextRegion("x", points, index=index)


QUESTION = box(0, 100, 100)


@pytest.mark.parametrize(
    ("left", "top", "distance"),
    [
        # right of it in the row: 2 text heights; left of it: 12 more
        (160, 100, 2.0),
        (40, 100, 14.0),
        # below: one text height counts three times; indented by one height; above it: 12 more
        (100, 120, 3.0),
        (110, 120, 3.25),
        (100, 80, 15.0),
        # a column of values beside, one row too low
        (160, 115, 2.0 + 3 * 0.5 + 0.25 * 6),
        # the same box
        (100, 100, 0.0),
    ],
)
def test_distances_are_those_worked_out_by_hand(left, top, distance):
    assert reading_distances([QUESTION], [box(1, left, top)])[0, 0] == pytest.approx(distance)


def test_of_equally_near_questions_the_last_one_read_is_taken():
    questions = [box(0, 0, 0), box(1, 0, 40), box(2, 0, 0)]
    assert nearest_questions(questions, [box(3, 50, 40), box(4, 50, 0)]) == [1, 2]


def test_boxes_are_read_in_rows():
    assert [one.index for one in in_reading_order([box(0, 9, 9), box(1, 0, 9), box(2, 50, 0)])] == [2, 1, 0]


ANYWHERE = st.floats(allow_nan=False, allow_infinity=False)
PLACES = st.tuples(st.integers(-500, 500), st.integers(-500, 500))


@given(st.lists(st.tuples(ANYWHERE, ANYWHERE), min_size=2, max_size=4))
def test_any_coordinates_have_a_nearest_question(places):
    boxes = [box(n, *place) for n, place in enumerate(places)]
    found = nearest_questions(boxes[1:], boxes[:1])
    assert found[0] in range(1, len(boxes))
    assert not np.isnan(reading_distances(boxes, boxes)).any()


@given(PLACES, PLACES, PLACES, st.integers(2, 9))
def test_neither_size_nor_place_of_the_page_matters(question, answer, shift, scale):
    def pair(move, times):
        return [
            box(n, (x + move[0]) * times, (y + move[1]) * times, 40 * times, 10 * times)
            for n, (x, y) in enumerate((question, answer))
        ]

    plain, moved = pair((0, 0), 1), pair(shift, scale)
    assert reading_distances(moved[:1], moved[1:]) == pytest.approx(reading_distances(plain[:1], plain[1:]))
