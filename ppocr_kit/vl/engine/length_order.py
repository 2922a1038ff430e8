"""The order of training rows: rows of like length in one batch, batches shuffled, the same for the same seed.

Padding is computing for nothing. The order depends on seed and epoch alone, never on what other parts
drew from the random generator before, so that a resumed run meets the batches that it would have met.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from torch.utils.data import Sampler

# Rows are sorted within portions of so many batches: sorted over all, an epoch's order would hardly change.
BATCHES_SORTED = 50


class LengthOrder(Sampler):  # type: ignore[misc]
    """Positions of rows in the order of training.

    Args:
        lengths: Tokens of each row.
        batch: Rows that are padded together.
        seed: Of the run.
    """

    def __init__(self, lengths: Sequence[int], batch: int, seed: int) -> None:
        self.lengths = np.asarray(lengths, dtype=np.int64)
        self.batch = max(1, batch)
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order comes next."""
        self.epoch = epoch

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        """Yield each position once; the incomplete batch, if there is one, comes last."""
        random = np.random.default_rng((self.seed, self.epoch))
        shuffled = random.permutation(len(self.lengths))
        portion = self.batch * BATCHES_SORTED
        ordered = np.concatenate(
            [np.zeros(0, dtype=np.int64)]
            + [self._sorted(shuffled[first : first + portion]) for first in range(0, len(shuffled), portion)]
        )
        whole = len(ordered) // self.batch * self.batch
        batches: npt.NDArray[Any] = ordered[:whole].reshape(-1, self.batch)
        batches = batches[random.permutation(len(batches))]
        if self.epoch == 0 and len(batches):
            # what does not fit into memory shall show at the first step, not after hours
            longest = int(self.lengths[batches].max(axis=1).argmax())
            batches[[0, longest]] = batches[[longest, 0]]
        yield from batches.ravel().tolist()
        yield from ordered[whole:].tolist()

    def _sorted(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        ordered: npt.NDArray[Any] = rows[np.argsort(-self.lengths[rows], kind="stable")]
        return ordered
