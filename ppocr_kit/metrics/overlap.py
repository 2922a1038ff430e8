"""How much the polygons of two tables overlap, page by page, without looking at every pair.

Bounding boxes rule out nearly all pairs; shapely intersects the rest in one call. The decisions
equal those of shapely's intersection over shapely's union for every single pair: where the short
way (areas and intersection only) comes near the threshold, or where an area is too thin for
float64 to be trusted, the union is computed after all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely

from ppocr_kit.metrics.polygons import BoolArray, FloatArray, IntArray, PolygonTable

# Pairs whose boxes are compared at once; bounds the memory (about 50 bytes a pair).
PAIRS_AT_ONCE = 1_000_000
# Distance from the threshold within which the short way of computing an IoU is not believed.
NEAR = 0.02


@dataclass(frozen=True)
class Overlaps:
    """The C pairs that may matter, sorted by ground truth and then by prediction.

    Attributes:
        gt: ``(C,)`` index into the table of ground truth.
        pred: ``(C,)`` index into the table of predictions.
        intersection: ``(C,)`` square pixels.
    """

    gt: IntArray
    pred: IntArray
    intersection: FloatArray


def find_overlaps(gt: PolygonTable, pred: PolygonTable, ignored: BoolArray, threshold: float) -> Overlaps:
    """Intersect all pairs of one page that can pass the threshold.

    Args:
        gt: Ground truth of all pages.
        pred: Predictions of the same pages.
        ignored: ``(P,)`` which ground truth is ignored: there the share of the prediction's area
            counts, elsewhere the intersection over union.
        threshold: Share of the area, above 0. Pairs that surely stay below it are left out.
    """
    blocks = list(_box_pairs(gt, pred, ignored, threshold))
    first = np.concatenate([block[0] for block in blocks] or [np.zeros(0, dtype=np.int64)])
    second = np.concatenate([block[1] for block in blocks] or [np.zeros(0, dtype=np.int64)])
    # The order of the operands can change the last bit of the area; this is the order in which
    # ICDAR's script hands them over.
    swap = ignored[first]
    left = np.where(swap, gt.shapes[first], pred.shapes[second])
    right = np.where(swap, pred.shapes[second], gt.shapes[first])
    return Overlaps(first, second, shapely.area(shapely.intersection(left, right)))


def iou(gt: PolygonTable, pred: PolygonTable, pairs: Overlaps, threshold: float) -> FloatArray:
    """Return ``(C,)`` intersection over union, 0.0 where the union has no area.

    Args:
        gt: Ground truth of all pages.
        pred: Predictions of the same pages.
        pairs: The pairs and their intersections.
        threshold: The value that the results will be compared with; near it they are exact.
    """
    union = gt.areas[pairs.gt] + pred.areas[pairs.pred] - pairs.intersection
    exact = np.abs(_divide(pairs.intersection, union) - threshold) < NEAR
    exact |= gt.thin[pairs.gt] | pred.thin[pairs.pred]
    union[exact] = shapely.area(shapely.union(pred.shapes[pairs.pred[exact]], gt.shapes[pairs.gt[exact]]))
    return _divide(pairs.intersection, union)


def share_of_prediction(pred: PolygonTable, pairs: Overlaps) -> FloatArray:
    """Return ``(C,)`` which part of the prediction's area is covered, 0.0 where it has no area."""
    return _divide(pairs.intersection, pred.areas[pairs.pred])


def _box_pairs(
    gt: PolygonTable, pred: PolygonTable, ignored: BoolArray, threshold: float
) -> Iterator[tuple[IntArray, IntArray]]:
    """Yield the pairs of one page whose boxes overlap enough, in blocks of bounded size."""
    rows = np.flatnonzero(gt.valid)
    pages = gt.pages[rows]
    begin, width = pred.starts[pages], np.diff(pred.starts)[pages]
    ends = np.cumsum(width)
    cuts = np.flatnonzero(np.diff(ends // PAIRS_AT_ONCE)) + 1
    for block in np.split(np.arange(len(rows)), cuts):
        counts = width[block]
        first = np.repeat(rows[block], counts)
        offsets = np.cumsum(counts) - counts
        second = np.arange(len(first)) + np.repeat(begin[block] - offsets, counts)
        for low, high in ((0, 2), (1, 3)):
            # not disjoint along this axis; NaN boxes compare false and drop out
            meets = (gt.boxes[low][first] <= pred.boxes[high][second]) & (
                pred.boxes[low][second] <= gt.boxes[high][first]
            )
            first, second = first[meets], second[meets]
        needed = np.where(ignored[first], pred.areas[second], np.maximum(gt.areas[first], pred.areas[second]))
        enough = _box_intersection(gt, pred, first, second) >= needed * (threshold - NEAR)
        enough |= gt.thin[first] | pred.thin[second]
        yield first[enough], second[enough]


def _box_intersection(gt: PolygonTable, pred: PolygonTable, first: IntArray, second: IntArray) -> FloatArray:
    """Return the area that the bounding boxes of each pair share: no intersection is larger."""
    sides = [
        np.minimum(gt.boxes[high][first], pred.boxes[high][second])
        - np.maximum(gt.boxes[low][first], pred.boxes[low][second])
        for low, high in ((0, 2), (1, 3))
    ]
    return np.asarray(sides[0] * sides[1])


def _divide(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Return ``part / whole``, and 0.0 where ``whole`` is not above 0."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
