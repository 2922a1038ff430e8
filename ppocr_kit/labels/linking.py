"""Numbers of regions and the links between them: ``id`` and ``linking`` of key information labels.

They occur in PaddleOCR's key information files, FUNSD and XFUND. The release looks every linked
number up without a question (PaddleOCR 3.7.0, ppocr/data/imaug/vqa/token/vqa_token_relation.py), so a
link to a region that is not there must not get that far.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Optional

from ppocr_kit.labels.region import TextRegion

# As ``labels.boxes.Finding``: code, box index, detail.
LinkFinding = tuple[str, Optional[int], str]


def parse_links(
    item: dict[str, Any], index: int
) -> tuple[int | None, tuple[tuple[int, int], ...], list[LinkFinding]]:
    """Read ``id`` and ``linking`` of one region.

    Args:
        item: The region as JSON.
        index: Its place in the list, for findings.

    Returns:
        The number, None without one; the pairs; and what was wrong with either.
    """
    findings: list[LinkFinding] = []
    number = _as_number(item.get("id"))
    if number is None and item.get("id") is not None:
        findings.append(("L076", index, f"its id is {item['id']!r:.60}"))
    pairs: list[tuple[int, int]] = []
    links = item.get("linking")
    for link in links if isinstance(links, list) else []:
        ends = [_as_number(end) for end in link] if isinstance(link, list) else []
        first, second = ends if len(ends) == 2 else (None, None)
        if first is None or second is None:
            findings.append(("L076", index, f"{link!r:.60}"))
        else:
            pairs.append((first, second))
    if links is not None and not isinstance(links, list):
        findings.append(("L076", index, f"{links!r:.60}"))
    return number, tuple(dict.fromkeys(pairs)), findings


def drop_loose_links(regions: Sequence[TextRegion]) -> tuple[list[TextRegion], list[LinkFinding]]:
    """Take away links that name a number no region of the page has, and numbers given twice.

    Returns:
        The regions, the same objects where nothing changed; and a finding for each thing taken away.
    """
    findings: list[LinkFinding] = []
    known: set[int] = set()
    unique: list[TextRegion] = []
    for region in regions:
        if region.id is not None and region.id in known:
            findings.append(("L076", region.index, f"the id {region.id} is another region's already"))
            region = replace(region, id=None)
        elif region.id is not None:
            known.add(region.id)
        unique.append(region)
    kept: list[TextRegion] = []
    for region in unique:
        loose = [pair for pair in region.linking if not known.issuperset(pair)]
        if loose:
            findings.extend(("L076", region.index, f"no region has an id of {list(pair)}") for pair in loose)
            region = replace(region, linking=tuple(pair for pair in region.linking if pair not in loose))
        kept.append(region)
    return kept, findings


def _as_number(value: Any) -> int | None:
    """Return an id as an integer; digits in quotes count, true and false do not."""
    if type(value) is int:
        return value if abs(value) < 1 << 63 else None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    return None
