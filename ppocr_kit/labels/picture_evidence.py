"""How alike two pages look: correlation of their small pictures, in four turns, laid over one another.

Laying over takes away what scanning again and trimming change: some degrees, some hundredths of the
page, brightness. It is the iterative alignment of Evangelidis and Psarakis (PAMI 2008) as OpenCV has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from ppocr_kit.fingerprint import (
    LOW_FREQUENCIES,
    SIDE,
    Array,
    Fingerprint,
    small_pictures,
    stack_fingerprints,
    turn,
)
from ppocr_kit.labels.parallel import map_in_order, usable_cores

Numbers = npt.NDArray[np.int64]

_TURNS = 4
# Shifting takes some 40 kB a pair.
_PAIRS_AT_ONCE = 1 << 11
_TILE_ROWS = 1024
_TILE_COLUMNS = 8192

# How far pages may lie apart: shares of the page, and of a length.
_FARTHEST_SHIFT = 0.12
_FARTHEST_STRETCH = 0.2
# As they lie, so alike that laying over could add nothing.
_ALIKE_ENOUGH = 0.995
_WORTH_SHIFTING = 0.2

_ECC_BLUR = 5
_EVERYWHERE = np.ones((SIDE, SIDE), dtype=np.uint8)
_ECC_STOP = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 12, 1e-3)


class PicturePairs(NamedTuple):
    """Pairs of pages that look alike.

    Attributes:
        first: (P,) numbers of pages.
        second: (P,) numbers of the other pages.
        likeness: (P,) correlation, 1 for the same picture.
    """

    first: Numbers
    second: Numbers
    likeness: npt.NDArray[np.float32]


class PictureEvidence:
    """The pictures of all pages.

    Args:
        fingerprints: One for each page.
    """

    def __init__(self, fingerprints: Sequence[Fingerprint]) -> None:
        self._waves = stack_fingerprints(fingerprints)
        self.contrasts = np.array([page.contrast for page in fingerprints], dtype=np.int64)
        # The low frequencies, and in one more column the length of all others: by Cauchy and Schwarz the
        # product of two such rows is at least the correlation, and takes a fifth of the work.
        low = self._waves[:, LOW_FREQUENCIES]
        rest = np.sqrt(np.maximum(0, (self._waves**2).sum(axis=1) - (low**2).sum(axis=1)))
        self._low = np.hstack([low, rest[:, None]])

    def alike(self, rows: Numbers, columns: Numbers, least: float) -> Iterator[PicturePairs]:
        """Yield the pairs of a page of ``rows`` and one of ``columns`` that look alike as they lie.

        Args:
            rows: Numbers of pages.
            columns: Numbers of pages; may be the same ones.
            least: Correlation in the best of four turns from which on a pair is yielded.
        """
        for at in range(0, len(rows), _TILE_ROWS):
            some = rows[at : at + _TILE_ROWS]
            found = [
                self._alike_in_tile(some, columns[start : start + _TILE_COLUMNS], least)
                for start in range(0, len(columns), _TILE_COLUMNS)
            ]
            yield PicturePairs(*(np.concatenate(part) for part in zip(*found)))

    def _alike_in_tile(self, rows: Numbers, columns: Numbers, least: float) -> PicturePairs:
        """Compare a tile: first by what correlation can be at most, then what passes in full."""
        low, right = self._low[rows], self._low[columns].T
        most = low @ right
        for quarters in range(1, _TURNS):
            turned = np.hstack([turn(self._waves[rows], quarters)[:, LOW_FREQUENCIES], low[:, -1:]])
            np.maximum(most, turned @ right, out=most)
        at_row, at_column = np.nonzero(most >= least)
        first, second = rows[at_row], columns[at_column]
        best = _correlate(self._waves[first], self._waves[second])
        keep = (best >= least) & (first != second)
        return PicturePairs(first[keep], second[keep], best[keep])

    def likeness(self, first: Numbers, second: Numbers, promising: float = 0.6) -> npt.NDArray[np.float32]:
        """Return how alike the pages of each pair look when laid over one another.

        Args:
            first: (P,) numbers of pages.
            second: (P,) numbers of the other pages.
            promising: Correlation after a plain shift from which on a pair is laid over.

        Returns:
            (P,) correlation; lower than it could be for pairs that have no chance to be copies.
        """
        found = np.zeros(len(first), dtype=np.float32)
        for at in range(0, len(first), _PAIRS_AT_ONCE):
            some = slice(at, at + _PAIRS_AT_ONCE)
            one, other = self._waves[first[some]], self._waves[second[some]]
            found[some] = _compare(one, other, promising)
        return found


def _correlate(one: Array, other: Array) -> npt.NDArray[np.float32]:
    """Return the correlation of each pair of rows as they lie, in the best turn."""
    turns = (np.einsum("ij,ij->i", turn(one, quarters), other) for quarters in range(_TURNS))
    best: npt.NDArray[np.float32] = np.stack(list(turns)).max(axis=0)
    return best


def _compare(one: Array, other: Array, least: float) -> npt.NDArray[np.float32]:
    """Return the correlation of each pair of rows in the best turn, after laying over."""
    best = _correlate(one, other)
    promising = np.full((_TURNS, len(one)), -1.0, dtype=np.float32)
    shifts: dict[tuple[int, int], tuple[int, int]] = {}
    for quarters in range(_TURNS):
        turned = turn(one, quarters)
        as_it_lies = np.einsum("ij,ij->i", turned, other)
        tried = np.flatnonzero((as_it_lies >= _WORTH_SHIFTING) & (best < _ALIKE_ENOUGH))
        for pair, (likeness, shift) in zip(tried.tolist(), _shift_all(turned[tried], other[tried])):
            promising[quarters, pair] = likeness
            shifts[quarters, pair] = shift
    quarters_of = promising.argmax(axis=0)
    chosen = np.flatnonzero(promising.max(axis=0) >= least).tolist()

    def lay_over(pair: int) -> float:
        quarters = int(quarters_of[pair])
        turned = turn(one[pair : pair + 1], quarters)
        pictures = small_pictures(np.concatenate([turned, other[pair : pair + 1]]))
        return _lay_over(pictures[0], pictures[1], shifts[quarters, pair])

    for pair, likeness in zip(chosen, map_in_order(lay_over, chosen, usable_cores())):
        best[pair] = max(best[pair], likeness)
    return best


def _shift_all(one: Array, other: Array) -> Iterator[tuple[float, tuple[int, int]]]:
    """Yield for each pair the correlation at the best whole shift, and that shift in x and y."""
    if not len(one):
        return
    first = np.fft.rfft2(small_pictures(one))
    second = np.fft.rfft2(small_pictures(other))
    products = np.fft.irfft2(np.conj(first) * second, s=(SIDE, SIDE))
    reach = int(_FARTHEST_SHIFT * SIDE)
    near = np.roll(products, (reach, reach), axis=(1, 2))[:, : 2 * reach + 1, : 2 * reach + 1]
    flat = near.reshape(len(one), -1)
    for pair, at in enumerate(flat.argmax(axis=1)):
        y, x = divmod(int(at), 2 * reach + 1)
        yield float(flat[pair, at]), (x - reach, y - reach)


def _lay_over(one: Array, other: Array, shift: tuple[int, int]) -> float:
    """Return the correlation of two small pictures after the best small affine change of one."""
    start = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], dtype=np.float32)
    try:
        likeness, change = cv2.findTransformECC(
            one,
            other,
            start,
            cv2.MOTION_AFFINE,
            _ECC_STOP,
            _EVERYWHERE,
            _ECC_BLUR,
        )
    except cv2.error:
        # it does not converge: the pictures have nothing to do with one another
        return -1.0
    stretch = np.abs(change[:, :2] - np.eye(2)).max()
    # the far corner must stay near too, not only the one that the change turns about
    middle = change @ np.array([SIDE / 2, SIDE / 2, 1.0]) - SIDE / 2
    if stretch > _FARTHEST_STRETCH or np.abs(middle).max() > _FARTHEST_SHIFT * SIDE:
        return -1.0
    return float(likeness)
