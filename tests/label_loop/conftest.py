"""PPOCRLabel itself, on a virtual screen where there is one and on Qt's own offscreen one elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ppocr_kit.vendor.environment import find_interpreter

DRIVER = Path(__file__).parent / "scripts" / "drive_window.py"
_LIBRARIES = "import cv2; from PyQt5 import QtWidgets"

Drive = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def label_python() -> Path:
    """The Python of the label lane, which ``make test`` brings."""
    python = find_interpreter("label").python
    asked = subprocess.run([str(python), "-c", _LIBRARIES], capture_output=True, text=True)
    if asked.returncode:
        # what pip cannot bring: the system's libraries of any window
        pytest.skip(
            f"PPOCRLabel was NOT opened: {asked.stderr.strip().splitlines()[-1]} (apt-get install libgl1)"
        )
    return python


@pytest.fixture(scope="session")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Environment of a screen of its own: Xvfb, else Qt's offscreen platform."""
    # settings of the user's own PPOCRLabel lie in the home folder
    home = {"HOME": str(tmp_path_factory.mktemp("home"))}
    if shutil.which("Xvfb") is None:
        yield {**home, "QT_QPA_PLATFORM": "offscreen"}
        return
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1000x24"],
        pass_fds=(write,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as number:
            yield {**home, "DISPLAY": f":{number.readline().strip()}", "QT_QPA_PLATFORM": "xcb"}
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def drive(label_python: Path, screen: dict[str, str], tmp_path: Path) -> Drive:
    """Return a function that opens PPOCRLabel on a folder, and returns what it showed."""

    def open_folder(
        folder: Path,
        *,
        check: tuple[str, ...] = (),
        plain: bool = False,
        kie: bool = False,
        offered: tuple[str, ...] = (),
        export: bool = False,
        screenshot: Path | None = None,
    ) -> dict[str, Any]:
        job, result = tmp_path / "job.json", tmp_path / "result.json"
        wishes = {"folder": str(folder), "lang": "en", "kie": kie, "offered": offered, "check": check}
        wishes.update(plain=plain, export=export, screenshot=str(screenshot) if screenshot else None)
        wishes.update(whole_screen="DISPLAY" in screen)
        job.write_text(json.dumps(wishes), encoding="utf-8")
        done = subprocess.run(
            [str(label_python), str(DRIVER), str(job), str(result)],
            env={**os.environ, **screen},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        shown: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
        return shown

    return open_folder
