"""Counts of what was found, what there was to find and what of it was found, class by class.

Zero-division rule as in ``core``: a share of nothing is 0.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ppocr_kit import __version__
from ppocr_kit.metrics.core import MetricReport, harmonic_mean, share


@dataclass(frozen=True)
class MatchCounts:
    """The whole numbers behind precision, recall and hmean; add those of several pages with ``+``.

    Attributes:
        matched: Things that were found and that there are.
        predicted: Things that were found.
        labelled: Things that there are.
    """

    matched: int = 0
    predicted: int = 0
    labelled: int = 0

    def __add__(self, other: MatchCounts) -> MatchCounts:
        return MatchCounts(
            self.matched + other.matched, self.predicted + other.predicted, self.labelled + other.labelled
        )

    @property
    def precision(self) -> float:
        """Return ``matched / predicted``, 0.0 where nothing was found."""
        return share(self.matched, self.predicted)

    @property
    def recall(self) -> float:
        """Return ``matched / labelled``, 0.0 where there is nothing to find."""
        return share(self.matched, self.labelled)

    @property
    def hmean(self) -> float:
        """Return the harmonic mean of precision and recall, 0.0 where both are 0."""
        return harmonic_mean(self.precision, self.recall)

    def scores(self) -> dict[str, float]:
        """Return the three scores by PaddleOCR's names."""
        return {"precision": self.precision, "recall": self.recall, "hmean": self.hmean}

    def counts(self) -> dict[str, int]:
        """Return the three numbers by their names."""
        return {"matched": self.matched, "predicted": self.predicted, "labelled": self.labelled}


@dataclass(frozen=True)
class ClassCounts:
    """Counts by class; add those of several pages with ``+``.

    Attributes:
        pages: Pages that were counted.
        by_class: The counts of every class that was found or that there is.
    """

    pages: int = 0
    by_class: Mapping[str, MatchCounts] = field(default_factory=dict)

    def __add__(self, other: ClassCounts) -> ClassCounts:
        nothing = MatchCounts()
        names = {**self.by_class, **other.by_class}
        return ClassCounts(
            self.pages + other.pages,
            {name: self.by_class.get(name, nothing) + other.by_class.get(name, nothing) for name in names},
        )

    @property
    def total(self) -> MatchCounts:
        """Return the sum over all classes: its scores weigh every thing alike (micro average)."""
        return sum(self.by_class.values(), MatchCounts())

    def scores_by_class(self) -> dict[str, dict[str, float]]:
        """Return scores and counts of every class, in the order of their names."""
        return {name: {**count.scores(), **count.counts()} for name, count in sorted(self.by_class.items())}

    def to_report(self, task: str, definition: str, num_skipped: int) -> MetricReport:
        """Return the scores over all classes and of each.

        Args:
            task: What was measured, such as ``ser``.
            definition: What counts as a match, for people.
            num_skipped: Pages that should have been scored and could not be.
        """
        total = self.total
        return MetricReport(
            task=task,
            values=total.scores(),
            counts=total.counts(),
            num_samples=self.pages,
            num_skipped=num_skipped,
            definition=definition,
            computed_by=f"ppocr-kit {__version__}",
            per_class=self.scores_by_class(),
        )
