"""The locks: exact, complete for every supported Python, one OpenCV wheel, no machine's index."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = Path(__file__).resolve().parents[2] / "locks"
PINNED = ["paddle-cpu.txt", "paddle-gpu.txt", "kie-cpu.txt", "onnx.txt", "label.txt", "test.txt"]
PYTHONS = ["3.9.18", "3.10.13", "3.11.7", "3.12.1"]


def pins(name: str) -> list[Requirement]:
    lines = (LOCKS / name).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def installed(name: str, python: str) -> Iterator[tuple[str, str]]:
    """Yield package and version of what pip installs from a lock on a Linux machine."""
    environment = {
        "python_full_version": python,
        "python_version": python.rsplit(".", 1)[0],
        "sys_platform": "linux",
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }
    for pin in pins(name):
        if pin.marker is None or pin.marker.evaluate(environment):
            yield canonicalize_name(pin.name), str(pin.specifier)[len("==") :]


@pytest.mark.parametrize("name", PINNED)
def test_every_line_is_one_exact_version(name: str) -> None:
    for pin in pins(name):
        assert [part.operator for part in pin.specifier] == ["=="], pin
        assert pin.url is None and not pin.extras, pin


@pytest.mark.parametrize("path", sorted(LOCKS.iterdir()), ids=lambda path: path.name)
def test_no_index_and_no_machine_is_named(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"[a-z]+://|--index|--extra-index|--find-links|(?<![\w.}*])/\w", text)


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", PINNED)
def test_each_python_gets_each_package_once(name: str, python: str) -> None:
    packages = [package for package, _ in installed(name, python)]
    assert len(packages) == len(set(packages))


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", ["paddle-cpu.txt", "paddle-gpu.txt", "kie-cpu.txt", "label.txt"])
def test_there_is_one_opencv_wheel(name: str, python: str) -> None:
    wheels = [f"{package}=={version}" for package, version in installed(name, python) if "opencv" in package]
    assert wheels == ["opencv-python-headless==4.12.0.88"]


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", ["onnx.txt", "label.txt", "test.txt"])
def test_a_lock_on_top_never_replaces_what_the_paddle_lock_installed(name: str, python: str) -> None:
    lane = dict(installed("paddle-cpu.txt", python))
    for package, version in installed(name, python):
        assert lane.get(package, version) == version


@pytest.mark.parametrize("python", PYTHONS)
def test_the_onnx_lock_has_the_converter_and_two_engines_and_no_optimizer(python: str) -> None:
    packages = {package for package, _ in installed("onnx.txt", python)}
    assert {"paddle2onnx", "onnx", "onnxruntime"} <= packages
    assert ("openvino" in packages) is not python.startswith("3.9.")
    assert not packages & {"polygraphy", "onnxoptimizer", "openvino-telemetry"}


def test_the_gpu_lock_is_the_cpu_lock_without_paddle() -> None:
    cpu = [str(pin) for pin in pins("paddle-cpu.txt")]
    assert [pin for pin in cpu if not pin.startswith("paddlepaddle==")] == [
        str(pin) for pin in pins("paddle-gpu.txt")
    ]
    assert (LOCKS / "paddle-gpu.txt").read_text(encoding="utf-8").startswith("# NOT RUN")
