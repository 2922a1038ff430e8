"""Pictures of key information: entities coloured by class, links as arrows, the fields beside the page."""

from __future__ import annotations

import colorsys
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ppocr_kit.geometry import Image
from ppocr_kit.labels.key_classes import OTHER
from ppocr_kit.labels.link_naming import Side, role_of
from ppocr_kit.runs.kie_outputs import field_of_class
from ppocr_kit.runs.workers.drawing import save_picture, text_size, with_column

_LINK = (200, 60, 0)
_GREY = (150, 150, 150)
_FILLING = 0.22
_TURN = 0.61803398875


def write_kie_picture(path: Path, image: Image, page: Mapping[str, Any]) -> None:
    """Write a JPEG of the page with what was found.

    Args:
        path: The file to write.
        image: (H, W, 3) uint8, BGR.
        page: ``entities``, ``links`` and ``fields`` as predictions have them.

    Raises:
        SetupError: The disk is full or the folder cannot be written.
    """
    canvas = image.copy()
    size = text_size(image)
    entities = page["entities"]
    _fill(canvas, entities)
    for entity in entities:
        _draw_entity(canvas, entity, size)
    places = {entity["id"]: np.asarray(entity["points"], dtype=float) for entity in entities}
    for link in page["links"]:
        _draw_link(canvas, places[link["question"]], places[link["answer"]], max(1, size // 7))
    save_picture(path, with_column(canvas, _lines(page), size))


def colour_of(key_cls: str) -> tuple[int, int, int]:
    """Return the colour of a class, BGR: the hue of its field, darker for questions, grey for ``OTHER``."""
    if key_cls == OTHER:
        return _GREY
    field = field_of_class(key_cls) or key_cls
    hue = (zlib.crc32(field.encode("utf-8")) * _TURN) % 1.0
    role = role_of(key_cls)
    dark = role is not None and role.side is Side.QUESTION
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.9, 0.5 if dark else 0.85)
    return round(255 * blue), round(255 * green), round(255 * red)


def _fill(canvas: Image, entities: Sequence[Mapping[str, Any]]) -> None:
    """Tint the boxes, so that the text below stays readable."""
    tint = canvas.copy()
    for entity in entities:
        if entity["key_cls"] != OTHER:
            cv2.fillPoly(tint, [_corners(entity["points"])], colour_of(entity["key_cls"]), cv2.LINE_AA)
    cv2.addWeighted(tint, _FILLING, canvas, 1 - _FILLING, 0, dst=canvas)


def _draw_entity(canvas: Image, entity: Mapping[str, Any], size: int) -> None:
    """Draw the outline of an entity and, above it, its class."""
    kind, corners = entity["key_cls"], _corners(entity["points"])
    colour = colour_of(kind)
    cv2.polylines(canvas, [corners], True, colour, max(1, size // 10), cv2.LINE_AA)
    if kind == OTHER:
        return
    left, top = int(corners[:, 0, 0].min()), int(corners[:, 0, 1].min())
    place = (left, max(size // 2, top - max(2, size // 6)))
    cv2.putText(canvas, _latin(kind), place, cv2.FONT_HERSHEY_SIMPLEX, size / 38, colour, 1, cv2.LINE_AA)


def _draw_link(canvas: Image, question: Any, answer: Any, width: int) -> None:
    """Draw an arrow from the side of a question to the side of its answer."""
    begin, end = _nearest_sides(question, answer)
    length = max(1.0, float(np.hypot(*(np.subtract(end, begin)))))
    tip = min(0.4, 6 * width / length)
    cv2.arrowedLine(canvas, begin, end, _LINK, width, cv2.LINE_AA, tipLength=tip)


def _nearest_sides(one: Any, other: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the middles of two boxes' sides that are nearest to each other."""
    sides = [
        [((box[corner] + box[(corner + 1) % len(box)]) / 2) for corner in range(len(box))]
        for box in (one, other)
    ]
    begin, end = min(
        ((first, second) for first in sides[0] for second in sides[1]),
        key=lambda pair: float(np.hypot(*(pair[0] - pair[1]))),
    )
    return (round(begin[0]), round(begin[1])), (round(end[0]), round(end[1]))


def _lines(page: Mapping[str, Any]) -> list[str]:
    """Return the fields with their values, one a line."""
    lines = []
    for name, value in page["fields"].items():
        values = value if isinstance(value, list) else [value]
        lines += [f"{name}: {each}" for each in values]
    return lines or ["no field was found"]


def _corners(points: Sequence[Sequence[float]]) -> Any:
    return np.rint(np.asarray(points)).astype(np.int32).reshape(-1, 1, 2)


def _latin(text: str) -> str:
    """Return what OpenCV's font can draw of a class."""
    return text.encode("ascii", "replace").decode("ascii")
