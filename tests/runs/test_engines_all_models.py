"""Every export answers as its network does, on Paddle with and without oneDNN, onnxruntime and OpenVINO.

Weights are made up; each pair of numbers, probabilities between 0 and 1, differs by less than ``TOLERANCE``
(docs/tasks/export.md). Two batches of other sizes are asked: an export must take any.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_runs import AT_HAND

from ppocr_kit.configs.base import ModelRecipe, list_models
from ppocr_kit.tasks import Task
from ppocr_kit.vendor.environment import find_interpreter
from ppocr_kit.vendor.process import run_tool
from ppocr_kit.vendor.release import find_release
from ppocr_kit.vendor.tools import tool_invocation

pytestmark = pytest.mark.release

SCRIPT = Path(__file__).parent / "scripts" / "answer_on_every_engine.py"
ENGINES = {"paddle_no_onednn", *AT_HAND}
TOLERANCE = 5e-4
# Below this all answers would be the same number, and agreement would show nothing.
LEAST_SPREAD = 1e-3
# Loading and exporting these takes longer than all others together.
SLOW = ("server", "medium", "_r34_", "_r50_")

Answers = Callable[[Task, bool], dict[str, Any]]


def is_slow(recipe: ModelRecipe) -> bool:
    return any(part in recipe.name for part in SLOW)


def cases() -> list[Any]:
    return [
        pytest.param(
            recipe,
            id=recipe.name,
            marks=[
                # those of one process stay together where tests run side by side
                pytest.mark.xdist_group(f"engines-{recipe.task}-{is_slow(recipe)}"),
                *([pytest.mark.slow] if is_slow(recipe) else []),
            ],
        )
        for recipe in list_models()
    ]


@pytest.fixture(scope="module")
def answers_of(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Answers:
    """Return a function that lets one process answer for all recipes of a task, once."""

    @functools.cache
    def answers(task: Task, slow: bool) -> dict[str, Any]:
        folder = tmp_path_factory.mktemp("engines")
        asked, result = folder / "job.json", folder / "result.json"
        names = [recipe.name for recipe in list_models(task) if is_slow(recipe) is slow]
        job = {"task": str(task), "recipes": names, "folder": str(folder)}
        asked.write_text(json.dumps(job), encoding="utf-8")
        run_tool(
            tool_invocation(
                find_release(project),
                find_interpreter("paddle").python,
                str(SCRIPT),
                [str(asked), str(result)],
                cwd=folder,
                log=folder / "answers.log",
                timeout_s=900,
                expects=(result,),
            )
        )
        return dict(json.loads(result.read_text(encoding="utf-8")))

    return answers


@pytest.mark.parametrize("recipe", cases())
def test_every_engine_answers_as_the_network_does(recipe: ModelRecipe, answers_of: Answers) -> None:
    found = answers_of(recipe.task, is_slow(recipe))[recipe.name]
    assert set(found["engines"]) == ENGINES
    assert found["spread"] > LEAST_SPREAD
    assert {name: gap for name, gap in found["engines"].items() if not gap < TOLERANCE} == {}
