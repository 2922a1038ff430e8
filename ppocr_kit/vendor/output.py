"""What a tool prints: bytes to lines, the last lines, and the log file.

Tools mix encodings (UTF-8, GBK from Windows paths and older releases) and line ends (LF, CRLF,
the bare CR of tqdm progress bars, see ``eval model::`` in tools/program.py@3.7.0).
"""

from __future__ import annotations

import logging
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ppocr_kit.storage import disk_error

_LOGGER = logging.getLogger(__name__)
_LINE = re.compile(rb"([^\r\n]*)(\r\n|\r|\n)")
# Longer than any line a tool means to print; binary rubbish must not fill the memory.
_MAX_LINE_BYTES = 1 << 20
_TAIL_LINES = 200


@dataclass(frozen=True)
class OutputLine:
    """One line of output.

    Attributes:
        text: The line without its end.
        transient: Whether a progress bar will draw over it (it ended with a bare CR).
    """

    text: str
    transient: bool


class LineSplitter:
    """Cut a stream of bytes into lines at LF, CRLF and CR; empty lines are left out."""

    def __init__(self) -> None:
        self._pending = b""

    def feed(self, chunk: bytes) -> Iterator[OutputLine]:
        """Yield the lines that ``chunk`` completes."""
        content = self._pending + chunk
        # a CR at the very end may be the first half of CRLF
        held = b"\r" if content.endswith(b"\r") else b""
        content = content[: len(content) - len(held)]
        end = 0
        for match in _LINE.finditer(content):
            end = match.end()
            if match[1]:
                yield OutputLine(decode_line(match[1]), transient=match[2] == b"\r")
        self._pending = content[end:] + held
        if len(self._pending) > _MAX_LINE_BYTES:
            yield from self.rest()

    def rest(self) -> Iterator[OutputLine]:
        """Yield what is left when the stream has ended without a line end."""
        text, self._pending = self._pending.rstrip(b"\r"), b""
        if text:
            yield OutputLine(decode_line(text), transient=False)


def decode_line(line: bytes) -> str:
    """Decode one line as UTF-8, else as Chinese GB18030, else byte by byte; never fails."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    return line.decode("latin-1")


class Tail:
    """The last lines of an output, with each progress bar as one line."""

    def __init__(self, length: int = _TAIL_LINES) -> None:
        self._lines: deque[OutputLine] = deque(maxlen=length)

    def add(self, line: OutputLine) -> None:
        """Append a line, or let it replace the state of a progress bar before it."""
        if self._lines and self._lines[-1].transient:
            self._lines.pop()
        self._lines.append(line)

    def lines(self) -> tuple[str, ...]:
        """Return the lines, oldest first."""
        return tuple(line.text for line in self._lines)


class Log:
    """A log file that is appended to, so that a resumed run keeps what came before.

    Raises:
        SetupError: The file cannot be opened for writing.
    """

    def __init__(self, path: Path | None, title: str) -> None:
        self._path = path
        self._stream = None
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = path.open("ab")
        except OSError as error:
            raise disk_error(error, path) from error
        self.write(f"# {datetime.now():%Y-%m-%d %H:%M:%S} $ {title}\n".encode())

    def write(self, content: bytes) -> None:
        """Append bytes as they came; a full disk stops the log, not the tool."""
        if self._stream is None:
            return
        try:
            self._stream.write(content)
            self._stream.flush()
        except OSError as error:
            _LOGGER.warning("the log %s ends here: %s", self._path, error.strerror)
            self.close()

    def close(self) -> None:
        """Close the file; harmless when it is closed already."""
        stream, self._stream = self._stream, None
        if stream is None:
            return
        try:
            stream.close()
        except OSError as error:
            # the buffered rest of a log on a full disk
            _LOGGER.warning("the log %s is not complete: %s", self._path, error.strerror)
