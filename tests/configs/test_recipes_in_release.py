"""The recipes against the release's own code: what they name exists there and builds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from release_classes import constructor_settings, read_classes

from ppocr_kit.configs.base import find_recipe_by_name, list_models, load_recipe
from ppocr_kit.configs.render import dump_config, render_config
from ppocr_kit.configs.spec import RunSpec
from ppocr_kit.configs.transform_ops import TRANSFORM_OPS
from ppocr_kit.datasets.manifest import Dataset, SplitData, TaskData
from ppocr_kit.tasks import Split, Task
from ppocr_kit.vendor.environment import find_interpreter
from ppocr_kit.vendor.process import run_tool
from ppocr_kit.vendor.release import find_release
from ppocr_kit.vendor.tools import tool_invocation

pytestmark = pytest.mark.release

NAMES = [recipe.name for recipe in list_models()]


@pytest.fixture(scope="module")
def real_dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """One page with one box, and one crop of it, in every split."""
    import cv2
    import numpy as np

    root = tmp_path_factory.mktemp("tiny")
    box = [[20, 20], [220, 20], [220, 60], [20, 60]]
    labels = {
        Task.DET: json.dumps([{"transcription": "ab", "points": box, "difficult": False}]),
        Task.REC: "ab",
    }
    (root / "dict.txt").write_text("a\nb\n", encoding="utf-8")
    cv2.imwrite(str(root / "page.png"), np.full((256, 320, 3), 200, np.uint8))
    tasks = {}
    for task, label in labels.items():
        file = root / f"{task}.txt"
        file.write_text(f"page.png\t{label}\n", encoding="utf-8")
        splits = {split: SplitData(file, 1, 1, "0") for split in Split}
        tasks[task] = TaskData(root, splits, root / "dict.txt" if task is Task.REC else None, True, 2)
    return Dataset("tiny", root, 0, tasks, "0")


@pytest.fixture(scope="module")
def built(
    real_dataset: Dataset, project: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    """What the release builds from every rendered recipe, in one process."""
    folder = tmp_path_factory.mktemp("rendered")
    files = []
    for name in NAMES:
        recipe = find_recipe_by_name(name)
        spec = RunSpec(recipe.task, name, name, output_dir=folder / name)
        files.append(folder / f"{name}.yml")
        files[-1].write_text(dump_config(render_config(spec, real_dataset)), encoding="utf-8")
    result = folder / "built.json"
    call = tool_invocation(
        find_release(project),
        find_interpreter("paddle").python,
        str(Path(__file__).with_name("build_recipes.py")),
        [str(result), *map(str, files)],
        cwd=folder,
        timeout_s=300.0,
        expects=(result,),
    )
    run_tool(call)
    return json.loads(result.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_recipe_builds_and_reads_rows(name: str, built: dict[str, dict[str, Any]]) -> None:
    recipe, found = find_recipe_by_name(name), built[name]
    if recipe.task is Task.DET:
        assert (found["loss"], found["metric"]) == ("DBLoss", "hmean")
        image, *maps = found["train"]
        assert image[0] == 3 and image[1] == image[2]
        assert maps == [image[1:]] * 4
        assert [len(shape) for shape in found["eval"]] == [3, 1, 3, 1]
        assert all(side % 32 == 0 for side in found["eval"][0][1:])
        return
    guided = name.startswith(("PP-OCR", "en_PP-OCR"))
    assert (found["loss"], found["metric"]) == ("MultiLoss" if guided else "CTCLoss", "acc")
    for image, *targets in (found["train"], found["eval"]):
        # what the loss takes: the targets of both heads, the length, and how much of the line is filled
        assert len(targets) == (4 if guided else 2)
        assert image[0] == 3 and image[1] in (32, 48, 64)
    assert found["train"][0][2] == found["eval"][0][2]


@pytest.mark.parametrize("name", NAMES)
def test_learning_rate_starts_as_the_recipe_says(name: str, built: dict[str, dict[str, Any]]) -> None:
    # with a warm-up the first step has rate 0
    assert 0 <= built[name]["learning_rate"] <= 0.01
    assert built[name]["parameters"] > 50


@pytest.mark.parametrize("name", NAMES)
def test_recipe_names_a_dictionary_of_the_release(name: str, release_path: Path) -> None:
    named = load_recipe(find_recipe_by_name(name))["Global"].get("character_dict_path")
    assert named is None or (release_path / named).is_file()


def test_transforms_are_those_of_the_release(release_path: Path) -> None:
    classes = read_classes(release_path / "ppocr" / "data" / "imaug")
    assert TRANSFORM_OPS.keys() <= classes.keys()
    for name, settings in TRANSFORM_OPS.items():
        named, looked_up = constructor_settings(classes, name)
        assert set(named) <= set(settings), name
        assert set(settings) <= set(named) | looked_up, name
