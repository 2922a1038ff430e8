"""Which rows train, which choose the best model and which measure it: by page or book, never row by row.

The split of a source stays where it has one. Other rows are dealt by the split of all data sets
(``datasets/split.py``) with their pages, books or copies as units.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from ppocr_kit.datasets.dealing import Ratio
from ppocr_kit.datasets.groups import group_pages, parse_group_by
from ppocr_kit.datasets.split import parse_ratio, plan_split
from ppocr_kit.datasets.strata import CHARACTER, CLASS, rare_strata
from ppocr_kit.datasets.units import SplitPage
from ppocr_kit.problems import Problem
from ppocr_kit.tasks import Split
from ppocr_kit.vl.likeness import AlikePair, AlikePictures, find_alike
from ppocr_kit.vl.selecting import UsableRow

_NONE = Fraction(0)


@dataclass(frozen=True)
class DivisionRequest:
    """How rows are divided.

    Attributes:
        ratio: ``train:val:test``.
        seed: Another seed, another division.
        group_by: Name of a column of the rows, or a regular expression for the names of pictures.
        groups: Table with a column of images and the column that ``group_by`` names.
        resplit: Divide anew what a source has divided.
    """

    ratio: str
    seed: int
    group_by: str | None = None
    groups: Path | None = None
    resplit: bool = False


@dataclass(frozen=True)
class Division:
    """Where the rows go.

    Attributes:
        splits: Of each row.
        groups: Of each row: page, book, or name of a picture that belongs to none.
        alike: Pictures that look alike.
        leaks: Those of them that are like one of a split before their own.
        problems: What is on two sides.
        notes: What people should know.
    """

    splits: Sequence[Split]
    groups: Sequence[str]
    alike: AlikePictures
    leaks: int
    problems: Sequence[Problem]
    notes: Sequence[str]


def divide(rows: Sequence[UsableRow], paged: Sequence[bool], request: DivisionRequest) -> Division:
    """Divide rows into train, val and test.

    Args:
        rows: All rows.
        paged: Whether the source of each row keeps the rows of a page together itself, by number of source.
        request: How.

    Raises:
        UsageError: ``--ratio`` or ``--group-by`` cannot be.
        DataError: There are fewer groups than wanted splits.
    """
    alike = find_alike(rows)
    rows, notes = _grouped(rows, paged, request)
    settled = _settled(rows, request)
    groups = [_group(row, alike) for row in rows]
    splits: dict[int, Split] = {number: split for number, split in enumerate(settled) if split is not None}
    ratio = parse_ratio(request.ratio)
    for numbers, shares in _portions(rows, settled, ratio):
        plan = plan_split(_pages(rows, groups, numbers), shares, request.seed)
        splits.update((number, plan.split_of[rows[number].picture.sha256]) for number in numbers)
        notes += plan.notes
    ordered = [splits[number] for number in range(len(rows))]
    leaks = list(_leaks(rows, ordered, alike))
    torn = list(_torn_groups(rows, ordered))
    if alike.crowded:
        notes.append(
            f"{alike.crowded} pictures have a text that very many others have, and were not held for copies"
        )
    if alike.loose:
        notes.append(
            f"{alike.loose} pictures look like so many others that these are not kept together; "
            "name pages with --group-by"
        )
    return Division(ordered, groups, alike, len(leaks), [*leaks, *torn], notes)


def _grouped(
    rows: Sequence[UsableRow], paged: Sequence[bool], request: DivisionRequest
) -> tuple[list[UsableRow], list[str]]:
    """Give rows the groups that the user asked for."""
    grouped = list(rows)
    if request.group_by is None:
        lone = sum(row.candidate.group is None for row in rows)
        if lone == len(rows):
            return grouped, [
                "pages or books are not known, so crops of one may be on two sides; name "
                "them with --group-by COLUMN or REGEX"
            ]
        return grouped, []
    free = [number for number, row in enumerate(rows) if request.resplit or not paged[row.source]]
    if not free:
        return grouped, ["the split of the sources is kept, so --group-by changes nothing; --resplit does"]
    column = request.group_by
    if request.groups is None and any(column in rows[number].candidate.columns for number in free):
        found = [rows[number].candidate.columns.get(column) or None for number in free]
        notes = [
            f"{sum(group is not None for group in found)} rows are in {len({*found} - {None})} "
            f"groups of '{column}'"
        ]
    else:
        keys = [rows[number].candidate.key for number in free]
        grouping = group_pages(parse_group_by(request.group_by, request.groups), keys)
        found, notes = list(grouping.groups), list(grouping.notes)
    for number, group in zip(free, found):
        candidate = replace(rows[number].candidate, group=group)
        grouped[number] = replace(rows[number], candidate=candidate)
    return grouped, notes


def _settled(rows: Sequence[UsableRow], request: DivisionRequest) -> list[Split | None]:
    """Return the split that each row has already."""
    return [None if request.resplit else row.candidate.split for row in rows]


def _group(row: UsableRow, alike: AlikePictures) -> str:
    """Return what a row is kept together with: its page, its copies, or only itself."""
    if row.candidate.group is not None:
        return row.candidate.group
    copies = alike.group_of.get(row.picture.sha256)
    return f"alike-{copies[:12]}" if copies else row.picture.file_name


def _portions(
    rows: Sequence[UsableRow], settled: list[Split | None], ratio: Ratio
) -> Iterator[tuple[list[int], Ratio]]:
    """Yield the numbers of the rows that are dealt together, and the shares to deal them by.

    Validation rows are dealt out of the training rows of a source that has none.
    """
    free = [number for number, split in enumerate(settled) if split is None]
    if free:
        yield free, ratio
    sources = {row.source for row in rows}
    for source in sorted(sources):
        own = [number for number, row in enumerate(rows) if row.source == source and settled[number]]
        there = {settled[number] for number in own}
        if own and Split.VAL not in there and Split.TRAIN in there and ratio[1] > 0 and ratio[0] > 0:
            total = ratio[0] + ratio[1]
            training = [number for number in own if settled[number] is Split.TRAIN]
            yield training, (ratio[0] / total, ratio[1] / total, _NONE)


def _pages(rows: Sequence[UsableRow], groups: Sequence[str], numbers: Sequence[int]) -> list[SplitPage]:
    """Return what the split has to know of each picture."""
    strata = [_strata(rows[number]) for number in numbers]
    rare = rare_strata(Counter(name for names in strata for name in names))
    return [
        SplitPage(
            rows[number].picture.file_name,
            rows[number].picture.sha256,
            True,
            groups[number],
            strata=tuple(sorted(rare.intersection(names))),
        )
        for number, names in zip(numbers, strata)
    ]


def _strata(row: UsableRow) -> frozenset[str]:
    """Return the characters of a row and its kind of prompt."""
    characters = {CHARACTER + char for char in row.completion if not char.isspace()}
    return frozenset({*characters, CLASS + row.prompt})


def _leaks(rows: Sequence[UsableRow], splits: Sequence[Split], alike: AlikePictures) -> Iterator[Problem]:
    """Yield each picture that looks like one of a split before its own: one of test like one of train."""
    sides = {row.picture.sha256: split for row, split in zip(rows, splits)}
    order = tuple(Split)
    closest: dict[int, AlikePair] = {}
    for pair in alike.pairs:
        places = [order.index(sides[alike.rows[number].picture.sha256]) for number in pair[:2]]
        if places[0] != places[1]:
            later = pair.first if places[0] > places[1] else pair.second
            if later not in closest or pair.likeness > closest[later].likeness:
                closest[later] = pair
    for number, pair in sorted(closest.items()):
        row, other = alike.rows[number], alike.rows[pair.first + pair.second - number]
        side = sides[other.picture.sha256]
        yield row.problem(
            "V032",
            f"{row.candidate.shown} in {sides[row.picture.sha256]}, {other.candidate.shown} in {side}, both "
            f"{row.completion[:40]!r} (they correlate by {pair.likeness:.3f})",
        )


def _torn_groups(rows: Sequence[UsableRow], splits: Sequence[Split]) -> Iterator[Problem]:
    """Yield each page or book whose rows are on two sides, at its first row elsewhere."""
    first_of: dict[str, tuple[UsableRow, Split]] = {}
    told = set()
    for row, split in zip(rows, splits):
        group = row.candidate.group
        if group is None or group in told:
            continue
        first, side = first_of.setdefault(group, (row, split))
        if side is not split:
            told.add(group)
            yield row.problem("V033", f"'{group}': {first.candidate.shown} in {side}, this row in {split}")
