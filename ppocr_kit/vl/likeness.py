"""Pictures of a data set that look alike and have the same texts, whatever their files and pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ppocr_kit.labels.near_duplicates import FingerprintedPage, Likeness, find_near_duplicates
from ppocr_kit.labels.text_evidence import text_signature
from ppocr_kit.vl.selecting import UsableRow


@dataclass(frozen=True)
class AlikePictures:
    """What looks alike.

    Attributes:
        rows: One row of each distinct picture; the pairs count through these.
        pairs: Pictures that are taken for copies, the surest first.
        group_of: For a picture that is a copy of others, the smallest hash among these, by hash.
        crowded: Pictures that look like so many others that this says nothing.
    """

    rows: Sequence[UsableRow]
    pairs: Sequence[Likeness]
    group_of: Mapping[str, str]
    crowded: int


def find_alike(rows: Sequence[UsableRow]) -> AlikePictures:
    """Look for pictures that are copies of one another though their files differ."""
    by_picture: dict[str, list[UsableRow]] = defaultdict(list)
    for row in rows:
        by_picture[row.picture.sha256].append(row)
    shown = [same[0] for same in by_picture.values()]
    found = find_near_duplicates(
        [
            FingerprintedPage(
                _name(same[0]),
                same[0].picture.sha256,
                same[0].picture.looks,
                text_signature(row.completion for row in same),
            )
            for same in by_picture.values()
        ]
    )
    group_of = {}
    for group in found.groups:
        hashes = [shown[number].picture.sha256 for number in group]
        group_of.update(dict.fromkeys(hashes, min(hashes)))
    return AlikePictures(shown, (*found.pairs, *found.refused), group_of, found.crowded)


def _name(row: UsableRow) -> str:
    """Return the file name that a picture was given by people; crops are numbered by the kit."""
    cut = row.candidate.place.key is not None or row.candidate.group is not None
    return row.picture.sha256 if cut else row.candidate.place.path.name
