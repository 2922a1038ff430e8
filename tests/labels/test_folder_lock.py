"""Two writers never have one labelled folder at a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ppocr_kit.errors import SetupError
from ppocr_kit.labels.folder_lock import lock_folder

_HOLD = """
import sys
from pathlib import Path
from ppocr_kit.labels.folder_lock import lock_folder
with lock_folder(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_writer_is_refused_and_the_folder_holds_no_lock_file(tmp_path: Path) -> None:
    with lock_folder(tmp_path):
        with pytest.raises(SetupError, match="labelling or repairing"), lock_folder(tmp_path):
            pass
        assert list(tmp_path.iterdir()) == []
    with lock_folder(tmp_path):
        pass


def test_the_lock_of_a_killed_process_is_gone(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(SetupError), lock_folder(tmp_path):
            pass
        holder.kill()
    with lock_folder(tmp_path):
        pass


def test_a_missing_folder_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SetupError), lock_folder(tmp_path / "none"):
        pass
