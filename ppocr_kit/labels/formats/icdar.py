"""Text files of the Robust Reading Competitions: one a picture, one region a line.

Which of the competition's layouts a set of files has is told from many lines at once, because a text
may itself begin with numbers and commas.

Source: https://rrc.cvc.uab.es, "Tasks" of challenges 2 (ICDAR 2013), 4 (2015), 8 (MLT 2017),
12 (RCTW 2017), 13 (SROIE 2019) and 15 (MLT 2019); text files of Total-Text and SCUT-CTW1500.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from ppocr_kit.labels.boxes import Finding
from ppocr_kit.labels.entries import Boxes
from ppocr_kit.labels.formats.outlines import Outline, polygon, rectangle
from ppocr_kit.labels.lines import RawLine, decode_line, iter_lines
from ppocr_kit.labels.region import TextRegion

_NUMBER = re.compile(r"\s*[+-]?(?:\d{1,9}(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?\s*\Z")
_SPACED_NUMBER = r"([+-]?\d{1,9}(?:\.\d*)?)[ \t]+"
# Of numbers and spaces: a quadrangle where there are eight, else a rectangle.
_SPACED = tuple(re.compile(r"\s*" + _SPACED_NUMBER * count + r"(\S.*)\Z", re.DOTALL) for count in (8, 4))
_QUOTED = re.compile(r'\s*"(.*)"\s*\Z', re.DOTALL)

# Challenge 8 and 15 give the script of each text; challenge 8 has no Hindi.
_SCRIPTS = frozenset(
    ("Arabic", "Latin", "Chinese", "Japanese", "Korean", "Bangla", "Hindi", "Symbols", "Mixed", "None")
)
# RCTW says with 1 that a text is hard to read.
_DIFFICULTIES = frozenset(("0", "1"))
# Curved texts are written "x1,y1,…,####text" by the tools that made text files of them.
_CURVED_MARK = "####"

# How many of the lines must look so for a layout to be taken: files have a broken line now and then.
_MOST = 0.9
_QUAD_NUMBERS = 8
_RECTANGLE_NUMBERS = 4
# A text of one number with a decimal comma adds two to the eight numbers of a quadrangle, hardly four.
_CERTAINLY_POLYGON = 12


class Corners(str, Enum):
    """What the numbers of a line are."""

    RECTANGLE = "rectangle"
    QUADRANGLE = "quadrangle"
    POLYGON = "polygon"


@dataclass(frozen=True)
class LineLayout:
    """How the lines of a set of files are laid out.

    Attributes:
        corners: What the numbers are.
        extra: Columns between the numbers and the text (script of MLT, difficulty of RCTW).
        difficulty: The extra column is 1 for a text that is hard to read.
        quoted: The text stands in quotes, with backslashes before quotes inside.
    """

    corners: Corners
    extra: int = 0
    difficulty: bool = False
    quoted: bool = False


def guess_layout(lines: Iterable[str]) -> LineLayout | None:
    """Tell the layout from some lines, None when they are no lines of this kind.

    Args:
        lines: Lines of several files, the more the surer.
    """
    rows = [_columns(line) for line in lines]
    if rows and all(_is_share(row, numbers) for row, numbers in rows):
        return None
    votes = Counter(_vote(row, numbers) for row, numbers in rows)
    refused = votes.pop(None, 0)
    if not votes or refused > sum(votes.values()):
        return None
    corners = max(Corners, key=lambda kind: (votes[kind], kind is Corners.QUADRANGLE))
    same = [row for row, numbers in rows if _vote(row, numbers) is corners]
    if corners is Corners.RECTANGLE:
        return LineLayout(corners, quoted=_most(same, lambda row: bool(_QUOTED.match(_text(row, 4)))))
    if corners is Corners.QUADRANGLE:
        if _most(same, lambda row: len(row) > 9 and row[8].strip() in _SCRIPTS):
            return LineLayout(corners, extra=1)
        if _most(
            same,
            lambda row: (
                len(row) > 9 and row[8].strip() in _DIFFICULTIES and bool(_QUOTED.match(_text(row, 9)))
            ),
        ):
            return LineLayout(corners, extra=1, difficulty=True, quoted=True)
    return LineLayout(corners)


def parse_line(line: str, layout: LineLayout, index: int) -> TextRegion | str:
    """Read one region.

    Args:
        line: The line without its end.
        layout: How it is laid out.
        index: Number of the region in its file.

    Returns:
        The region, or the reason why there is none.
    """
    fields, found = _columns(line)
    numbers = _number_columns(fields, found, layout)
    if isinstance(numbers, str):
        return numbers
    values = [float(field) for field in fields[:numbers]]
    corners: Outline = rectangle(values) if layout.corners is Corners.RECTANGLE else polygon(values)
    if isinstance(corners, str):
        return corners
    text = _text(fields, numbers + layout.extra).strip()
    quoted = _QUOTED.match(text) if layout.quoted else None
    if quoted:
        text = re.sub(r"\\([\"\\])", r"\1", quoted.group(1))
    if layout.corners is Corners.POLYGON and text.startswith(_CURVED_MARK):
        text = text[len(_CURVED_MARK) :]
    difficult = layout.difficulty and fields[numbers].strip() == "1"
    return TextRegion(text, corners, difficult, index=index)


def parse_lines(content: bytes, *, layout: LineLayout) -> Boxes:
    """Read the regions of one file; the index of a region is the number of its line, from 0."""
    regions: list[TextRegion] = []
    findings: list[Finding] = []
    for raw in iter_lines(io.BytesIO(content)):
        index = raw.number - 1
        decoded = decode_line(raw)
        if decoded is None:
            findings.append(("L072", index, "text in no known encoding"))
            continue
        text, encoding = decoded
        if encoding == "gb18030":
            findings.append(("L003", index, ""))
        region = parse_line(text, layout, index)
        if isinstance(region, str):
            findings.append(("L072", index, f"line {raw.number}: {region}"))
        else:
            regions.append(region)
    return tuple(regions), tuple(findings)


def text_lines(content: bytes, most: int) -> list[str]:
    """Return the first lines of a file that are text, for a look at them."""
    found: list[str] = []
    for raw in iter_lines(io.BytesIO(content)):
        decoded = decode_line(RawLine(raw.number, raw.offset, raw.content, raw.encoding))
        if decoded is not None:
            found.append(decoded[0])
        if len(found) >= most:
            break
    return found


def _columns(line: str) -> tuple[list[str], int]:
    """Split a line at its commas, or at the spaces of ICDAR 2013's training files.

    Returns:
        The columns, and how many of them from the first on are numbers.
    """
    fields = line.lstrip("\ufeff").split(",")
    numbers = _count_numbers(fields)
    if numbers < _RECTANGLE_NUMBERS:
        for pattern in _SPACED:
            spaced = pattern.match(line)
            if spaced:
                fields = list(spaced.groups())
                return fields, _count_numbers(fields)
    return fields, numbers


def _count_numbers(fields: Sequence[str]) -> int:
    """Return how many fields from the first on are numbers."""
    for count, field in enumerate(fields):
        if not _NUMBER.match(field):
            return count
    return len(fields)


def _vote(fields: Sequence[str], numbers: int) -> Corners | None:
    """Say what one line looks like, None for no line of this kind."""
    if numbers < _RECTANGLE_NUMBERS:
        return None
    if numbers < _QUAD_NUMBERS:
        return Corners.RECTANGLE
    certainly = numbers >= _CERTAINLY_POLYGON and numbers % 2 == 0
    curved = numbers > _QUAD_NUMBERS and numbers < len(fields) and numbers % 2 == 0
    return Corners.POLYGON if certainly or curved else Corners.QUADRANGLE


def _is_share(fields: Sequence[str], numbers: int) -> bool:
    """Tell whether a line has shares of the picture's size for coordinates, as YOLO's files have."""
    return numbers >= _RECTANGLE_NUMBERS and all(0 <= float(field) <= 1 for field in fields[1:numbers])


def _most(rows: Sequence[Sequence[str]], holds: Callable[[Sequence[str]], bool]) -> bool:
    return bool(rows) and sum(map(holds, rows)) >= _MOST * len(rows)


def _text(fields: Sequence[str], start: int) -> str:
    """Return what stands from a column on: a text may hold commas."""
    return ",".join(fields[start:])


def _number_columns(fields: Sequence[str], found: int, layout: LineLayout) -> int | str:
    """Return how many columns of a line are coordinates, or why it cannot be told."""
    if layout.corners is Corners.POLYGON:
        # all numbers: an odd one at the end is the text
        columns = found - found % 2
        return columns if columns >= _QUAD_NUMBERS else f"it has {found} numbers, at least 8 were looked for"
    wanted = _QUAD_NUMBERS if layout.corners is Corners.QUADRANGLE else _RECTANGLE_NUMBERS
    if found < wanted:
        return f"it has {found} of {wanted} numbers"
    if layout.corners is Corners.QUADRANGLE and found >= _CERTAINLY_POLYGON and found % 2 == 0:
        return f"it has {found} numbers where other lines have {wanted}"
    if layout.extra:
        column = fields[wanted].strip() if len(fields) > wanted else ""
        known = _DIFFICULTIES if layout.difficulty else _SCRIPTS
        if column not in known:
            return f"its column {wanted + 1} is '{column[:20]}', not one of {', '.join(sorted(known))}"
    return wanted
