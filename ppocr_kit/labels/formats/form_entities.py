"""Entities of FUNSD and XFUND forms: a box, a text, a label, an id, and links from keys to values.

The regions are the entities, as in the lists that PaddleOCR trains on; their ``words`` are finer boxes
of the same texts and are not used.

Source: FUNSD (arXiv:1905.13538), XFUND (github.com/doc-analysis/XFUND, README).
"""

from __future__ import annotations

from typing import Any

from ppocr_kit.labels.boxes import Finding, kind_of, parse_transcription
from ppocr_kit.labels.entries import Boxes
from ppocr_kit.labels.formats.boxes_of_file import load_document
from ppocr_kit.labels.formats.outlines import rectangle
from ppocr_kit.labels.linking import drop_loose_links, parse_links
from ppocr_kit.labels.region import TextRegion


def parse_entities(value: Any) -> Boxes:
    """Read the list of entities of one page; None when it is no list."""
    if not isinstance(value, list):
        return None, (("L070", None, f"the list of entities is {kind_of(value)}"),)
    regions: list[TextRegion] = []
    findings: list[Finding] = []
    for index, item in enumerate(value):
        region, found = _parse_entity(item, index)
        findings.extend(found)
        if region is not None:
            regions.append(region)
    linked, loose = drop_loose_links(regions)
    return tuple(linked), (*findings, *loose)


def parse_form(content: bytes) -> Boxes:
    """Read a FUNSD file."""
    value, findings = load_document(content)
    if not isinstance(value, dict) or "form" not in value:
        return None, findings or (("L070", None, "it has no 'form'"),)
    regions, found = parse_entities(value["form"])
    return regions, (*findings, *found)


def _parse_entity(item: Any, index: int) -> tuple[TextRegion | None, list[Finding]]:
    if not isinstance(item, dict):
        return None, [("L072", index, f"it is {kind_of(item)}")]
    corners = rectangle(item.get("box"))
    if isinstance(corners, str):
        return None, [("L072", index, f"its box: {corners}")]
    text, findings = parse_transcription(item.get("text"), index)
    number, links, found = parse_links(item, index)
    label = item.get("label")
    key_cls = label if isinstance(label, str) and label else None
    region = TextRegion(text, corners, key_cls=key_cls, index=index, id=number, linking=links)
    return region, findings + found
