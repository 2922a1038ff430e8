"""Pages that are copies of one another though their files differ: turned, scanned again, trimmed.

Pictures alone do not tell a page that was scanned again from another filled-in copy of its form, so the
texts are asked first. How alike two pages have to look depends on what their texts say:

=====================================  =============================================================
texts                                  pictures laid over one another correlate by
=====================================  =============================================================
three rare ones or more are shared     ``SURE_TEXTS``
fewer are shared, but none differs     ``FEW_TEXTS``
a page has none                        ``NO_TEXTS``, and no crowd of pages looks like that
they differ                            never, unless a file is called a copy of the other: ``NAMED``
=====================================  =============================================================

The thresholds are measured by ``benchmarks/near_duplicates.py``; docs/decisions/011 has the figures.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import PurePath

import numpy as np
import numpy.typing as npt

from ppocr_kit.fingerprint import NUM_FREQUENCIES, Fingerprint
from ppocr_kit.labels.picture_evidence import PictureEvidence
from ppocr_kit.labels.text_evidence import COMMON, TextEvidence, TextPairs

SURE_TEXTS = 0.90
FEW_TEXTS = 0.96
NO_TEXTS = 0.985
NAMED = 0.98

_SURE_NUMBER = 3
# What laying over adds at most to the correlation after a plain shift, for nearly all copies.
_GAIN_BY_LAYING_OVER = 0.25
_AGREEING = 0.7
_FEW_AGREEING = 0.99
_LEAST_CONTRAST = 2
_LIKE_NOTHING = Fingerprint(bytes(NUM_FREQUENCIES), 0)
# Of pages whose texts are common, those are laid over one another that look this much alike as they lie;
# in a large crowd only those that look more so, because laying all over all would take too long.
_CROWD_ALIKE = 0.75
_LARGE_CROWD_ALIKE = 0.93
_LARGE_CROWD = 200

# More pages than this that belong together are believed only as a share of a large set.
_LARGEST_GROUP = 20
_LARGEST_SHARE = 0.05

_COPY_NAME = re.compile(
    r"(?:[_\- ]*(?:rotated|rot|copy|copie|kopie|副本)[_\- ]?\d*|[_\- ]*\(\d{1,2}\)|[_\-]r?(?:90|180|270))$",
    re.IGNORECASE,
)

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class FingerprintedPage:
    """What is known of a page when copies are looked for.

    Attributes:
        name: File name of its image in the labelled folder.
        image_sha256: Hash of the image file.
        fingerprint: Of the image, None for a page whose picture does not matter (``pages_to_open``).
        signature: Of its texts, by ``text_signature``.
    """

    name: str
    image_sha256: str
    fingerprint: Fingerprint | None
    signature: bytes = b""


@dataclass(frozen=True)
class Likeness:
    """Two pages that are taken for copies: their numbers, and how alike they look."""

    first: int
    second: int
    likeness: float


@dataclass(frozen=True)
class NearDuplicates:
    """The copies among some pages.

    Attributes:
        groups: Numbers of the pages of each group, ascending; only groups of two and more.
        pairs: What the groups rest on, the surest first.
        refused: Pairs that would have chained too many pages together and were left out.
        crowded: Number of pages without texts that look like so many others that this says nothing.
    """

    groups: tuple[tuple[int, ...], ...]
    pairs: tuple[Likeness, ...]
    refused: tuple[Likeness, ...]
    crowded: int


def find_near_duplicates(pages: Sequence[FingerprintedPage]) -> NearDuplicates:
    """Find the pages that are copies of one another.

    Pages with the same bytes count once: only the first of them is compared. Those that were saved anew
    without a change to be seen, with the same texts, belong together however many there are, and one of
    them is compared with the others.

    Args:
        pages: All pages; what is found does not depend on their order.
    """
    first_of: dict[str, int] = {}
    for number, page in enumerate(pages):
        first_of.setdefault(page.image_sha256, number)
    order, same = _set_apart(pages, [first_of[image] for image in sorted(first_of)])
    search = _Search([pages[number] for number in order])
    pairs = [
        Likeness(order[first], order[second], likeness)
        for (first, second), likeness in sorted(search.run().items(), key=lambda item: (-item[1], item[0]))
    ]
    limit = max(_LARGEST_GROUP, int(_LARGEST_SHARE * len(first_of)))
    groups, kept, refused = _chain(same, pairs, limit)
    return NearDuplicates(groups, kept, refused, search.crowded)


def pages_to_open(names: Sequence[str], signatures: Sequence[bytes]) -> Numbers:
    """Return the numbers of the pages whose pictures :func:`find_near_duplicates` will look at, ascending.

    The others share too little text with any page for their pictures to matter, so that they need no
    fingerprint, and their images need not be decoded for one.

    Args:
        names: File names of the images of all pages, no two with the same bytes.
        signatures: Their texts, by ``text_signature``.
    """
    texts = TextEvidence(signatures)
    if not texts.counts.all():
        # a page without texts is compared with every other
        return np.arange(len(names))
    wanted = np.zeros(len(names), dtype=bool)
    for pairs in texts.pairs():
        alike = np.logical_or(*_alike_texts(pairs))
        wanted[pairs.first[alike]] = wanted[pairs.second[alike]] = True
    for crowd in texts.crowds():
        wanted[crowd] = True
    for pair in _named_copies(names):
        wanted[list(pair)] = True
    return np.flatnonzero(wanted)


def _set_apart(
    pages: Sequence[FingerprintedPage], numbers: Sequence[int]
) -> tuple[list[int], list[Likeness]]:
    """Set pages apart that look and read exactly as an earlier one does.

    Returns:
        The numbers of the others, and each page that was set apart with the one that stands for it.
    """
    standing: dict[tuple[Fingerprint, bytes], int] = {}
    others, same = [], []
    for number in numbers:
        page = pages[number]
        stands = number
        # pages without texts, or without anything on them, look alike more easily
        if page.signature and _comparable(page.fingerprint) is not _LIKE_NOTHING:
            assert page.fingerprint is not None
            stands = standing.setdefault((page.fingerprint, page.signature), number)
        if stands == number:
            others.append(number)
        else:
            same.append(Likeness(stands, number, 1.0))
    return others, same


def _alike_texts(pairs: TextPairs) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Tell which pairs share enough texts, and which share few but have no others."""
    sure = (pairs.shared >= _SURE_NUMBER) & (pairs.agreement >= _AGREEING)
    few = (pairs.shared < _SURE_NUMBER) & (pairs.agreement >= _FEW_AGREEING)
    return sure, few


