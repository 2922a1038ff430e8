"""How library functions report progress without knowing about terminals.

A function that does long work takes ``track``; the CLI hands in a progress bar, tests and
libraries the default that shows nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Track(Protocol):
    """Wrap an iterable so that passing through it is shown as progress."""

    def __call__(self, items: Iterable[T], description: str, total: int | None = None) -> Iterable[T]:
        """Yield the items unchanged while showing ``description`` and how many have passed."""
        ...


def no_progress(items: Iterable[T], description: str, total: int | None = None) -> Iterable[T]:
    """Pass the items through and show nothing."""
    return items
