"""What every metric gives back, and how a quotient with nothing below the line is read.

Zero-division rule of the whole package: a share of nothing is 0.0 (no boxes found: precision 0.0;
nothing to find: recall 0.0). A score can then never look perfect because data were missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class MetricReport:
    """The scores of one measurement, with what a reader needs to judge them.

    Attributes:
        task: Task the scores belong to: ``det``, ``rec``, ``ser`` or ``re``.
        values: Scores by PaddleOCR's names (``hmean``, ``acc``, ...), each within [0, 1].
        counts: The whole numbers that the scores were made from.
        num_samples: Images (det) or text lines (rec) that were scored.
        num_skipped: Samples that should have been scored and were not.
        definition: The formula in words, so that two reports can be told apart.
        computed_by: Program and version.
        per_class: Scores and counts of each class, for the tasks that have classes.
    """

    task: str
    values: Mapping[str, float]
    counts: Mapping[str, int]
    num_samples: int
    num_skipped: int
    definition: str
    computed_by: str
    per_class: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the report as a dictionary that ``json.dumps`` takes."""
        document = {
            "task": self.task,
            "values": dict(self.values),
            "counts": dict(self.counts),
            "num_samples": self.num_samples,
            "num_skipped": self.num_skipped,
            "definition": self.definition,
            "computed_by": self.computed_by,
        }
        if self.per_class:
            document["per_class"] = {name: dict(scores) for name, scores in self.per_class.items()}
        return document


def share(part: float, whole: float) -> float:
    """Return ``part / whole``, and 0.0 where ``whole`` is 0."""
    return float(part) / whole if whole else 0.0


def harmonic_mean(precision: float, recall: float) -> float:
    """Return ``2 * precision * recall / (precision + recall)``, and 0.0 where both are 0."""
    return share(2 * recall * precision, recall + precision)
