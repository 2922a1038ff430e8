"""``ppocr-kit export``: a run becomes an inference model."""

from __future__ import annotations

from pathlib import Path

import click

from ppocr_kit.cli.console import print_json, progress_bar, say
from ppocr_kit.runs.export import EXPORT_FOLDER, Export, export_run
from ppocr_kit.runs.predict import collect_images
from ppocr_kit.runs.rundir import find_run
from ppocr_kit.tasks import Task

_EPILOG = """Examples:

  ppocr-kit export invoices-rec

  ppocr-kit export invoices-det --checkpoint latest --out inference/invoices-det-latest
"""
_RUNTIME_CLASS = {Task.DET: "TextDetection", Task.REC: "TextRecognition"}


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.argument("run")
@click.option(
    "--out", type=click.Path(path_type=Path), help=f"Folder to write. Default: {EXPORT_FOLDER}/<run>."
)
@click.option("--checkpoint", default="best", show_default=True, help="best, latest, or a .pdparams file.")
@click.option(
    "--images",
    multiple=True,
    metavar="PATH",
    help="Pictures to compare with the checkpoint on; default: validation rows.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the export's record as JSON.")
def export(run: str, out: Path | None, checkpoint: str, images: tuple[str, ...], as_json: bool) -> None:
    """Export a run as an inference model for ppocr-kit predict and the paddleocr runtime.

    RUN is a run under output/ or its path. The checkpoint and the export answer the same pictures; the
    export is put in place only when both give the same boxes or texts.
    """
    folder = find_run(run)
    target = out if out is not None else Path(EXPORT_FOLDER) / folder.name
    say(f"exporting {folder.name} to {target}")
    pictures = collect_images(images) if images else []
    made = export_run(folder, target, checkpoint=checkpoint, images=pictures, track=progress_bar)
    if as_json:
        print_json({"folder": str(target), **made.to_json()})
        return
    _print(made)


def _print(made: Export) -> None:
    parity = made.parity
    what = "boxes" if made.task is Task.DET else "texts"
    click.echo(f"exported to {made.folder}")
    click.echo(
        f"same as the checkpoint on {parity.images} pictures: {parity.regions} {what}, "
        f"scores within {parity.largest_score_gap:.1g}"
    )
    click.echo(f"load it: {runtime_call(made)}")
    for note in made.notes:
        say(f"note: {note}")


def runtime_call(made: Export) -> str:
    """Return the line of Python that loads an export in the paddleocr runtime."""
    return f'paddleocr.{_RUNTIME_CLASS[made.task]}(model_name="{made.model_name}", model_dir="{made.folder}")'
