from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ppocr_kit.configs import base
from ppocr_kit.configs.base import DEFAULT_MODELS, find_recipe, find_recipe_by_name, list_models, load_recipe
from ppocr_kit.configs.keys import check_keys
from ppocr_kit.configs.line_input import guides
from ppocr_kit.configs.lint.yaml_file import lint_file
from ppocr_kit.configs.schema import SECTIONS
from ppocr_kit.errors import SetupError, UsageError
from ppocr_kit.tasks import TASK_FACTS, Task

RECIPES = list_models()
IDS = [recipe.name for recipe in RECIPES]
EACH = pytest.mark.parametrize("recipe", RECIPES, ids=IDS)
PLACEHOLDERS = {"C010", "C011"}  # a recipe names no data of anybody's


@EACH
def test_recipe_has_all_sections_and_only_known_keys(recipe: base.ModelRecipe) -> None:
    config = load_recipe(recipe)
    assert list(config) == list(SECTIONS)
    assert check_keys(config) == []


@EACH
def test_recipe_passes_lint_but_for_its_placeholders(recipe: base.ModelRecipe, tmp_path: Path) -> None:
    assert {problem.code for problem in lint_file(recipe.path, tmp_path)} <= PLACEHOLDERS


@EACH
def test_recipe_fetches_nothing_and_starts_from_scratch(recipe: base.ModelRecipe) -> None:
    config = load_recipe(recipe)
    assert config["Global"]["pretrained_model"] is None
    assert config["Global"]["checkpoints"] is None
    assert "http" not in recipe.path.read_text(encoding="utf-8")


@EACH
def test_recipe_chooses_the_best_model_by_the_metric_of_its_task(recipe: base.ModelRecipe) -> None:
    config = load_recipe(recipe)
    assert config["Architecture"]["model_type"] == str(recipe.task)
    assert config["Metric"]["main_indicator"] == TASK_FACTS[recipe.task].main_indicator


@EACH
def test_only_training_shuffles_and_drops_rows(recipe: base.ModelRecipe) -> None:
    config = load_recipe(recipe)
    assert config["Train"]["loader"]["shuffle"] is True
    assert config["Eval"]["loader"]["shuffle"] is False
    assert config["Eval"]["loader"]["drop_last"] is False


@EACH
def test_recogniser_evaluates_at_a_size_it_trains_at(recipe: base.ModelRecipe) -> None:
    config = load_recipe(recipe)
    shapes = {
        mode: [
            tuple(step[name]["image_shape"])
            for step in config[mode]["dataset"]["transforms"]
            for name in step
            if name in ("RecResizeImg", "SVTRRecResizeImg")
        ]
        for mode in ("Train", "Eval")
    }
    assert len(shapes["Eval"]) == (1 if recipe.task is Task.REC else 0)
    if "sampler" in config["Train"]:
        _, height, width = shapes["Eval"][0]
        assert [width, height] in config["Train"]["sampler"]["scales"]
        assert not shapes["Train"], "the data set itself resizes"
    else:
        assert shapes["Train"] == shapes["Eval"]


@EACH
def test_recogniser_has_one_text_length(recipe: base.ModelRecipe) -> None:
    config = load_recipe(recipe)
    named = {settings["max_text_length"] for settings in guides(config)}
    joining = [step["RecConAug"] for step in config["Train"]["dataset"]["transforms"] if "RecConAug" in step]
    named |= {settings["max_text_length"] for settings in joining}
    assert named <= {config["Global"].get("max_text_length")}


@EACH
def test_detector_writes_out_how_it_resizes(recipe: base.ModelRecipe) -> None:
    steps = load_recipe(recipe)["Eval"]["dataset"]["transforms"]
    resizing = [step["DetResizeForTest"] for step in steps if "DetResizeForTest" in step]
    assert all(resizing)
    assert len(resizing) == (1 if recipe.task is Task.DET else 0)


@EACH
def test_recipe_says_in_a_line_what_it_is_for(recipe: base.ModelRecipe) -> None:
    assert 20 <= len(recipe.summary) <= 100
    assert recipe.description.startswith(recipe.summary)


@EACH
def test_architecture_is_upstreams(recipe: base.ModelRecipe, shared: Path) -> None:
    fixture = shared / "parity" / "models" / f"{recipe.name}.json"
    if not fixture.is_file():
        assert recipe.name.startswith("quickstart_")
        return
    architecture = json.loads(fixture.read_text(encoding="utf-8"))["architecture"]
    if recipe.task is Task.REC:
        # the tools set them from the dictionary
        architecture["Head"].pop("out_channels", None)
        architecture["Head"].pop("out_channels_list", None)
    assert load_recipe(recipe)["Architecture"] == architecture


def test_every_model_of_the_recorded_facts_has_a_recipe(shared: Path) -> None:
    recorded = {path.stem for path in (shared / "parity" / "models").glob("*.json")}
    assert recorded and recorded <= set(IDS)


def test_every_task_has_a_default_model() -> None:
    assert DEFAULT_MODELS.keys() == set(Task)
    for task, name in DEFAULT_MODELS.items():
        assert find_recipe(task, name).task is task


def test_models_are_listed_by_task() -> None:
    assert {recipe.task for recipe in list_models(Task.DET)} == {Task.DET}
    assert [recipe.name for recipe in list_models()] == IDS
    assert len(set(IDS)) == len(IDS), "a name says which model, whatever the task"


def test_unknown_model_names_the_nearest() -> None:
    with pytest.raises(UsageError, match=re.escape("did you mean 'ch_det_mv3_db_v2.0'?")):
        find_recipe(Task.DET, "ch_det_mv3_db")
    with pytest.raises(UsageError, match="did you mean 'quickstart_rec'"):
        find_recipe_by_name("quickstart-rec")


def test_model_of_another_task_is_refused() -> None:
    with pytest.raises(UsageError, match="is a rec model, not a det one"):
        find_recipe(Task.DET, "quickstart_rec")


def test_package_data_goes_before_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = tmp_path / "_data" / "configs"
    (packed / "det").mkdir(parents=True)
    (packed / "det" / "only.yml").write_text("# only: One. Two.\nGlobal: {}\n", encoding="utf-8")
    monkeypatch.setattr(base, "_PLACES", (packed, tmp_path / "configs"))
    assert [(recipe.name, recipe.summary) for recipe in list_models()] == [("only", "One")]


def test_missing_recipes_are_a_broken_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "_PLACES", (tmp_path / "configs",))
    with pytest.raises(SetupError, match="recipes are missing"):
        list_models()
