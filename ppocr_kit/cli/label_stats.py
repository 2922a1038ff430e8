"""``ppocr-kit labels stats``: pictures of what labelled folders hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ppocr_kit.cli.console import print_json, progress_bar
from ppocr_kit.cli.reading_options import reading_options
from ppocr_kit.errors import UsageError
from ppocr_kit.tasks import TEXT_TASKS, Task

if TYPE_CHECKING:
    from ppocr_kit.labels.sources import ReadOptions


@click.command(epilog="Example: ppocr-kit labels stats my_labels --out my_labels_stats")
@click.argument("sources", metavar="SRC...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for labels.html and the pictures; files of an earlier call are replaced.",
)
@click.option(
    "--dict",
    "dictionary",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Dictionary to hold the texts against.",
)
@click.option("--max-text-length", type=click.IntRange(min=1), help="Longest text of the recogniser.")
@click.option("--model", metavar="RECIPE", help="Recogniser that is meant (ppocr-kit config list).")
@reading_options
@click.option("--json", "as_json", is_flag=True, help="Print numbers and files as one JSON document.")
def stats(
    sources: tuple[Path, ...],
    out: Path,
    dictionary: Path | None,
    max_text_length: int | None,
    model: str | None,
    reading: ReadOptions,
    as_json: bool,
) -> None:
    """Draw what the labelled folders SRC hold: one self-contained HTML page, and its pictures as PNG.

    Sizes and shapes of boxes, lengths of texts, characters, classes, places on the page, and the findings
    of a check by kind.
    """
    from ppocr_kit.configs.base import find_recipe, load_recipe
    from ppocr_kit.configs.label_limits import line_limits
    from ppocr_kit.reports.label_files import write_label_files
    from ppocr_kit.runs.label_check import CheckRequest, check_labels

    _refuse_labelled_folder(out, sources)
    models = {Task.REC: model} if model else {}
    request = CheckRequest(sources, TEXT_TASKS, models, dictionary, max_text_length, reading, release=False)
    recipe = load_recipe(find_recipe(Task.REC, request.model(Task.REC)))
    report = check_labels(request, track=progress_bar)
    limits = line_limits(recipe, request.model(Task.REC), max_text_length)
    files = write_label_files(report, out, limits)
    if as_json:
        problems = report.check.problems
        print_json(
            {
                "page": str(files[0]),
                "pictures": [str(file) for file in files[1:]],
                "statistics": report.check.statistics.to_json(),
                "findings": dict(sorted(problems.by_code.items())),
            }
        )
        return
    numbers = report.check.statistics
    click.echo(f"pages {numbers.pages}, boxes {numbers.boxes}, texts {numbers.texts}")
    click.echo(f"written: {files[0]} and {len(files) - 1} pictures beside it")


def _refuse_labelled_folder(out: Path, sources: tuple[Path, ...]) -> None:
    """Refuse to write into a labelled folder, which are never changed.

    Raises:
        UsageError: The folder is a source.
    """
    target = out.resolve()
    for source in sources:
        folder = source.resolve() if source.is_dir() else source.resolve().parent
        if target == folder:
            raise UsageError(
                "the pictures would lie between the page images",
                at=f"--out {out}",
                hint="name another folder",
            )