def _comparable(fingerprint: Fingerprint | None) -> Fingerprint:
    """Return the fingerprint, or one that is like no other for a page that has nothing to compare.

    An empty page looks like every other empty one.
    """
    if fingerprint is None or fingerprint.contrast < _LEAST_CONTRAST:
        return _LIKE_NOTHING
    return fingerprint


class _Search:
    """The search among different images.

    The texts of pages without a fingerprint count too: how rare a text is depends on all pages.
    """

    def __init__(self, pages: Sequence[FingerprintedPage]) -> None:
        self.pages = pages
        self.texts = TextEvidence([page.signature for page in pages])
        self.pictures = PictureEvidence([_comparable(page.fingerprint) for page in pages])
        self.found: dict[tuple[int, int], float] = {}
        self.crowded = 0

    def run(self) -> dict[tuple[int, int], float]:
        """Return the copies with how alike they look."""
        self._by_rare_texts()
        self._by_common_texts()
        self._without_texts()
        self._by_name()
        return self.found

    def _by_rare_texts(self) -> None:
        for pairs in self.texts.pairs():
            sure, few = _alike_texts(pairs)
            self._lay_over(pairs.first[sure], pairs.second[sure], SURE_TEXTS)
            self._lay_over(pairs.first[few], pairs.second[few], FEW_TEXTS)

    def _by_common_texts(self) -> None:
        for crowd in self.texts.crowds():
            least = _CROWD_ALIKE if len(crowd) <= _LARGE_CROWD else _LARGE_CROWD_ALIKE
            for pairs in self.pictures.alike(crowd, crowd, least):
                once = pairs.first < pairs.second
                self._lay_over(pairs.first[once], pairs.second[once], FEW_TEXTS)

    def _without_texts(self) -> None:
        """Compare the pages without texts with all; those that look like a crowd are left alone."""
        bare = np.flatnonzero((self.texts.counts == 0) & (self.pictures.contrasts > 0))
        for pairs in self.pictures.alike(bare, np.flatnonzero(self.pictures.contrasts), NO_TEXTS):
            pages, inverse, partners = np.unique(pairs.first, return_inverse=True, return_counts=True)
            alone = (partners <= COMMON)[inverse]
            self.crowded += int((partners > COMMON).sum())
            for first, second, likeness in zip(*(part[alone].tolist() for part in pairs)):
                self._take(first, second, likeness)

    def _by_name(self) -> None:
        """Compare the pages whose files are called copies of one another."""
        pairs = list(_named_copies([page.name for page in self.pages]))
        if pairs:
            first, second = np.array(pairs, dtype=np.int64).T
            self._lay_over(first, second, NAMED)

    def _lay_over(self, first: Numbers, second: Numbers, least: float) -> None:
        likeness = self.pictures.likeness(first, second, least - _GAIN_BY_LAYING_OVER)
        for at in np.flatnonzero(likeness >= least):
            self._take(int(first[at]), int(second[at]), float(likeness[at]))

    def _take(self, first: int, second: int, likeness: float) -> None:
        pair = (min(first, second), max(first, second))
        self.found[pair] = max(self.found.get(pair, 0.0), round(likeness, 4))


