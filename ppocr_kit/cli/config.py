"""``ppocr-kit config``: list, show, render and check training configurations."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from ppocr_kit.cli.console import print_json, print_problems, say
from ppocr_kit.cli.run_options import run_options, spec_from_options
from ppocr_kit.configs.base import DEFAULT_MODELS, ModelRecipe, find_recipe_by_name, list_models
from ppocr_kit.configs.lint.yaml_file import lint_file
from ppocr_kit.configs.model_facts import ModelFacts, read_model_facts
from ppocr_kit.configs.render import render, rendered_text
from ppocr_kit.datasets.manifest import read_dataset
from ppocr_kit.errors import ConfigError, UsageError
from ppocr_kit.problems import Problem, Severity, count_errors
from ppocr_kit.storage import write_text_atomic
from ppocr_kit.tasks import Task

_TABLE_WIDTH = 100
# from here on a tenth of a megabyte says nothing
_LARGE_MB = 1000
_TASKS = click.Choice([str(task) for task in Task])


@click.group(epilog="Example: ppocr-kit config list --task rec")
def config() -> None:
    """List, show, render and check training configurations."""


@config.command("list", epilog="Example: ppocr-kit config list --task det")
@click.option("--task", type=click.Choice([str(task) for task in Task]), help="Only the models of one task.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def list_command(task: str | None, as_json: bool) -> None:
    """List the models that can be trained; * marks what is taken without --model.

    Parameters are those of a checkpoint, with the model's own dictionary; the size is that of the
    exported model, without what only training needs.
    """
    recipes = list_models(*([Task(task)] if task is not None else Task))
    facts = read_model_facts()
    if as_json:
        print_json([_describe(recipe, facts[recipe.key]) for recipe in recipes])
        return
    _print_table(recipes, facts)


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
    spec = spec_from_options(Task(task), fetch=False, **options)
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


_LINT_EPILOG = """Examples:

  ppocr-kit config lint my_det.yml

  ppocr-kit config lint configs/*.yml --strict --json
"""


@config.command("lint", epilog=_LINT_EPILOG)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Count warnings as errors.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def lint_command(files: tuple[Path, ...], strict: bool, as_json: bool) -> None:
    """Check PaddleOCR training YAMLs, old or new: every problem with its line.

    Relative paths in a file are looked up from the current folder, as the tools do. Ends with exit
    code 4 when there is an error; warnings and notes alone pass.
    """
    for file in files:
        if not file.exists():
            raise UsageError("there is no such file", at=str(file))
    found = {file: [_graded(problem, strict) for problem in lint_file(file)] for file in files}
    errors = {file: count_errors(problems) for file, problems in found.items()}
    if as_json:
        documents = [_lint_document(file, problems) for file, problems in found.items()]
        print_json(documents[0] if len(files) == 1 else {"files": documents, "errors": sum(errors.values())})
    for file, problems in () if as_json else found.items():
        print_problems(problems)
        click.echo(f"{file}: {_summary(problems)}")
    if any(errors.values()):
        # the document on stdout is the whole result: the exit code says the rest
        if as_json:
            raise click.exceptions.Exit(ConfigError.exit_code)
        bad = [str(file) for file, count in errors.items() if count]
        total = sum(errors.values())
        raise ConfigError(f"{total} {'error' if total == 1 else 'errors'}", at=", ".join(bad))


def _graded(problem: Problem, strict: bool) -> Problem:
    """Make an error of a warning where that is wanted."""
    if strict and problem.severity is Severity.WARNING:
        return dataclasses.replace(problem, severity=Severity.ERROR)
    return problem


def _lint_document(file: Path, problems: list[Problem]) -> dict[str, Any]:
    return {
        "file": str(file),
        "errors": count_errors(problems),
        "problems": [each.to_json() for each in problems],
    }


def _summary(problems: list[Problem]) -> str:
    """Count by severity: ``2 errors, 1 warning``, or ``no errors``."""
    counts = [(kind, sum(each.severity is kind for each in problems)) for kind in Severity]
    said = [f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in counts if count]
    return ", ".join(said if count_errors(problems) else ["no errors", *said])


def _describe(recipe: ModelRecipe, facts: ModelFacts) -> dict[str, Any]:
    return {
        "name": recipe.name,
        "task": str(recipe.task),
        "default": _is_default(recipe),
        "parameters": facts.parameters,
        "exported_parameters": facts.exported,
        "export_mb": round(facts.export_mb, 1),
        "choose": facts.choose,
        "summary": recipe.summary,
        "description": recipe.description,
        "file": str(recipe.path),
    }


def _print_table(recipes: list[ModelRecipe], facts: Mapping[str, ModelFacts]) -> None:
    """Print a line or two per model; without a terminal a table is as wide as it may be."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for title, justify in (("", "left"), ("task", "left"), ("model", "left"), ("M param.", "right")):
        table.add_column(title, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    table.add_column("MB", justify="right", no_wrap=True)
    table.add_column("choose it for")
    for recipe in recipes:
        known = facts[recipe.key]
        mark = "*" if _is_default(recipe) else ""
        size = known.export_mb
        figures = (f"{known.parameters / 1e6:.1f}", f"{size:.1f}" if size < _LARGE_MB else f"{size:.0f}")
        table.add_row(mark, str(recipe.task), recipe.name, *figures, known.choose)
    console = Console(highlight=False)
    console.width = min(_TABLE_WIDTH, console.width) if console.is_terminal else _TABLE_WIDTH
    console.print(table)


def _is_default(recipe: ModelRecipe) -> bool:
    return DEFAULT_MODELS[recipe.task] == recipe.name
