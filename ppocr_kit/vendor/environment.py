"""Lane environments: which Python runs the tools of a lane, and making one when there is none.

The tools of a lane run, in this order, in the interpreter that the user names, in the current one
when it has what the lane's lock says, or in an environment that ``ppocr-kit env sync`` made.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from ppocr_kit.errors import SetupError
from ppocr_kit.storage import disk_error, write_json_atomic
from ppocr_kit.vendor.lanes import (
    Lane,
    get_lane,
    lacks_packages,
    lock_file,
    mismatches,
    opencv_wheels,
)
from ppocr_kit.vendor.process import ToolInvocation, run_tool
from ppocr_kit.vendor.pythons import NO_VENV, ask_python, check_base

_MARKER = "ppocr-kit.json"
_PIP_HINT = (
    "check the network, the free space and pip's settings (pip config list; a mirror: "
    "pip config set global.index-url URL), then run the command again"
)


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


def environment_folder(lane: Lane) -> Path:
    """Return where ``env sync`` puts the lane's environment: named by its lock's hash."""
    home = os.environ.get("PPOCR_KIT_HOME")
    if home:
        base = Path(home).expanduser().absolute()
    else:
        from platformdirs import user_cache_path

        base = user_cache_path("ppocr-kit")
    digest = hashlib.sha256(lock_file(lane).read_bytes()).hexdigest()[:12]
    return base / "envs" / f"{lane.name}-{digest}"


def find_interpreter(name: str) -> Interpreter:
    """Find the Python that runs a lane's tools.

    Args:
        name: Name of the lane.

    Raises:
        SetupError: None of the three places has one; says what is wrong with the current one.
    """
    lane = get_lane(name)
    named = os.environ.get(lane.variable)
    if named:
        return _named(lane, named)
    versions = _current_versions(lane)
    wrong = mismatches(lane, versions)
    if not wrong:
        return _interpreter(lane, Path(sys.executable), "current", versions)
    folder = environment_folder(lane)
    made = _read_marker(folder)
    if made is not None:
        return _interpreter(lane, python_of(folder), "made", made)
    raise SetupError(
        f"there is no environment for lane {lane.name}; the current Python will not do: {'; '.join(wrong)}",
        at=sys.executable,
        hint=f"ppocr-kit env sync {lane.name} (or name a Python of yours in {lane.variable})",
    )


def sync_commands(lane: Lane, base: Path | None = None) -> list[ToolInvocation]:
    """List the processes that make a lane's environment, for running or showing.

    Pip is left to its own configuration: mirrors, proxies and certificates are the user's.

    Args:
        lane: The lane.
        base: The Python to make it from; the current one by default.
    """
    folder = environment_folder(lane)
    lock = str(lock_file(lane))
    pip = (str(python_of(folder)), "-m", "pip", "install")
    quiet = "--disable-pip-version-check"
    # settings that are meant for other environments than the one being made
    settings = {"PIP_USER": "0", "PYTHONPATH": ""}
    venv = (str(base or sys.executable), "-m", "venv", str(folder))
    installs: list[tuple[str, ...]] = [(*pip, "--no-deps", quiet, "-r", lock)]
    if lane.first:
        installs.insert(0, (*pip, quiet, "-c", lock, *lane.first))
    return [
        ToolInvocation("python -m venv", venv, Path.cwd(), settings),
        *(ToolInvocation("pip install", words, Path.cwd(), settings) for words in installs),
    ]


def sync_environment(
    lane: Lane, base: Path | None = None, on_line: Callable[[str], None] | None = None
) -> Interpreter:
    """Make a lane's environment unless it is there.

    A virtual environment cannot be moved, so it is made in place; a marker written last tells a
    whole one from one that was interrupted, which is made anew. One that was made from another
    Python than ``base`` is made anew too.

    Args:
        lane: The lane.
        base: The Python to make it from; the current one by default.
        on_line: Called with what venv and pip print.

    Raises:
        SetupError: Another process is making it, the Python is not one the lock was run on or has
            no ``venv``, the disk is full, or pip failed.
    """
    folder = environment_folder(lane)
    with _exclusively(folder):
        made = _read_marker(folder)
        if made is None or (base is not None and not _same_python(made, base)):
            check_base(base or Path(sys.executable), lane.oldest_python)
            made = _make(lane, folder, base, on_line)
    return _interpreter(lane, python_of(folder), "made", made)


def python_of(folder: Path) -> Path:
    """Return the interpreter of a virtual environment."""
    return folder / "bin" / "python"


def _make(
    lane: Lane, folder: Path, base: Path | None, on_line: Callable[[str], None] | None
) -> dict[str, str]:
    """Make the environment in place and write its marker last; return its versions."""
    try:
        if folder.exists():
            shutil.rmtree(folder)
    except OSError as error:
        raise disk_error(error, folder) from error
    for command in sync_commands(lane, base):
        result = run_tool(command, on_line=on_line, check=False)
        if result.returncode != 0:
            said = [line for line in result.tail if line.strip()]
            # pip names the cause in its first line of that kind, and repeats itself after it
            errors = [line for line in said if line.startswith("ERROR")]
            raise SetupError(
                f"{command.name} failed; the environment of lane {lane.name} was not made",
                at="\n       ".join((errors or said[-3:])[:3]) or str(folder),
                hint=NO_VENV if command.name.endswith("venv") else _PIP_HINT,
            )
    versions = ask_python(python_of(folder), lane.packages)
    write_json_atomic(folder / _MARKER, {"lane": lane.name, "lock": lane.lock, "versions": versions})
    return versions


def _named(lane: Lane, name: str) -> Interpreter:
    """Use the Python that the user chose: other versions than the lock's are told, not refused."""
    found = shutil.which(str(Path(name).expanduser()))
    if found is None:
        raise SetupError(
            "the Python named here does not exist or cannot be run",
            at=f"{lane.variable}={name}",
            hint="name the executable (…/bin/python), or unset the variable",
        )
    # not resolved: the link in a virtual environment is what makes it one
    python = Path(found).absolute()
    versions = ask_python(python, lane.packages)
    wrong = mismatches(lane, versions)
    if lacks_packages(wrong):
        raise SetupError(
            f"the Python named here cannot run lane {lane.name}: {'; '.join(wrong)}",
            at=f"{lane.variable}={name}",
            hint=f"{python} -m pip install --no-deps -r {lock_file(lane)}",
        )
    return _interpreter(lane, python, "named", versions, wrong)


