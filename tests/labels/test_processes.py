from __future__ import annotations

import errno
import itertools
import os
import subprocess
import sys

import process_jobs
import pytest

from ppocr_kit.errors import SetupError
from ppocr_kit.labels.processes import map_in_processes


def test_results_come_in_order_whichever_process_is_faster():
    assert list(map_in_processes(process_jobs.double_slowly, range(20), 3)) == list(range(0, 40, 2))


def test_no_items_give_no_results():
    assert list(map_in_processes(process_jobs.double, [], 2)) == []


def test_items_are_taken_only_as_fast_as_results_are():
    taken = []

    def items():
        for number in itertools.count():
            taken.append(number)
            yield number

    results = map_in_processes(process_jobs.double, items(), 2)
    assert [next(results) for _ in range(3)] == [0, 2, 4]
    assert len(taken) < 20
    results.close()


def test_every_process_uses_one_thread_of_opencv():
    assert set(map_in_processes(process_jobs.threads_of_opencv, range(4), 2)) == {1}


def test_ctrl_c_is_left_to_the_parent():
    assert list(map_in_processes(process_jobs.ignore_interrupt, range(2), 1)) == [True, True]


def test_a_killed_worker_is_a_clear_error_and_not_a_hang():
    with pytest.raises(SetupError, match="worker process was killed") as caught:
        list(map_in_processes(process_jobs.die, range(50), 2))
    assert "--workers 1" in str(caught.value.hint)


def test_an_error_of_a_worker_is_raised_as_it_is():
    with pytest.raises(OSError, match="No space left") as caught:
        list(map_in_processes(process_jobs.fill_disk, range(50), 2))
    assert caught.value.errno == errno.ENOSPC


def test_stopping_early_drops_what_has_not_begun():
    results = map_in_processes(process_jobs.ten_milliseconds, range(10_000), 2)
    assert next(results) == 0
    results.close()


def test_a_program_without_a_guard_is_not_run_again(tmp_path, project):
    program = tmp_path / "program.py"
    program.write_text(
        "import math\n"
        "from ppocr_kit.labels.processes import map_in_processes\n"
        "print(sum(map_in_processes(math.isqrt, [4, 9, 16], 2)))\n",
        "utf-8",
    )
    done = subprocess.run(
        [sys.executable, str(program)],
        env={**os.environ, "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("9\n", "")
