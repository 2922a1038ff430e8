"""Preparing the next batches while the model is busy with one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Ready = TypeVar("Ready")

# Batches begun before their turn: one to be taken at once, one that is being made.
_AHEAD = 2


def read_ahead(
    work: Callable[[Item], Ready], batches: Sequence[Sequence[Item]], threads: int
) -> Iterator[tuple[Sequence[Item], list[Ready]]]:
    """Yield each batch with what ``work`` makes of its items, in order, a few made ahead.

    Args:
        work: Called in threads; what it raises is raised here, in the item's turn.
        batches: The items.
        threads: How many items are worked on at a time.
    """
    waiting: deque[tuple[Sequence[Item], list[Future[Ready]]]] = deque()
    pool = ThreadPoolExecutor(threads)
    try:
        for batch in batches:
            waiting.append((batch, [pool.submit(work, item) for item in batch]))
            if len(waiting) > _AHEAD:
                first, futures = waiting.popleft()
                yield first, [future.result() for future in futures]
        while waiting:
            first, futures = waiting.popleft()
            yield first, [future.result() for future in futures]
    finally:
        # also when the caller gives up: what has not begun need not
        pool.shutdown(wait=True, cancel_futures=True)
