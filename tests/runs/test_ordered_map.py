"""Working on several things at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from ppocr_kit.runs.workers.ordered_map import ordered_map
from ppocr_kit.runs.workers.portions import portions


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_come_in_the_order_of_the_items(workers):
    def work(worker: int, item: int) -> int:
        time.sleep(0.002 * (item % 3))
        return item * item

    assert list(ordered_map(work, range(20), range(workers))) == [item * item for item in range(20)]


def test_no_worker_is_used_twice_at_a_time():
    busy: set[int] = set()
    lock = threading.Lock()

    def work(worker: int, item: int) -> bool:
        with lock:
            clash = worker in busy
            busy.add(worker)
        time.sleep(0.002)
        with lock:
            busy.discard(worker)
        return clash

    assert not any(ordered_map(work, range(30), [1, 2, 3]))


def test_items_are_taken_only_a_few_ahead():
    taken = []

    def items() -> Iterator[int]:
        for item in range(100):
            taken.append(item)
            yield item

    results = ordered_map(lambda worker, item: item, items(), [1, 2])
    assert next(results) == 0
    assert len(taken) <= 5
    results.close()


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_is_raised_in_its_items_turn(workers):
    def work(worker: int, item: int) -> int:
        if item == 2:
            raise ValueError("no")
        return item

    came = []
    with pytest.raises(ValueError, match="no"):
        for result in ordered_map(work, range(5), range(workers)):
            came.append(result)
    assert came == [0, 1]


@pytest.mark.parametrize(
    ("count", "task", "side_by_side", "sizes"),
    [
        (0, "det", 2, []),
        (1, "det", 1, [1]),
        (5, "det", 2, [1] * 5),
        (12, "det", 2, [2] * 6),
        (400, "det", 2, [16] * 25),
        (100, "rec", 1, [33, 33, 33, 1]),
    ],
)
def test_portions_keep_all_threads_busy_and_are_bounded(count, task, side_by_side, sizes):
    cut = list(portions(list(range(count)), task, side_by_side))
    assert [len(part) for part in cut] == sizes
    assert [entry for part in cut for entry in part] == list(range(count))
