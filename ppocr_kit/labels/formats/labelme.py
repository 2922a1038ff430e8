"""Labelme: a JSON file a picture, whose shapes carry the text as their label.

Where a file uses ``description``, as X-AnyLabeling does for OCR, that is the text and the label is the
key information class.

Source: labelme 5.5 (labelme/label_file.py, shape types in labelme/shape.py), X-AnyLabeling 2.4 user guide.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from ppocr_kit.labels.boxes import Finding, kind_of, parse_transcription
from ppocr_kit.labels.entries import Boxes
from ppocr_kit.labels.formats.boxes_of_file import load_document
from ppocr_kit.labels.formats.outlines import Outline, polygon, rectangle
from ppocr_kit.labels.images import decode_image
from ppocr_kit.labels.region import TextRegion

_POLYGONS = frozenset({"polygon", "rectangle", "rotation", "quadrilateral", "oriented_rectangle"})
# More than any page takes: a file of hostile size must not fill memory.
_LARGEST_EMBEDDED = 256 << 20


def parse_shapes(content: bytes) -> Boxes:
    """Read the shapes of one file."""
    value, findings = load_document(content)
    shapes = value.get("shapes") if isinstance(value, dict) else None
    if not isinstance(shapes, list):
        return None, findings or (("L070", None, "it has no list of 'shapes'"),)
    described = any(isinstance(shape, dict) and shape.get("description") for shape in shapes)
    regions: list[TextRegion] = []
    found: list[Finding] = list(findings)
    for index, shape in enumerate(shapes):
        region, about = _parse_shape(shape, index, described)
        found.extend(about)
        if region is not None:
            regions.append(region)
    return tuple(regions), tuple(found)


def image_name(content: bytes) -> str:
    """Return what a file calls its picture, empty when it does not say."""
    value, _ = load_document(content)
    name = value.get("imagePath") if isinstance(value, dict) else None
    return name if isinstance(name, str) else ""


def embedded_image(content: bytes) -> bytes | None:
    """Return the picture that a file carries in itself, None without one that can be decoded."""
    value, _ = load_document(content)
    data = value.get("imageData") if isinstance(value, dict) else None
    if not isinstance(data, str) or not 0 < len(data) <= _LARGEST_EMBEDDED:
        return None
    try:
        # some programs write a data address, or break the lines
        image = base64.b64decode("".join(data.rpartition("base64,")[2].split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return image if decode_image(image) is not None else None


def _parse_shape(shape: Any, index: int, described: bool) -> tuple[TextRegion | None, list[Finding]]:
    """Read one shape."""
    if not isinstance(shape, dict):
        return None, [("L072", index, f"it is {kind_of(shape)}")]
    # files of old versions name no type
    kind = shape.get("shape_type") or "polygon"
    if not isinstance(kind, str) or kind not in _POLYGONS:
        return None, [("L073", index, f"{kind!r:.60}")]
    corners = _outline(kind, shape.get("points"))
    if isinstance(corners, str):
        return None, [("L072", index, f"the points of the {kind}: {corners}")]
    text, findings = parse_transcription(shape.get("description" if described else "label") or "", index)
    label = shape.get("label") if described else None
    key_cls = label if isinstance(label, str) and label else None
    return TextRegion(text, corners, shape.get("difficult") is True, key_cls, index), findings


def _outline(kind: str, points: Any) -> Outline:
    """Return the corners; a rectangle has two opposite ones, in newer files four."""
    if kind == "rectangle" and isinstance(points, list) and len(points) == 2:
        flat = [number for pair in points if isinstance(pair, list) for number in pair]
        return rectangle(flat)
    return polygon(points)
