"""Read and write PPOCRLabel's Label.txt: one line per page, image, tab, JSON list of boxes.

Read leniently, because exports are edited, merged and moved by hand; reported fully, because the
release's own loader would replace a row it cannot use by another one without a word (PaddleOCR
3.7.0, ppocr/data/simple_dataset.py). Written as PPOCRLabel 3.1.6 does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.labels.boxes import parse_boxes
from ppocr_kit.labels.codes import label_problem
from ppocr_kit.labels.region import TextRegion
from ppocr_kit.problems import Problem
from ppocr_kit.storage import write_text_atomic

LABEL_FILE_NAME = "Label.txt"

_SPACES_BEFORE_LIST = re.compile(r" +(?=\[\s*(?:\{|\]))")


@dataclass(frozen=True)
class LabelLine:
    """One line that could be read: the image as it is named there, and its boxes."""

    key: str
    regions: tuple[TextRegion, ...]
    line: int


@dataclass(frozen=True)
class LabelFile:
    """A label file as read.

    Attributes:
        path: The file.
        lines: What counts: one line per image key, in file order.
        problems: All findings about the file, its lines and its boxes.
        damaged_lines: Number of lines that gave no page.
    """

    path: Path
    lines: tuple[LabelLine, ...]
    problems: tuple[Problem, ...]
    damaged_lines: int


def read_label_file(path: Path) -> LabelFile:
    """Read a label file and collect everything that is wrong in it.

    Args:
        path: The file, as the user named it; problems repeat it that way.

    Returns:
        The lines that can be used, and the problems. A file that cannot be read has no lines and one
        problem.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        problem = label_problem("L001", str(path), detail=error.strerror or str(error))
        return LabelFile(path, (), (problem,), 0)
    reader = _Reader(str(path))
    for number, raw in enumerate(_split_lines(content), start=1):
        reader.read_line(raw, number)
    if not reader.lines and not reader.problems:
        reader.problems.append(label_problem("L002", str(path)))
    return LabelFile(path, tuple(reader.lines.values()), tuple(reader.problems), reader.damaged_lines)


def write_label_file(path: Path, pages: Iterable[tuple[str, Iterable[TextRegion]]]) -> None:
    """Write keys and regions in PPOCRLabel's format, UTF-8, LF.

    Raises:
        SetupError: The disk is full or the folder cannot be written.
    """
    write_text_atomic(path, "".join(f"{key}\t{render_boxes(regions)}\n" for key, regions in pages))


def render_boxes(regions: Iterable[TextRegion]) -> str:
    """Return regions as the JSON list that PPOCRLabel writes; whole coordinates as integers."""
    return json.dumps([_box(region) for region in regions], ensure_ascii=False)


def _box(region: TextRegion) -> dict[str, Any]:
    """Return one region with PPOCRLabel's keys in its order."""
    box: dict[str, Any] = {
        "transcription": region.transcription,
        "points": [[_number(x), _number(y)] for x, y in region.points],
        "difficult": region.difficult,
    }
    if region.key_cls is not None:
        box["key_cls"] = region.key_cls
    return box


def _number(value: float) -> int | float:
    """Return a whole coordinate as an integer."""
    return int(value) if value.is_integer() else value


def _split_lines(content: bytes) -> list[bytes]:
    """Split at LF, or at CR where a file has no LF; strip CR, byte order mark and the final newline.

    Only these bytes end a line: text may hold any of the other characters that
    ``str.splitlines`` splits at.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        content = content.decode("utf-16", errors="replace").encode("utf-8")
    if content.startswith(b"\xef\xbb\xbf"):
        content = content[3:]
    separator = b"\n" if b"\n" in content else b"\r"
    return [line.rstrip(b"\r") for line in content.split(separator)]


class _Reader:
    """The state of reading one file: the lines that count so far, by key, and the problems."""

    def __init__(self, shown: str) -> None:
        self.shown = shown
        self.lines: dict[str, LabelLine] = {}
        self.problems: list[Problem] = []
        self.damaged_lines = 0
        self._seen: dict[str, int] = {}

    def read_line(self, raw: bytes, number: int) -> None:
        """Take in one line."""
        if not raw.strip():
            return
        text = self._decode(raw, number)
        if text is None:
            return
        if text in self._seen:
            self._report("L015", number, detail=f"first in line {self._seen[text]}")
            return
        self._seen[text] = number
        parts = self._split(text, number)
        if parts is None:
            self._lose("L010", number)
            return
        key, boxes = parts
        regions, findings = parse_boxes(boxes)
        for code, region, detail in findings:
            self._report(code, number, region, detail)
        if regions is None:
            self.damaged_lines += 1
            return
        if not regions and findings:
            self._lose("L019", number)
            return
        if not regions:
            self._report("L017", number)
        self.keep(LabelLine(key, tuple(regions), number))

    def keep(self, line: LabelLine) -> None:
        """Let a line count, in place of an earlier one with the same key."""
        earlier = self.lines.get(line.key)
        if earlier is not None:
            self._report("L016", earlier.line, detail=f"'{line.key}' is labelled again in line {line.line}")
        self.lines[line.key] = line

    def _decode(self, raw: bytes, number: int) -> str | None:
        """Return the line as text, trying the encodings that exports were seen in."""
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            pass
        try:
            text = raw.decode("gb18030")
        except UnicodeDecodeError:
            self._lose("L004", number)
            return None
        self._report("L003", number)
        return text

    def _split(self, text: str, number: int) -> tuple[str, str] | None:
        """Return image key and list, or None."""
        key, tab, boxes = text.partition("\t")
        if not tab:
            gap = _SPACES_BEFORE_LIST.search(text)
            if gap is None:
                return None
            key, boxes = text[: gap.start()], text[gap.end() :]
            self._report("L013", number)
        key, boxes = key.strip(), boxes.strip()
        return (key, boxes) if key and boxes else None

    def _lose(self, code: str, number: int, detail: str = "") -> None:
        self.damaged_lines += 1
        self._report(code, number, detail=detail)

    def _report(self, code: str, line: int, region: int | None = None, detail: str = "") -> None:
        self.problems.append(label_problem(code, self.shown, line, region, detail))
