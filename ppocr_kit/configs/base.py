"""The recipes: complete training YAMLs under ``configs/<task>/<model>.yml``.

They travel inside a wheel as package data; in a checkout they are the top-level ``configs/``.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import ppocr_kit
from ppocr_kit.errors import ConfigError, SetupError, UsageError
from ppocr_kit.tasks import KIE_TASKS, TEXT_TASKS, Task

# What `train` and `config render` take when no --model is given: small, and official weights exist.
DEFAULT_MODELS: dict[Task, str] = {
    Task.DET: "ch_det_mv3_db_v2.0",
    Task.REC: "rec_en_number_lite_train",
    Task.SER: "vi_layoutxlm",
    Task.RE: "vi_layoutxlm",
}
_PACKAGE = Path(ppocr_kit.__file__).resolve().parent
_PLACES = (_PACKAGE / "_data" / "configs", _PACKAGE.parent / "configs")


@dataclass(frozen=True)
class ModelRecipe:
    """A training YAML that the kit ships.

    Attributes:
        name: PaddleOCR's name of the configuration.
        task: What the model does.
        path: The YAML file.
        summary: One sentence, the first of the comment at the top of the file.
        description: That whole comment.
    """

    name: str
    task: Task
    path: Path
    summary: str
    description: str

    @property
    def key(self) -> str:
        """Its name among the models of all tasks: ser and re have networks of the same names."""
        return f"{self.task}/{self.name}" if self.task in KIE_TASKS else self.name


def recipes_folder() -> Path:
    """Return the folder that holds ``det/``, ``rec/``, ``ser/`` and ``re/``.

    Raises:
        SetupError: The installation lacks its recipes.
    """
    for place in _PLACES:
        if (place / str(Task.DET)).is_dir():
            return place
    raise SetupError("the recipes are missing from the installation", at=str(_PLACES[0]), hint="reinstall")


def list_models(*tasks: Task) -> list[ModelRecipe]:
    """List the recipes of some tasks, by task and name; those of det and rec by default."""
    folder = recipes_folder()
    return [
        _recipe(task, path)
        for task in tasks or TEXT_TASKS
        for path in sorted((folder / str(task)).glob("*.yml"))
    ]


def find_recipe(task: Task, name: str) -> ModelRecipe:
    """Find a recipe by the name of its model.

    Raises:
        UsageError: There is none of that name for the task; the nearest one is named.
    """
    recipes = list_models(task)
    for recipe in recipes:
        if recipe.name == name:
            return recipe
    elsewhere = [recipe for recipe in list_models(*Task) if recipe.name == name]
    if elsewhere:
        message = f"'{name}' is a {elsewhere[0].task} model, not a {task} one"
    else:
        message = f"there is no {task} model '{name}'{_nearest(name, recipes)}"
    raise UsageError(message, at="--model", hint=f"ppocr-kit config list --task {task}")


def find_recipe_by_name(name: str) -> ModelRecipe:
    """Find a recipe whose task is not known.

    Args:
        name: Its name, or ``ser/NAME`` and ``re/NAME`` where both have one.

    Raises:
        UsageError: There is none of that name, or more than one; the nearest one is named.
    """
    recipes = list_models(*Task)
    found = [recipe for recipe in recipes if name in (recipe.name, recipe.key)]
    if len(found) == 1:
        return found[0]
    if found:
        keys = " and ".join(recipe.key for recipe in found)
        raise UsageError(f"there are two models '{name}': {keys}", at=name, hint=f"write {found[0].key}")
    raise UsageError(
        f"there is no model '{name}'{_nearest(name, recipes)}", at=name, hint="ppocr-kit config list"
    )


def load_recipe(recipe: ModelRecipe) -> dict[str, Any]:
    """Read a recipe's YAML.

    Raises:
        ConfigError: The file was changed into something that is no configuration.
    """
    try:
        config = yaml.safe_load(recipe.path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"cannot read the recipe ({error})", at=str(recipe.path)) from error
    if not isinstance(config, dict):
        raise ConfigError("the recipe is not a mapping of sections", at=str(recipe.path))
    return config


def _recipe(task: Task, path: Path) -> ModelRecipe:
    """Describe a recipe by the comment at the top of its file."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# ").rstrip())
    text = " ".join(lines)
    described = text.split(": ", 1)[-1]
    return ModelRecipe(path.stem, task, path, described.split(". ", 1)[0].rstrip("."), described)


def _nearest(name: str, recipes: list[ModelRecipe]) -> str:
    names = [recipe.name for recipe in recipes]
    begun = [each for each in names if name and each.startswith(name)]
    near = begun or difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f"; did you mean '{near[0]}'?" if near else ""
