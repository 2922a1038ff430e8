"""``--group-by``: which pages come from one document, customer or camera, and so stay together.

The value is read out of the page's key by a regular expression, or looked up in a column of a table.
"""

from __future__ import annotations

import csv
import re
import signal
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import Callable

from ppocr_kit.errors import DataError, UsageError

GROUP_NAME = "group"

_EXAMPLE = r"""--group-by '(invoice_\d+)_page' takes invoice_12 out of batch/invoice_12_page_3.jpg"""
_IMAGE_COLUMNS = ("image", "file", "filename", "path", "key", "page", "name")
_DELIMITERS = "\t;,"
# A good pattern takes microseconds; one that backtracks without end would take years.
_LONGEST_MATCH_S = 2.0


@dataclass(frozen=True)
class GroupBy:
    """How pages are grouped.

    Attributes:
        text: What the user gave: the pattern or the name of the column.
        find: Returns the group of a key, None for a page that belongs to none.
    """

    text: str
    find: Callable[[str], str | None]


@dataclass(frozen=True)
class Grouping:
    """The groups of some pages.

    Attributes:
        groups: For each page its group, or None.
        notes: What people should know: pages without a group, groups that are one page each.
    """

    groups: tuple[str | None, ...]
    notes: tuple[str, ...]


def parse_group_by(text: str, table: Path | None = None) -> GroupBy:
    """Read the value of ``--group-by``.

    Args:
        text: A regular expression with one group in parentheses, or with one that is named ``group``,
            searched in the keys of label files; with ``table`` the name of a column.
        table: CSV or TSV file that has a column of images.

    Raises:
        UsageError: The pattern is none, has no group or several, or the table lacks the column.
        DataError: The table cannot be read, or gives an image two groups.
    """
    if table is not None:
        return GroupBy(text, _Table(table, text).find)
    try:
        pattern = re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise UsageError(
            f"'{text}' is not a regular expression ({error})", at="--group-by", hint=_EXAMPLE
        ) from None
    if GROUP_NAME in pattern.groupindex:
        number = pattern.groupindex[GROUP_NAME]
    elif pattern.groups == 1:
        number = 1
    else:
        raise UsageError(
            f"the pattern has {pattern.groups} groups in parentheses, not one",
            at="--group-by",
            hint=f"{_EXAMPLE}; of several, call one (?P<{GROUP_NAME}>…), or write (?:…) for the others",
        )
    return GroupBy(text, lambda key: _search(pattern, number, key))


def group_pages(group_by: GroupBy, keys: Sequence[str]) -> Grouping:
    """Return the group of every page.

    Args:
        group_by: How.
        keys: The images as the label files name them.

    Raises:
        UsageError: No page belongs to a group, or the pattern takes too long.
    """
    groups = tuple(group_by.find(key) for key in keys)
    lone = [key for key, group in zip(keys, groups) if group is None]
    if keys and len(lone) == len(keys):
        raise UsageError(
            f"'{group_by.text}' gives none of {len(keys)} pages a group; the first is '{keys[0]}'",
            at="--group-by",
            hint=_EXAMPLE,
        )
    notes = []
    if lone:
        notes.append(
            f"{len(lone)} of {len(keys)} pages belong to no group of '{group_by.text}' and are dealt one by "
            f"one, the first is '{lone[0]}'"
        )
    distinct = len({group for group in groups if group is not None})
    notes.append(f"{len(keys) - len(lone)} pages are in {distinct} groups of '{group_by.text}'")
    return Grouping(groups, tuple(notes))


def _search(pattern: re.Pattern[str], number: int, key: str) -> str | None:
    """Return what the group matches in a key; nothing matched is no group."""
    with _limited(pattern.pattern, key):
        match = pattern.search(key)
    return (match.group(number) or None) if match is not None else None


@contextmanager
def _limited(pattern: str, key: str) -> Iterator[None]:
    """Stop a search that does not end; the search looks for signals now and then.

    Only the main thread can be interrupted so; in others there is no limit.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def give_up(number: int, frame: object) -> None:
        raise UsageError(
            f"the pattern '{pattern}' takes too long on '{key}'",
            at="--group-by",
            hint="do not repeat what is repeated already, such as (a+)+",
        )

    earlier = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, _LONGEST_MATCH_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, earlier)


class _Table:
    """A table of images and what they belong to.

    Args:
        path: CSV or TSV file with a head line.
        column: Name of the column with the groups.
    """

    def __init__(self, path: Path, column: str) -> None:
        self.path = path
        rows = self._rows()
        names = rows[0]
        self.group_at = self._column(names, column)
        images = [at for at, name in enumerate(names) if name.strip().lower() in _IMAGE_COLUMNS]
        self.image_at = next((at for at in images if at != self.group_at), 0)
        if self.image_at == self.group_at:
            raise self._fault("has no column with the images", hint="call it 'image'")
        self._by_key: dict[str, str] = {}
        self._by_name: dict[str, set[str]] = defaultdict(set)
        for number, row in enumerate(rows[1:], start=2):
            self._take(number, row)

    def find(self, key: str) -> str | None:
        """Return the group of an image: by its whole key, then by ever shorter ends of it."""
        parts = PurePosixPath(key.replace("\\", "/")).parts
        for start in range(len(parts)):
            group = self._by_key.get("/".join(parts[start:]))
            if group is not None:
                return group or None
        named = self._by_name.get(parts[-1], set()) if parts else set()
        return next(iter(named)) or None if len(named) == 1 else None

    def _take(self, number: int, row: Sequence[str]) -> None:
        """Take in one row."""
        if not any(cell.strip() for cell in row):
            return
        if len(row) <= max(self.image_at, self.group_at):
            raise self._fault(f"line {number} has {len(row)} columns", line=number)
        image = row[self.image_at].strip().replace("\\", "/")
        group = row[self.group_at].strip()
        if self._by_key.setdefault(image, group) != group:
            raise self._fault(
                f"gives '{image}' two groups, '{self._by_key[image]}' and '{group}'", line=number
            )
        self._by_name[PurePosixPath(image).name].add(group)

    def _rows(self) -> list[list[str]]:
        """Read the file; the head line tells what stands between the columns."""
        try:
            text = self.path.read_bytes().decode("utf-8-sig")
        except OSError as error:
            raise self._fault(f"cannot be read ({error.strerror})") from error
        except UnicodeDecodeError as error:
            raise self._fault("is not UTF-8 text", hint="save it as UTF-8") from error
        lines = text.splitlines()
        if not lines:
            raise self._fault("is empty")
        delimiter = max(_DELIMITERS, key=lines[0].count)
        try:
            return [list(row) for row in csv.reader(lines, delimiter=delimiter, strict=True)]
        except csv.Error as error:
            raise self._fault(f"is no table ({error})") from error

    def _column(self, names: Sequence[str], column: str) -> int:
        plain = [name.strip() for name in names]
        if column in plain:
            return plain.index(column)
        near = get_close_matches(column, plain, 1)
        hint = f"did you mean '{near[0]}'?" if near else f"it has {', '.join(plain)}"
        raise UsageError(f"the table has no column '{column}'", at=str(self.path), hint=hint)

    def _fault(self, what: str, *, line: int | None = None, hint: str | None = None) -> DataError:
        at = str(self.path) if line is None else f"{self.path}:{line}"
        return DataError(f"the table of groups {what}", at=at, hint=hint or "mend the file")
