"""What verbs that make data sets print of findings: one line a kind, on stderr."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ppocr_kit.cli.console import say

if TYPE_CHECKING:
    from ppocr_kit.problems import FindingKind, ProblemLog


def print_findings(problems: ProblemLog, kinds: Mapping[str, FindingKind], notes: Sequence[str] = ()) -> None:
    """Print how often each kind was found and where first, and then the notes.

    Args:
        problems: The findings.
        kinds: All kinds that may be among them, by code.
        notes: Remarks for people.
    """
    for code, count in sorted(problems.by_code.items()):
        first = problems.first(code, 1)[0]
        detail = first.message.removeprefix(kinds[code].meaning).removeprefix(": ")
        shown = f": {detail}" if detail else ""
        say(f"{first.severity} {code}: {kinds[code].meaning} ({count} times, first at {first.where}{shown})")
    for note in notes:
        say(f"note: {note}")
