"""SROIE receipts: lines as in ICDAR 2015, and the values of four keys in a file of their own.

The values are written once for the whole receipt, not for a line. A line gets a class when its text, or
the text of several lines in a row, is the value; or when it is the only line that contains it.

Source: https://rrc.cvc.uab.es/?ch=13&com=tasks (tasks 1 and 3), ICDAR 2019.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ppocr_kit.labels.boxes import Finding
from ppocr_kit.labels.entries import Boxes
from ppocr_kit.labels.formats.boxes_of_file import load_document
from ppocr_kit.labels.formats.icdar import LineLayout, parse_lines
from ppocr_kit.labels.region import TextRegion

# Key and value, as the file has them.
Entities = tuple[tuple[str, str], ...]

# An address takes so many lines at most.
_LONGEST_RUN = 8


def read_entities(content: bytes) -> tuple[Entities, tuple[Finding, ...]]:
    """Read the values of a receipt; what is no text is left out and told."""
    value, findings = load_document(content)
    if not isinstance(value, dict):
        return (), findings or (("L070", None, "it is no JSON object"),)
    written = {key: str(text) if type(text) in (int, float) else text for key, text in value.items()}
    texts = tuple((key, text) for key, text in written.items() if isinstance(text, str) and text.strip())
    strange = [key for key, text in written.items() if not isinstance(text, str)]
    return texts, (*findings, *(("L075", None, f"'{key}' is no text") for key in strange))


def parse_receipt(content: bytes, *, layout: LineLayout, entities: Entities) -> Boxes:
    """Read the lines of a receipt and give them the keys whose values they are."""
    regions, findings = parse_lines(content, layout=layout)
    if not regions:
        return regions, findings
    marked, found = mark_entities(regions, entities)
    return tuple(marked), (*findings, *found)


def mark_entities(
    regions: Sequence[TextRegion], entities: Entities
) -> tuple[list[TextRegion], list[Finding]]:
    """Give regions the key whose value they hold, where there is one place for it only.

    Args:
        regions: The lines of a receipt in reading order.
        entities: Keys and values.

    Returns:
        The regions, and a finding for each value that is nowhere, or in several places.
    """
    marked = list(regions)
    findings: list[Finding] = []
    for key, value in entities:
        places = _find_value(regions, value)
        free = [place for place in places if all(marked[at].key_cls is None for at in place)]
        if len(free) != 1:
            reason = f"in {len(places)} places" if places else "on no line"
            findings.append(("L075", None, f"{key} '{value}' is {reason}"))
            continue
        for at in free[0]:
            marked[at] = replace(marked[at], key_cls=key)
    return marked, findings


def _find_value(regions: Sequence[TextRegion], value: str) -> list[range]:
    """Return the runs of lines that are a value; without any, the lines that contain it."""
    wanted = _bare(value)
    texts = [_bare(region.transcription) for region in regions]
    if not wanted:
        return []
    runs = []
    for start in range(len(texts)):
        joined = ""
        for end in range(start, min(start + _LONGEST_RUN, len(texts))):
            joined += texts[end]
            if not texts[start] or not texts[end] or not wanted.startswith(joined):
                break
            if joined == wanted:
                runs.append(range(start, end + 1))
                break
    if runs:
        return runs
    whole = re.compile(rf"(?<![\w.,]){re.escape(_spaced(value))}(?![\w]|[.,]\d)")
    return [
        range(at, at + 1) for at, region in enumerate(regions) if whole.search(_spaced(region.transcription))
    ]


def _bare(text: str) -> str:
    """Return a text without case, spaces and commas: the values join lines by either."""
    return re.sub(r"[\s,]+", "", text.casefold())


def _spaced(text: str) -> str:
    """Return a text without case, with single spaces."""
    return " ".join(text.casefold().split())
