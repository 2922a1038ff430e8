"""The different texts of a check: how often each occurs and where first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

# Some 50 MB: beyond it only texts that are known already are counted.
_MOST_TEXTS = 200_000


class Place(NamedTuple):
    """Where a text was labelled: the label file as the user named it, line from 1, box from 0."""

    file: str
    line: int
    box: int

    @property
    def where(self) -> str:
        """The place as people read it."""
        return f"{self.file}:{self.line} box {self.box}"


class DistinctTexts:
    """A table of texts that stops growing at a limit.

    Args:
        most: Number of different texts that are told apart.
    """

    def __init__(self, most: int = _MOST_TEXTS) -> None:
        self._most = most
        self._counts: dict[str, int] = {}
        self._first: dict[str, Place] = {}
        self.complete = True

    def __len__(self) -> int:
        """Return the number of different texts."""
        return len(self._counts)

    def __iter__(self) -> Iterator[str]:
        """Yield the texts in order of appearance."""
        return iter(self._counts)

    def add(self, text: str, place: Place) -> None:
        """Count a text."""
        count = self._counts.get(text)
        if count is not None:
            self._counts[text] = count + 1
        elif len(self._counts) < self._most:
            self._counts[text] = 1
            self._first[text] = place
        else:
            self.complete = False

    def count(self, text: str) -> int:
        """Return how often a text occurs."""
        return self._counts[text]

    def first(self, text: str) -> Place:
        """Return where a text occurs first."""
        return self._first[text]

    def notes(self) -> list[str]:
        """Say whether the table was too small."""
        if self.complete:
            return []
        return [f"spellings were compared among the first {self._most} different texts only"]
