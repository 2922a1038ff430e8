"""What a file looks like, from its content: names and suffixes of label files say little."""

from __future__ import annotations

import re
from collections import Counter
from enum import Enum
from pathlib import Path
from typing import Any

from ppocr_kit.labels.formats.boxes_of_file import load_document
from ppocr_kit.labels.formats.icdar import guess_layout, text_lines
from ppocr_kit.labels.formats.pairing import IMAGE_SUFFIXES
from ppocr_kit.labels.lines import split_line

_LINES_LOOKED_AT = 20
_HEAD = 1 << 20

# The keys of SROIE's task on key information.
ENTITY_KEYS = frozenset({"company", "date", "address", "total"})

_TAGS = re.compile(rb'"(?:label|linking|id)"\s*:')
_SUFFIXES = "|".join(re.escape(suffix) for suffix in sorted(IMAGE_SUFFIXES))
REC_ROW = re.compile(rf"(.+?(?:{_SUFFIXES}))(\t| +)(.*)\Z", re.IGNORECASE | re.DOTALL)


class Kind(str, Enum):
    """What one file holds."""

    ICDAR = "icdar"
    COCO = "coco"
    LABELME = "labelme"
    FUNSD = "funsd"
    XFUND = "xfund"
    DET = "det"
    KIE = "kie"
    REC = "rec"
    ENTITIES = "entities"

    def __str__(self) -> str:
        """Return the plain name."""
        return self.value


# Keys that only stand in a document of one kind; all of a tuple must be there.
_MARKS: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    (Kind.LABELME, ("shapes",)),
    (Kind.XFUND, ("documents",)),
    (Kind.FUNSD, ("form",)),
    (Kind.COCO, ("imgs", "anns")),
    (Kind.COCO, ("images", "annotations")),
)


def kind_of_file(path: Path) -> Kind | None:
    """Tell what a file holds, None when it is nothing that is known or cannot be read."""
    try:
        with path.open("rb") as stream:
            content = stream.read(_HEAD)
            # a document is known by keys that may stand at its end; of a list the first rows are enough
            if _is_document(content):
                content += stream.read()
    except OSError:
        return None
    return kind_of_content(content)


def kind_of_content(content: bytes) -> Kind | None:
    """Tell what a file holds, None when it is nothing that is known.

    Args:
        content: The bytes of the file.
    """
    if _is_document(content):
        return _kind_of_document(content)
    rows = text_lines(content, _LINES_LOOKED_AT)
    votes = Counter(_kind_of_row(row) for row in rows)
    lines = sum(votes.values())
    tagged = votes[Kind.KIE]
    for kind, count in ((Kind.DET, votes[Kind.DET] + tagged), (Kind.REC, votes[Kind.REC])):
        if count and 2 * count >= lines:
            return Kind.KIE if kind is Kind.DET and tagged else kind
    layout = guess_layout(rows) if rows else None
    return Kind.ICDAR if layout is not None else None


def _is_document(content: bytes) -> bool:
    """Tell whether a file begins as a JSON object."""
    return content[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def _kind_of_document(content: bytes) -> Kind | None:
    """Tell the kind of a JSON object, by its keys; a look at the bytes saves reading a large one twice."""
    for kind, keys in _MARKS:
        if all(re.search(rb'"%b"\s*:\s*[\[{]' % key.encode(), content) for key in keys):
            return kind
    value, _ = load_document(content) if len(content) < 1 << 16 else (None, ())
    return Kind.ENTITIES if _are_entities(value) else None


def _are_entities(value: Any) -> bool:
    return isinstance(value, dict) and bool(ENTITY_KEYS.intersection(value))


def _kind_of_row(line: str) -> Kind | None:
    """Tell the kind of a row of one of PaddleOCR's lists."""
    parts = split_line(line)
    if parts is not None and parts.boxes.startswith(("[{", "[]", "[ {")):
        return Kind.KIE if _TAGS.search(parts.boxes.encode(errors="replace")) else Kind.DET
    row = REC_ROW.match(line.lstrip("\ufeff"))
    return Kind.REC if row else None
