"""How far an answer stands from a question, as people fill in forms: to the right of it, or below."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ppocr_kit.labels.region import TextRegion

# A box as left, top, right, bottom in pixels.
Rectangle = tuple[float, float, float, float]
Distances = npt.NDArray[np.float64]

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


def in_reading_order(regions: Sequence[TextRegion]) -> list[TextRegion]:
    """Return boxes from the top to the bottom, those that begin at one height from the left."""
    return sorted(regions, key=lambda region: (*rectangle_of(region)[1::-1], region.index))


def reading_distances(questions: Sequence[TextRegion], answers: Sequence[TextRegion]) -> Distances:
    """Return how far each answer is from each question, in text heights, weighed as one reads.

    To the right in the same row counts as it is; lines down count three times; an answer that stands
    before its question is 12 heights further away.

    Returns:
        (questions, answers) float64; infinite where coordinates are beyond all reckoning.
    """
    q_left, q_top, q_right, q_bottom = _edges(questions)[:, :, None]
    a_left, a_top, a_right, a_bottom = _edges(answers)[:, None, :]
    with np.errstate(all="ignore"):
        height = np.maximum(1.0, np.minimum(q_bottom - q_top, a_bottom - a_top))
        across = np.maximum(0.0, np.maximum(a_left - q_right, q_left - a_right)) / height
        down = np.maximum(0.0, np.maximum(a_top - q_bottom, q_top - a_bottom)) / height
        shared = np.minimum(q_bottom, a_bottom) - np.maximum(q_top, a_top)
        same_row = shared > 0.5 * height
        backwards = np.where(
            same_row, a_left + a_right < q_left + q_right, a_top + a_bottom < q_top + q_bottom
        )
        indent = np.abs(a_left - q_left) / height
        below = np.where(same_row, 0.0, _DOWN * down + _INDENT * indent)
        distances: Distances = across + below + _BACKWARDS * backwards
    return np.nan_to_num(distances, nan=np.inf, posinf=np.inf)


def _edges(regions: Sequence[TextRegion]) -> Distances:
    """Return the rectangles as (4, N) float64: left, top, right, bottom."""
    return np.array([rectangle_of(region) for region in regions], dtype=np.float64).reshape(-1, 4).T


def nearest_questions(questions: Sequence[TextRegion], answers: Sequence[TextRegion]) -> list[int]:
    """Return the place of the question that each answer is nearest to.

    Of equally near ones it is the last as one reads.

    Args:
        questions: At least one.
        answers: Boxes.
    """
    backwards = in_reading_order(questions)[::-1]
    nearest = reading_distances(backwards, answers).argmin(axis=0)
    return [backwards[number].index for number in nearest.tolist()]
