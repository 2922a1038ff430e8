"""``DetMetric``: ``ppocr_kit.metrics.detection`` behind the calls that PaddleOCR's tools make."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from ppocr_kit.metrics.detection import (
    PAGES_AT_ONCE,
    DetectionCounts,
    DetectionSample,
    count_matches,
)


class DetMetric:
    """Collect the pages of an evaluation and score them when asked.

    Args:
        main_indicator: Which of precision, recall and hmean chooses the best checkpoint.
        **options: Other keys of the configuration; none changes the score (as upstream).
    """

    def __init__(self, main_indicator: str = "hmean", **options: Any) -> None:
        self.main_indicator = main_indicator
        self.reset()

    def __call__(self, preds: Sequence[Any], batch: Sequence[Any], **options: Any) -> None:
        """Take in a batch.

        Args:
            preds: Per page a dictionary whose ``points`` are the polygons found, ``(M, K, 2)``.
            batch: At index 2 the labelled polygons ``(B, N, K, 2)``, at 3 the ignore flags ``(B, N)``.
            **options: Not used; the tools pass some for other metrics.
        """
        for pred, polygons, flags in zip(preds, batch[2], batch[3]):
            size = min(len(polygons), len(flags))
            # Copies, as the caller may reuse its buffers before the pages are scored.
            self._pages.append(
                DetectionSample(
                    gt=copy.deepcopy(polygons[:size]),
                    ignore=copy.deepcopy(flags[:size]),
                    pred=copy.deepcopy(pred["points"]),
                )
            )
        if len(self._pages) >= PAGES_AT_ONCE:
            self._score_pages()

    def get_metric(self) -> dict[str, float]:
        """Return precision, recall and hmean of all pages since the last call, and start anew."""
        self._score_pages()
        counts = self._counts
        self.reset()
        return {"precision": counts.precision, "recall": counts.recall, "hmean": counts.hmean}

    def reset(self) -> None:
        """Forget all pages."""
        self._pages: list[DetectionSample] = []
        self._counts = DetectionCounts()

    def _score_pages(self) -> None:
        """Turn the collected pages into counts, many at once because that is fast."""
        self._counts += count_matches(self._pages)
        self._pages = []
