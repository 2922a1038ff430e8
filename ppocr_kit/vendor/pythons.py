"""Asking a Python that is not ours: its version, its packages, what its system lacks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ppocr_kit.errors import SetupError
from ppocr_kit.vendor.process import ToolInvocation, run_tool

# The Pythons that the locks were run on (docs/install.md).
OLDEST_PYTHON = (3, 9)
NEWEST_PYTHON = (3, 12)
NO_VENV = "on Debian or Ubuntu: apt-get install python3-venv; or name another Python with --python"
_ANSWER = "ppocr-kit:"
# The answer is marked, because packages of the user's may print something when Python starts.
_QUESTION = f"""
import ctypes, importlib.metadata as metadata, importlib.util as util, json, sys
found = {{"python": ".".join(map(str, sys.version_info[:3]))}}
found["venv"] = str(bool(util.find_spec("venv") and util.find_spec("ensurepip")))
try:
    found["openmp"] = str(sys.platform != "linux" or bool(ctypes.CDLL("libgomp.so.1")))
except OSError:
    found["openmp"] = "False"
for package in sys.argv[1:]:
    try:
        found[package] = metadata.version(package)
    except metadata.PackageNotFoundError:
        pass
print("\\n{_ANSWER}" + json.dumps(found))
"""


def ask_python(python: Path, packages: Sequence[str] = ()) -> dict[str, str]:
    """Ask an interpreter about itself.

    Args:
        python: Its executable.
        packages: Packages whose versions are asked for.

    Returns:
        Versions by package name where installed, ``python``'s own, and ``True`` or ``False`` for
        ``venv`` (it can make environments) and ``openmp`` (the system library that Paddle needs).

    Raises:
        SetupError: It does not start, or does not answer.
    """
    call = ToolInvocation("python", (str(python), "-c", _QUESTION, *packages), Path.cwd(), timeout_s=120)
    result = run_tool(call, check=False)
    answers = [line for line in result.tail if line.startswith(_ANSWER)]
    if result.returncode != 0 or not answers:
        raise SetupError(
            "this is not a Python, or one that is too old or broken",
            at=str(python),
            hint="name a Python 3.9 - 3.12",
        )
    found: Any = json.loads(answers[-1][len(_ANSWER) :])
    return {str(name): str(value) for name, value in found.items()}


def check_base(python: Path, oldest: tuple[int, int] = OLDEST_PYTHON) -> None:
    """Refuse a Python that no lock was run on, or whose environments would not work.

    Args:
        python: Its executable.
        oldest: The oldest Python that the lock has pins for.

    Raises:
        SetupError: Another version, no ``venv``, or no OpenMP runtime on the system.
    """
    found = ask_python(python)
    major_minor = tuple(int(part) for part in found["python"].split(".")[:2])
    if not oldest <= major_minor <= NEWEST_PYTHON:
        raise SetupError(
            f"Python {found['python']} is not one that the lock was run on (3.{oldest[1]} - 3.12)",
            at=str(python),
            hint="name another: ppocr-kit env sync LANE --python /path/to/python3.11",
        )
    if found["venv"] != "True":
        raise SetupError(f"Python {found['python']} has no venv", at=str(python), hint=NO_VENV)
    if found["openmp"] != "True":
        # Paddle's wheels bring every other library that they need
        raise SetupError(
            "the system has no OpenMP runtime (libgomp.so.1), without which Paddle does not start",
            at=str(python),
            hint="on Debian or Ubuntu: apt-get install libgomp1",
        )
