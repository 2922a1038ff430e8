"""``RecMetric``: ``ppocr_kit.metrics.recognition`` behind the calls that PaddleOCR's tools make."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ppocr_kit.metrics.recognition import RecognitionCounts, TextRules, count_lines


class RecMetric:
    """Add up the lines of an evaluation.

    Args:
        main_indicator: Which of acc and norm_edit_dis chooses the best checkpoint.
        is_filter: Compare ASCII letters and digits only, in lower case.
        ignore_space: Leave spaces out of the comparison.
        **options: Other keys of the configuration; none changes the score (as upstream).
    """

    def __init__(
        self,
        main_indicator: str = "acc",
        is_filter: bool = False,
        ignore_space: bool = True,
        **options: Any,
    ) -> None:
        self.main_indicator = main_indicator
        self._rules = TextRules(ignore_space=ignore_space, is_filter=is_filter)
        self.reset()

    def __call__(
        self, pred_label: tuple[Iterable[Any], Iterable[Any]], *args: Any, **options: Any
    ) -> dict[str, float]:
        """Take in a batch and return the scores of this batch alone.

        Args:
            pred_label: Recognised and labelled lines, each as ``(text, score)``.
            *args: The batch; not used.
            **options: Not used; the tools pass some for other metrics.
        """
        recognised, labelled = pred_label
        pairs = ((left[0], right[0]) for left, right in zip(recognised, labelled))
        counts = count_lines(pairs, self._rules)
        self._counts += counts
        return _scores(counts)

    def get_metric(self) -> dict[str, float]:
        """Return acc and norm_edit_dis of all lines since the last call, and start anew."""
        counts = self._counts
        self.reset()
        return _scores(counts)

    def reset(self) -> None:
        """Forget all lines."""
        self._counts = RecognitionCounts()


def _scores(counts: RecognitionCounts) -> dict[str, float]:
    """Name the scores as PaddleOCR's log does."""
    return {"acc": counts.acc, "norm_edit_dis": counts.norm_edit_dis}
