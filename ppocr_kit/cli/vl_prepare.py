"""``ppocr-kit vl prepare``: a data set for PaddleOCR-VL from what is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ppocr_kit.cli.console import print_json, progress_bar
from ppocr_kit.cli.findings_display import print_findings
from ppocr_kit.cli.reading_options import reading_options

if TYPE_CHECKING:
    from ppocr_kit.labels.sources import ReadOptions
    from ppocr_kit.vl.prepare import PrepareResult

_EPILOG = """Examples:

  ppocr-kit vl prepare my_labels --name bubbles

  ppocr-kit vl prepare rows.jsonl more.parquet --name manga --group-by book --model PaddleOCR-VL-1.5
"""


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.argument("sources", metavar="SRC...", nargs=-1, required=True)
@click.option("--name", required=True, help="Name of the data set: train_data/NAME.")
@click.option(
    "--prompt",
    metavar="ocr|table|chart|formula|TEXT",
    help="What to ask where rows have no prompt; default: ocr for labels, and an error for rows that should "
    "have one.",
)
@click.option("--ratio", default="8:1:1", show_default=True, help="Shares of train, val and test, in pages.")
@click.option("--seed", default=0, show_default=True, help="Another seed, another split.")
@click.option(
    "--group-by",
    metavar="COLUMN|REGEX",
    help="Keep pages or books together: rows with the same value of a column, or of the (group) of a regular "
    "expression in the names of their pictures, such as '^([^/]+)/'.",
)
@click.option(
    "--groups",
    type=click.Path(dir_okay=False, path_type=Path),
    help="CSV or TSV file with a column of images and the column that --group-by names.",
)
@click.option("--resplit", is_flag=True, help="Divide anew what a source has divided already.")
@click.option(
    "--same-rows",
    is_flag=True,
    help="Put every row into train, val and test: to see whether a model learns them by heart.",
)
@click.option(
    "--max-length",
    type=click.IntRange(min=1),
    help="Leave out, and list, rows of more tokens (with --model) or texts of more characters (without).",
)
@click.option(
    "--model",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Model folder to count tokens with; needs the environment of the lane (env sync vl).",
)
@click.option("--min-pixels", type=click.IntRange(min=1), help="As in training, for the count of tokens.")
@click.option("--max-pixels", type=click.IntRange(min=1), help="As in training, for the count of tokens.")
@click.option(
    "--out",
    default="train_data",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that holds data sets.",
)
@click.option("--workers", type=click.IntRange(min=1), help="Processes; default: one for each core.")
@reading_options
@click.option("--dry-run", is_flag=True, help="Do everything except writing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
def prepare(
    sources: tuple[str, ...],
    name: str,
    prompt: str | None,
    ratio: str,
    seed: int,
    group_by: str | None,
    groups: Path | None,
    resplit: bool,
    same_rows: bool,
    max_length: int | None,
    model: Path | None,
    min_pixels: int | None,
    max_pixels: int | None,
    out: Path,
    workers: int | None,
    reading: ReadOptions,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Make a data set for PaddleOCR-VL from SRC.

    SRC is a data set of this kit (train_data/NAME, crops as files or LMDB), a labelled folder in any format
    that 'dataset build' reads (PPOCRLabel exports, images with labels.txt, …), a JSONL or parquet file, a
    folder that datasets.save_to_disk wrote, or a name on the hub (owner/name). Sources are only read. Rows
    of a page or book go to one split; a split that a source has is kept. What is left out is listed.
    """
    from ppocr_kit.vl.prepare import prepare_dataset
    from ppocr_kit.vl.prepare_request import PrepareRequest
    from ppocr_kit.vl.prompts import prompt_of

    request = PrepareRequest(
        sources=sources,
        name=name,
        out=out,
        ratio=ratio,
        seed=seed,
        prompt=None if prompt is None else prompt_of(prompt),
        group_by=group_by,
        groups=groups,
        resplit=resplit,
        same_rows=same_rows,
        max_length=max_length,
        model=model,
        min_pixels=min_pixels,
        max_pixels=max_pixels,
        reading=reading,
    )
    result = prepare_dataset(request, dry_run=dry_run, workers=workers, track=progress_bar)
    if as_json:
        print_json(_describe(result, dry_run))
        return
    _print_result(result, dry_run)


def _describe(result: PrepareResult, dry_run: bool) -> dict[str, Any]:
    return {
        "folder": str(result.folder),
        "dry_run": dry_run,
        "dataset": result.manifest,
        "problems": [found.to_json() for found in result.problems],
        "notes": list(result.notes),
    }


def _print_result(result: PrepareResult, dry_run: bool) -> None:
    """Print what was made, for people."""
    from ppocr_kit.labels.codes import LABEL_CODES
    from ppocr_kit.vl.codes import VL_CODES

    print_findings(result.problems, {**LABEL_CODES, **VL_CODES}, result.notes)
    manifest = result.manifest
    verb = "would be written to" if dry_run else "written to"
    click.echo(f"{manifest['name']} {verb} {result.folder}")
    parts = [
        f"{split} {entry['rows']} rows in {entry['groups']} groups"
        for split, entry in manifest["splits"].items()
    ]
    click.echo("  " + ", ".join(parts))
    click.echo("  prompts: " + ", ".join(f"'{text}' {count}" for text, count in manifest["prompts"].items()))
    click.echo(f"  {_lengths(manifest['lengths'])}")
    left_out = manifest["left_out"]
    if left_out["count"]:
        where = "" if dry_run else f", listed in {result.folder / left_out['list']}"
        click.echo(f"  left out: {left_out['count']}{where}")
    if not dry_run and "model" not in manifest["lengths"]:
        click.echo(f"next: ppocr-kit vl check --model DIR --dataset {result.folder}")


def _lengths(lengths: dict[str, Any]) -> str:
    """Say how long the rows are."""
    texts = lengths["texts"]
    said = f"texts: median {texts['median']}, 99 % {texts['p99']}, longest {texts['most']} characters"
    if "rows" not in lengths:
        return said
    rows, answers = lengths["rows"], lengths["answers"]
    return (
        f"{said}; rows: median {rows['median']}, 99 % {rows['p99']}, longest {rows['most']} tokens, of these "
        f"{answers['most']} at most of an answer"
    )
