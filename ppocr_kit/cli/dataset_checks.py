"""``ppocr-kit dataset diff`` and ``dataset verify``: what changed, and whether all is as it was built."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ppocr_kit.cli.console import print_json, progress_bar
from ppocr_kit.errors import DataError

if TYPE_CHECKING:
    from ppocr_kit.datasets.diff import ChangedPage, DatasetDiff
    from ppocr_kit.datasets.verify import Verification
    from ppocr_kit.problems import ProblemLog

_SHOWN = 10


@click.command(epilog="Example: ppocr-kit dataset diff train_data/invoices_may train_data/invoices_june")
@click.argument("before", metavar="A", type=click.Path(path_type=Path))
@click.argument("after", metavar="B", type=click.Path(path_type=Path))
@click.option("--all", "show_all", is_flag=True, help=f"Print every page, not {_SHOWN} of each kind.")
@click.option("--json", "as_json", is_flag=True, help="Print the difference as one JSON document.")
def diff(before: Path, after: Path, show_all: bool, as_json: bool) -> None:
    """Tell what changed from data set A to data set B.

    Pages that are new, gone, or on another side; texts and boxes that were changed; characters that the
    dictionary gained or lost. Pages are known again by the bytes of their images, not by their names.
    """
    from ppocr_kit.datasets.diff import diff_datasets

    found = diff_datasets(before, after, track=progress_bar)
    if as_json:
        print_json(found.to_json())
    else:
        _print_diff(found, None if show_all else _SHOWN)


@click.command(epilog="Example: ppocr-kit dataset verify train_data/invoices")
@click.argument("datasets", metavar="DATASET...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--all", "show_all", is_flag=True, help=f"Print every place, not {_SHOWN} of each kind.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
@click.pass_context
def verify(context: click.Context, datasets: tuple[Path, ...], show_all: bool, as_json: bool) -> None:
    """Verify that data sets are as they were built, and that nothing leaks from train into test.

    Checksums of lists, dictionary, images and LMDBs; rows whose pictures are missing or cut short; pages,
    groups and near-duplicates that are on two sides of the split. Of several data sets, name those that
    are used together: leaks from one into another are found too. Exit code 3 when something is wrong.
    """
    from ppocr_kit.datasets.verify import describe_verification, verify_datasets

    result = verify_datasets(datasets, track=progress_bar)
    if as_json:
        print_json(describe_verification(result))
    else:
        _print_verification(result, None if show_all else _SHOWN)
    if not result.passed:
        context.exit(DataError.exit_code)


def _print_diff(found: DatasetDiff, most: int | None) -> None:
    """Print a difference for people."""
    for count in found.counts:
        click.echo(f"{count.task} {count.split}: rows {_change(*count.rows)}, pages {_change(*count.pages)}")
    _print_list("pages added", [f"{page} ({split})" for page, split in found.added], most)
    _print_list("pages removed", [f"{page} ({split})" for page, split in found.removed], most)
    _print_list("pages moved", [f"{move.page}: {move.before} -> {move.after}" for move in found.moved], most)
    _print_list("pages changed", [_changed(page) for page in found.changed], most)
    for what, characters in zip(("lost", "gained"), found.characters):
        if characters:
            click.echo(f"the dictionary {what} {len(characters)} characters: {' '.join(characters)}")
    if found.same_training_data:
        click.echo("both train and test on the same lists")


def _changed(page: ChangedPage) -> str:
    parts = [f"-'{text}'" for text in page.texts[0]] + [f"+'{text}'" for text in page.texts[1]]
    if any(page.boxes):
        parts.append(f"boxes -{page.boxes[0]} +{page.boxes[1]}")
    if page.classes:
        parts.append(f"classes of {page.classes} boxes")
    if any(page.links):
        parts.append(f"links -{page.links[0]} +{page.links[1]}")
    return f"{page.page}: {', '.join(parts)}"


def _change(before: int, after: int) -> str:
    return f"{before} -> {after}" if before != after else str(after)


def _print_list(title: str, lines: list[str], most: int | None) -> None:
    if not lines:
        return
    click.echo(f"{title}: {len(lines)}")
    for line in lines[:most]:
        click.echo(f"    {line}")
    if most is not None and len(lines) > most:
        click.echo(f"    and {len(lines) - most} more (--all shows them)")


def _print_verification(result: Verification, most: int | None) -> None:
    """Print findings by kind, and a line for each data set."""
    for line in _finding_lines(result.problems, most):
        click.echo(line)
    for dataset in result.datasets:
        rows = ", ".join(f"{task} {count} rows" for task, count in dataset.rows.items())
        click.echo(f"{dataset.name or dataset.folder}: {dataset.pages} pages, {rows or 'not readable'}")
    errors = result.problems.errors
    click.echo(f"{errors} errors" if errors else "all is as it was built, and nothing is on two sides")


def _finding_lines(problems: ProblemLog, most: int | None) -> Iterator[str]:
    """Yield each kind of finding with some of its places."""
    from ppocr_kit.datasets.codes import DATASET_CODES

    for code, count in _by_severity(problems.by_code.items()):
        kind = DATASET_CODES[code]
        yield f"{kind.severity} {code}: {kind.meaning}: {count}"
        for found in problems.first(code, -1 if most is None else most):
            yield f"    {found.where}  {found.message[len(kind.meaning) :].lstrip(': ')}".rstrip()
        if most is not None and count > most:
            yield f"    and {count - most} more (--all shows them)"
        yield f"    try: {kind.remedy}"


def _by_severity(counts: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    from ppocr_kit.datasets.codes import DATASET_CODES
    from ppocr_kit.problems import Severity

    worst_first = list(Severity)
    return sorted(counts, key=lambda item: (worst_first.index(DATASET_CODES[item[0]].severity), item[0]))
