"""``ppocr-kit dataset``: build split data sets from labelled folders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ppocr_kit.cli.console import print_json, progress_bar
from ppocr_kit.cli.dataset_checks import diff, verify
from ppocr_kit.cli.dataset_display import print_result
from ppocr_kit.cli.kie_options import kie_options
from ppocr_kit.cli.reading_options import reading_options
from ppocr_kit.errors import UsageError
from ppocr_kit.tasks import Task

if TYPE_CHECKING:
    from ppocr_kit.datasets.build import BuildResult
    from ppocr_kit.datasets.kie_request import KieRequest
    from ppocr_kit.labels.sources import ReadOptions


_BUILD_EPILOG = """Examples:

  ppocr-kit dataset build my_labels more_labels --name invoices --ratio 8:1:1

  ppocr-kit dataset build my_labels --name invoices --tasks ser,re --pair caption=sum
"""


@click.group(epilog="Example: ppocr-kit dataset build my_labels --name invoices")
def dataset() -> None:
    """Turn labelled folders into the lists, crops, dictionary and classes that PaddleOCR trains on."""


dataset.add_command(diff)
dataset.add_command(verify)


def _parse_tasks(context: click.Context, parameter: click.Parameter, value: str) -> tuple[Task, ...]:
    """Read ``det,rec``."""
    names = [name.strip() for name in value.split(",") if name.strip()]
    known = [str(task) for task in Task]
    for name in names:
        if name not in known:
            raise UsageError(f"'{name}' is no task", at="--tasks", hint=f"one or more of {','.join(known)}")
    return tuple(Task(name) for name in names)


@dataset.command(epilog=_BUILD_EPILOG)
@click.argument("sources", metavar="SRC...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--name", required=True, help="Name of the data set: train_data/NAME.")
@click.option(
    "--tasks",
    default="det,rec",
    show_default=True,
    callback=_parse_tasks,
    help="What to build for: any of det,rec,ser,re.",
)
@click.option("--ratio", default="8:1:1", show_default=True, help="Shares of train, val and test, in pages.")
@click.option("--seed", default=0, show_default=True, help="Another seed, another split.")
@click.option(
    "--dict",
    "dictionary",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Dictionary to use and to hold the texts against; default: made from the texts.",
)
@click.option(
    "--out",
    default="train_data",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that holds data sets.",
)
@click.option(
    "--format",
    "keeping",
    type=click.Choice(["files", "lmdb"]),
    default="files",
    show_default=True,
    help="Keep the crops as files, or those of a split in one LMDB (large sets).",
)
@click.option(
    "--images",
    type=click.Choice(["copy", "link"]),
    default="copy",
    show_default=True,
    help="Copy the page images for detection, or link them: no space, but one file with the original.",
)
@click.option(
    "--group-by",
    metavar="REGEX|COLUMN",
    help="Keep pages together: those with the same (group) of a regular expression in their keys, such as "
    "'(invoice_\\d+)_page', or with the same value in a column of --groups.",
)
@click.option(
    "--groups",
    type=click.Path(dir_okay=False, path_type=Path),
    help="CSV or TSV file with a column of images and the column that --group-by names.",
)
@click.option(
    "--keep-test",
    metavar="DATASET",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of a data set whose test pages stay the test pages, so that scores can be compared.",
)
@click.option(
    "--no-near-duplicates",
    is_flag=True,
    help="Look for no pages that are copies of others under other bytes.",
)
@click.option("--no-stratify", is_flag=True, help="Leave to chance where rare characters and classes go.")
@click.option("--rebuild", is_flag=True, help="Cut every page anew, also those that did not change.")
@click.option(
    "--workers", type=click.IntRange(min=1), help="Processes to cut with; default: one for each core."
)
@kie_options
@reading_options
@click.option("--dry-run", is_flag=True, help="Do everything except writing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
def build(
    sources: tuple[Path, ...],
    name: str,
    tasks: tuple[Task, ...],
    ratio: str,
    seed: int,
    dictionary: Path | None,
    out: Path,
    keeping: str,
    images: str,
    group_by: str | None,
    groups: Path | None,
    keep_test: Path | None,
    no_near_duplicates: bool,
    no_stratify: bool,
    rebuild: bool,
    workers: int | None,
    kie: KieRequest,
    reading: ReadOptions,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Build a data set from the labelled folders SRC (or their label files).

    All rows of a page go to one split, for all tasks alike. The labelled folders are only read. An older
    data set of the same name is replaced when everything went well; what did not change since is taken
    from it.

    For ser and re, boxes need classes (key_cls of PPOCRLabel, label of other formats), and for re also links
    between questions and answers: those of 'labels link', of the file, of --pair, or of classes that are
    called like total_q and total_a.
    """
    from ppocr_kit.datasets.build import build_dataset
    from ppocr_kit.datasets.request import BuildRequest

    request = BuildRequest(
        sources,
        name,
        out,
        tasks,
        ratio,
        seed,
        dictionary,
        reading=reading,
        format=keeping,
        images=images,
        rebuild=rebuild,
        group_by=group_by,
        groups=groups,
        keep_test=keep_test,
        near_duplicates=not no_near_duplicates,
        stratify=not no_stratify,
        kie=kie,
    )
    result = build_dataset(request, dry_run=dry_run, workers=workers, track=progress_bar)
    if as_json:
        print_json(_describe(result, dry_run))
        return
    print_result(result, dry_run)


def _describe(result: BuildResult, dry_run: bool) -> dict[str, Any]:
    """Return the JSON of a build: the manifest, where it is, and every finding."""
    return {
        "folder": str(result.folder),
        "dry_run": dry_run,
        "dataset": result.manifest,
        "pages": {"total": result.pages, "reused": result.reused, "images_copied": result.copied},
        "problems": [found.to_json() for found in result.problems],
        "notes": list(result.notes),
    }
