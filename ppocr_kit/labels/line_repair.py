"""Mend one line of a Label.txt: its encoding, its tab, its notation, its key, and then its boxes."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass, replace
from pathlib import Path

from ppocr_kit.errors import DataError
from ppocr_kit.labels.box_repair import Change, RepairedBoxes, repair_boxes, shorten
from ppocr_kit.labels.boxes import parse_boxes
from ppocr_kit.labels.lines import LineParts, RawLine, decode_line, split_line
from ppocr_kit.labels.locate import Found, ImageLocator
from ppocr_kit.labels.rec_gt import REC_GT_NAME, CropTexts, page_stem
from ppocr_kit.labels.repair_table import REPAIRS
from ppocr_kit.labels.verbatim_json import dump_verbatim

_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class RepairedLine:
    """A line after the repair.

    Attributes:
        content: Its bytes in UTF-8 without a line end, those of the file when nothing was changed; None
            when the line goes.
        changes: What was changed.
        left: What a check reports here and was not changed, with the reason.
        moved_key: The key before and after, None when it stays.
        broken: Whether the line has a key, but neither boxes that can be read nor an empty list.
    """

    content: bytes | None
    changes: tuple[Change, ...] = ()
    left: tuple[Change, ...] = ()
    moved_key: tuple[str, str] | None = None
    broken: bool = False


@dataclass(frozen=True)
class Beside:
    """What lies beside a label file, and the name that errors give it.

    Attributes:
        shown: The label file, as the user named it.
        locator: Finds the images of the folder.
        crops: Texts of exported crops, None when there is no rec_gt.txt.
    """

    shown: str
    locator: ImageLocator
    crops: CropTexts | None

    def has_crops(self, key: str) -> bool:
        """Tell whether rec_gt.txt has crops of a page."""
        return self.crops is not None and bool(self.crops.of_page(page_stem(key)))


def repair_line(line: RawLine, beside: Beside) -> RepairedLine:
    """Repair a line as far as it can be read; what cannot be read stays byte for byte.

    Args:
        line: The line as it stands in the file.
        beside: The folder.

    Raises:
        DataError: The file is UTF-16, and the line would not be read the same way in UTF-8.
    """
    decoded = decode_line(line)
    _check_utf16(line, decoded, beside.shown)
    if decoded is None:
        return RepairedLine(line.content.rstrip(b"\r"))
    changes: list[Change] = []
    text, encoding = decoded[0].rstrip("\r"), decoded[1]
    if encoding == "gb18030":
        changes.append(Change("L003", None, "GB18030", "UTF-8"))
    if text.startswith(_BYTE_ORDER_MARK):
        text = text.lstrip(_BYTE_ORDER_MARK)
        changes.append(Change(None, None, "a byte order mark within the file", "removed"))
    parts = split_line(text)
    if parts is None:
        return RepairedLine(text.encode("utf-8"), tuple(changes))
    if "\r" in parts.key:
        return _leave_joined(parts, beside, RepairedLine(text.encode("utf-8"), tuple(changes)))
    if parts.spaced:
        changes.append(Change("L013", None, "spaces", "a tab"))
    boxes = _repair_list(parts.boxes, numbered=beside.has_crops(parts.key))
    changes += boxes.changes
    key, found_key, left_key = _repair_key(parts.key, beside)
    changes += found_key
    if not parts.spaced and boxes.text == parts.boxes and key == parts.key:
        content = text.encode("utf-8")
    else:
        content = f"{key}\t{boxes.text}".encode()
    moved = (parts.key, key) if key != parts.key else None
    return RepairedLine(content, tuple(changes), (*boxes.left, *left_key), moved, boxes.broken)


def _check_utf16(line: RawLine, decoded: tuple[str, str] | None, shown: str) -> None:
    """Raise DataError for a line of a UTF-16 file that would not be read the same way in UTF-8."""
    if line.encoding is not None and (decoded is None or "\r" in decoded[0].rstrip("\r")):
        raise DataError(
            "the file is damaged UTF-16 text and cannot be repaired",
            at=f"{shown}:{line.number}",
            hint="open the file in an editor, mend this line and save the file as UTF-8",
        )


def _leave_joined(parts: LineParts, beside: Beside, line: RepairedLine) -> RepairedLine:
    """Leave a line that has a carriage return in its key: nobody can tell where one of two lines ends."""
    codes = ["L013"] if parts.spaced else []
    found = beside.locator.find(parts.key)
    if found.code in REPAIRS:
        codes.append(found.code)
    left = tuple(Change(code, None, shorten(parts.key), "two lines ran together here") for code in codes)
    return replace(line, left=left)


def _repair_list(text: str, numbered: bool) -> RepairedBoxes:
    """Return the list of boxes as JSON and repaired."""
    regions, findings = parse_boxes(text)
    if regions is None:
        return RepairedBoxes(text, broken=True)
    converted: tuple[Change, ...] = ()
    if any(code == "L014" for code, _, _ in findings):
        plain = _from_python_notation(text)
        if plain is None:
            return RepairedBoxes(
                text, left=(Change("L014", None, shorten(text), "JSON cannot hold all of it"),)
            )
        converted = (Change("L014", None, shorten(text), shorten(plain)),)
        text = plain
    repaired = repair_boxes(text, numbered=numbered)
    broken = bool(findings) and not regions
    return replace(repaired, changes=(*converted, *repaired.changes), broken=broken)


def _from_python_notation(text: str) -> str | None:
    """Return a list in Python notation as JSON, None when JSON would lose something of it."""
    tree = ast.parse(text, mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
            if not all(isinstance(key, str) for key in keys) or len(set(keys)) != len(keys):
                return None
    try:
        plain = json.loads(json.dumps(ast.literal_eval(tree)))
    except (TypeError, ValueError):
        return None
    return dump_verbatim(plain)


def _repair_key(key: str, beside: Beside) -> tuple[str, list[Change], list[Change]]:
    """Return the key as PPOCRLabel writes it; what was changed; what was left."""
    found = beside.locator.find(key)
    if found.code is None or found.path is None:
        return key, [], []
    better = _plain_key(found.path, beside.locator)
    reason = ""
    if better is None:
        reason = "the image cannot be named as <folder>/<image>"
    elif page_stem(better) != page_stem(key) and beside.has_crops(key):
        reason = f"{REC_GT_NAME} names its crops after this spelling"
    if better is None or reason:
        return key, [], [Change(found.code, None, shorten(key), reason)]
    return better, [Change(found.code, None, shorten(key), shorten(better))], []


def _plain_key(path: Path, locator: ImageLocator) -> str | None:
    """Return ``<folder>/<image>`` for a found image, None when that would not lead to it again."""
    folder = locator.folder
    if folder not in path.parents:
        return None
    key = Path(folder.name, path.relative_to(folder)).as_posix()
    try:
        written = split_line(f"{key}\t[]".encode().decode())
    except UnicodeEncodeError:
        return None
    if written is None or written.key != key or not key.isprintable():
        return None
    return key if locator.find(key) == Found(path) else None
