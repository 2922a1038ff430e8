"""``ppocr-kit config``: list, show, render and check training configurations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ppocr_kit.cli.console import print_json, say
from ppocr_kit.cli.run_options import run_options, spec_from_options
from ppocr_kit.configs.base import DEFAULT_MODELS, ModelRecipe, find_recipe_by_name, list_models
from ppocr_kit.configs.lint import lint_file
from ppocr_kit.configs.render import render, rendered_text
from ppocr_kit.datasets.manifest import read_dataset
from ppocr_kit.errors import ConfigError, UsageError
from ppocr_kit.problems import Problem, Severity
from ppocr_kit.storage import write_text_atomic
from ppocr_kit.tasks import Task

_TASKS = click.Choice([str(task) for task in Task])


@click.group(epilog="Example: ppocr-kit config list --task rec")
def config() -> None:
    """List, show, render and check training configurations."""


@config.command("list", epilog="Example: ppocr-kit config list --task det")
@click.option("--task", type=_TASKS, help="Only the models of one task.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def list_command(task: str | None, as_json: bool) -> None:
    """List the models that can be trained; * marks what is taken without --model."""
    recipes = list_models(Task(task) if task is not None else None)
    if as_json:
        print_json([_describe(recipe) for recipe in recipes])
        return
    width = max(len(recipe.name) for recipe in recipes)
    for recipe in recipes:
        mark = "*" if _is_default(recipe) else " "
        click.echo(f"{mark} {recipe.task}  {recipe.name:<{width}}  {recipe.summary}")


@config.command("show", epilog="Example: ppocr-kit config show rec_en_number_lite_train")
@click.argument("model")
def show_command(model: str) -> None:
    """Print the recipe of MODEL as it is shipped, before a data set and options are filled in."""
    click.echo(find_recipe_by_name(model).path.read_text(encoding="utf-8"), nl=False)


@config.command(
    "render",
    epilog="Example: ppocr-kit config render rec --dataset train_data/invoices --out rec.yml",
)
@click.argument("task", type=_TASKS)
@run_options
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write, else stdout.")
@click.option("--json", "as_json", is_flag=True, help="Print configuration and changes as JSON.")
def render_command(task: str, out: Path | None, as_json: bool, **options: Any) -> None:
    """Write the complete YAML that `train` would run with the same options.

    What differs from the recipe is said with the reason, on stderr and at the top of the file. No data
    is looked at beyond the data set's own description, and nothing is trained.
    """
    spec = spec_from_options(Task(task), **options)
    assert spec.dataset_root is not None
    rendered = render(spec, read_dataset(spec.dataset_root))
    text = rendered_text(rendered.config, rendered.changes, spec.model)
    if out is not None:
        write_text_atomic(out, text)
    if as_json:
        changes = [change.to_json() for change in rendered.changes]
        print_json({"model": spec.model, "config": rendered.config, "changes": changes})
        return
    for change in rendered.changes:
        say(str(change))
    if out is None:
        click.echo(text, nl=False)
    else:
        say(f"wrote {out}")


@config.command("lint", epilog="Example: ppocr-kit config lint my_det.yml")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def lint_command(file: Path, as_json: bool) -> None:
    """Check a PaddleOCR training YAML: every problem with its line.

    Relative paths in the file are looked up from the current folder, as the tools do. Ends with exit
    code 4 when there is an error; warnings alone pass.
    """
    if not file.is_file():
        raise UsageError("there is no such file", at=str(file))
    problems = lint_file(file)
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    if as_json:
        print_json({"file": str(file), "errors": errors, "problems": [each.to_json() for each in problems]})
    else:
        _print_problems(problems)
    if errors:
        # the document on stdout is the whole result: the exit code says the rest
        if as_json:
            raise click.exceptions.Exit(ConfigError.exit_code)
        raise ConfigError(f"{errors} {'error' if errors == 1 else 'errors'}", at=str(file))
    if not as_json:
        click.echo(f"{file}: no errors")


def _describe(recipe: ModelRecipe) -> dict[str, Any]:
    return {
        "name": recipe.name,
        "task": str(recipe.task),
        "default": _is_default(recipe),
        "summary": recipe.summary,
        "description": recipe.description,
        "file": str(recipe.path),
    }


def _is_default(recipe: ModelRecipe) -> bool:
    return DEFAULT_MODELS[recipe.task] == recipe.name


def _print_problems(problems: list[Problem]) -> None:
    for problem in problems:
        hint = f" ({problem.hint})" if problem.hint else ""
        click.echo(f"{problem.where}: {problem.severity} {problem.code}: {problem.message}{hint}")
