"""``ppocr-kit labels``: find out what is wrong in labelled folders before anything is trained."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ppocr_kit.cli.console import print_json, progress_bar
from ppocr_kit.cli.kie_options import kie_options
from ppocr_kit.cli.label_links import link
from ppocr_kit.cli.label_stats import stats
from ppocr_kit.cli.reading_options import reading_options
from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.tasks import KIE_TASKS, TEXT_TASKS, Task

if TYPE_CHECKING:
    from ppocr_kit.datasets.kie_request import KieRequest
    from ppocr_kit.labels.sources import ReadOptions

_CHECK_EPILOG = """Examples:

  ppocr-kit labels check my_labels more_labels --task rec --dict en_dict.txt

  ppocr-kit labels check my_forms --task ser --task re
"""


@click.group(epilog="Example: ppocr-kit labels check my_labels")
def labels() -> None:
    """Look into folders that PPOCRLabel exported. Only check --fix changes labels, beside a backup."""


labels.add_command(stats)
labels.add_command(link)


@labels.command(epilog=_CHECK_EPILOG)
@click.argument("sources", metavar="SRC...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--task",
    "tasks",
    multiple=True,
    type=click.Choice([str(task) for task in Task]),
    help="What the labels are meant for; may be repeated. Default: det and rec; ser where a box has a class, "
    "re where there is a link.",
)
@click.option(
    "--dict",
    "dictionary",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Dictionary to hold the texts against; default: the one that dataset build makes of them.",
)
@click.option(
    "--max-text-length",
    type=click.IntRange(min=1),
    help="Longest text of the recogniser, as max_text_length in its configuration. Default: it grows with "
    "the texts as far as the line picture goes, as train lets it.",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="RECIPE",
    help="Recipe to hold the labels against (ppocr-kit config list); one per task. Default: that of train.",
)
@click.option(
    "--release/--no-release",
    default=None,
    help="Let the release's own transforms look at every row. Default: where a release and an environment "
    "for it are there.",
)
@click.option(
    "--fix",
    is_flag=True,
    help="First repair in Label.txt what is safe, beside a backup; then check.",
)
@click.option("--dry-run", is_flag=True, help="With --fix: list the repairs and write nothing.")
@kie_options
@reading_options
@click.option("--all", "show_all", is_flag=True, help="Print every place, not three of each kind.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
@click.pass_context
def check(
    context: click.Context,
    sources: tuple[Path, ...],
    tasks: tuple[str, ...],
    dictionary: Path | None,
    max_text_length: int | None,
    models: tuple[str, ...],
    release: bool | None,
    fix: bool,
    dry_run: bool,
    kie: KieRequest,
    reading: ReadOptions,
    show_all: bool,
    as_json: bool,
) -> None:
    """Check the labelled folders SRC (or their label files): all findings at once.

    What is wrong, where and what to do; which rows training would refuse; what there is to learn.
    Exit code 0 when there are at most warnings, 3 when there is an error or nothing to use.
    """
    from ppocr_kit.cli.label_display import describe_report, print_report
    from ppocr_kit.cli.label_repair import check_repair_options, print_left, print_repairs, repair_labels
    from ppocr_kit.datasets.kie_request import check_kie_request
    from ppocr_kit.runs.label_check import CheckRequest, check_labels

    check_repair_options(fix, dry_run, reading.format)
    wanted = tuple(task for task in TEXT_TASKS if not tasks or str(task) in tasks)
    kie_tasks = tuple(task for task in KIE_TASKS if str(task) in tasks) if tasks else None
    check_kie_request(kie, KIE_TASKS if kie_tasks is None else kie_tasks, "--task ser --task re")
    request = CheckRequest(
        sources,
        wanted,
        _models_of(models, wanted),
        dictionary,
        max_text_length,
        reading,
        release,
        kie_tasks,
        kie,
    )
    repairs = repair_labels(sources, dry_run=dry_run, show_all=show_all or as_json) if fix else []
    if repairs and not as_json:
        print_repairs(repairs, dry_run=dry_run)
    report = check_labels(request, track=progress_bar)
    if as_json:
        done = {"dry_run": dry_run, "repairs": [repair.to_json() for repair in repairs]} if fix else {}
        print_json({**describe_report(report), **done})
    else:
        if fix:
            print_left(report.check.problems.by_code)
        print_report(report, kie, show_all=show_all)
    if not report.passed:
        context.exit(DataError.exit_code)


@labels.command(epilog="Example: ppocr-kit labels convert icdar2015/train --out my_labels")
@click.argument("sources", metavar="SRC...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder to write; it must not be there, or be empty.",
)
@click.option(
    "--copy/--link",
    "copy",
    default=True,
    show_default=True,
    help="Copy the images, or give the same files a second name. PPOCRLabel writes into an image that is "
    "rotated there.",
)
@reading_options
@click.option("--dry-run", is_flag=True, help="Do everything except writing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
def convert(
    sources: tuple[Path, ...], out: Path, copy: bool, reading: ReadOptions, dry_run: bool, as_json: bool
) -> None:
    """Write labels of any format as one folder that PPOCRLabel opens.

    SRC are PPOCRLabel folders, folders or files of ICDAR, SROIE, COCO-Text, Labelme, FUNSD and XFUND
    labels, or PaddleOCR's own lists; they are only read. What cannot be taken over is listed.
    """
    from ppocr_kit.cli.label_conversion import print_conversion
    from ppocr_kit.datasets.labelled_folder import ConvertRequest, convert_labels

    request = ConvertRequest(sources, out, reading, link=not copy)
    result = convert_labels(request, dry_run=dry_run, track=progress_bar)
    if as_json:
        print_json({"dry_run": dry_run, **result.to_json()})
    else:
        print_conversion(result, dry_run=dry_run)


def _models_of(names: tuple[str, ...], tasks: tuple[Task, ...]) -> dict[Task, str]:
    """Return the recipes by task.

    Raises:
        UsageError: There is no such recipe, two are for one task, or its task is not asked for.
    """
    from ppocr_kit.configs.base import find_recipe_by_name

    models: dict[Task, str] = {}
    for name in names:
        task = find_recipe_by_name(name).task
        if task not in tasks:
            raise UsageError(f"'{name}' is a {task} model", at="--model", hint=f"add --task {task}")
        if task in models:
            raise UsageError(f"'{models[task]}' and '{name}' are both {task} models", at="--model")
        models[task] = name
    return models
