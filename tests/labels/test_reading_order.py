from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.labels.reading_order import reading_order


def box(left: float, top: float, width: float = 20, height: float = 10) -> list[tuple[float, float]]:
    return [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]


@pytest.mark.parametrize(
    ("boxes", "order"),
    [
        ([], []),
        ([box(0, 0)], [0]),
        ([box(50, 0), box(0, 0)], [1, 0]),
        ([box(0, 30), box(0, 0)], [1, 0]),
        # the right one hangs a little lower and is still of the first line
        ([box(0, 40), box(60, 4), box(0, 0)], [2, 1, 0]),
        # a line that climbs: the right one is higher, and read second
        ([box(60, -4), box(0, 0)], [1, 0]),
        # a tall box beside two lines belongs to the line it shares most of that line's height with
        ([box(0, 0), box(60, 0, height=30), box(0, 20)], [0, 1, 2]),
        ([box(0, 0, 0, 0), box(0, 0, 0, 0)], [0, 1]),
    ],
)
def test_boxes_are_read_line_by_line(boxes, order):
    assert reading_order(boxes) == order


coordinates = st.floats(-1e4, 1e4, allow_nan=False)


@given(st.lists(st.lists(st.tuples(coordinates, coordinates), min_size=4, max_size=4), max_size=12))
def test_every_box_is_read_once(boxes):
    assert sorted(reading_order(boxes)) == list(range(len(boxes)))


@given(st.permutations(list(range(6))))
def test_the_order_does_not_depend_on_how_boxes_were_found(shuffled):
    boxes = [box(0, 0), box(40, 2), box(0, 20), box(40, 21), box(0, 50), box(40, 49)]
    found = [boxes[index] for index in shuffled]
    assert [found[index] for index in reading_order(found)] == boxes
