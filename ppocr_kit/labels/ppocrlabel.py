"""Read and write PPOCRLabel's Label.txt: one line per page, image, tab, JSON list of boxes.

Read leniently, because exports are edited, merged and moved by hand; reported fully, because the
release's own loader would replace a row it cannot use by another one without a word (PaddleOCR
3.7.0, ppocr/data/simple_dataset.py). Written as PPOCRLabel 3.1.6 does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.labels.codes import label_problem
from ppocr_kit.labels.entries import LineBoxes, line_digest
from ppocr_kit.labels.lines import LineParts, RawLine, decode_line, iter_lines, split_line
from ppocr_kit.labels.region import TextRegion
from ppocr_kit.problems import ProblemLog
from ppocr_kit.storage import write_text_atomic

LABEL_FILE_NAME = "Label.txt"

# Automatic labels that nobody has checked, in the same format.
CACHE_FILE_NAME = "Cache.cach"


@dataclass(frozen=True)
class LabelLine:
    """One line of a label file, not parsed beyond its key.

    Attributes:
        key: The image as it is named there.
        line: Line number from 1.
        boxes: Reads the list of boxes.
    """

    key: str
    line: int
    boxes: LineBoxes


def scan_label_file(
    path: Path, problems: ProblemLog, split: Callable[[str], LineParts | None] = split_line
) -> Iterator[LabelLine]:
    """Yield the lines of a label file that name an image; put what is wrong with the others in a log.

    Args:
        path: The file, as the user named it; problems repeat it that way.
        problems: Takes the findings. A file that cannot be read gives no lines and one finding.
        split: Takes a line apart; the default looks for a list of boxes.
    """
    try:
        with path.open("rb") as stream:
            for raw in iter_lines(stream):
                line = _take_apart(path, raw, problems, split)
                if line is not None:
                    yield line
    except OSError as error:
        problems.add(label_problem("L001", str(path), detail=error.strerror or str(error)))


def _take_apart(
    path: Path, raw: RawLine, problems: ProblemLog, split: Callable[[str], LineParts | None]
) -> LabelLine | None:
    """Return a line with its key decoded, or None with the reason in the log."""
    decoded = decode_line(raw)
    if decoded is None:
        problems.add(label_problem("L004", str(path), raw.number))
        return None
    text, encoding = decoded
    if encoding == "gb18030":
        problems.add(label_problem("L003", str(path), raw.number))
    parts = split(text)
    if parts is None:
        problems.add(label_problem("L010", str(path), raw.number))
        return None
    if parts.spaced:
        problems.add(label_problem("L013", str(path), raw.number))
    boxes = LineBoxes(path, raw.offset, len(raw.content), encoding, line_digest(text))
    return LabelLine(parts.key, raw.number, boxes)


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
    if region.id is not None:
        box["id"] = region.id
    if region.linking:
        box["linking"] = [list(pair) for pair in region.linking]
    return box


def _number(value: float) -> int | float:
    """Return a whole coordinate as an integer."""
    return int(value) if value.is_integer() else value
