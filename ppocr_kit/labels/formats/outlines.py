"""Outlines of text as the formats write them: two corners, flat lists of numbers, pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

from ppocr_kit.labels.boxes import kind_of, parse_points

Polygon = tuple[tuple[float, float], ...]

# The corners, or the reason why there are none.
Outline = Union[Polygon, str]


def rectangle(value: Any) -> Outline:
    """Return the corners of ``[x1, y1, x2, y2]``, clockwise from the top left, pixels."""
    if not isinstance(value, (list, tuple)) or len(value) != 4:
        return f"it is {kind_of(value)}, not four numbers"
    x1, y1, x2, y2 = value
    corners = parse_points([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])
    return corners if isinstance(corners, str) else upright(corners)


def sized_rectangle(value: Any) -> Outline:
    """Return the corners of ``[x, y, width, height]``, clockwise from the top left, pixels."""
    if not isinstance(value, (list, tuple)) or len(value) != 4:
        return f"it is {kind_of(value)}, not four numbers"
    x, y, width, height = value
    checked = parse_points([[x, y], [width, height], [x, y], [x, y]])
    if isinstance(checked, str):
        return checked
    (left, top), (wide, high) = checked[0], checked[1]
    return rectangle([left, top, left + wide, top + high])


def polygon(value: Any) -> Outline:
    """Return the corners of a list of pairs, or of a flat list ``[x1, y1, x2, y2, …]``, pixels."""
    if isinstance(value, (list, tuple)) and value and not isinstance(value[0], (list, tuple)):
        if len(value) % 2:
            return f"there are {len(value)} numbers"
        value = [value[at : at + 2] for at in range(0, len(value), 2)]
    return parse_points(value)


def upright(corners: Sequence[Sequence[float]]) -> Polygon:
    """Return the smallest rectangle along the axes around some corners, clockwise from the top left."""
    left, right = min(x for x, _ in corners), max(x for x, _ in corners)
    top, bottom = min(y for _, y in corners), max(y for _, y in corners)
    return ((left, top), (right, top), (right, bottom), (left, bottom))
