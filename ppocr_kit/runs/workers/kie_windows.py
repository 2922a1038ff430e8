"""A page's entities, laid into windows that the network can read, and which window answers for which.

Windows hold whole entities in reading order and overlap, so that an entity near the edge of one lies
further inside the next.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# An entity of a page: ``transcription``, ``points`` (pixels of the picture), ``id``, and for its score
# its ``label``.
Entity = Mapping[str, Any]


@dataclass(frozen=True)
class Page:
    """A picture and the texts on it.

    Attributes:
        picture: Path of its file.
        entities: Its entities, each id once.
    """

    picture: str
    entities: tuple[Entity, ...]


@dataclass(frozen=True)
class Window:
    """A run of a page's entities that the network reads at once.

    Attributes:
        begin: Its first entity, by reading order.
        end: The entity behind its last.
        offsets: Where each of them begins in the window, and at the end where the last one ends; tokens.
        is_first: Whether the page begins with it.
        is_last: Whether the page ends with it.
    """

    begin: int
    end: int
    offsets: tuple[int, ...]
    is_first: bool
    is_last: bool

    def margin(self, entity: int) -> float:
        """Return how many tokens an entity lies inside the window; the page's own ends are no edges.

        Args:
            entity: Its number by reading order; it lies in this window.
        """
        place = entity - self.begin
        left = math.inf if self.is_first else self.offsets[place]
        right = math.inf if self.is_last else self.offsets[-1] - self.offsets[place + 1]
        return min(left, right)


def plan_windows(lengths: Sequence[int], limit: int, overlap: int) -> list[Window]:
    """Lay entities into windows.

    Args:
        lengths: Tokens of each entity, in reading order. One that is longer than a window gets a window
            for itself.
        limit: Tokens of a window.
        overlap: Tokens that a window has in common with the one before it, at most.

    Returns:
        Windows in order; one when all fit into it, none without an entity.
    """
    spans: list[tuple[int, int]] = []
    begin = 0
    while begin < len(lengths):
        end, used = begin + 1, lengths[begin]
        while end < len(lengths) and used + lengths[end] <= limit:
            used += lengths[end]
            end += 1
        if end == len(lengths):
            spans.append((begin, end))
            break
        spans.append((begin, end))
        following, shared = end, 0
        # what is shared must leave room for the entity that did not fit
        while following - 1 > begin and shared + lengths[following - 1] <= min(overlap, limit - lengths[end]):
            following -= 1
            shared += lengths[following]
        begin = following
    return [_window(lengths, begin, end) for begin, end in spans]


def _window(lengths: Sequence[int], begin: int, end: int) -> Window:
    offsets = [0]
    for length in lengths[begin:end]:
        offsets.append(offsets[-1] + length)
    return Window(begin, end, tuple(offsets), begin == 0, end == len(lengths))


def best_window(windows: Sequence[Window], *entities: int) -> int:
    """Return the window in which entities lie furthest from the edges, the first of several alike.

    Args:
        windows: All windows of a page.
        entities: Numbers by reading order; at least one window holds them all.
    """
    holding = [
        (-min(window.margin(entity) for entity in entities), number)
        for number, window in enumerate(windows)
        if all(window.begin <= entity < window.end for entity in entities)
    ]
    return min(holding)[1]
