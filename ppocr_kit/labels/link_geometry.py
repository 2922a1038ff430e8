"""How far an answer stands from a question, as people fill in forms: to the right of it, or below."""

from __future__ import annotations

from collections.abc import Sequence

from ppocr_kit.labels.region import TextRegion

# A box as left, top, right, bottom in pixels.
Rectangle = tuple[float, float, float, float]

# An answer above its question, or to the left of it, is rare: as far away as this many text heights more.
_BACKWARDS = 12.0
# Columns of answers stand far to the right; lines far below belong to something else.
_DOWN = 3.0
# Answers below begin where their question begins.
_INDENT = 0.25


def rectangle_of(region: TextRegion) -> Rectangle:
    """Return the upright rectangle around a box: left, top, right, bottom in pixels."""
    xs, ys = zip(*region.points)
    return min(xs), min(ys), max(xs), max(ys)


def reading_distance(question: TextRegion, answer: TextRegion) -> float:
    """Return how far the answer is from the question, in text heights, weighed as one reads.

    To the right in the same row counts as it is; lines down count three times; an answer that stands
    before its question is 12 heights further away.
    """
    q_left, q_top, q_right, q_bottom = rectangle_of(question)
    a_left, a_top, a_right, a_bottom = rectangle_of(answer)
    height = max(1.0, min(q_bottom - q_top, a_bottom - a_top))
    across = max(0.0, a_left - q_right, q_left - a_right) / height
    down = max(0.0, a_top - q_bottom, q_top - a_bottom) / height
    shared = min(q_bottom, a_bottom) - max(q_top, a_top)
    if shared > 0.5 * height:
        backwards = a_left + a_right < q_left + q_right
        return across + (_BACKWARDS if backwards else 0.0)
    backwards = a_top + a_bottom < q_top + q_bottom
    indent = abs(a_left - q_left) / height
    return across + _DOWN * down + _INDENT * indent + (_BACKWARDS if backwards else 0.0)


def nearest(questions: Sequence[TextRegion], answer: TextRegion) -> TextRegion:
    """Return the question that the answer is nearest to; of equally near ones the last in reading order.

    Args:
        questions: At least one.
        answer: A box.
    """
    return min(questions, key=lambda one: (reading_distance(one, answer), [-edge for edge in _start(one)]))


def _start(region: TextRegion) -> tuple[float, float]:
    left, top, _, _ = rectangle_of(region)
    return top, left
