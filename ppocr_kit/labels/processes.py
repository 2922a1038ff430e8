"""Work on many pages with several processes, in order, and end cleanly whatever happens to them.

Placing, hashing and describing a page hold the interpreter lock for about as long as decoding and
encoding run without it, so threads stop paying at the second core. Processes are started from a fork
server that has imported OpenCV once: it starts in a third of a second, and, unlike a plain fork, is
safe in a program that has threads.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait
from types import ModuleType
from typing import TypeVar

from ppocr_kit.errors import SetupError

Item = TypeVar("Item")
Result = TypeVar("Result")

_IN_FLIGHT_PER_PROCESS = 3

# What every worker needs, imported once for all of them.
_PRELOADED = ["ppocr_kit.datasets.cutting"]


def map_in_processes(
    work: Callable[[Item], Result], items: Iterable[Item], processes: int
) -> Iterator[Result]:
    """Apply ``work`` in processes and yield results in order, holding only a few at a time.

    When it raises, or the caller stops, work that has not begun is dropped and the processes end.

    Args:
        work: A function of a module; pickled once per item.
        items: Large enough that a message between processes does not count: chunks of pages.
        processes: How many.

    Raises:
        SetupError: A process was killed, for example because memory ran out.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    executor = ProcessPoolExecutor(processes, mp_context=context, initializer=_prepare_process)
    pending: deque[Future[Result]] = deque()
    try:
        for item in items:
            with _no_main_module():
                pending.append(executor.submit(work, item))
            if len(pending) >= processes * _IN_FLIGHT_PER_PROCESS:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    except BrokenProcessPool as error:
        raise SetupError(
            "a worker process was killed; nothing was changed",
            hint="free some memory, or use fewer processes with --workers 1",
        ) from error
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _no_main_module() -> Iterator[None]:
    """Hide the program that is running from the processes that are started.

    They would run it again to have its functions, of which they need none: a second of imports, and a
    build within a build where a script has no ``if __name__ == "__main__"``.
    """
    program = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = program


def _prepare_process() -> None:
    """Set up a worker: Ctrl-C is for the parent alone, and nobody outlives the parent."""
    import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # one thread each: there is a process for every core
    cv2.setNumThreads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Wait until the parent is gone, also by SIGKILL, which it cannot tell anybody about."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
