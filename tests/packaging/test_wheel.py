"""The wheel: complete, and working in a folder that has nothing to do with the checkout."""

from __future__ import annotations

import email
import json
import os
import resource
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def requirements(wheel: Path) -> list[Requirement]:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(name))
    return [Requirement(line) for line in metadata.get_all("Requires-Dist", [])]


def call(installed: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command line in a folder of its own."""
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    return subprocess.run(
        [sys.executable, "-m", "ppocr_kit", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_every_module_of_the_checkout_is_in_the_wheel(project: Path, wheel: Path) -> None:
    modules = {str(path.relative_to(project)) for path in (project / "ppocr_kit").rglob("*.py")}
    assert modules - names_in(wheel) == set()
    assert "ppocr_kit/supplement/ppocr/modeling/architectures/__init__.py" in modules
    assert "ppocr_kit/supplement/ppocr/__init__.py" not in modules


def test_the_page_for_linking_travels_whole(wheel: Path) -> None:
    assert {f"ppocr_kit/linking/linking.{ending}" for ending in ("html", "css", "js")} <= names_in(wheel)


def test_recipes_and_locks_travel_as_package_data(project: Path, wheel: Path) -> None:
    recipes = {f"ppocr_kit/_data/{path.relative_to(project)}" for path in project.glob("configs/**/*.yml")}
    locks = {f"ppocr_kit/_data/{path.relative_to(project)}" for path in project.glob("locks/*.txt")}
    assert recipes and locks
    assert (recipes | locks) - names_in(wheel) == set()


def test_nothing_of_the_checkout_but_the_kit_is_in_the_wheel(wheel: Path) -> None:
    names = names_in(wheel)
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"ppocr_kit"}
    assert not [name for name in names if "__pycache__" in name]
    assert [name for name in names if name.endswith("/LICENSE")]


def test_pins_of_the_extras_are_those_of_the_lock(wheel: Path, project: Path) -> None:
    locks = [project / "locks" / name for name in ("paddle-cpu.txt", "kie-cpu.txt", "onnx.txt")]
    pins = {line.split(" ;")[0] for lock in locks for line in lock.read_text(encoding="utf-8").splitlines()}
    for extra in ("cpu", "deploy", "kie", "onnx"):
        exact = [
            f"{canonicalize_name(requirement.name)}{requirement.specifier}"
            for requirement in requirements(wheel)
            if requirement.marker and requirement.marker.evaluate({"extra": extra})
            if str(requirement.specifier).startswith("==")
        ]
        assert exact and set(exact) <= pins


def test_every_requirement_of_the_kit_is_locked(wheel: Path, project: Path) -> None:
    lock = (project / "locks" / "paddle-cpu.txt").read_text(encoding="utf-8")
    pins = [Requirement(line) for line in lock.splitlines()]
    for requirement in requirements(wheel):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": "cpu"}):
            continue
        name = canonicalize_name(requirement.name)
        locked = [str(pin.specifier)[len("==") :] for pin in pins if canonicalize_name(pin.name) == name]
        assert locked and all(version in requirement.specifier for version in locked), requirement


def test_the_installed_kit_runs_outside_the_checkout(installed: Path, tmp_path: Path, project: Path) -> None:
    recipes = json.loads(call(installed, tmp_path, "config", "list", "--json").stdout)
    assert str(project) not in json.dumps(recipes)
    shown = call(installed, tmp_path, "config", "show", "quickstart_det")
    assert shown.returncode == 0, shown.stderr
    assert "DBFPN" in shown.stdout
    synced = call(installed, tmp_path, "env", "sync", "paddle", "--dry-run")
    assert str(installed / "ppocr_kit" / "_data" / "locks" / "paddle-cpu.txt") in synced.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.release
def test_the_installed_kit_starts_tools_with_its_own_supplement(
    installed: Path, tmp_path: Path, release_path: Path
) -> None:
    script = tmp_path / "where.py"
    script.write_text("import ppocr.modeling.architectures as a; print(a.__file__)", encoding="utf-8")
    assert call(installed, tmp_path, "vendor", "sync", "--source", str(release_path)).returncode == 0
    done = call(installed, tmp_path, "vendor", "exec", "--", str(script))
    assert done.returncode == 0, done.stderr
    assert str(installed / "ppocr_kit" / "supplement") in done.stdout


def test_help_costs_less_than_half_a_second(installed: Path, tmp_path: Path) -> None:
    # processor time, which does not depend on what else the machine is doing
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert call(installed, tmp_path, "--help").returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime) < 0.5
