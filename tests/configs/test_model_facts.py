from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ppocr_kit.configs import model_facts
from ppocr_kit.configs.base import list_models
from ppocr_kit.configs.model_facts import ModelFacts, read_model_facts
from ppocr_kit.errors import SetupError
from ppocr_kit.tasks import Task
from ppocr_kit.vendor.environment import find_interpreter
from ppocr_kit.vendor.process import run_tool
from ppocr_kit.vendor.release import find_release
from ppocr_kit.vendor.tools import tool_invocation

RECIPES = list_models()
FACTS = read_model_facts()
LONGEST_PURPOSE = 45  # what the table of 100 columns has room for on one line


def test_every_recipe_has_its_facts_and_nothing_else_has() -> None:
    assert set(FACTS) == {recipe.key for recipe in list_models(*Task)}


@pytest.mark.parametrize("recipe", RECIPES, ids=[recipe.name for recipe in RECIPES])
def test_comment_and_facts_give_the_same_figure(recipe) -> None:
    facts = FACTS[recipe.name]
    assert facts.exported <= facts.parameters
    assert 10 <= len(facts.choose) <= LONGEST_PURPOSE
    named = re.findall(r"([\d.]+) M parameters", recipe.description)
    assert named in ([], [f"{facts.parameters / 1e6:.1f}"])


def test_a_number_of_the_export_takes_four_bytes() -> None:
    assert ModelFacts(parameters=2_000_000, exported=1_000_000, choose="").export_mb == 4.0


@pytest.mark.parametrize(
    "text", [None, "", "- a", "m: 1", "m: {parameters: x}", "m: [", "m: {parameters: 1}"]
)
def test_damaged_list_is_a_broken_installation(
    text: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if text is not None:
        (tmp_path / model_facts.FACTS_FILE).write_text(text, encoding="utf-8")
    monkeypatch.setattr(model_facts, "recipes_folder", lambda: tmp_path)
    with pytest.raises(SetupError, match="cannot read the list of models"):
        read_model_facts()


@pytest.mark.release
def test_figures_are_those_of_the_built_networks(project: Path, tmp_path: Path) -> None:
    result = tmp_path / "counts.json"
    call = tool_invocation(
        find_release(project),
        find_interpreter("paddle").python,
        str(project / "benchmarks" / "count_parameters.py"),
        [str(result)],
        cwd=tmp_path,
        log=tmp_path / "count.log",
        timeout_s=300.0,
        expects=(result,),
    )
    run_tool(call)
    counted = json.loads(result.read_text(encoding="utf-8"))
    # networks for key information are built in an environment of their own
    texts = {recipe.name: FACTS[recipe.name] for recipe in RECIPES}
    assert counted == {
        name: {"parameters": facts.parameters, "exported": facts.exported} for name, facts in texts.items()
    }
