"""Lanes: sets of packages that work together, and whether a Python has one of them.

Paddle for text, paddlenlp for key information and torch for PaddleOCR-VL want versions of the same
packages that exclude each other, so each has an environment and a lock of its own
(docs/decisions/001-environments-and-dependencies.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ppocr_kit.errors import SetupError, UsageError

_PACKAGE = Path(__file__).resolve().parents[1]
# a wheel carries the locks with it, a checkout has them at its top
_LOCK_PLACES = (_PACKAGE / "_data" / "locks", _PACKAGE.parent / "locks")
_PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([^ ;]+)")
_OPENCV = "opencv-python-headless"
# All of them install the same folder, cv2: of two, whichever came last is imported.
OPENCV_WHEELS = (_OPENCV, "opencv-python", "opencv-contrib-python", "opencv-contrib-python-headless")


@dataclass(frozen=True)
class Lane:
    """A set of packages that work together.

    Attributes:
        name: ``paddle``.
        purpose: What runs in it.
        lock: File of exact pins in ``locks/``.
        variable: Environment variable by which a user names an interpreter.
        keys: Packages whose other versions break the tools, often without an error.
        framework: Wheels of the framework; any one of them will do.
        size: Roughly what its environment takes on the disk, for people.
        first: Packages that are installed before the lock and with what they ask for themselves: builds
            of one version for the CPU and for GPUs ask for different wheels, and pip chooses the build.
        oldest_python: The oldest Python that its lock has pins for.
    """

    name: str
    purpose: str
    lock: str
    variable: str
    keys: tuple[str, ...]
    framework: tuple[str, ...]
    size: str
    first: tuple[str, ...] = ()
    oldest_python: tuple[int, int] = (3, 9)

    @property
    def packages(self) -> tuple[str, ...]:
        """What decides whether a Python has this lane, and what a run records of it."""
        return (*self.framework, *self.keys, *OPENCV_WHEELS, "paddleocr", "paddlex")


# One entry per environment; a new lane needs a lock of that name that was really run.
LANES: dict[str, Lane] = {
    "paddle": Lane(
        name="paddle",
        purpose="det and rec: train, eval, export, predict, the paddleocr runtime",
        lock="paddle-cpu.txt",
        variable="PPOCR_KIT_PADDLE_PYTHON",
        keys=("numpy", _OPENCV, "albumentations"),
        framework=("paddlepaddle", "paddlepaddle-gpu"),
        size="1.8 GB",
    ),
    "kie": Lane(
        name="kie",
        purpose="ser and re: train, eval, export, predict key information",
        lock="kie-cpu.txt",
        variable="PPOCR_KIT_KIE_PYTHON",
        # paddlenlp 2.8.1 imports what later versions of the last seven moved or removed
        keys=(
            "numpy",
            _OPENCV,
            "albumentations",
            "paddlenlp",
            "sentencepiece",
            "huggingface-hub",
            "datasets",
            "aistudio-sdk",
            "pyarrow",
            "pandas",
            "scikit-learn",
            "scipy",
        ),
        framework=("paddlepaddle", "paddlepaddle-gpu"),
        size="1.9 GB",
    ),
    "label": Lane(
        name="label",
        purpose="PPOCRLabel: drawing and correcting labels",
        lock="label.txt",
        variable="PPOCR_KIT_LABEL_PYTHON",
        keys=("pyqt5", "numpy", _OPENCV),
        framework=("ppocrlabel",),
        size="0.5 GB",
    ),
    "vl": Lane(
        name="vl",
        purpose="PaddleOCR-VL: prepare, check, train, merge, infer, eval",
        lock="vl-cpu.txt",
        variable="PPOCR_KIT_VL_PYTHON",
        # what writes and reads model folders
        keys=("transformers", "tokenizers", "accelerate", "peft", "numpy", _OPENCV),
        framework=("torch",),
        size="1.7 GB, with torch for GPUs 5.3 GB",
        first=("torch",),
        oldest_python=(3, 10),
    ),
}


def get_lane(name: str) -> Lane:
    """Return a lane by name.

    Raises:
        UsageError: There is none of that name.
    """
    if name not in LANES:
        raise UsageError(f"there is no lane '{name}'; there is {', '.join(LANES)}", at="LANE")
    return LANES[name]


def lock_file(lane: Lane) -> Path:
    """Return the lane's lock, in the wheel or in the checkout.

    Raises:
        SetupError: The installation lacks it.
    """
    return find_lock(lane.lock)


def find_lock(name: str) -> Path:
    """Return a lock by its file name, in the wheel or in the checkout.

    Raises:
        SetupError: The installation lacks it.
    """
    for place in _LOCK_PLACES:
        if (place / name).is_file():
            return place / name
    raise SetupError(
        f"the installation lacks the lock {name}",
        at=str(_LOCK_PLACES[0]),
        hint="install ppocr-kit again",
    )


def read_pins(lock: Path) -> dict[str, tuple[str, ...]]:
    """Read a lock's pins: versions by package, several where Pythons differ."""
    pins: dict[str, tuple[str, ...]] = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        pin = _PIN.match(line)
        if pin:
            package = pin[1].lower().replace("_", "-")
            pins[package] = (*pins.get(package, ()), pin[2])
    return pins


def mismatches(lane: Lane, versions: Mapping[str, str]) -> list[str]:
    """Say what keeps a Python from running a lane's tools; empty when nothing does.

    Args:
        lane: The lane.
        versions: Versions by package name, of at least ``lane.packages``.
    """
    pins = read_pins(lock_file(lane))
    wrong = _framework_mismatch(lane, versions, pins)
    for package in lane.keys:
        wanted = pins.get(package, ())
        if package == _OPENCV:
            wrong += _opencv_mismatch(versions, wanted)
        elif package not in versions:
            wrong.append(f"no {package}")
        elif wanted and versions[package] not in wanted:
            wrong.append(f"{package} {versions[package]}, not {' or '.join(wanted)}")
    return wrong


def lacks_packages(problems: list[str]) -> bool:
    """Whether :func:`mismatches` found something absent, not only of another version."""
    return any(problem.startswith("no ") for problem in problems)


def opencv_wheels(versions: Mapping[str, str]) -> list[str]:
    """Return the OpenCV wheels that are installed; more than one lie over each other."""
    return [wheel for wheel in OPENCV_WHEELS if wheel in versions]


def _framework_mismatch(
    lane: Lane, versions: Mapping[str, str], pins: Mapping[str, tuple[str, ...]]
) -> list[str]:
    """Compare the framework; its GPU wheels have the version of the CPU wheel, at times with ``+cu126``."""
    wanted = pins.get(lane.framework[0], ())
    found = [(wheel, versions[wheel]) for wheel in lane.framework if wheel in versions]
    if not found:
        return [f"no {lane.framework[0]}"]
    if any(version.split("+")[0] in wanted for _, version in found):
        return []
    return [f"{wheel} {version}, not {' or '.join(wanted)}" for wheel, version in found[:1]]


def _opencv_mismatch(versions: Mapping[str, str], wanted: tuple[str, ...]) -> list[str]:
    """Compare OpenCV: the lock's own wheel exactly, another kind of wheel by its major version."""
    wheels = opencv_wheels(versions)
    if not wheels:
        return [f"no {_OPENCV}"]
    majors = {version.split(".")[0] for version in wanted}
    for wheel in wheels:
        version = versions[wheel]
        fits = version in wanted if wheel == _OPENCV else version.split(".")[0] in majors
        if not fits:
            return [f"{wheel} {version}, not {' or '.join(wanted)}"]
    return []
