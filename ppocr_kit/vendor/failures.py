"""How a process that failed is put into words: what ended it, its last lines, what to do."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from pathlib import Path

from ppocr_kit.errors import ToolError
from ppocr_kit.vendor.diagnose import diagnose

_SHOWN_LINES = 6
_SHOWN_WIDTH = 300
_PROGRESS_BAR = re.compile(r"\d+%\|.*\|")
_OUT_OF_MEMORY = "use a smaller --batch-size, close other programs, or use a machine with more memory"


def require_success(name: str, code: int, tail: Sequence[str], log: Path | None) -> None:
    """Raise for an exit code other than 0, with the diagnosis of the last lines when there is one.

    Raises:
        ToolError: ``code`` is not 0.
    """
    if code == 0:
        return
    found = diagnose(tail)
    cause = f": {found.cause}" if found is not None else ""
    cure = found.cure if found is not None else _where_to_look(log)
    if code in (-signal.SIGKILL, 128 + signal.SIGKILL) and found is None:
        cause = ": the system ended it, most likely because memory ran out"
        cure = _OUT_OF_MEMORY
    raise ToolError(f"{name} {_ending(code)}{cause}{_last_lines(tail)}", at=_place(log), hint=cure)


def require_outputs(name: str, stale: Sequence[Path], tail: Sequence[str], log: Path | None) -> None:
    """Raise for promised outputs that are absent or older than the process.

    Args:
        name: What people call the tool.
        stale: The promised paths that were not written.
        tail: The last lines of the output.
        log: The log file.

    Raises:
        ToolError: ``stale`` is not empty.
    """
    if not stale:
        return
    found = diagnose(tail)
    cause = f": {found.cause}" if found is not None else ""
    names = ", ".join(str(path) for path in stale)
    raise ToolError(
        f"{name} ended without its promised result (exit code 0){cause}; not written: {names}"
        f"{_last_lines(tail)}",
        at=_place(log),
        hint=found.cure if found is not None else _where_to_look(log),
    )


def timeout_error(
    name: str, limit_s: float, *, idle: bool, tail: Sequence[str], log: Path | None
) -> ToolError:
    """Describe a process that was ended because it took too long or fell silent."""
    if idle:
        what = f"{name} printed nothing for {limit_s:g} s and was ended: it hangs"
        cure = "look at the last lines; data that cannot be loaded is the usual reason (set num_workers to 0)"
    else:
        what = f"{name} took longer than {limit_s:g} s and was ended"
        cure = "give it more time, or less to do"
    return ToolError(f"{what}{_last_lines(tail)}", at=_place(log), hint=cure)


def _ending(code: int) -> str:
    """Put an exit code into words: a number, or the name of a signal."""
    number = -code if code < 0 else code - 128
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"failed with exit code {code}"
    return f"was ended by {name}"


def _last_lines(tail: Sequence[str]) -> str:
    """Render the last lines that say something, indented, for the end of a message."""
    useful = [line.rstrip() for line in tail if line.strip() and not _PROGRESS_BAR.search(line)]
    shown = [line[:_SHOWN_WIDTH] for line in useful[-_SHOWN_LINES:]]
    return "".join(f"\n    | {line}" for line in shown)


def _place(log: Path | None) -> str | None:
    return None if log is None else str(log)


def _where_to_look(log: Path | None) -> str:
    return "read what it printed" if log is None else f"read the log: {log}"
