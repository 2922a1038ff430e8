from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from tiny_dataset import make_dataset

from ppocr_kit.configs.base import ModelRecipe, find_recipe, find_recipe_by_name, list_models, load_recipe
from ppocr_kit.configs.key_information import window_of, with_classes, with_window
from ppocr_kit.configs.keys import check_keys
from ppocr_kit.configs.lint.yaml_file import lint_file
from ppocr_kit.configs.machine import cpu_batch
from ppocr_kit.configs.patches import task_of, with_checkpoint
from ppocr_kit.configs.render import dump_config, render
from ppocr_kit.configs.schema import SECTIONS
from ppocr_kit.configs.spec import RunSpec
from ppocr_kit.datasets.manifest import Dataset, TaskData
from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.tasks import KIE_TASKS, TASK_FACTS, Task

RECIPES = list_models(*KIE_TASKS)
EACH = pytest.mark.parametrize("recipe", RECIPES, ids=[recipe.key for recipe in RECIPES])
CLASSES = {Task.SER: 25, Task.RE: 5}
RUN = Path("/data/output/run")


def dataset_of(task: Task, train: int = 80) -> Dataset:
    described = make_dataset(train, tasks=(task,))
    data = described.tasks[task]
    classes = data.data_dir / "classes.txt"
    known = TaskData(data.data_dir, data.splits, classes=classes, num_classes=CLASSES[task])
    return Dataset(described.name, described.root, 0, {task: known}, described.checksum)


def rendered(recipe: ModelRecipe, train: int = 80, **wanted: Any) -> dict[str, Any]:
    spec = RunSpec(recipe.task, recipe.name, "run", output_dir=RUN, **wanted)
    return render(spec, dataset_of(recipe.task, train)).config


def test_both_tasks_have_the_same_networks() -> None:
    assert {recipe.key for recipe in RECIPES} == {
        "ser/layoutxlm", "ser/vi_layoutxlm", "re/layoutxlm", "re/vi_layoutxlm",
    }  # fmt: skip


def test_a_name_that_two_tasks_have_is_told_apart_by_the_task() -> None:
    assert find_recipe_by_name("re/vi_layoutxlm").task is Task.RE
    assert find_recipe(Task.SER, "vi_layoutxlm").task is Task.SER
    with pytest.raises(UsageError, match="ser/vi_layoutxlm and re/vi_layoutxlm"):
        find_recipe_by_name("vi_layoutxlm")


@EACH
def test_recipe_is_whole_and_known_and_names_no_weights(recipe: ModelRecipe, tmp_path: Path) -> None:
    config = load_recipe(recipe)
    assert list(config) == list(SECTIONS)
    assert check_keys(config) == []
    assert {problem.code for problem in lint_file(recipe.path, tmp_path)} == {"C010"}
    assert task_of(config) is recipe.task
    assert config["Metric"]["main_indicator"] == TASK_FACTS[recipe.task].main_indicator
    assert config["Architecture"]["Backbone"]["checkpoints"] is None
    assert 20 <= len(recipe.summary) <= 100


@EACH
def test_recipe_takes_the_pictures_only_where_the_network_sees(recipe: ModelRecipe) -> None:
    mode = load_recipe(recipe)["Architecture"]["Backbone"]["mode"]
    assert mode == ("vi" if recipe.name.startswith("vi") else "base")


@EACH
def test_the_classes_of_the_data_set_stand_wherever_they_are_asked_for(recipe: ModelRecipe) -> None:
    config = rendered(recipe)
    named = (dataset_of(recipe.task).tasks[recipe.task].data_dir / "classes.txt").as_posix()
    for mode in ("Train", "Eval"):
        steps = config[mode]["dataset"]["transforms"]
        assert [
            step["VQATokenLabelEncode"]["class_path"] for step in steps if "VQATokenLabelEncode" in step
        ] == [named]
    numbers = [config["Architecture"]["Backbone"].get("num_classes"), config["Loss"].get("num_classes")]
    assert numbers == ([25, 25] if recipe.task is Task.SER else [None, None])
    assert config["PostProcess"].get("class_path") == (named if recipe.task is Task.SER else None)
    assert yaml.safe_load(dump_config(config)) == config


@EACH
def test_a_run_starts_from_the_network_that_is_named(recipe: ModelRecipe) -> None:
    backbone = rendered(recipe, pretrained=Path("/weights/tiny"))["Architecture"]["Backbone"]
    assert backbone["checkpoints"] == "/weights/tiny"
    assert rendered(recipe)["Architecture"]["Backbone"]["checkpoints"] is None


@EACH
def test_schedule_is_the_published_one_whatever_it_starts_from(recipe: ModelRecipe) -> None:
    published = load_recipe(recipe)["Optimizer"]["lr"]["name"]
    for pretrained in (None, Path("/weights/tiny")):
        config = rendered(recipe, pretrained=pretrained)
        assert config["Optimizer"]["lr"]["name"] == published
        assert config["Optimizer"]["lr"]["learning_rate"] <= 1e-4


@pytest.mark.parametrize(("task", "rows", "epochs"), [
    (Task.SER, 149, 200), (Task.SER, 20, 200), (Task.SER, 3_000, 10), (Task.SER, 10**6, 3),
    (Task.RE, 149, 130), (Task.RE, 2_000, 10),
])  # fmt: skip
def test_epochs_show_as_many_rows_as_were_published(task: Task, rows: int, epochs: int) -> None:
    assert rendered(find_recipe(task, "vi_layoutxlm"), rows)["Global"]["epoch_num"] == epochs


@EACH
def test_a_window_is_one_for_all_transforms(recipe: ModelRecipe) -> None:
    config = rendered(recipe, max_seq_len=96)
    lengths = {
        settings["max_seq_len"]
        for mode in ("Train", "Eval")
        for step in config[mode]["dataset"]["transforms"]
        for settings in step.values()
        if settings and "max_seq_len" in settings
    }
    assert lengths == {96} and window_of(config) == 96
    assert window_of(load_recipe(recipe)) == 512


@pytest.mark.parametrize("tokens", [0, -1, 513])
def test_a_window_that_the_network_has_no_places_for_is_refused(tokens: int) -> None:
    with pytest.raises(UsageError, match="1 to 512"):
        with_window(load_recipe(RECIPES[0]), tokens)


def test_a_data_set_without_classes_is_refused() -> None:
    data = make_dataset(tasks=(Task.SER,)).tasks[Task.SER]
    with pytest.raises(DataError, match="names no classes"):
        with_classes(load_recipe(RECIPES[0]), data)


@EACH
def test_a_checkpoint_is_a_folder_that_the_backbone_loads(recipe: ModelRecipe) -> None:
    config = with_checkpoint(rendered(recipe), RUN / "checkpoints" / "latest")
    assert config["Architecture"]["Backbone"]["checkpoints"].endswith("run/checkpoints/latest")
    assert config["Global"]["checkpoints"] is None


@EACH
def test_a_cpu_takes_as_many_pages_as_the_recipe_says(recipe: ModelRecipe) -> None:
    assert cpu_batch(load_recipe(recipe), 8) == 8