def _interpreter(
    lane: Lane, python: Path, origin: str, versions: Mapping[str, str], warnings: Sequence[str] = ()
) -> Interpreter:
    wheels = opencv_wheels(versions)
    if len(wheels) > 1:
        warnings = [*warnings, f"{len(wheels)} OpenCV wheels lie over each other: {', '.join(wheels)}"]
    kept = {
        package: versions[package]
        for package in dict.fromkeys(("python", *lane.packages))
        if package in versions
    }
    return Interpreter(python, origin, kept, tuple(warnings))


def _current_versions(lane: Lane) -> dict[str, str]:
    """Read the versions of this very interpreter, without a process and without an import."""
    versions = {"python": ".".join(str(part) for part in sys.version_info[:3])}
    for package in lane.packages:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _same_python(made: Mapping[str, str], base: Path) -> bool:
    return made.get("python") == ask_python(base)["python"]


def _read_marker(folder: Path) -> dict[str, str] | None:
    """Return the versions of a whole environment; None for one that is absent or not whole."""
    # the link dangles when the Python that it was made from is gone
    if not python_of(folder).exists():
        return None
    try:
        body: Any = json.loads((folder / _MARKER).read_text(encoding="utf-8"))
        return {str(name): str(version) for name, version in body["versions"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


@contextmanager
def _exclusively(folder: Path) -> Iterator[None]:
    """Keep two processes from making the same environment; the lock dies with its holder."""
    import fcntl

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        handle = (folder.parent / f".{folder.name}.lock").open("w")
    except OSError as error:
        raise disk_error(error, folder.parent) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SetupError(
                "another ppocr-kit is making this environment",
                at=str(folder),
                hint="wait for it to finish, then run the command again",
            ) from error
        yield
