"""Text detection scored by the ICDAR 2015 protocol: polygons matched one to one by IoU.

Source: ICDAR 2015 Robust Reading, task 4.1 (evaluation script ``iou.py``), as PaddleOCR 3.7.0
applies it in ``ppocr/metrics/eval_det_iou.py``; the results equal that file's on any input.

The protocol, for each page:

1. Invalid polygons (see ``polygons.polygon_table``) are dropped on both sides.
2. A prediction of whose area more than half lies in one *ignored* region is ignored.
3. Each ground truth, in the order of the labels, takes the first prediction, in the order of the
   detector, that is still free and overlaps it with IoU > 0.5. Ignored ones take no part.

Over all pages: precision = matched / predictions not ignored, recall = matched / ground truth not
ignored, hmean = 2 * precision * recall / (precision + recall); each is 0.0 where the divisor is 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from itertools import islice
from typing import Any

import numpy as np

from ppocr_kit import __version__
from ppocr_kit.errors import DataError
from ppocr_kit.metrics.core import MetricReport, harmonic_mean, share
from ppocr_kit.metrics.overlap import find_overlaps, iou, share_of_prediction
from ppocr_kit.metrics.polygons import BoolArray, FloatArray, IntArray, PolygonTable, polygon_table

IOU_THRESHOLD = 0.5
IGNORED_SHARE = 0.5
# Pages scored in one go when samples are streamed.
PAGES_AT_ONCE = 512
DEFINITION = (
    "ICDAR 2015 IoU protocol: greedy one-to-one matching at IoU > 0.5; predictions more than half "
    "inside an ignored region do not count; counts summed over images, empty divisor 0.0"
)


@dataclass(frozen=True)
class DetectionSample:
    """One page: its labelled and its predicted polygons, in pixels of the same image.

    Attributes:
        gt: ``(N, K, 2)``, or N polygons ``(K, 2)`` of any number of points each.
        ignore: ``(N,)`` whether the region is not to be scored (text ``###`` or ``*``).
        pred: ``(M, K, 2)``, or M polygons of any number of points each.
    """

    gt: Sequence[Any]
    ignore: Sequence[Any]
    pred: Sequence[Any]


@dataclass(frozen=True)
class DetectionCounts:
    """The whole numbers of the protocol; add those of several pages with ``+``.

    Attributes:
        images: Pages scored.
        matched: Pairs found.
        gt: Valid ground truth that is not ignored.
        pred: Valid predictions that are not ignored.
        ignored_gt: Valid ground truth that is ignored.
        ignored_pred: Valid predictions that lie in ignored ground truth.
        invalid_gt: Ground truth dropped as no valid polygon.
        invalid_pred: Predictions dropped as no valid polygon.
    """

    images: int = 0
    matched: int = 0
    gt: int = 0
    pred: int = 0
    ignored_gt: int = 0
    ignored_pred: int = 0
    invalid_gt: int = 0
    invalid_pred: int = 0

    def __add__(self, other: DetectionCounts) -> DetectionCounts:
        return DetectionCounts(*(a + b for a, b in zip(astuple(self), astuple(other))))

    @property
    def precision(self) -> float:
        """Return ``matched / pred``, 0.0 without predictions."""
        return share(self.matched, self.pred)

    @property
    def recall(self) -> float:
        """Return ``matched / gt``, 0.0 without ground truth."""
        return share(self.matched, self.gt)

    @property
    def hmean(self) -> float:
        """Return the harmonic mean of precision and recall, 0.0 where both are 0."""
        return harmonic_mean(self.precision, self.recall)


@dataclass(frozen=True)
class PageMatches:
    """What became of each polygon of one page (or of several pages joined), in the order given.

    Attributes:
        matched_pred: ``(N,)`` index of the prediction that each ground truth got, or -1.
        matched_iou: ``(N,)`` their intersection over union, 0.0 where there is none.
        gt_valid: ``(N,)`` false for dropped polygons.
        gt_ignored: ``(N,)`` valid and not to be scored.
        pred_valid: ``(M,)`` false for dropped polygons.
        pred_ignored: ``(M,)`` valid and inside ignored ground truth.
    """

    matched_pred: IntArray
    matched_iou: FloatArray
    gt_valid: BoolArray
    gt_ignored: BoolArray
    pred_valid: BoolArray
    pred_ignored: BoolArray

    @property
    def missed(self) -> IntArray:
        """Return the indices of the ground truth that should have been found and was not."""
        return np.flatnonzero(self.gt_valid & ~self.gt_ignored & (self.matched_pred < 0))

    @property
    def spurious(self) -> IntArray:
        """Return the indices of the predictions that count and match nothing."""
        counted = self.pred_valid & ~self.pred_ignored
        counted[self.matched_pred[self.matched_pred >= 0]] = False
        return np.flatnonzero(counted)

    def counts(self, images: int = 1) -> DetectionCounts:
        """Return the numbers of this page, or of ``images`` pages joined."""
        ignored_gt, ignored_pred = int(self.gt_ignored.sum()), int(self.pred_ignored.sum())
        valid_gt, valid_pred = int(self.gt_valid.sum()), int(self.pred_valid.sum())
        return DetectionCounts(
            images=images,
            matched=int((self.matched_pred >= 0).sum()),
            gt=valid_gt - ignored_gt,
            pred=valid_pred - ignored_pred,
            ignored_gt=ignored_gt,
            ignored_pred=ignored_pred,
            invalid_gt=len(self.gt_valid) - valid_gt,
            invalid_pred=len(self.pred_valid) - valid_pred,
        )


def match_image(gt: Sequence[Any], ignore: Sequence[Any], pred: Sequence[Any]) -> PageMatches:
    """Match the polygons of one page; arguments as in ``DetectionSample``.

    Raises:
        DataError: ``ignore`` is not as long as ``gt``, or something is not a list of points.
    """
    return match_images([DetectionSample(gt, ignore, pred)])[0]


def match_images(samples: Iterable[DetectionSample]) -> list[PageMatches]:
    """Match the polygons of many pages; much faster than page by page.

    Returns:
        One result per sample, for reports that show which regions were missed.

    Raises:
        DataError: As ``match_image``.
    """
    return [page for chunk in _chunks(samples) for page in _split(*_match(chunk))]


def count_matches(samples: Iterable[DetectionSample]) -> DetectionCounts:
    """Return the protocol's counts over all samples, which may come from a generator.

    Raises:
        DataError: As ``match_image``.
    """
    total = DetectionCounts()
    for chunk in _chunks(samples):
        total += _match(chunk)[0].counts(images=len(chunk))
    return total


def score_detection(samples: Iterable[DetectionSample], num_skipped: int = 0) -> MetricReport:
    """Score predictions against labels: precision, recall, hmean (formulas: module docstring).

    Args:
        samples: Pages; a generator is read in chunks.
        num_skipped: Pages that should have been scored and could not be, for the report.

    Raises:
        DataError: As ``match_image``.
    """
    return report_detection(count_matches(samples), num_skipped)


def report_detection(counts: DetectionCounts, num_skipped: int = 0) -> MetricReport:
    """Turn counts, of one measurement or of several added up, into a report."""
    numbers = {name: value for name, value in vars(counts).items() if name != "images"}
    return MetricReport(
        task="det",
        values={"precision": counts.precision, "recall": counts.recall, "hmean": counts.hmean},
        counts=numbers,
        num_samples=counts.images,
        num_skipped=num_skipped,
        definition=DEFINITION,
        computed_by=f"ppocr-kit {__version__}",
    )


def _chunks(samples: Iterable[DetectionSample]) -> Iterator[list[DetectionSample]]:
    """Yield the samples in lists that fit into memory."""
    stream = iter(samples)
    while chunk := list(islice(stream, PAGES_AT_ONCE)):
        yield chunk


# Coordinates near the limits of float64 overflow to inf and NaN, which the comparisons turn down.
@np.errstate(over="ignore", under="ignore", invalid="ignore")
def _match(samples: Sequence[DetectionSample]) -> tuple[PageMatches, PolygonTable, PolygonTable]:
    """Match all pages at once; indices count through all of them."""
    gt = polygon_table([sample.gt for sample in samples])
    pred = polygon_table([sample.pred for sample in samples])
    ignored = _ignore_flags(samples, gt) & gt.valid
    overlaps = find_overlaps(gt, pred, ignored, min(IOU_THRESHOLD, IGNORED_SHARE))

    inside = ignored[overlaps.gt] & (share_of_prediction(pred, overlaps) > IGNORED_SHARE)
    pred_ignored = np.zeros(len(pred.valid), dtype=bool)
    pred_ignored[overlaps.pred[inside]] = True

    quotient = iou(gt, pred, overlaps, IOU_THRESHOLD)
    free = ~ignored[overlaps.gt] & ~pred_ignored[overlaps.pred] & (quotient > IOU_THRESHOLD)
    matched_pred = np.full(len(gt.valid), -1, dtype=np.int64)
    matched_iou = np.zeros(len(gt.valid))
    taken: set[int] = set()
    for g, p, value in zip(overlaps.gt[free].tolist(), overlaps.pred[free].tolist(), quotient[free].tolist()):
        if matched_pred[g] < 0 and p not in taken:
            taken.add(p)
            matched_pred[g], matched_iou[g] = p, value
    return PageMatches(matched_pred, matched_iou, gt.valid, ignored, pred.valid, pred_ignored), gt, pred


def _ignore_flags(samples: Sequence[DetectionSample], gt: PolygonTable) -> BoolArray:
    """Return ``(P,)`` the ignore flags of all pages."""
    flags: list[BoolArray] = [np.zeros(0, dtype=bool)]
    for number, (sample, size) in enumerate(zip(samples, np.diff(gt.starts).tolist())):
        if len(sample.ignore) != size:
            raise DataError(
                f"{size} polygons have {len(sample.ignore)} ignore flags",
                at=f"page {number}",
                hint="give one flag for each polygon of the ground truth",
            )
        flags.append(np.asarray(sample.ignore, dtype=bool))
    return np.concatenate(flags)


def _split(joined: PageMatches, gt: PolygonTable, pred: PolygonTable) -> Iterator[PageMatches]:
    """Yield the pages of a joined result, with indices that count within the page."""
    for page in range(len(gt.starts) - 1):
        first = int(pred.starts[page])
        of_gt = slice(int(gt.starts[page]), int(gt.starts[page + 1]))
        of_pred = slice(first, int(pred.starts[page + 1]))
        matched = joined.matched_pred[of_gt]
        yield PageMatches(
            matched_pred=np.where(matched < 0, -1, matched - first),
            matched_iou=joined.matched_iou[of_gt],
            gt_valid=joined.gt_valid[of_gt],
            gt_ignored=joined.gt_ignored[of_gt],
            pred_valid=joined.pred_valid[of_pred],
            pred_ignored=joined.pred_ignored[of_pred],
        )
