"""The order in which people read boxes: line by line from the top, each from the left."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

Corners = Sequence[Sequence[float]]

# A box belongs to the line above it when their heights overlap by this share of the smaller one.
_SHARED_HEIGHT = 0.5


def reading_order(boxes: Sequence[Corners]) -> list[int]:
    """Return the positions of boxes in reading order.

    A line is begun by the highest box that is left; it takes in every box that shares at least half
    of its height (or half of its own) with the box that began it. Boxes of one line go from left to
    right. This suits upright pages; columns are read across.

    Args:
        boxes: Corners of each box, pixels.
    """
    spans = [(min(y for _, y in box), max(y for _, y in box)) for box in boxes]
    lefts = [min(x for x, _ in box) for box in boxes]
    left = sorted(range(len(boxes)), key=lambda index: (sum(spans[index]), lefts[index], index))
    # from each place on, the highest edge there is: what begins below a line cannot belong to it
    highest = list(accumulate((spans[index][0] for index in reversed(left)), min))[::-1]
    order: list[int] = []
    taken: set[int] = set()
    for place, first in enumerate(left):
        if first in taken:
            continue
        line = [first]
        for index, edge in zip(left[place + 1 :], highest[place + 1 :]):
            if edge >= spans[first][1]:
                break
            if index not in taken and _side_by_side(spans[first], spans[index]):
                line.append(index)
        taken.update(line)
        order += sorted(line, key=lambda index: (lefts[index], spans[index][0], index))
    return order


def _side_by_side(first: tuple[float, float], other: tuple[float, float]) -> bool:
    shared = min(first[1], other[1]) - max(first[0], other[0])
    smaller = min(first[1] - first[0], other[1] - other[0])
    return shared > 0 and shared >= _SHARED_HEIGHT * smaller
