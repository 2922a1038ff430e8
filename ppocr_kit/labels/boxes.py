"""From one line's JSON to text regions: every wrong type is named, nothing is guessed in silence."""

from __future__ import annotations

import ast
import json
import math
import re
from dataclasses import replace
from typing import Any, Optional

from ppocr_kit.labels.link_naming import role_of
from ppocr_kit.labels.linking import drop_loose_links, parse_links
from ppocr_kit.labels.region import REPLACEMENT, TextRegion

# A finding before it knows its file and line: code, box index, detail.
Finding = tuple[str, Optional[int], str]

_SHOWN = 60
_NUMBERS = {int, float}
_PYTHON_LIST = re.compile(r"\[\s*\{\s*['\"]")


def parse_boxes(text: str) -> tuple[list[TextRegion] | None, list[Finding]]:
    """Read the list of boxes of one line.

    Args:
        text: What stands after the tab.

    Returns:
        The usable regions, or None when the list itself is unusable; and all findings.
    """
    value, findings = load_list(text)
    if value is None:
        return None, findings
    if not isinstance(value, list):
        return None, [*findings, ("L012", None, f"it is {kind_of(value)}")]
    regions = []
    for index, item in enumerate(value):
        region, found = _parse_box(item, index)
        findings.extend(found)
        if region is not None:
            regions.append(region)
    if any(region.linking or region.id is not None for region in regions):
        regions, loose = drop_loose_links(regions)
        findings.extend(loose)
    return regions, findings


def load_list(text: str) -> tuple[Any, list[Finding]]:
    """Parse what stands after the tab, JSON or Python notation; None with the reason when it is neither."""
    try:
        # strict=False: a raw tab or control character inside a string is no reason to lose a page
        value = json.loads(text, strict=False)
    except RecursionError:
        return None, [("L011", None, "nested too deeply")]
    except ValueError as error:
        value = _load_python_notation(text)
        if value is None:
            return None, [("L011", None, str(error))]
        return value, [("L014", None, "")]
    return (value, []) if value is not None else (None, [("L012", None, "it is null")])


def _load_python_notation(text: str) -> Any:
    """Return the value of ``[{'transcription': …}]``, which some scripts write, or None."""
    if _PYTHON_LIST.match(text) is None:
        return None
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _parse_box(item: Any, index: int) -> tuple[TextRegion | None, list[Finding]]:
    """Read one box."""
    if not isinstance(item, dict):
        return None, [("L040", index, f"it is {kind_of(item)}")]
    if "points" not in item:
        return None, [("L040", index, "it has no points")]
    points = parse_points(item["points"])
    if isinstance(points, str):
        return None, [("L041", index, points)]
    transcription, findings = parse_transcription(item.get("transcription"), index)
    region = TextRegion(
        transcription=transcription,
        points=points,
        difficult=item.get("difficult") in (True, "true", "True"),
        key_cls=_parse_class(item),
        index=index,
    )
    if "label" in item and "key_cls" in item:
        findings = findings + _compare_classes(item, index)
    if "id" in item or "linking" in item:
        number, links, found = parse_links(item, index)
        return replace(region, id=number, linking=links), findings + found
    return region, findings


def _parse_class(item: dict[str, Any]) -> str | None:
    """Return the key information class: ``key_cls`` of PPOCRLabel, ``label`` of PaddleOCR's KIE lists."""
    value = item.get("key_cls")
    if value in (None, "", "None"):
        value = item.get("label")
        # the WildReceipt lists number their classes
        value = str(value) if type(value) is int else value
    # PPOCRLabel writes the string "None" for an unset class
    return _replace_surrogates(value) if isinstance(value, str) and value not in ("", "None") else None


def _compare_classes(item: dict[str, Any], index: int) -> list[Finding]:
    """Tell of ``label`` and ``key_cls`` that differ, letter case aside.

    An unset one contradicts nothing. Neither does a side beside the class of a field: the kit's own lists
    for RE have ``question`` and ``TOTAL_Q``.
    """
    label, key_cls = (
        str(value) if type(value) in (str, int) else "" for value in (item["label"], item["key_cls"])
    )
    if label.casefold() == key_cls.casefold() or {label, key_cls} & {"", "None"}:
        return []
    side, role = role_of(label), role_of(key_cls)
    if side is not None and not side.field and (role is None or role.side is side.side):
        return []
    return [("L095", index, f"{shorten(label)} and {shorten(key_cls)}")]


def parse_points(value: Any) -> tuple[tuple[float, float], ...] | str:
    """Return the corners, or the reason why they are none."""
    points = _parse_four(value)
    if points is not None:
        return points
    if not isinstance(value, (list, tuple)):
        return f"they are {kind_of(value)}"
    if len(value) < 4:
        return f"there are {len(value)}"
    corners = []
    for pair in value:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            return f"one is {shorten(pair)}"
        x, y = pair
        if type(x) not in _NUMBERS or type(y) not in _NUMBERS:
            return f"one is {shorten(pair)}"
        try:
            point = (float(x), float(y))
        except OverflowError:
            return "one is larger than any image"
        if not (math.isfinite(point[0]) and math.isfinite(point[1])):
            return f"one is {shorten(pair)}"
        corners.append(point)
    return tuple(corners)


def _parse_four(value: Any) -> tuple[tuple[float, float], ...] | None:
    """Return four corners where nothing is odd about them; half of reading a file is spent here."""
    try:
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = value
        # True is a number to Python, and a text of two characters a pair
        if not {type(n) for n in (ax, ay, bx, by, cx, cy, dx, dy)} <= _NUMBERS:
            return None
        points = (
            (float(ax), float(ay)),
            (float(bx), float(by)),
            (float(cx), float(cy)),
            (float(dx), float(dy)),
        )
    except (TypeError, ValueError, OverflowError):
        return None
    return points if math.isfinite(sum(map(sum, points))) else None


def parse_transcription(value: Any, index: int) -> tuple[str, list[Finding]]:
    """Return the text and what was wrong with it."""
    if isinstance(value, str):
        return _replace_surrogates(value), []
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], str):
        return _replace_surrogates(value[0]), [("L050", index, "")]
    if type(value) in (int, float):
        return str(value), [("L051", index, f"it is the number {shorten(value)}, taken as text")]
    return "", [("L051", index, f"it is {kind_of(value)}, taken as empty")]


def _replace_surrogates(text: str) -> str:
    """Replace halves of surrogate pairs, which no file can be written with."""
    if text.isascii():
        return text
    return "".join(REPLACEMENT if "\ud800" <= char <= "\udfff" else char for char in text)


def kind_of(value: Any) -> str:
    """Name the type of a JSON value in the words of JSON."""
    if value is None:
        return "null"
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean"}
    return names.get(type(value), "a number" if isinstance(value, (int, float)) else type(value).__name__)


def shorten(value: Any) -> str:
    """Show a value in at most some 60 characters."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        return "too large to show"
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
