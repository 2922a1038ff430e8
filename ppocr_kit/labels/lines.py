"""The lines of a label file as bytes, one at a time: line ends, encodings, key and list of boxes.

Only line feeds and carriage returns end a line: text may hold any of the other characters that
``str.splitlines`` splits at.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_CHUNK = 1 << 20
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_ENCODINGS = ("utf-8", "gb18030")

# also the zero bytes beside them in UTF-16
_BLANKS = b"\0\t\n\x0b\x0c\r "

_SPACES_BEFORE_LIST = re.compile(r" +(?=\[\s*(?:\{|\]))")


@dataclass(frozen=True)
class RawLine:
    """One line as it stands in the file.

    Attributes:
        number: Line number from 1, as an editor counts.
        offset: Its first byte.
        content: Its bytes without the line end and without a byte order mark.
        encoding: The encoding of the whole file when it is UTF-16, None when the line must tell.
    """

    number: int
    offset: int
    content: bytes
    encoding: str | None


@dataclass(frozen=True)
class LineParts:
    """A line taken apart; ``spaced`` when spaces stand where the tab should be."""

    key: str
    boxes: str
    spaced: bool


def iter_lines(stream: BinaryIO) -> Iterator[RawLine]:
    """Yield the lines of a file that are not blank; memory holds one of them at a time.

    UTF-16 is told by its byte order mark, or by the zero bytes of the first letters. A file without a line
    feed is split at carriage returns (its longest stretch is the whole file only when it has neither).
    """
    mark = stream.read(4)
    encoding = _UTF16.get(mark[:2])
    start = 2 if encoding else 3 if mark[:3] == codecs.BOM_UTF8 else 0
    if encoding is None and len(mark) == 4 and mark.count(0) == 2:
        encoding = {mark[1::2]: "utf-16-le", mark[::2]: "utf-16-be"}.get(b"\0\0")
    stream.seek(start)
    number = 0
    for piece in _stretches(stream, start, encoding):
        for content, offset in _split_at_returns(piece, start, encoding):
            number += 1
            if content.strip(_BLANKS):
                yield RawLine(number, offset, content, encoding)
        start += len(piece)


def _stretches(stream: BinaryIO, start: int, encoding: str | None) -> Iterator[bytes]:
    """Return the bytes from ``start`` in stretches that end with a line feed, or a carriage return."""
    if encoding is not None:
        return _split_stream(stream, "\n".encode(encoding))
    has_line_feed = any(b"\n" in chunk for chunk in iter(lambda: stream.read(_CHUNK), b""))
    stream.seek(start)
    return iter(stream) if has_line_feed else _split_stream(stream, b"\r")


def decode_line(line: RawLine) -> tuple[str, str] | None:
    """Return a line as text, and the encoding it is in; None when it is none of those seen in exports."""
    for encoding in _ENCODINGS if line.encoding is None else (line.encoding,):
        try:
            return line.content.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return None


def split_line(text: str) -> LineParts | None:
    """Take a line apart into image key and list of boxes, or return None."""
    # files that were joined have byte order marks in their middle
    text = text.lstrip("\ufeff")
    key, tab, boxes = text.partition("\t")
    if not tab:
        gap = _SPACES_BEFORE_LIST.search(text)
        if gap is None:
            return None
        key, boxes = text[: gap.start()], text[gap.end() :]
    key, boxes = key.strip(), boxes.strip()
    return LineParts(key, boxes, not tab) if key and boxes else None


def _split_stream(stream: BinaryIO, end: bytes) -> Iterator[bytes]:
    """Yield stretches of bytes that end with ``end``, which stands at multiples of its own size."""
    kept = b""
    for chunk in iter(lambda: stream.read(_CHUNK), b""):
        searched = max(len(kept) - len(end), 0)
        kept += chunk
        begin = 0
        while (at := kept.find(end, searched)) >= 0:
            searched = at + 1
            if at % len(end) == 0:
                yield kept[begin : at + len(end)]
                begin = searched = at + len(end)
        kept = kept[begin:]
    if kept:
        yield kept


def _split_at_returns(piece: bytes, start: int, encoding: str | None) -> Iterator[tuple[bytes, int]]:
    """Yield the lines of a stretch with their offsets: several when old carriage returns end some of them."""
    if encoding is None and b"\r" not in (content := piece.rstrip(b"\r\n")):
        # nearly all lines: the rest costs more than reading them
        yield content, start
        return
    feed, end, tab = (sign.encode(encoding or "ascii") for sign in "\n\r\t")
    content = piece
    for sign in (feed, end):
        content = content[: -len(sign)] if content.endswith(sign) else content
    parts = _split_aligned(content, end) if end in content else [content]
    if not all(tab in part for part in parts if part):
        # a raw carriage return in a text
        parts = [content]
    for part in parts:
        yield part, start
        start += len(part) + len(end)


def _split_aligned(content: bytes, end: bytes) -> list[bytes]:
    """Split at ``end`` where it stands at a multiple of its own size."""
    parts, begin, searched = [], 0, 0
    while (at := content.find(end, searched)) >= 0:
        searched = at + 1
        if at % len(end) == 0:
            parts.append(content[begin:at])
            begin = searched = at + len(end)
    return [*parts, content[begin:]]
