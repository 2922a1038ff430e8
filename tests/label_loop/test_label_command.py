"""The label command with the real window: one at a time on a folder, and nothing lost when it is ended."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ppocr_kit.errors import SetupError
from ppocr_kit.labels.folder_files import read_checked

pytestmark = pytest.mark.skipif(not Path("/proc/locks").exists(), reason="looks at locks through /proc")

MakeFolder = Callable[..., Path]
LABEL = (
    'batch/a.png\t[{"transcription": "a", "points": [[0, 0], [9, 0], [9, 9], [0, 9]], "difficult": false}]\n'
)
DEADLINE_S = 60


def holders(folder: Path) -> list[int]:
    """Return who holds the folder's lock, without trying it: that would refuse the window."""
    rows = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    inode = str(folder.stat().st_ino)
    return [int(row[4]) for row in rows if row[1] == "FLOCK" and row[5].split(":")[-1] == inode]


def is_ready(pid: int) -> bool:
    """Tell whether a process takes SIGTERM itself: the last thing before the window waits for its user."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    caught = next(int(line.split()[1], 16) for line in status if line.startswith("SigCgt"))
    return bool(caught >> (signal.SIGTERM - 1) & 1)


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.05)


def windows_of(command: subprocess.Popen[str]) -> list[int]:
    listed = Path(f"/proc/{command.pid}/task/{command.pid}/children").read_text().split()
    return [int(word) for word in listed]


def test_one_window_at_a_time_and_ending_the_command_saves(
    make_folder: MakeFolder, label_python: Path, screen: dict[str, str], kit_in_foreground: list[str]
) -> None:
    folder = make_folder(LABEL)
    words = [*kit_in_foreground, "label", str(folder)]
    env = {**os.environ, **screen, "PPOCR_KIT_LABEL_PYTHON": str(label_python)}
    command = subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        # the window itself holds it, so that it stays held when the command is killed
        wait_for(lambda: any(pid in windows_of(command) and is_ready(pid) for pid in holders(folder)))
        second = subprocess.run(words, env=env, capture_output=True, text=True)
        assert second.returncode == SetupError.exit_code and "close PPOCRLabel" in second.stderr
        command.send_signal(signal.SIGINT)
        assert command.wait(timeout=DEADLINE_S) == 130
    finally:
        command.kill()
        command.communicate()
    assert holders(folder) == []
    assert read_checked(folder) == ["batch/a.png"]
    assert (folder / "Label.txt").read_text() == LABEL
