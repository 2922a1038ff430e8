"""Boxes are counted in every cell of the page that they cover, and in no other."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.labels.box_places import CELLS, BoxPlaces

_SHARES = st.floats(0, 1)


def counted(*extents):
    places = BoxPlaces()
    places.add(np.array(extents, dtype=np.float64).reshape(-1, 4))
    return np.array(places.counts())


def test_no_box_covers_nothing():
    assert counted().sum() == 0


def test_a_box_covers_the_cells_it_touches():
    cell = 1 / CELLS
    found = counted((2 * cell, cell, 4 * cell, 2 * cell), (3 * cell, cell, 3.5 * cell, 3 * cell))
    assert found[1, 2:5].tolist() == [1, 2, 0]
    assert found[2, 2:5].tolist() == [0, 1, 0]
    assert found.sum() == 4


@given(st.lists(st.tuples(_SHARES, _SHARES, _SHARES, _SHARES), max_size=5))
def test_counting_at_the_corners_is_counting_every_cell(boxes):
    extents = [(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in boxes]
    expected = np.zeros((CELLS, CELLS), dtype=int)
    for left, top, right, bottom in extents:
        column, row = min(int(left * CELLS), CELLS - 1), min(int(top * CELLS), CELLS - 1)
        end_column = max(int(np.ceil(right * CELLS)), column + 1)
        end_row = max(int(np.ceil(bottom * CELLS)), row + 1)
        expected[row:end_row, column:end_column] += 1
    assert counted(*extents).tolist() == expected.tolist()
