"""Text recognition scored by whole lines and by edit distance.

Source: PaddleOCR 3.7.0, ``ppocr/metrics/rec_metric.py``; the results equal that file's.

With ``d`` the Levenshtein distance of one line divided by the length of the longer of the two
texts (0.0 for two empty texts), and ``n`` lines:

* ``acc = exactly equal lines / (n + 1e-5)``
* ``norm_edit_dis = 1 - sum of d / (n + 1e-5)``: in spite of its name a similarity, 1 is best.

PaddleOCR adds 1e-5 so as not to divide by zero. So a perfect score over 10 lines prints as
0.999999, no lines give acc 0.0 but norm_edit_dis 1.0, and we keep both: the values are to be
compared with those in PaddleOCR's logs.
"""

from __future__ import annotations

import string
from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from ppocr_kit import __version__
from ppocr_kit.metrics.core import MetricReport

EPSILON = 1e-5
_ALPHANUMERIC = frozenset(string.digits + string.ascii_letters)


@dataclass(frozen=True)
class TextRules:
    """What of a text is compared.

    Attributes:
        ignore_space: Leave out U+0020 (other white space stays). PaddleOCR's default is True.
        is_filter: Compare ASCII letters and digits only, in lower case.
    """

    ignore_space: bool = True
    is_filter: bool = False

    def apply(self, text: str) -> str:
        """Return the part of the text that is compared."""
        if self.ignore_space:
            text = text.replace(" ", "")
        if self.is_filter:
            text = "".join(filter(_ALPHANUMERIC.__contains__, text)).lower()
        return text

    def describe(self) -> str:
        """Say in words what is compared."""
        kept = "ASCII letters and digits, lower case" if self.is_filter else "all characters"
        return kept + (", spaces left out" if self.ignore_space else "")


@dataclass(frozen=True)
class RecognitionCounts:
    """What the scores are made from; add those of several batches with ``+``.

    Attributes:
        lines: Text lines compared.
        correct: Lines that are equal throughout.
        distance: Sum of the normalised edit distances.
    """

    lines: int = 0
    correct: int = 0
    distance: float = 0.0

    def __add__(self, other: RecognitionCounts) -> RecognitionCounts:
        return RecognitionCounts(
            self.lines + other.lines, self.correct + other.correct, self.distance + other.distance
        )

    @property
    def acc(self) -> float:
        """Return ``correct / (lines + 1e-5)``."""
        return self.correct / (self.lines + EPSILON)

    @property
    def norm_edit_dis(self) -> float:
        """Return ``1 - distance / (lines + 1e-5)``, a similarity."""
        return 1 - self.distance / (self.lines + EPSILON)


def count_lines(pairs: Iterable[tuple[str, str]], rules: TextRules | None = None) -> RecognitionCounts:
    """Compare recognised with labelled lines.

    Args:
        pairs: ``(recognised, labelled)`` per line; a generator will do.
        rules: What of the texts is compared; PaddleOCR's defaults if left out.
    """
    apply = (rules or TextRules()).apply
    lines = correct = 0
    distance = 0.0
    for recognised, labelled in pairs:
        lines += 1
        if recognised == labelled:  # equal before the rules: equal after them
            correct += 1
            continue
        left, right = apply(recognised), apply(labelled)
        if left == right:
            correct += 1
        else:
            distance += Levenshtein.normalized_distance(left, right)
    return RecognitionCounts(lines, correct, distance)


def score_recognition(
    pairs: Iterable[tuple[str, str]], rules: TextRules | None = None, num_skipped: int = 0
) -> MetricReport:
    """Score recognised lines: acc and norm_edit_dis (formulas: module docstring).

    Args:
        pairs: ``(recognised, labelled)`` per line; a generator will do.
        rules: What of the texts is compared; PaddleOCR's defaults if left out.
        num_skipped: Lines that should have been scored and could not be, for the report.
    """
    rules = rules or TextRules()
    counts = count_lines(pairs, rules)
    return MetricReport(
        task="rec",
        values={"acc": counts.acc, "norm_edit_dis": counts.norm_edit_dis},
        counts={"correct": counts.correct, "lines": counts.lines},
        num_samples=counts.lines,
        num_skipped=num_skipped,
        definition=describe_recognition(rules),
        computed_by=f"ppocr-kit {__version__}",
    )


def describe_recognition(rules: TextRules) -> str:
    """Say in words what the scores mean under these rules."""
    return (
        "acc: lines equal throughout / (lines + 1e-5); norm_edit_dis: 1 - sum of Levenshtein "
        f"distance over the longer length / (lines + 1e-5); compared: {rules.describe()}"
    )
