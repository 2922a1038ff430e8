"""Cut a page that is longer than the network's window into overlapping windows of whole entities.

PaddleOCR keeps the first window of a page and drops the rest, in training and in evaluation, without a
word (PaddleOCR 3.7.0, ppocr/data/imaug/vqa/token/vqa_token_chunk.py). It also drops an entity that ends
with the last token of the window for RE, so windows hold one token less than the network takes.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from ppocr_kit.labels.kie_pages import KiePage

LARGEST_WINDOW = 512
DEFAULT_OVERLAP = 128

# Counts the tokens of a text.
TokenCount = Callable[[str], int]

# The share of a window that others may have had already, for the sake of links.
_MOST_SEEN = 0.75

_WORDS = re.compile(r"\S+")
_LETTERS = re.compile(r"[A-Za-zÀ-ɏͰ-ϿЀ-ӿ]+")


@dataclass(frozen=True)
class WindowOptions:
    """How long windows are.

    Attributes:
        tokens: What the network takes (``max_seq_len``).
        overlap: Tokens that a window has in common with the one before it: as many whole entities as fit
            in, more where a link would be lost.
    """

    tokens: int = LARGEST_WINDOW
    overlap: int = DEFAULT_OVERLAP

    @property
    def room(self) -> int:
        """Tokens that a window may hold."""
        return self.tokens - 1


@dataclass(frozen=True)
class PlannedPage:
    """How a page is cut into windows.

    Attributes:
        lengths: Tokens of each entity.
        windows: Runs of places of entities; one where all fit, none without entities.
        options: How long windows are.
    """

    lengths: tuple[int, ...]
    windows: tuple[range, ...]
    options: WindowOptions


def estimate_tokens(text: str) -> int:
    """Return about how many tokens LayoutXLM's tokenizer makes of a text, rather too many than too few.

    Two letters of an alphabet count as one token, any other sign (digits too) as one of its own, and each
    word as one more. A small vocabulary that meets texts it was not learnt from may make a tenth more.
    """
    count = 0
    for word in _WORDS.findall(unicodedata.normalize("NFKC", text)):
        letters = _LETTERS.findall(word)
        count += sum(math.ceil(len(part) / 2) for part in letters)
        count += len(word) - sum(map(len, letters)) + 1
    return count


def plan_page(page: KiePage, count: TokenCount, options: WindowOptions) -> PlannedPage:
    """Plan the windows of a page.

    Args:
        page: The page.
        count: Counts the tokens of a text.
        options: How long windows are.
    """
    lengths = tuple(count(entity.text) for entity in page.entities)
    place = {entity.id: number for number, entity in enumerate(page.entities)}
    ends = [(place[link.question], place[link.answer]) for link in page.links]
    return PlannedPage(lengths, tuple(plan_windows(lengths, ends, options)), options)


def plan_windows(
    lengths: Sequence[int], links: Iterable[tuple[int, int]], options: WindowOptions
) -> list[range]:
    """Say which entities each window holds.

    A window takes as many as fit. The next one begins back by the wished overlap, and further where a link
    would otherwise be in no window. An entity that is longer than a window has one of its own.

    Args:
        lengths: Tokens of each entity, in reading order.
        links: Pairs of places in ``lengths``.
        options: How long windows are.

    Returns:
        Runs of places; one when all fit, none without entities.
    """
    until = [0, *accumulate(lengths)]
    spans = sorted({(min(link), max(link)) for link in links})
    windows: list[range] = []
    start, total = 0, len(lengths)
    while start < total:
        end = start + 1
        while end < total and until[end + 1] - until[start] <= options.room:
            end += 1
        windows.append(range(start, end))
        if end == total:
            break
        start = _next_start(until, spans, windows[-1], options)
    return windows


def _next_start(
    until: Sequence[int], spans: Sequence[tuple[int, int]], window: range, options: WindowOptions
) -> int:
    """Return where the window after this one begins."""
    end = window.stop
    # the next entity has to fit, and a part of the window has to be new
    most = min(options.room - (until[end + 1] - until[end]), int(options.room * _MOST_SEEN))
    first = start = end
    while first > window.start + 1 and until[end] - until[first - 1] <= most:
        first -= 1
    while start > first and until[end] - until[start - 1] <= options.overlap:
        start -= 1
    lows = [
        low
        for low, high in spans
        if first <= low < start and high >= end and until[high + 1] - until[low] <= options.room
    ]
    return min(lows, default=start)
