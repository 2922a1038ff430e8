"""Fixtures that all tests share: where the project lies, the release, and the shared real data."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import settings

from ppocr_kit.errors import SetupError
from ppocr_kit.vendor.environment import find_interpreter

PROJECT = Path(__file__).resolve().parents[1]
SHARED = PROJECT.parent / "shared"

MakeFolder = Callable[..., Path]

# runs in the vl lane, which has torch (make test)
collect_ignore = [] if find_spec("torch") else ["vl_engine"]

# a busy machine is no reason to fail
settings.register_profile("kit", deadline=None)
settings.load_profile("kit")

# one thread per process: faster on small machines, and the same everywhere
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let golden files be rewritten (the commit says why they changed), and let slow tests run."""
    parser.addoption("--update-golden", action="store_true", help="rewrite golden files, then look at them")
    parser.addoption("--slow", action="store_true", help="train the server and medium models too")


# pytest-xdist reads the groups in its own hook of this name
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave slow tests out unless ``--slow`` is given, and keep a file's tests in one process.

    What a file trains for its tests is trained once then. The tests marked ``spread`` need nothing of
    each other and go to whichever process is free.
    """
    for item in items:
        if not item.get_closest_marker("spread"):
            item.add_marker(pytest.mark.xdist_group(item.path.name))
    if config.getoption("--slow"):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if not item.get_closest_marker("slow")]


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with ``golden/NAME`` beside the test, byte for byte."""

    def check(name: str, text: str) -> None:
        path = request.path.parent / "golden" / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text.encode("utf-8"))
        assert text == path.read_bytes().decode("utf-8")

    return check


@pytest.fixture(scope="session")
def kit_in_foreground() -> list[str]:
    """The kit as a command that Ctrl-C reaches; a script's job in the background starts with it ignored."""
    start = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    return [sys.executable, "-c", f"{start}; from ppocr_kit.cli.main import run; run()"]


def lane_python(lane: str) -> Path:
    """Return the Python of a lane; without it tests are skipped, but not where ``make test`` made it."""
    try:
        return find_interpreter(lane).python
    except SetupError as error:
        if lane in os.environ.get("PPOCR_KIT_TESTED_LANES", "").split():
            raise
        pytest.skip(f"no lane {lane} here: {error.hint}")


@pytest.fixture(scope="session")
def kie_python() -> Path:
    """The Python of key information."""
    return lane_python("kie")


@pytest.fixture(scope="session")
def vl_python() -> Path:
    """The Python of PaddleOCR-VL."""
    return lane_python("vl")


@pytest.fixture(scope="session")
def project() -> Path:
    """The root of the checkout."""
    return PROJECT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real exports and weights beside the checkout; absent on a user's machine."""
    if not SHARED.is_dir():
        pytest.skip("no ../shared beside the checkout: real exports and weights are not here")
    return SHARED


@pytest.fixture(scope="session")
def release_path() -> Path:
    """The vendored release of the checkout, brought by ``make test``."""
    from ppocr_kit.vendor.release import find_release

    return find_release(PROJECT).path


@pytest.fixture
def workspace(tmp_path: Path, release_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project folder as the current folder, with the release used in place."""
    from ppocr_kit.vendor.release import sync_release

    monkeypatch.chdir(tmp_path)
    sync_release(project=tmp_path, source=str(release_path))
    return tmp_path


@pytest.fixture
def make_folder(tmp_path: Path) -> MakeFolder:
    """Return a function that makes ``tmp_path/<name>`` with images (100 x 60) and a Label.txt."""

    def make(label: str | bytes, images: tuple[str, ...] = ("a.png",), name: str = "batch") -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True, exist_ok=True)
        for number, image in enumerate(images):
            path = folder / image
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.random.default_rng(number).integers(0, 256, (60, 100, 3), dtype=np.uint8)
            path.write_bytes(cv2.imencode(path.suffix.lower(), pixels)[1].tobytes())
        content = label if isinstance(label, bytes) else label.encode("utf-8")
        (folder / "Label.txt").write_bytes(content)
        return folder

    return make
