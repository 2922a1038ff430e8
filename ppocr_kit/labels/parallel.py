"""Work on many pages with several threads, in order and without piling up results.

Threads are enough: reading, decoding, warping and encoding run outside the interpreter lock.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_IN_FLIGHT_PER_THREAD = 8


def usable_cores() -> int:
    """Return the number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def map_in_order(work: Callable[[Item], Result], items: Iterable[Item], threads: int) -> Iterator[Result]:
    """Apply ``work`` in threads and yield results in order, holding only a few at a time.

    When it raises, work that has not begun is dropped.
    """
    import cv2

    # threads of OpenCV's own would wait for one another beside ours, which takes more time than they save
    cv2.setNumThreads(1)
    pending: deque[Future[Result]] = deque()
    executor = ThreadPoolExecutor(max_workers=threads)
    try:
        for item in items:
            pending.append(executor.submit(work, item))
            if len(pending) >= threads * _IN_FLIGHT_PER_THREAD:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
