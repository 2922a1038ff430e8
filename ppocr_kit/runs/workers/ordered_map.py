"""Work on several things at a time, and hand the results out in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import TypeVar

Worker = TypeVar("Worker")
Item = TypeVar("Item")
Result = TypeVar("Result")

# Items begun ahead of the one that is handed out, per worker: enough that none waits for the slowest.
_AHEAD = 2


def ordered_map(
    work: Callable[[Worker, Item], Result], items: Iterable[Item], workers: Sequence[Worker]
) -> Iterator[Result]:
    """Yield ``work(worker, item)`` for each item in order, each worker busy with one item at a time.

    Threads are enough where the work is done by libraries that let go of Python's lock meanwhile:
    networks, decoding, resizing.

    Args:
        work: Called in a thread; what it raises is raised here, in the item's turn.
        items: Taken only a few ahead, however many there are.
        workers: What only one thread may use at a time, such as a loaded network.
    """
    if len(workers) == 1:
        for item in items:
            yield work(workers[0], item)
        return
    free: SimpleQueue[Worker] = SimpleQueue()
    for worker in workers:
        free.put(worker)

    def take_turns(item: Item) -> Result:
        worker = free.get()
        try:
            return work(worker, item)
        finally:
            free.put(worker)

    with ThreadPoolExecutor(len(workers)) as pool:
        begun: deque[Future[Result]] = deque()
        for item in items:
            begun.append(pool.submit(take_turns, item))
            if len(begun) > _AHEAD * len(workers):
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
