"""Confidence intervals by the bootstrap: draw the units again with replacement, look how far a score moves.

Source: B. Efron, R. Tibshirani, An Introduction to the Bootstrap (1993), chapters 6 and 13 (percentile
interval); M. Bisani, H. Ney, Bootstrap estimates for confidence intervals in ASR performance evaluation
(ICASSP 2004), whose difference of two systems is over the same drawn units (paired).

A unit is a row or, where rows of one page go together, a page: rows of a page are alike, and drawing them
one by one would make an interval too narrow. Units that count alike are drawn together as one multinomial,
which gives the same distribution as drawing every unit and takes a fraction of the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

LEVEL = 0.95
RESAMPLES = 1000
# Draws held at once: 32 MiB of whole numbers.
_DRAWS_AT_ONCE = 1 << 22


@dataclass(frozen=True)
class Interval:
    """Where a score lies with a probability of 95 %, as far as the drawn rows tell.

    Attributes:
        low: Its 2.5 % quantile.
        high: Its 97.5 % quantile.
    """

    low: float
    high: float

    def to_json(self) -> list[float]:
        """Return the two ends."""
        return [self.low, self.high]


def resample_sums(
    values: FloatArray, *, groups: Sequence[str] | None = None, resamples: int = RESAMPLES, seed: int = 0
) -> FloatArray:
    """Draw units with replacement and add up what they count.

    Args:
        values: ``(N, K)``, what each of N rows adds to K sums; N at least 1.
        groups: ``(N,)`` unit of each row; every row is a unit of its own if left out, and where all rows
            are of one.
        resamples: How often to draw, B.
        seed: Seed of the draws.

    Returns:
        ``(B, K)`` the sums of each draw.
    """
    units = _sum_by_group(values, groups)
    kinds, counts = np.unique(units, axis=0, return_counts=True)
    random = np.random.default_rng(seed)
    draws = (
        random.multinomial(len(units), counts / len(units), size) for size in _portions(resamples, len(kinds))
    )
    return np.concatenate([drawn @ kinds for drawn in draws])


def interval_of(scores: FloatArray) -> Interval:
    """Return the percentile interval of a score.

    Args:
        scores: ``(B,)`` the score of each draw.
    """
    low, high = np.quantile(scores, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))


def _sum_by_group(values: FloatArray, groups: Sequence[str] | None) -> FloatArray:
    if groups is None or len(set(groups)) < 2:
        return values
    place: dict[str, int] = {}
    index = np.array([place.setdefault(group, len(place)) for group in groups])
    sums = np.zeros((len(place), values.shape[1]))
    np.add.at(sums, index, values)
    return sums


def _portions(resamples: int, kinds: int) -> Iterator[int]:
    """Yield numbers of draws that fit into memory together."""
    most = max(_DRAWS_AT_ONCE // kinds, 1)
    for done in range(0, resamples, most):
        yield min(most, resamples - done)
