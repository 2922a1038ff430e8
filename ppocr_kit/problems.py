"""A finding about somebody's data: what checks return instead of raising one at a time."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath
from typing import Any, overload


class Severity(str, Enum):
    """How bad a finding is: an error spoils something, a warning may, a note is only good to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    def __str__(self) -> str:
        """Return the plain name."""
        return self.value


@dataclass(frozen=True)
class Problem:
    """One finding, with all that is needed to go and mend it.

    Attributes:
        code: Stable code, listed in docs/errors.md (``L…`` labels, ``C…`` configuration).
        severity: Error, warning or note.
        message: What is wrong, one sentence.
        file: The file, as the user named it.
        line: Line number from 1, or None for the file as a whole.
        region: Index of the box in its line from 0, or None.
        hint: What to do.
    """

    code: str
    severity: Severity
    message: str
    file: str
    line: int | None = None
    region: int | None = None
    hint: str | None = None

    @property
    def where(self) -> str:
        """The place as ``file:line`` or ``file:line box 3``."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return place if self.region is None else f"{place} box {self.region}"

    def to_json(self) -> dict[str, Any]:
        """Return the finding as a JSON object, with absent parts left out."""
        found = {
            "code": self.code,
            "severity": str(self.severity),
            "message": self.message,
            "file": self.file,
            "line": self.line,
            "region": self.region,
            "hint": self.hint,
        }
        return {key: value for key, value in found.items() if value is not None}


@dataclass(frozen=True)
class FindingKind:
    """A kind of finding, as the tables of codes list them.

    Attributes:
        code: Stable name.
        severity: An error is a fault; a warning was settled, or was meant; a note is worth a look and may be
            right as it is.
        meaning: What it says, one sentence.
        remedy: What to do.
    """

    code: str
    severity: Severity
    meaning: str
    remedy: str

    def found(
        self, file: str, line: int | None = None, region: int | None = None, detail: str = ""
    ) -> Problem:
        """Make a finding of this kind.

        Args:
            file: The file as the user named it, or a folder.
            line: Line from 1; None or 0 for the file as a whole.
            region: Box index from 0, None for the line as a whole.
            detail: What exactly, added to the meaning after a colon.
        """
        # names of files may be bytes in no encoding, which cannot be printed
        detail = detail if detail.isascii() else detail.encode("utf-8", "replace").decode("utf-8")
        message = f"{self.meaning}: {detail}" if detail else self.meaning
        return Problem(self.code, self.severity, message, file, line or None, region, self.remedy)


def count_errors(problems: Iterable[Problem]) -> int:
    """Count the findings that are errors."""
    return sum(problem.severity is Severity.ERROR for problem in problems)


class ProblemLog(Sequence[Problem]):
    """Any number of findings, in order, without filling memory.

    They lie in a temporary SQLite database, which goes to disk when it grows. They come back sorted by
    folder, file, line, box and code, whatever the order they were added in.

    Args:
        folders: The folder name of each file, which findings are sorted by first; of a file that is
            not named here its path tells.
    """

    def __init__(self, folders: Mapping[str, str] | None = None) -> None:
        self._folders = dict(folders or {})
        self._waiting: list[tuple[Any, ...]] = []
        # used by one thread at a time, but not always by the one that made it
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.execute(f"CREATE TABLE found ({', '.join(_COLUMNS)})")
        self.by_code: Counter[str] = Counter()
        self.errors = 0

    def add(self, problem: Problem) -> None:
        """Take in one finding."""
        self.by_code[problem.code] += 1
        self.errors += problem.severity is Severity.ERROR
        self._waiting.append(
            (
                self._folders.get(problem.file) or PurePath(problem.file).parent.name,
                # a name that is no UTF-8 cannot be stored as text
                os.fsencode(problem.file),
                problem.line or 0,
                -1 if problem.region is None else problem.region,
                problem.code,
                str(problem.severity),
                problem.message.encode("utf-8", "surrogatepass"),
                problem.hint,
            )
        )
        if len(self._waiting) >= _WAITING:
            self._store()

    def extend(self, problems: Iterable[Problem]) -> None:
        """Take in several findings."""
        for problem in problems:
            self.add(problem)

    def first(self, code: str, count: int) -> list[Problem]:
        """Return the first findings of one kind, at most ``count``; a negative count returns all."""
        return list(self._select("WHERE code = ?", (code,), f"LIMIT {int(count)}"))

    def only(self, codes: Iterable[str]) -> Iterator[Problem]:
        """Yield the findings of some kinds, in order."""
        wanted = sorted(set(codes))
        return self._select(f"WHERE code IN ({', '.join('?' * len(wanted))})", tuple(wanted))

    def __len__(self) -> int:
        """Return how many there are."""
        return sum(self.by_code.values())

    def __iter__(self) -> Iterator[Problem]:
        """Yield all findings in order."""
        return self._select()

    @overload
    def __getitem__(self, index: int) -> Problem: ...

    @overload
    def __getitem__(self, index: slice) -> list[Problem]: ...

    def __getitem__(self, index: int | slice) -> Problem | list[Problem]:
        """Return the finding at a place of the order; to see many of them, iterate."""
        if isinstance(index, slice):
            return list(self)[index]
        place = index + len(self) if index < 0 else index
        for problem in self._select(ending=f"LIMIT 1 OFFSET {place}" if place >= 0 else "LIMIT 0"):
            return problem
        raise IndexError(index)

    def _select(self, where: str = "", values: tuple[str, ...] = (), ending: str = "") -> Iterator[Problem]:
        self._store()
        rows = self._database.execute(f"SELECT * FROM found {where} {_ORDER} {ending}", values)
        return (_problem(row) for row in rows)

    def _store(self) -> None:
        """Write what is waiting to the database."""
        if self._waiting:
            self._database.execute("BEGIN")
            self._database.executemany(f"INSERT INTO found VALUES ({', '.join('?' * 8)})", self._waiting)
            self._database.execute("COMMIT")
            self._waiting.clear()


_WAITING = 1000
_COLUMNS = ("folder", "file BLOB", "line", "region", "code", "severity", "message BLOB", "hint")
_ORDER = "ORDER BY folder, file, line, region, code, rowid"


def _problem(row: tuple[Any, ...]) -> Problem:
    """Return a stored row as a finding."""
    _, file, line, region, code, severity, message, hint = row
    return Problem(
        code,
        Severity(severity),
        message.decode("utf-8", "surrogatepass"),
        os.fsdecode(file),
        line or None,
        None if region < 0 else region,
        hint,
    )
