"""The tables that lint goes by, against the release and the supplement themselves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from release_classes import constructor_settings, read_classes

from ppocr_kit.configs.components import COMPONENTS, SUPPLIED
from ppocr_kit.configs.decoders import DECODERS
from ppocr_kit.vendor.environment import find_interpreter
from ppocr_kit.vendor.process import run_tool
from ppocr_kit.vendor.release import find_release
from ppocr_kit.vendor.tools import tool_invocation

pytestmark = pytest.mark.release

Found = dict[str, dict[str, list[str]]]


@pytest.fixture(scope="module")
def built(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What the supplement builds: parameters by name and role."""
    folder = tmp_path_factory.mktemp("components")
    script = Path(__file__).parent / "scripts" / "list_components.py"
    call = tool_invocation(
        find_release(project),
        find_interpreter("paddle").python,
        str(script),
        [str(folder / "found.json")],
        cwd=folder,
        log=folder / "log.txt",
    )
    run_tool(call)
    found: Found = json.loads((folder / "found.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("role", SUPPLIED)
def test_supplied_parts_are_those_that_the_supplement_builds(role: str, built: Found) -> None:
    assert set(SUPPLIED[role]) == built[role].keys()


def test_every_parameter_of_a_supplied_part_is_a_known_key(built: Found) -> None:
    unknown = [
        f"{role} {name}: {parameter}"
        for role, table in built.items()
        for name, parameters in table.items()
        for parameter in parameters
        if parameter not in COMPONENTS.get((role.split(" ")[-1], name), {parameter: "any"})
    ]
    assert unknown == []


def test_decoders_are_those_of_the_release(release_path: Path) -> None:
    classes = read_classes(release_path / "ppocr" / "postprocess")
    assert DECODERS.keys() <= classes.keys()
    for name, settings in DECODERS.items():
        named, looked_up = constructor_settings(classes, name)
        assert set(named) <= set(settings), name
        assert set(settings) <= set(named) | looked_up, name
