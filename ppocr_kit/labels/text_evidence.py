"""What the texts say about whether two pages are copies: the rare ones they share.

A text that many pages have (the printed lines of a form) says nothing about two of them; one that only
two pages have says much. So a text counts for one divided by the number of pages that have it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import NamedTuple, cast

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# A text on more pages than this tells nothing about any two of them.
COMMON = 20

_HASH_BYTES = 4
_MOST_TEXTS = 64
_PAIRS_AT_ONCE = 1 << 18
# Pairs of so many pages are gathered and sorted at a time.
_PAGES_AT_ONCE = 1 << 13


def text_signature(texts: Iterable[str]) -> bytes:
    """Return what the texts of a page are recognised by: hashes of 32 bits, at most 64, sorted.

    Letter case, width and blanks do not count. Of more texts those with the smallest hashes are kept, the
    same ones on every page that has them.

    Args:
        texts: The texts that recognition can learn, not the marks of regions that are to be ignored.
    """
    hashes = set()
    for text in texts:
        plain = "".join(unicodedata.normalize("NFKC", text).casefold().split())
        if plain:
            encoded = plain.encode("utf-8", "surrogatepass")
            hashes.add(blake2b(encoded, digest_size=_HASH_BYTES).digest())
    return b"".join(sorted(hashes)[:_MOST_TEXTS])


class TextPairs(NamedTuple):
    """Pairs of pages that share rare texts.

    Attributes:
        first: (P,) numbers of pages.
        second: (P,) numbers of the other pages, larger.
        agreement: (P,) weight of the shared texts by that of the page which has less, 0 to 1.
        shared: (P,) number of texts they share.
    """

    first: Numbers
    second: Numbers
    agreement: Floats
    shared: Numbers


class TextEvidence:
    """The texts of all pages.

    Args:
        signatures: One of :func:`text_signature` for each page, empty for a page without texts.
    """

    def __init__(self, signatures: Sequence[bytes]) -> None:
        self.counts = np.array([len(signature) // _HASH_BYTES for signature in signatures], dtype=np.int64)
        hashes = np.frombuffer(b"".join(signatures), dtype="<u4")
        pages = np.repeat(np.arange(len(signatures), dtype=np.int64), self.counts)
        order = np.lexsort((pages, hashes))
        _, starts, number = np.unique(hashes[order], return_index=True, return_counts=True)
        self._pages = pages[order]
        self._starts = starts.astype(np.int64)
        self._pages_with = number.astype(np.int64)
        rare = np.repeat(number <= COMMON, number)
        weights = np.where(rare, 1.0 / np.repeat(number, number), 0.0)
        self._weight = np.bincount(self._pages, weights=weights, minlength=len(signatures))
        self._signatures = signatures

    def pairs(self) -> Iterator[TextPairs]:
        """Yield the pairs that share a text which is not common, a bounded number at a time."""
        for at in range(0, len(self.counts), _PAGES_AT_ONCE):
            yield from self._pairs_of(at, at + _PAGES_AT_ONCE)

    def _pairs_of(self, begin: int, end: int) -> Iterator[TextPairs]:
        """Yield the pairs of which the first page is one of ``begin`` to ``end``."""
        codes, weights = self._shared_texts(begin, end)
        total = len(self.counts)
        order = np.argsort(codes, kind="stable")
        codes, weights = codes[order], weights[order]
        distinct, starts = np.unique(codes, return_index=True)
        for at in range(0, len(distinct), _PAIRS_AT_ONCE):
            some = distinct[at : at + _PAIRS_AT_ONCE]
            ends = np.append(starts, len(codes))[at : at + len(some) + 1]
            shared_weight = np.add.reduceat(weights[: ends[-1]], ends[:-1])
            first, second = some // total, some % total
            least = np.minimum(self._weight[first], self._weight[second])
            yield TextPairs(first, second, shared_weight / least, np.diff(ends))

    def crowds(self) -> Iterator[Numbers]:
        """Yield pages with just the same texts, where these are common one by one."""
        by_signature: dict[bytes, list[int]] = {}
        for page in np.flatnonzero((self.counts > 0) & (self._weight == 0)):
            by_signature.setdefault(self._signatures[page], []).append(int(page))
        for pages in by_signature.values():
            if len(pages) > 1:
                yield np.array(pages, dtype=np.int64)

    def _shared_texts(self, begin: int, end: int) -> tuple[Numbers, Floats]:
        """Return a code for each pair and each rare text it shares, and the weight of that text.

        Only of pairs whose first page is one of ``begin`` to ``end``.
        """
        codes, weights = [np.empty(0, np.int64)], [np.empty(0, np.float64)]
        for number in range(2, COMMON + 1):
            starts = self._starts[self._pages_with == number]
            if not len(starts):
                continue
            members = self._pages[starts[:, None] + np.arange(number)]
            left, right = np.triu_indices(number, 1)
            first, second = members[:, left].ravel(), members[:, right].ravel()
            here = (first >= begin) & (first < end)
            some = first[here] * len(self.counts) + second[here]
            codes.append(some)
            weights.append(np.full(len(some), 1.0 / number))
        return cast("Numbers", np.concatenate(codes)), cast("Floats", np.concatenate(weights))
