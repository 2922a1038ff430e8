"""From a tool's last lines to a cause and a cure, by the table of ``faults.py``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ppocr_kit.vendor.faults import FAULTS, Fault

# Only the end of a log tells why it ended, and no useful message is longer than this.
_LAST_LINES = 400
_LONGEST_LINE = 2000
# Said of single rows while training goes on: never the reason why it ended.
_PASSED_OVER = "row left out of training"


@dataclass(frozen=True)
class Diagnosis:
    """Why a tool failed, and what to do.

    Attributes:
        cause: One sentence without a final full stop.
        cure: What to change, ideally a command.
    """

    cause: str
    cure: str


_COMPILED = tuple((fault, re.compile(fault.pattern, re.MULTILINE)) for fault in FAULTS)


def find_fault(lines: Sequence[str]) -> tuple[Fault, Diagnosis] | None:
    """Return the first fault of the table that the lines show, with its texts filled in."""
    fatal = (line for line in lines[-_LAST_LINES:] if _PASSED_OVER not in line)
    text = "\n".join(line.rstrip("\r\n")[:_LONGEST_LINE] for line in fatal)
    for fault, pattern in _COMPILED:
        match = pattern.search(text)
        if match is not None:
            groups = {name: " ".join((value or "").split()) for name, value in match.groupdict().items()}
            return fault, Diagnosis(fault.cause.format(**groups), fault.cure.format(**groups))
    return None


def diagnose(lines: Sequence[str]) -> Diagnosis | None:
    """Explain a failure from the last lines of a tool's output.

    Args:
        lines: The output's last lines, oldest first; what the tool died of (``signal 9``) may be appended.

    Returns:
        Cause and cure, or None when no known fault shows.
    """
    found = find_fault(lines)
    return None if found is None else found[1]