def _named_copies(names: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the pages whose files are called copies of one another."""
    by_stem: dict[str, list[int]] = defaultdict(list)
    for number, name in enumerate(names):
        by_stem[original_stem(name)].append(number)
    for numbers in by_stem.values():
        if 1 < len(numbers) <= COMMON:
            yield from combinations(numbers, 2)


def original_stem(name: str) -> str:
    """Return the name of the file that a file is called a copy of, without its ending.

    ``x_rotated.jpg``, ``x_rot90.png``, ``x (1).jpg`` and ``x_copy.jpg`` are called copies of ``x.jpg``.
    """
    stem = PurePath(name).stem
    while True:
        shorter = _COPY_NAME.sub("", stem)
        if shorter in (stem, ""):
            return stem.casefold()
        stem = shorter


def _chain(
    same: Sequence[Likeness], pairs: Sequence[Likeness], limit: int
) -> tuple[tuple[tuple[int, ...], ...], tuple[Likeness, ...], tuple[Likeness, ...]]:
    """Join pairs to groups, the surest first, none larger than ``limit`` but for pages that are the same.

    Returns:
        Groups, the pairs they rest on, and the pairs that would have made a group too large.
    """
    group_of: dict[int, list[int]] = {}
    kept, refused = [], []
    for number, pair in enumerate((*same, *pairs)):
        one = group_of.setdefault(pair.first, [pair.first])
        other = group_of.setdefault(pair.second, [pair.second])
        if number >= len(same) and one is not other and len(one) + len(other) > limit:
            refused.append(pair)
            continue
        kept.append(pair)
        if one is not other:
            one.extend(other)
            group_of.update(dict.fromkeys(other, one))
    groups = {tuple(sorted(group)) for group in group_of.values() if len(group) > 1}
    return tuple(sorted(groups)), tuple(kept), tuple(refused)
