"""What is in the label lists of a configuration, read once and without loading pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Lists are read whole up to here; longer ones are only counted and compared.
_MOST_BYTES_READ = 64 * 1024 * 1024
_PICTURES_TRIED = 50


@dataclass(frozen=True)
class ListFacts:
    """A label list.

    Attributes:
        count: Rows, as the release counts them: lines, also empty ones.
        digest: sha256 of the file.
        rows: Line number from 1 and text of every row that is UTF-8 and not empty; None for a list
            that is too long to look at.
    """

    count: int
    digest: str
    rows: tuple[tuple[int, str], ...] | None


def read_list(path: Path) -> ListFacts | None:
    """Read a label list; None when it is no readable file."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as handle:
            content = handle.read(_MOST_BYTES_READ + 1)
            if len(content) > _MOST_BYTES_READ:
                return _count_only(content, iter(lambda: handle.read(1 << 20), b""))
    except (OSError, ValueError):
        return None
    lines = content.split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    rows = tuple(
        (number, text)
        for number, line in enumerate(lines, start=1)
        if (text := _decoded(line)) is not None and text
    )
    return ListFacts(len(lines), hashlib.sha256(content).hexdigest(), rows)


def first_pictures(facts: ListFacts, delimiter: str) -> list[str]:
    """Return the picture names of the first rows."""
    rows = (facts.rows or ())[:_PICTURES_TRIED]
    return [text.split(delimiter, 1)[0] for _, text in rows if delimiter in text]


def _decoded(line: bytes) -> str | None:
    try:
        return line.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        return None


def _count_only(start: bytes, rest: Iterator[bytes]) -> ListFacts:
    """Count and compare a list without keeping it."""
    digest = hashlib.sha256(start)
    count, last = start.count(b"\n"), start[-1:]
    for part in rest:
        digest.update(part)
        count, last = count + part.count(b"\n"), part[-1:]
    return ListFacts(count + (last != b"\n"), digest.hexdigest(), None)
