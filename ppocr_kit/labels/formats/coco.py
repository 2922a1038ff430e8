"""COCO-Text, TextOCR and COCO with texts: one document of pictures and regions, joined by image ids.

Source: COCO-Text (arXiv:1601.07140, github.com/andreasveit/coco-text), TextOCR (arXiv:2105.05486),
COCO's data format (cocodataset.org).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ppocr_kit.labels.boxes import Finding, kind_of, parse_transcription
from ppocr_kit.labels.entries import Boxes
from ppocr_kit.labels.formats.outlines import Outline, polygon, sized_rectangle
from ppocr_kit.labels.region import TextRegion

_TEXT_KEYS = ("utf8_string", "text", "transcription", "caption")
_OUTLINE_KEYS = ("points", "mask", "polygon", "segmentation")
_UNREADABLE = "###"
# TextOCR's mark for a text nobody can read; COCO-Text says so in "legibility" instead.
_TEXTOCR_UNREADABLE = "."


@dataclass
class CocoImage:
    """A picture as the document names it, and its regions as raw records."""

    name: str
    records: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class CocoDocument:
    """A document taken apart.

    Attributes:
        images: Pictures with their regions, in the order of the document.
        findings: What belongs to no picture.
    """

    images: tuple[CocoImage, ...]
    findings: tuple[Finding, ...]


def split_document(value: Any) -> CocoDocument:
    """Sort the regions of a document by picture.

    Args:
        value: ``{"imgs", "anns"}`` of COCO-Text or ``{"images", "annotations"}`` of COCO.
    """
    images: dict[str, CocoImage] = {}
    findings: list[Finding] = []
    for key, record in _records(value, ("imgs", "images")):
        name = record.get("file_name", record.get("filename")) if isinstance(record, dict) else None
        if not isinstance(name, str) or not name:
            findings.append(("L070", None, f"the image {key} has no file_name"))
            continue
        if key in images:
            findings.append(("L070", None, f"the image id {key} is given twice; the first is used"))
            continue
        images[key] = CocoImage(name)
    classes = _class_names(value)
    for key, record in _records(value, ("anns", "annotations")):
        image = images.get(str(record.get("image_id"))) if isinstance(record, dict) else None
        if image is None:
            said = f"image {record.get('image_id')!r:.40}" if isinstance(record, dict) else kind_of(record)
            findings.append(("L078", None, f"annotation {key}: {said}"))
            continue
        category = classes.get(str(record.get("category_id")))
        image.records.append({**record, "key_cls": category} if category else record)
    return CocoDocument(tuple(images.values()), tuple(findings))


def parse_records(records: Any) -> Boxes:
    """Read the regions of one picture."""
    regions: list[TextRegion] = []
    findings: list[Finding] = []
    for index, record in enumerate(records):
        corners = _outline(record)
        if isinstance(corners, str):
            findings.append(("L072", index, f"annotation {record.get('id')!r:.40}: {corners}"))
            continue
        text, found = _text(record, index)
        findings.extend(found)
        ignored = _is_ignored(record)
        key_cls = record.get("key_cls")
        regions.append(
            TextRegion(
                transcription=text or (_UNREADABLE if ignored else ""),
                points=corners,
                difficult=ignored and bool(text),
                key_cls=key_cls if isinstance(key_cls, str) else None,
                index=index,
            )
        )
    return tuple(regions), tuple(findings)


def _records(value: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Yield the records of a table with their ids: a list, or an object by id."""
    table = next((value[name] for name in names if name in value), None)
    if isinstance(table, dict):
        for key, record in table.items():
            own = record.get("id", key) if isinstance(record, dict) else key
            yield str(own), record
    elif isinstance(table, list):
        for number, record in enumerate(table):
            own = record.get("id", number) if isinstance(record, dict) else number
            yield str(own), record


def _class_names(value: Mapping[str, Any]) -> dict[str, str]:
    """Return the category names by id; a single category says nothing and is left out."""
    named = {
        key: record["name"]
        for key, record in _records(value, ("categories",))
        if isinstance(record, dict) and isinstance(record.get("name"), str)
    }
    return named if len(named) > 1 else {}


def _outline(record: Mapping[str, Any]) -> Outline:
    """Return the corners: the polygon where there is one, else the rectangle."""
    for key in _OUTLINE_KEYS:
        value = record.get(key)
        # a single ring, as COCO nests it; masks and several rings are taken by their rectangle
        nested = isinstance(value, list) and len(value) == 1 and isinstance(value[0], list)
        ring = value[0] if isinstance(value, list) and nested else value
        if isinstance(ring, list) and ring:
            corners = polygon(ring)
            if not isinstance(corners, str):
                return corners
    return sized_rectangle(record.get("bbox"))


def _text(record: Mapping[str, Any], index: int) -> tuple[str, list[Finding]]:
    """Return the text, wherever the document keeps it."""
    attributes = record.get("attributes")
    for place in (record, attributes if isinstance(attributes, dict) else {}):
        for key in _TEXT_KEYS:
            if place.get(key) is not None:
                text, findings = parse_transcription(place[key], index)
                unreadable = text == _TEXTOCR_UNREADABLE and "points" in record and "legibility" not in record
                return (_UNREADABLE if unreadable else text), findings
    return "", []


def _is_ignored(record: Mapping[str, Any]) -> bool:
    """Tell whether the document says that a region does not count."""
    return record.get("legibility") == "illegible" or record.get("iscrowd") == 1 or record.get("ignore") == 1
