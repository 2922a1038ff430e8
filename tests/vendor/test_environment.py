"""Which Python runs a lane's tools, and how an environment is made: once, whole, by one process."""

from __future__ import annotations

import fcntl
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ppocr_kit.errors import SetupError
from ppocr_kit.vendor import environment, lanes
from ppocr_kit.vendor.environment import (
    environment_folder,
    find_interpreter,
    sync_commands,
    sync_environment,
)
from ppocr_kit.vendor.lanes import LANES

PADDLE = LANES["paddle"]
FITS = {
    "python": "3.11.7",
    "paddlepaddle": "3.3.1",
    "numpy": "2.2.6",
    "opencv-python-headless": "4.12.0.88",
    "albumentations": "2.0.8",
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, a small lock, no Python named, and a current one without the lane."""
    locks = tmp_path / "locks"
    locks.mkdir()
    pins = [f"{package}=={version}" for package, version in FITS.items() if package != "python"]
    (locks / "paddle-cpu.txt").write_text("\n".join(pins), encoding="utf-8")
    monkeypatch.setattr(lanes, "_LOCK_PLACES", (locks,))
    monkeypatch.setenv("PPOCR_KIT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv(PADDLE.variable, raising=False)
    set_current(monkeypatch, {"python": "3.11.7"})
    return tmp_path / "home"


def set_current(monkeypatch: pytest.MonkeyPatch, versions: dict[str, str]) -> None:
    monkeypatch.setattr(environment, "_current_versions", lambda lane: versions)


@pytest.fixture
def fake_python(tmp_path: Path) -> Callable[..., Path]:
    """Write an executable that answers like a Python, and makes and fills environments like one."""

    def write(
        *,
        python: str = "3.11.7",
        venv: str = "True",
        openmp: str = "True",
        fails: str = "nothing",
        **packages: str,
    ) -> Path:
        answer = {"python": python, "venv": venv, "openmp": openmp, **packages}
        path = tmp_path / f"python-{len(list(tmp_path.glob('python-*')))}"
        path.write_text(
            "#!/bin/bash\n"
            f'echo "$@" >> {tmp_path}/calls\n'
            f'if [[ "$*" == *{fails}* ]]; then echo "ERROR: no such host"; exit 1; fi\n'
            'if [ "$1" = -c ]; then echo noise of a package\n'
            f"echo 'ppocr-kit:{json.dumps(answer)}'; exit; fi\n"
            'if [ "$2" = venv ]; then mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; fi\n',
            encoding="utf-8",
        )
        path.chmod(0o755)
        return path

    return write


def calls(tmp_path: Path, word: str) -> int:
    """How often a fake Python was called with a word."""
    log = tmp_path / "calls"
    return sum(word in line for line in log.read_text().splitlines()) if log.is_file() else 0


def packages() -> dict[str, str]:
    return {package: version for package, version in FITS.items() if package != "python"}


def test_the_current_python_runs_the_tools_when_it_has_what_the_lock_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_current(monkeypatch, FITS)
    found = find_interpreter("paddle")
    assert (found.python, found.origin, found.warnings) == (Path(sys.executable), "current", ())
    assert found.versions == FITS


def test_without_any_python_the_error_says_what_the_current_one_lacks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_current(monkeypatch, {**FITS, "numpy": "2.4.0"})
    with pytest.raises(SetupError, match="numpy 2.4.0, not 2.2.6") as caught:
        find_interpreter("paddle")
    assert caught.value.hint is not None and "ppocr-kit env sync paddle" in caught.value.hint


def test_a_named_python_goes_before_the_current_one(
    monkeypatch: pytest.MonkeyPatch, fake_python: Callable[..., Path]
) -> None:
    set_current(monkeypatch, FITS)
    named = fake_python(**packages())
    monkeypatch.setenv(PADDLE.variable, str(named))
    found = find_interpreter("paddle")
    assert (found.python, found.origin) == (named, "named")


def test_a_named_python_may_have_other_versions_and_is_warned_about(
    monkeypatch: pytest.MonkeyPatch, fake_python: Callable[..., Path]
) -> None:
    monkeypatch.setenv(PADDLE.variable, str(fake_python(**{**packages(), "numpy": "1.26.4"})))
    assert find_interpreter("paddle").warnings == ("numpy 1.26.4, not 2.2.6",)


def test_a_named_python_without_paddle_is_refused(
    monkeypatch: pytest.MonkeyPatch, fake_python: Callable[..., Path]
) -> None:
    monkeypatch.setenv(PADDLE.variable, str(fake_python(numpy="2.2.6")))
    with pytest.raises(SetupError, match="no paddlepaddle") as caught:
        find_interpreter("paddle")
    assert caught.value.at is not None and caught.value.at.startswith(PADDLE.variable)


@pytest.mark.parametrize("kind", ["absent", "folder", "not a program"])
def test_a_named_python_that_cannot_be_run_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "named"
    if kind == "folder":
        path.mkdir()
    elif kind == "not a program":
        path.write_text("text")
    monkeypatch.setenv(PADDLE.variable, str(path))
    with pytest.raises(SetupError, match="does not exist or cannot be run"):
        find_interpreter("paddle")


def test_a_program_that_is_no_python_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PADDLE.variable, "/bin/echo")
    with pytest.raises(SetupError, match="not a Python"):
        find_interpreter("paddle")


def test_more_than_one_opencv_wheel_is_warned_about(monkeypatch: pytest.MonkeyPatch) -> None:
    set_current(monkeypatch, {**FITS, "opencv-python": "4.12.0.88"})
    (warning,) = find_interpreter("paddle").warnings
    assert warning == "2 OpenCV wheels lie over each other: opencv-python-headless, opencv-python"


def test_an_environment_is_made_once_and_then_found(
    fake_python: Callable[..., Path], tmp_path: Path, home: Path
) -> None:
    base = fake_python(**packages())
    made = sync_environment(PADDLE, base)
    assert made.origin == "made"
    assert made.python.parent.parent.parent == home / "envs"
    assert find_interpreter("paddle") == made
    sync_environment(PADDLE)
    assert calls(tmp_path, "pip install") == 1
    assert calls(tmp_path, "--no-deps") == 1


def test_an_environment_is_made_from_its_lock(home: Path) -> None:
    before = environment_folder(PADDLE)
    lock = lanes.lock_file(PADDLE)
    lock.write_text(lock.read_text() + "\nlmdb==3.0.0\n")
    assert environment_folder(PADDLE) != before
    assert environment_folder(PADDLE).parent == before.parent


def test_a_failed_installation_is_not_found_and_made_anew(
    fake_python: Callable[..., Path], tmp_path: Path
) -> None:
    with pytest.raises(SetupError, match="pip install failed") as caught:
        sync_environment(PADDLE, fake_python(**packages(), fails="--no-deps"))
    assert caught.value.at == "ERROR: no such host"
    assert caught.value.hint is not None and "pip config" in caught.value.hint
    with pytest.raises(SetupError, match="no environment"):
        find_interpreter("paddle")
    left = environment_folder(PADDLE) / "left-over"
    left.touch()
    sync_environment(PADDLE, fake_python(**packages()))
    assert find_interpreter("paddle").origin == "made"
    assert not left.exists()


@pytest.mark.parametrize("damage", ["no marker", "cut marker", "no python", "dangling python"])
def test_a_damaged_environment_is_not_used(fake_python: Callable[..., Path], damage: str) -> None:
    made = sync_environment(PADDLE, fake_python(**packages()))
    marker = environment_folder(PADDLE) / "ppocr-kit.json"
    if damage == "no marker":
        marker.unlink()
    elif damage == "cut marker":
        marker.write_text(marker.read_text()[:20])
    else:
        made.python.unlink()
        if damage == "dangling python":
            made.python.symlink_to("/nowhere/python")
    with pytest.raises(SetupError, match="no environment"):
        find_interpreter("paddle")
    assert sync_environment(PADDLE, fake_python(**packages())).origin == "made"


def test_another_python_makes_the_environment_anew(fake_python: Callable[..., Path], tmp_path: Path) -> None:
    sync_environment(PADDLE, fake_python(**packages()))
    sync_environment(PADDLE, fake_python(**packages()))
    assert calls(tmp_path, "pip install") == 1
    made = sync_environment(PADDLE, fake_python(python="3.10.13", **packages()))
    assert calls(tmp_path, "pip install") == 2
    assert made.versions["python"] == "3.10.13"


def test_two_processes_do_not_make_the_same_environment(fake_python: Callable[..., Path]) -> None:
    folder = environment_folder(PADDLE)
    folder.parent.mkdir(parents=True)
    with (folder.parent / f".{folder.name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(SetupError, match="another ppocr-kit is making"):
            sync_environment(PADDLE, fake_python(**packages()))
    assert sync_environment(PADDLE, fake_python(**packages())).origin == "made"


@pytest.mark.parametrize(
    ("answer", "message", "hint"),
    [
        ({"python": "3.13.0"}, "not one that the lock was run on", "--python"),
        ({"python": "3.8.18"}, "not one that the lock was run on", "--python"),
        ({"venv": "False"}, "has no venv", "apt-get install python3-venv"),
        ({"openmp": "False"}, "libgomp", "apt-get install libgomp1"),
    ],
)
def test_a_python_whose_environment_would_not_work_is_refused_before_anything_is_made(
    fake_python: Callable[..., Path], answer: dict[str, str], message: str, hint: str
) -> None:
    with pytest.raises(SetupError, match=message) as caught:
        sync_environment(PADDLE, fake_python(**answer))
    assert caught.value.hint is not None and hint in caught.value.hint
    assert not environment_folder(PADDLE).exists()


def test_a_home_that_cannot_be_written_is_an_error(
    fake_python: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PPOCR_KIT_HOME", str(tmp_path / "file"))
    with pytest.raises(SetupError, match="cannot write"):
        sync_environment(PADDLE, fake_python(**packages()))


def test_commands_leave_pip_to_the_settings_of_the_user(tmp_path: Path) -> None:
    venv, install = sync_commands(PADDLE, tmp_path / "a python")
    assert venv.argv[:3] == (str(tmp_path / "a python"), "-m", "venv")
    assert install.argv[-2:] == ("-r", str(lanes.lock_file(PADDLE)))
    assert not [word for word in install.argv if "index" in word or "find-links" in word]


def test_torch_comes_first_with_what_its_own_build_asks_for(tmp_path: Path) -> None:
    """Of one version, the build for GPUs asks for CUDA libraries that the lock leaves out."""
    lane = lanes.LANES["vl"]
    lock = str(tmp_path / "locks" / lane.lock)
    Path(lock).write_text("torch==2.13.0\n", encoding="utf-8")
    _, torch, rest = sync_commands(lane, tmp_path / "a python")
    assert torch.argv[-3:] == ("-c", lock, "torch") and "--no-deps" not in torch.argv
    assert rest.argv[-2:] == ("-r", lock) and "--no-deps" in rest.argv


def test_a_python_that_is_too_old_for_the_lane_is_refused(
    fake_python: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "locks" / "vl-cpu.txt").write_text("torch==2.13.0\n", encoding="utf-8")
    old = fake_python(**{**packages(), "python": "3.9.18"})
    with pytest.raises(SetupError, match=r"Python 3.9.18 is not one .* \(3.10 - 3.12\)"):
        sync_environment(lanes.LANES["vl"], old)


def test_the_current_python_is_read_without_importing_the_framework(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    before = set(sys.modules)
    assert environment._current_versions(PADDLE)["python"].startswith("3.")
    assert not {"paddle", "cv2", "albumentations"} & (set(sys.modules) - before)
