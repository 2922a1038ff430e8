"""How many pictures are worked on together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

Entry = TypeVar("Entry")

# Pictures that share batches; more make the first answer late and hold more pixels in memory.
_MOST_TOGETHER = {"det": 16, "rec": 64}
# Each thread gets this many portions at least, so that none is idle while another ends the last one.
_PORTIONS_EACH = 3


def portions(entries: Sequence[Entry], task: str, side_by_side: int) -> Iterator[Sequence[Entry]]:
    """Cut pictures into portions that are worked on together.

    Args:
        entries: The pictures.
        task: ``det`` where boxes are looked for, ``rec`` where pictures are of one text each.
        side_by_side: Threads that take portions.
    """
    size = max(1, min(_MOST_TOGETHER[task], len(entries) // (_PORTIONS_EACH * side_by_side)))
    for start in range(0, len(entries), size):
        yield entries[start : start + size]
