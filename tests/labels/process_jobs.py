"""Work for the processes of test_processes.py: a worker imports it by its name."""

from __future__ import annotations

import errno
import os
import signal
import time


def double(number: int) -> int:
    return 2 * number


def double_slowly(number: int) -> int:
    time.sleep(0.02 * (number % 3))
    return 2 * number


def ten_milliseconds(number: int) -> int:
    time.sleep(0.01)
    return number


def threads_of_opencv(number: int) -> int:
    import cv2

    return cv2.getNumThreads()


def die(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def fill_disk(number: int) -> int:
    if number == 3:
        raise OSError(errno.ENOSPC, "No space left on device", "crops/a.jpg")
    return number


def ignore_interrupt(number: int) -> bool:
    os.kill(os.getpid(), signal.SIGINT)
    return True
