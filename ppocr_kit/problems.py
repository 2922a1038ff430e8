"""A finding about somebody's data: what checks return instead of raising one at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any


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


def count_errors(problems: Iterable[Problem]) -> int:
    """Count the findings that are errors."""
    return sum(problem.severity is Severity.ERROR for problem in problems)
