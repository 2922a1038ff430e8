"""Lanes: what a lock says, and whether a Python has it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ppocr_kit.errors import SetupError, UsageError
from ppocr_kit.vendor import lanes
from ppocr_kit.vendor.lanes import LANES, get_lane, lacks_packages, lock_file, mismatches, read_pins

PADDLE = LANES["paddle"]
LOCK = """# two Pythons
numpy==2.0.2 ; python_full_version < '3.10'
numpy==2.2.6 ; python_full_version >= '3.10'
opencv-python-headless==4.12.0.88
albumentations==2.0.8
paddlepaddle==3.3.1
ruamel_yaml==0.19.1
"""
FITS = {
    "paddlepaddle": "3.3.1",
    "numpy": "2.2.6",
    "opencv-python-headless": "4.12.0.88",
    "albumentations": "2.0.8",
}


@pytest.fixture(autouse=True)
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small lock in place of the real one."""
    path = tmp_path / "paddle-cpu.txt"
    path.write_text(LOCK, encoding="utf-8")
    monkeypatch.setattr(lanes, "_LOCK_PLACES", (tmp_path / "absent", tmp_path))
    return path


@pytest.mark.parametrize("name", list(LANES))
def test_every_lane_has_a_lock_with_its_key_packages(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    pins = read_pins(lock_file(LANES[name]))
    assert {*LANES[name].keys, LANES[name].framework[0]} <= set(pins)


def test_the_lock_of_torch_leaves_its_gpu_libraries_to_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    pins = read_pins(lock_file(LANES["vl"]))
    assert not [name for name in pins if name.startswith(("nvidia", "cuda", "triton"))]


def test_pins_are_read_with_all_their_versions(lock: Path) -> None:
    pins = read_pins(lock)
    assert pins["numpy"] == ("2.0.2", "2.2.6")
    assert pins["ruamel-yaml"] == ("0.19.1",)
    assert len(pins) == 5


def test_a_lane_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(UsageError, match="no lane 'padle'; there is paddle"):
        get_lane("padle")


def test_a_missing_lock_is_an_error_of_the_installation(lock: Path) -> None:
    lock.unlink()
    with pytest.raises(SetupError, match="lacks the lock paddle-cpu.txt"):
        lock_file(PADDLE)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, None),
        ({"numpy": "2.0.2"}, None),
        ({"numpy": "2.4.0"}, "numpy 2.4.0, not 2.0.2 or 2.2.6"),
        ({"numpy": None}, "no numpy"),
        ({"albumentations": "1.4.0"}, "albumentations 1.4.0, not 2.0.8"),
        ({"paddlepaddle": None}, "no paddlepaddle"),
        ({"paddlepaddle": "2.6.2"}, "paddlepaddle 2.6.2, not 3.3.1"),
        ({"paddlepaddle": None, "paddlepaddle-gpu": "3.3.1"}, None),
        ({"paddlepaddle": None, "paddlepaddle-gpu": "3.3.1+cu126"}, None),
        ({"paddlepaddle": None, "paddlepaddle-gpu": "2.6.2"}, "paddlepaddle-gpu 2.6.2, not 3.3.1"),
        ({"opencv-python-headless": None}, "no opencv-python-headless"),
        ({"opencv-python-headless": "4.10.0.84"}, "opencv-python-headless 4.10.0.84, not 4.12.0.88"),
        ({"opencv-python-headless": None, "opencv-contrib-python": "4.10.0.84"}, None),
        (
            {"opencv-python-headless": None, "opencv-python": "5.0.0.90"},
            "opencv-python 5.0.0.90, not 4.12.0.88",
        ),
        ({"opencv-python": "5.0.0.90"}, "opencv-python 5.0.0.90, not 4.12.0.88"),
    ],
)
def test_what_keeps_a_python_from_running_the_tools(
    change: dict[str, str | None], problem: str | None
) -> None:
    versions = {name: version for name, version in {**FITS, **change}.items() if version is not None}
    assert mismatches(PADDLE, versions) == ([] if problem is None else [problem])


def test_an_empty_python_lacks_everything() -> None:
    problems = mismatches(PADDLE, {})
    assert problems == ["no paddlepaddle", "no numpy", "no opencv-python-headless", "no albumentations"]
    assert lacks_packages(problems)


def test_other_versions_are_not_absent_packages() -> None:
    assert not lacks_packages(mismatches(PADDLE, {**FITS, "numpy": "1.26.4"}))


def test_a_package_that_the_lock_does_not_pin_may_have_any_version() -> None:
    lane = replace(PADDLE, keys=("lmdb",))
    assert mismatches(lane, {**FITS, "lmdb": "1.0"}) == []
