"""Leaks of built data sets: pages, groups or near-duplicates that are on two sides of the split."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ppocr_kit.datasets.codes import dataset_problem
from ppocr_kit.datasets.contents import BuiltPage, Contents
from ppocr_kit.fingerprint import Fingerprint
from ppocr_kit.labels.near_duplicates import FingerprintedPage, Likeness, find_near_duplicates
from ppocr_kit.problems import Problem
from ppocr_kit.tasks import Split


class PlacedPage(NamedTuple):
    """A page, and the data set it is in."""

    contents: Contents
    page: BuiltPage

    @property
    def shown(self) -> str:
        """The page, its data set and its side, for people."""
        return f"'{self.page.shown}' in {self.page.split} of {self.contents.dataset.name}"

    def problem(self, code: str, detail: str) -> Problem:
        """Make a finding about it."""
        file, line = self.page.where
        return dataset_problem(code, file or str(self.contents.dataset.root), line, detail)


def find_leaks(placed: Sequence[PlacedPage], looks: Mapping[str, Fingerprint]) -> Iterator[Problem]:
    """Yield what is on two sides, of one data set or of several that are used together.

    Args:
        placed: All pages.
        looks: Fingerprints by the hash of the image, as far as they matter.
    """
    for page in placed:
        sides = {split for _, split in page.page.sides}
        if len(sides) > 1:
            yield page.problem("D020", f"'{page.page.shown}' has rows in {_named(sides)}")
    yield from _on_two_sides(placed, "D020", lambda page: page.image_sha256 or page.name)
    yield from _on_two_sides(placed, "D021", lambda page: page.fact.group if page.fact else None)
    yield from _on_two_sides(placed, "D022", lambda page: page.fact.unit if page.fact else None)
    yield from _copies_on_two_sides(placed, looks)


def _on_two_sides(
    placed: Iterable[PlacedPage], code: str, key_of: Callable[[BuiltPage], str | None]
) -> Iterator[Problem]:
    """Yield one finding for each key whose pages are on two sides, at its first page elsewhere."""
    first_of: dict[str, PlacedPage] = {}
    told = set()
    for page in placed:
        key = key_of(page.page)
        if key is None:
            continue
        first = first_of.setdefault(key, page)
        if first.page.split is page.page.split or key in told:
            continue
        told.add(key)
        group = f"'{key}': " if code == "D021" else ""
        yield page.problem(code, f"{group}{first.shown}, {page.shown}")


def _copies_on_two_sides(placed: Sequence[PlacedPage], looks: Mapping[str, Fingerprint]) -> Iterator[Problem]:
    """Look for near-duplicates over all pages; those that are known as units are told already."""
    found = find_near_duplicates(
        [
            FingerprintedPage(
                page.page.file_name,
                page.page.image_sha256 or page.page.name,
                looks.get(page.page.image_sha256),
                page.page.signature(),
            )
            for page in placed
        ]
    )
    yield from _torn_pairs(placed, found.pairs, "D022")
    yield from _torn_pairs(placed, found.refused, "D023")


def _torn_pairs(placed: Sequence[PlacedPage], pairs: Iterable[Likeness], code: str) -> Iterator[Problem]:
    """Yield the pairs whose pages are on two sides."""
    for pair in pairs:
        one, other = placed[pair.first], placed[pair.second]
        if one.page.split is other.page.split or _same_unit(one.page, other.page):
            continue
        yield other.problem(code, f"{one.shown}, {other.shown} (they correlate by {pair.likeness:.3f})")


def _same_unit(one: BuiltPage, other: BuiltPage) -> bool:
    if one.fact is None or other.fact is None:
        return False
    return one.fact.unit is not None and one.fact.unit == other.fact.unit


def _named(sides: Iterable[Split]) -> str:
    return " and ".join(str(split) for split in Split if split in set(sides))
