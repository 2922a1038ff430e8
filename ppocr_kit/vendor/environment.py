"""Lane environments: which Python runs the tools of a task, and making one when there is none.

A lane is a set of packages that work together (docs/decisions/001). Its tools run, in this order,
in the interpreter that the user names, in the current one when it satisfies the lane's lock, or
in an environment that ``ppocr-kit env sync`` made.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from ppocr_kit.errors import SetupError, UsageError
from ppocr_kit.storage import write_json_atomic
from ppocr_kit.vendor.process import ToolInvocation, run_tool

_PACKAGE = Path(__file__).resolve().parents[1]
_LOCK_PLACES = (_PACKAGE / "_data" / "locks", _PACKAGE.parent / "locks")
_MARKER = "ppocr-kit.json"
_PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([^ ;]+)")
_OPENCV_WHEELS = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)
# Asked of an interpreter that is not ours: versions of all its packages, as JSON.
_LIST_PACKAGES = (
    "import importlib.metadata as m, json, sys\n"
    "v = {(d.metadata['Name'] or '').lower().replace('_', '-'): d.version for d in m.distributions()}\n"
    "v['python'] = '.'.join(map(str, sys.version_info[:3]))\n"
    "print('\\n' + json.dumps(v))"
)


@dataclass(frozen=True)
class Lane:
    """A set of packages that work together.

    Attributes:
        name: ``paddle``.
        purpose: What runs in it.
        lock: File of exact pins in ``locks/``.
        variable: Environment variable by which a user names an interpreter.
        keys: Packages whose version decides whether an interpreter satisfies the lock.
        framework: Wheels of the framework; any one of them will do.
    """

    name: str
    purpose: str
    lock: str
    variable: str
    keys: tuple[str, ...]
    framework: tuple[str, ...]


LANES: dict[str, Lane] = {
    "paddle": Lane(
        name="paddle",
        purpose="det and rec: train, eval, export, predict, the paddleocr runtime",
        lock="paddle-cpu.txt",
        variable="PPOCR_KIT_PADDLE_PYTHON",
        # the two whose newer versions break the release's transforms without an error
        keys=("numpy", "opencv-python-headless", "albumentations"),
        framework=("paddlepaddle", "paddlepaddle-gpu"),
    ),
}


@dataclass(frozen=True)
class Interpreter:
    """A Python that can run a lane's tools.

    Attributes:
        python: The executable.
        origin: ``named`` by the user, ``current``, or ``made`` by ``env sync``.
        versions: Package versions worth recording, ``python`` among them.
        warnings: What is unusual about it.
    """

    python: Path
    origin: str
    versions: Mapping[str, str]
    warnings: tuple[str, ...] = ()


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
    for place in _LOCK_PLACES:
        if (place / lane.lock).is_file():
            return place / lane.lock
    raise SetupError(
        f"the installation lacks the lock {lane.lock}",
        at=str(_LOCK_PLACES[0]),
        hint="install ppocr-kit again",
    )


def environment_folder(lane: Lane) -> Path:
    """Return where ``env sync`` puts the lane's environment: named by its lock's hash."""
    home = os.environ.get("PPOCR_KIT_HOME")
    if home:
        base = Path(home)
    else:
        from platformdirs import user_cache_path

        base = user_cache_path("ppocr-kit")
    digest = hashlib.sha256(lock_file(lane).read_bytes()).hexdigest()[:12]
    python = f"py{sys.version_info.major}{sys.version_info.minor}"
    return base / "envs" / f"{lane.name}-{python}-{digest}"


def find_interpreter(name: str) -> Interpreter:
    """Find the Python that runs a lane's tools.

    Args:
        name: Name of the lane.

    Raises:
        SetupError: None of the three places has one; each is named with what is wrong there.
    """
    lane = get_lane(name)
    named = os.environ.get(lane.variable)
    if named:
        return _named(lane, Path(named))
    versions = _current_versions()
    wrong = mismatches(lane, versions)
    if not wrong:
        return _interpreter(lane, Path(sys.executable), "current", versions)
    made = environment_folder(lane)
    if (made / _MARKER).is_file():
        body = json.loads((made / _MARKER).read_text(encoding="utf-8"))
        return _interpreter(lane, _python_of(made), "made", body["versions"])
    raise SetupError(
        f"no environment for {lane.purpose.split(':')[0]}: this Python has {'; '.join(wrong)}",
        at=sys.executable,
        hint=f"ppocr-kit env sync {lane.name} (or name a Python of yours in {lane.variable})",
    )


def mismatches(lane: Lane, versions: Mapping[str, str]) -> list[str]:
    """Say what keeps an interpreter from running a lane's tools; empty when nothing does."""
    wrong = []
    if not any(package in versions for package in lane.framework):
        wrong.append(f"no {lane.framework[0]}")
    pins = read_pins(lock_file(lane))
    for package in lane.keys:
        have, wanted = versions.get(package), pins.get(package, ())
        if have is None and not (package.startswith("opencv") and _opencv(versions)):
            wrong.append(f"no {package}")
        elif have is not None and wanted and have not in wanted:
            wrong.append(f"{package} {have}, not {' or '.join(wanted)}")
    return wrong


