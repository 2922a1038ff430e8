"""What key information cannot learn of a page; ``dataset build`` and ``labels check`` tell it alike."""

from __future__ import annotations

from collections.abc import Sequence

from ppocr_kit.labels.boxes import Finding
from ppocr_kit.labels.kie_pages import KiePage
from ppocr_kit.labels.kie_window_plan import PlannedPage
from ppocr_kit.labels.link_naming import Side
from ppocr_kit.labels.links import Link

# Pixels of difference in height up to which PaddleOCR takes boxes for one line.
_ONE_LINE = 20


def check_texts(page: KiePage, planned: PlannedPage) -> list[Finding]:
    """Tell what of a page's texts is not learnt, for SER and RE.

    Args:
        page: The page.
        planned: Its windows.

    Returns:
        The page has no text (L098), is cut into windows (L100), a text is longer than a window (L101).
    """
    if not page.entities:
        return [("L098", None, "")]
    findings: list[Finding] = []
    room, windows = planned.options.room, len(planned.windows)
    if windows > 1:
        findings.append(("L100", None, f"{sum(planned.lengths)} tokens in {windows} windows"))
    for entity, length in zip(page.entities, planned.lengths):
        if length > room:
            findings.append(("L101", entity.id, f"{length} tokens, the window has {room}"))
    return findings


def check_pairs(page: KiePage, planned: PlannedPage) -> list[Finding]:
    """Tell what of a page's links is not learnt, for RE.

    Args:
        page: The page.
        planned: Its windows.

    Returns:
        A window has no pair of a question and an answer (L099), a link is in no window (L102).
    """
    findings: list[Finding] = []
    for number, window in enumerate(planned.windows, start=1):
        if not has_pair(page, window):
            several = len(planned.windows) > 1
            findings.append(("L099", None, f"window {number} of {len(planned.windows)}" if several else ""))
    for link in links_over(page, planned):
        findings.append(("L102", link.question, f"to box {link.answer}"))
    return findings


def check_order(page: KiePage) -> list[Finding]:
    """Tell whether PaddleOCR reads the boxes of a page in another order than people do (L103).

    VI-LayoutXLM sorts the boxes of each row from the top; boxes that begin less than 20 pixels apart count
    as one line, whatever the resolution. On small pages two lines become one, on large tilted ones a line
    becomes two.

    Source: PaddleOCR 3.7.0, ppocr/data/imaug/vqa/augment.py, ``order_by_tbyx``.

    Args:
        page: The page.
    """
    corners = [
        (int(min(y for _, y in entity.points)), int(min(x for x, _ in entity.points)))
        for entity in page.entities
    ]
    rank = {number: place for place, number in enumerate(_order_by_fixed_lines(corners))}
    swapped = [number for number in range(1, len(corners)) if rank[number] < rank[number - 1]]
    if not swapped:
        return []
    first = page.entities[swapped[0]]
    return [("L103", first.id, f"{len(swapped)} of {len(corners)} boxes go before the one they follow")]


def _order_by_fixed_lines(corners: Sequence[tuple[int, int]]) -> list[int]:
    """Return places of boxes in PaddleOCR's order.

    Args:
        corners: Top and left of each, pixels.
    """
    order = sorted(range(len(corners)), key=lambda number: corners[number])
    for end in range(1, len(order) - 1):
        # the first two boxes are never exchanged
        for place in range(end, 0, -1):
            (top, left), (next_top, next_left) = (corners[order[place + step]] for step in (0, 1))
            if abs(next_top - top) >= _ONE_LINE or next_left >= left:
                break
            order[place], order[place + 1] = order[place + 1], order[place]
    return order


def has_pair(page: KiePage, window: range) -> bool:
    """Tell whether a window has a question and an answer; without, RE learns nothing from it."""
    sides = {page.entities[place].side for place in window}
    return sides >= {Side.QUESTION, Side.ANSWER}


def links_within(page: KiePage, window: range) -> list[Link]:
    """Return the links of a page that have both ends in a window."""
    there = {page.entities[place].id for place in window}
    return [link for link in page.links if there.issuperset(link.ends)]


def links_over(page: KiePage, planned: PlannedPage) -> list[Link]:
    """Return the links of a page that no window holds."""
    within = {link for window in planned.windows for link in links_within(page, window)}
    return [link for link in page.links if link not in within]
