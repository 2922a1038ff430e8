"""What is unusual in the form of a label file and means nothing: marks, line ends, blank lines.

The kit reads over all of it. PPOCRLabel 3.1.6 does not: a blank line stops it (``loadLabelFile`` splits
every line at a tab), and a byte order mark becomes part of the first key.
"""

from __future__ import annotations

import codecs
from pathlib import Path

from ppocr_kit.labels.box_repair import Change
from ppocr_kit.labels.lines import iter_lines

_CHUNK = 1 << 20


def describe_form(path: Path) -> list[Change]:
    """Say what is unusual in the form of a label file, and what a repair makes of it.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as stream:
        mark = stream.read(3)
        stream.seek(0)
        returns = sum(chunk.count(b"\r") for chunk in iter(lambda: stream.read(_CHUNK), b""))
        stream.seek(0)
        lines, blank, end = 0, 0, 0
        for line in iter_lines(stream):
            if line.encoding is not None:
                return [_form("the file is UTF-16", "UTF-8")]
            lines += 1
            blank = line.number - lines
            end = line.offset + len(line.content)
            # within a text it ends no line
            returns -= line.content.rstrip(b"\r").count(b"\r")
        stream.seek(end)
        tail = stream.read()
    if not lines:
        return []
    changes = []
    if mark == codecs.BOM_UTF8:
        changes.append(_form("a byte order mark starts the file", "removed"))
    if returns:
        changes.append(_form(f"carriage returns end lines ({returns})", "line feeds"))
    blank += _blank_lines_in(tail)
    if blank:
        changes.append(_form(f"blank lines ({blank})", "removed"))
    if not tail:
        changes.append(_form("the last line has no end", "a line feed"))
    return changes


def _blank_lines_in(tail: bytes) -> int:
    """Count the lines after the end of the last one that says something."""
    rest = tail.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return rest.count(b"\n") - 1 + (not rest.endswith(b"\n")) if rest else 0


def _form(before: str, after: str) -> Change:
    return Change(None, None, before, after)
