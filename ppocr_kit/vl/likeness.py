"""Crops of a data set that look alike and have the same texts, whatever their files and pages.

Pages are laid over one another to be compared (``labels/near_duplicates.py``), which takes milliseconds a
pair; of crops there are a hundred times as many, and those of one text are cut alike. So their fingerprints
are compared as they lie, text by text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ppocr_kit.fingerprint import stack_fingerprints
from ppocr_kit.labels.text_evidence import text_signature
from ppocr_kit.vl.selecting import UsableRow

# Saving again, another size and light noise leave more. Of 6,714 pairs of photographs of one printed text
# each (PPOCRLabel export of wire markers) 7 have more, of 1,544 pairs of screen shots 21.
ALIKE = 0.97
_LEAST_CONTRAST = 2
# Crops whose sides have another ratio were cut otherwise.
_SHAPE = 1.1
# Of a text that more pictures have, likeness says nothing ("1"), and all pairs would fill the memory.
_CROWD = 2000
# More pictures than this that look alike are kept together only as a share of a large set.
_LARGEST_GROUP = 20
_LARGEST_SHARE = 0.05

Numbers = npt.NDArray[np.intp]


class AlikePair(NamedTuple):
    """Two pictures that look alike: their numbers, the smaller first, and how alike."""

    first: int
    second: int
    likeness: float


@dataclass(frozen=True)
class AlikePictures:
    """What looks alike.

    Attributes:
        rows: One row of each distinct picture; the pairs count through these.
        pairs: Pictures that look alike.
        group_of: For a picture that is kept together with others, the smallest hash among these, by hash.
        loose: Pictures that look like so many others that these are not kept together.
        crowded: Pictures whose text so many others have that they were not compared.
    """

    rows: Sequence[UsableRow]
    pairs: Sequence[AlikePair]
    group_of: Mapping[str, str]
    loose: int
    crowded: int


def find_alike(rows: Sequence[UsableRow]) -> AlikePictures:
    """Look for pictures of one text that look alike though their files differ."""
    by_picture: dict[str, list[UsableRow]] = defaultdict(list)
    for row in rows:
        by_picture[row.picture.sha256].append(row)
    shown = [same[0] for same in by_picture.values()]
    by_text: dict[bytes, list[int]] = defaultdict(list)
    for number, same in enumerate(by_picture.values()):
        if shown[number].picture.looks.contrast >= _LEAST_CONTRAST:
            by_text[text_signature(row.completion for row in same)].append(number)
    crowded = sum(len(numbers) for numbers in by_text.values() if len(numbers) > _CROWD)
    pairs = [
        pair
        for numbers in by_text.values()
        if 1 < len(numbers) <= _CROWD
        for pair in _pairs(shown, np.array(numbers))
    ]
    group_of, loose = _groups(shown, pairs)
    return AlikePictures(shown, pairs, group_of, loose, crowded)


def _pairs(shown: Sequence[UsableRow], numbers: Numbers) -> Iterator[AlikePair]:
    """Yield the pairs among some pictures of one text."""
    pictures = [shown[number].picture for number in numbers]
    waves = stack_fingerprints([picture.looks for picture in pictures])
    shapes = np.log([picture.width / picture.height for picture in pictures])
    alike = waves @ waves.T
    fits = (alike >= ALIKE) & (np.abs(shapes[:, None] - shapes) <= np.log(_SHAPE))
    for first, second in zip(*np.nonzero(np.triu(fits, 1))):
        yield AlikePair(int(numbers[first]), int(numbers[second]), float(alike[first, second]))


def _groups(shown: Sequence[UsableRow], pairs: Sequence[AlikePair]) -> tuple[dict[str, str], int]:
    """Return the groups that the pairs join, and how many pictures are in groups too large to be kept."""
    members: dict[int, list[int]] = {}
    for first, second, _ in pairs:
        one, other = (members.setdefault(number, [number]) for number in (first, second))
        if one is not other:
            one.extend(other)
            members.update(dict.fromkeys(other, one))
    most = max(_LARGEST_GROUP, int(_LARGEST_SHARE * len(shown)))
    group_of: dict[str, str] = {}
    loose = 0
    for group in {id(group): group for group in members.values()}.values():
        if len(group) > most:
            loose += len(group)
            continue
        hashes = [shown[number].picture.sha256 for number in group]
        group_of.update(dict.fromkeys(hashes, min(hashes)))
    return group_of, loose
