"""The Makefile, run with a stand-in for Python: what is installed when, and what a bare machine is told."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")

# Answers what the Makefile asks of a Python, makes an environment that is a copy of itself, and writes
# down what it was called for.
_PYTHON = """#!/bin/bash
echo "$*" >> "$CALLS"
case "$*" in
  *"import ensurepip"*) exit ${NO_VENV:-0} ;;
  *libgomp*) exit ${NO_OPENMP:-0} ;;
  *_base_executable*) [ -z "$UNSUPPORTED" ] && echo "$SELF" || exit 1 ;;
  -VV) echo "Python ${VERSION:-3.11.7}" ;;
  "-m venv"*) mkdir -p "$3/bin"; cp "$SELF" "$3/bin/python"; cp "$SELF" "$3/bin/ppocr-kit" ;;
  *'print("vl")'*) [ -n "$NO_TORCH" ] || echo vl ;;
  "env path vl") echo "$PWD/.venv/bin/python" ;;
  *"pip install"*) [ -z "$OFFLINE" ] ;;
esac
"""


class Checkout:
    """A folder with what the Makefile reads, and the calls that its stand-in received."""

    def __init__(self, folder: Path, project: Path) -> None:
        self.folder = folder
        self.log = folder / "calls"
        for name in ("Makefile", "setup.py", "pyproject.toml"):
            shutil.copy(project / name, folder / name)
        (folder / "locks").mkdir()
        for lock in ("paddle-cpu.txt", "onnx.txt", "label.txt", "test.txt"):
            (folder / "locks" / lock).write_text(f"{lock}==1\n")
        self.python = folder / "stand-in"
        self.python.write_text(_PYTHON)
        self.python.chmod(0o755)

    def make(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        self.log.write_text("")
        return subprocess.run(
            ["make", f"PYTHON={self.python}", *words],
            cwd=self.folder,
            # what the make that runs these tests was told is not meant for this one
            env={
                **{name: value for name, value in os.environ.items() if name not in ("JOBS", "PYTEST_ARGS")},
                **{"SELF": str(self.python), "CALLS": str(self.log), "MAKEFLAGS": "", **env},
            },
            capture_output=True,
            text=True,
        )

    def calls(self) -> list[str]:
        """What was installed and run, without the questions."""
        done = self.log.read_text().splitlines()
        return [
            call
            for call in done
            if call.startswith(("-m venv", "-m pip", "-m pytest", "vendor", "quick", "env sync"))
        ]


@pytest.fixture
def checkout(tmp_path: Path, project: Path) -> Checkout:
    return Checkout(tmp_path, project)


INSTALL = [
    "-m venv .venv",
    "-m pip install --no-deps -r locks/paddle-cpu.txt",
    "-m pip install --no-deps --no-build-isolation --editable .",
]
ONNX = "-m pip install --no-deps -r locks/onnx.txt"
LABEL = "-m pip install --no-deps -r locks/label.txt"
TESTS = "-m pip install --no-deps -r locks/test.txt"
LANES = {"env sync kie", "env sync vl"}
PYTEST = "-m pytest -n 2 --dist loadgroup"
IN_VL = ["-m pip install --quiet --no-deps -r locks/test.txt", f"{PYTEST} tests/vl_engine"]


def test_quickstart_installs_brings_the_release_and_runs_with_the_seed(checkout: Checkout) -> None:
    done = checkout.make("quickstart", "SEED=3")
    assert done.returncode == 0, done.stderr
    assert checkout.calls() == [*INSTALL, "vendor sync", "quickstart --seed 3"]


def test_test_installs_what_tests_need_and_passes_arguments_on(checkout: Checkout) -> None:
    done = checkout.make("test", "PYTEST_ARGS=-k split")
    assert done.returncode == 0, done.stderr
    calls = checkout.calls()
    # the lanes are made side by side
    assert calls[:4] == [*INSTALL, "vendor sync"] and set(calls[4:6]) == LANES
    assert calls[6:] == [ONNX, LABEL, TESTS, f"{PYTEST} -k split", *IN_VL]


def test_a_python_too_old_for_torch_tests_the_rest(checkout: Checkout) -> None:
    assert checkout.make("test", NO_TORCH="1").returncode == 0
    assert checkout.calls() == [*INSTALL, "vendor sync", "env sync kie", ONNX, LABEL, TESTS, PYTEST]


@pytest.mark.parametrize(("target", "installed"), [("onnx", ONNX), ("label", LABEL)])
def test_what_few_need_is_installed_only_where_it_is_asked_for(
    target: str, installed: str, checkout: Checkout
) -> None:
    done = checkout.make(target)
    assert done.returncode == 0, done.stderr
    assert checkout.calls() == [*INSTALL, installed]


def test_the_second_run_installs_nothing(checkout: Checkout) -> None:
    checkout.make("test")
    checkout.make("test")
    calls = checkout.calls()
    assert calls[0] == "vendor sync" and set(calls[1:3]) == LANES
    assert calls[3:] == [PYTEST, *IN_VL]


def test_time_stamps_do_not_matter(checkout: Checkout) -> None:
    checkout.make("quickstart")
    for name in ("locks/paddle-cpu.txt", "setup.py"):
        os.utime(checkout.folder / name)
    checkout.make("quickstart")
    assert checkout.calls() == ["vendor sync", "quickstart --seed 0"]


def test_a_changed_lock_makes_the_environment_anew(checkout: Checkout) -> None:
    checkout.make("test")
    (checkout.folder / "locks" / "paddle-cpu.txt").write_text("other==2\n")
    checkout.make("test")
    calls = checkout.calls()
    assert calls[:4] == [*INSTALL, "vendor sync"]
    assert calls[6:] == [ONNX, LABEL, TESTS, PYTEST, *IN_VL]


def test_another_python_makes_the_environment_anew(checkout: Checkout) -> None:
    checkout.make("install")
    checkout.make("install", VERSION="3.12.1")
    assert checkout.calls() == [*INSTALL, "vendor sync"]


def test_a_changed_setup_installs_the_kit_again(checkout: Checkout) -> None:
    checkout.make("install")
    with (checkout.folder / "setup.py").open("a") as file:
        file.write("# changed\n")
    checkout.make("install")
    assert checkout.calls() == [INSTALL[-1], "vendor sync"]


def test_an_interrupted_installation_starts_again(checkout: Checkout) -> None:
    assert checkout.make("install", OFFLINE="1").returncode != 0
    assert checkout.make("install").returncode == 0
    assert checkout.calls() == [*INSTALL, "vendor sync"]


def test_a_machine_without_a_supported_python_is_told_so(checkout: Checkout) -> None:
    done = checkout.make("quickstart", UNSUPPORTED="1")
    assert done.returncode != 0
    assert "none of these is a Python 3.9 - 3.12" in done.stderr
    assert checkout.calls() == []


def test_everything_that_the_system_lacks_is_named_at_once(checkout: Checkout) -> None:
    done = checkout.make("quickstart", NO_VENV="1", NO_OPENMP="1")
    assert done.returncode != 0
    assert "apt-get install python3-venv libgomp1" in done.stderr
    assert checkout.calls() == []


def test_the_first_supported_python_is_taken(checkout: Checkout, tmp_path: Path) -> None:
    too_new = tmp_path / "too-new"
    too_new.write_text("#!/bin/bash\nexit 1\n")
    too_new.chmod(0o755)
    done = checkout.make("install", f"PYTHON=absent {too_new} {checkout.python}")
    assert done.returncode == 0, done.stderr
    assert checkout.calls() == [*INSTALL, "vendor sync"]


def test_ci_runs_make_test_and_nothing_else(project: Path) -> None:
    script = project / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").rstrip().endswith("exec make test")