def read_pins(lock: Path) -> dict[str, tuple[str, ...]]:
    """Read a lock's pins: versions by package, several where Pythons differ."""
    pins: dict[str, tuple[str, ...]] = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        pin = _PIN.match(line)
        if pin:
            package = pin[1].lower().replace("_", "-")
            pins[package] = (*pins.get(package, ()), pin[2])
    return pins


def sync_commands(lane: Lane, base: Path | None = None) -> list[ToolInvocation]:
    """List the processes that make a lane's environment, for running or showing.

    Pip is left to its own configuration: mirrors, proxies and certificates are the user's.

    Args:
        lane: The lane.
        base: The Python to make it from; the current one by default.
    """
    folder = environment_folder(lane)
    install = ["-m", "pip", "install", "--no-deps", "--disable-pip-version-check", "-r", str(lock_file(lane))]
    return [
        ToolInvocation(
            "python -m venv", (str(base or sys.executable), "-m", "venv", str(folder)), Path.cwd()
        ),
        ToolInvocation("pip install", (str(_python_of(folder)), *install), Path.cwd()),
    ]


def sync_environment(
    lane: Lane, base: Path | None = None, on_line: Callable[[str], None] | None = None
) -> Interpreter:
    """Make a lane's environment unless it is there.

    A virtual environment cannot be moved, so it is made in place; a marker written last tells a
    whole one from one that was interrupted, which is made anew.

    Raises:
        SetupError: Another process is making it, or pip failed.
        ToolError: The Python has no ``venv``.
    """
    folder = environment_folder(lane)
    with _exclusively(folder):
        if not (folder / _MARKER).is_file():
            shutil.rmtree(folder, ignore_errors=True)
            folder.parent.mkdir(parents=True, exist_ok=True)
            for command in sync_commands(lane, base):
                run_tool(command, on_line=on_line)
            write_json_atomic(folder / _MARKER, {"versions": _versions_of(_python_of(folder))})
    body = json.loads((folder / _MARKER).read_text(encoding="utf-8"))
    return _interpreter(lane, _python_of(folder), "made", body["versions"])


def _named(lane: Lane, python: Path) -> Interpreter:
    if not python.is_file():
        raise SetupError("the Python named here does not exist", at=f"{lane.variable}={python}")
    versions = _versions_of(python)
    wrong = mismatches(lane, versions)
    if any(problem.startswith("no ") for problem in wrong):
        raise SetupError(
            f"the Python named here cannot run {lane.name}: {'; '.join(wrong)}",
            at=f"{lane.variable}={python}",
            hint=f"{python} -m pip install --no-deps -r {lock_file(lane)}",
        )
    # the user chose it: other versions than those of the lock are told, not refused
    return _interpreter(lane, python, "named", versions, wrong)


def _interpreter(
    lane: Lane, python: Path, origin: str, versions: Mapping[str, str], warnings: Sequence[str] = ()
) -> Interpreter:
    wheels = _opencv(versions)
    if len(wheels) > 1:
        warnings = [*warnings, f"{len(wheels)} OpenCV wheels lie over each other: {', '.join(wheels)}"]
    kept = ("python", *lane.framework, *lane.keys, "paddleocr", "paddlex", *wheels)
    chosen = {package: versions[package] for package in dict.fromkeys(kept) if package in versions}
    return Interpreter(python, origin, chosen, tuple(warnings))


def _opencv(versions: Mapping[str, str]) -> list[str]:
    return [wheel for wheel in _OPENCV_WHEELS if wheel in versions]


def _current_versions() -> dict[str, str]:
    versions = {"python": ".".join(str(part) for part in sys.version_info[:3])}
    lane_packages = {package for lane in LANES.values() for package in (*lane.keys, *lane.framework)}
    for package in {*lane_packages, *_OPENCV_WHEELS, "paddleocr", "paddlex"}:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _versions_of(python: Path) -> dict[str, str]:
    """Ask another interpreter for its package versions."""
    call = ToolInvocation("python", (str(python), "-c", _LIST_PACKAGES), Path.cwd(), timeout_s=120)
    result = run_tool(call)
    try:
        found: Any = json.loads(result.tail[-1])
    except (ValueError, IndexError) as error:
        raise SetupError("the Python does not answer as one", at=str(python)) from error
    return {str(name): str(version) for name, version in found.items()}


def _python_of(folder: Path) -> Path:
    return folder / "bin" / "python"


@contextmanager
def _exclusively(folder: Path) -> Iterator[None]:
    """Keep two processes from making the same environment; the lock dies with its holder."""
    import fcntl

    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SetupError(
                "another ppocr-kit is making this environment", at=str(folder), hint="wait for it to finish"
            ) from error
        yield
