"""``VQASerTokenMetric``: ``ppocr_kit.metrics.entities`` behind the calls that PaddleOCR's tools make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ppocr_kit.metrics.class_counts import ClassCounts
from ppocr_kit.metrics.entities import count_entities


class VQASerTokenMetric:
    """Add up the entities of an evaluation.

    Args:
        main_indicator: Which of precision, recall and hmean chooses the best checkpoint.
        **options: Other keys of the configuration; none changes the score (as upstream).
    """

    def __init__(self, main_indicator: str = "hmean", **options: Any) -> None:
        self.main_indicator = main_indicator
        self.reset()

    def __call__(
        self, preds: tuple[Sequence[Sequence[str]], Sequence[Sequence[str]]], batch: Any, **options: Any
    ) -> None:
        """Take in a batch.

        Args:
            preds: Found and labelled tags, both as a list of tags for each page.
            batch: Not used.
            **options: Not used; the tools pass some for other metrics.
        """
        self._counts += count_entities(zip(*preds))

    def get_metric(self) -> dict[str, float]:
        """Return precision, recall and hmean of all pages since the last call, and start anew."""
        counts = self._counts
        self.reset()
        return counts.total.scores()

    def reset(self) -> None:
        """Forget all pages."""
        self._counts = ClassCounts()
