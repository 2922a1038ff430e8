"""Where on the page boxes lie, all pages stretched to one square."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

# Cells per side: fine enough to see margins and columns of a form.
CELLS = 48


class BoxPlaces:
    """Counts for each cell of the square how many boxes cover it."""

    def __init__(self) -> None:
        # each box adds at its corners only; summing up along both axes fills it in
        self._steps: npt.NDArray[np.int64] = np.zeros((CELLS + 1, CELLS + 1), dtype=np.int64)

    def add(self, extents: npt.NDArray[np.float64]) -> None:
        """Take in boxes.

        Args:
            extents: (N, 4): left, top, right and bottom as shares of the page's width and height.
        """
        first = np.clip(np.floor(extents[:, :2] * CELLS), 0, CELLS - 1).astype(np.int64)
        end = np.clip(np.ceil(extents[:, 2:] * CELLS), 1, CELLS).astype(np.int64)
        # a box thinner than a cell still covers one
        end = np.maximum(end, first + 1)
        left, top = first.T
        right, bottom = end.T
        for rows, columns, step in (
            (top, left, 1),
            (top, right, -1),
            (bottom, left, -1),
            (bottom, right, 1),
        ):
            np.add.at(self._steps, (rows, columns), step)

    def counts(self) -> tuple[tuple[int, ...], ...]:
        """Return the boxes that cover each cell: rows from the top, cells from the left."""
        covered = self._steps.cumsum(axis=0).cumsum(axis=1)[:CELLS, :CELLS]
        return tuple(tuple(row) for row in covered.tolist())
