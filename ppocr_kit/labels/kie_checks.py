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
        The page has no question or no answer (L099), a link is in no window (L102).
    """
    if page.entities and not has_pair(page):
        return [("L099", None, "")]
    return [("L102", link.question, f"to box {link.answer}") for link in links_over(page, planned)]


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


def has_pair(page: KiePage) -> bool:
    """Tell whether a page has a question and an answer; without, RE learns nothing from it."""
    return {entity.side for entity in page.entities} >= {Side.QUESTION, Side.ANSWER}


def rows_for_re(page: KiePage, planned: PlannedPage) -> list[int]:
    """Return the numbers of the windows that RE has a row for.

    All with a question or an answer, so that a page is whole when its windows are put together; PaddleOCR
    refuses those with neither.
    """
    if not has_pair(page):
        return []
    sides = [entity.side for entity in page.entities]
    return [
        number
        for number, window in enumerate(planned.windows)
        if any(sides[place] is not Side.OTHER for place in window)
    ]


def links_within(page: KiePage, window: range) -> list[Link]:
    """Return the links of a page that have both ends in a window."""
    there = {page.entities[place].id for place in window}
    return [link for link in page.links if there.issuperset(link.ends)]


def links_over(page: KiePage, planned: PlannedPage) -> list[Link]:
    """Return the links of a page that no window holds."""
    within = {link for window in planned.windows for link in links_within(page, window)}
    return [link for link in page.links if link not in within]
