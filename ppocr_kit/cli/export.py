"""``ppocr-kit export``: a run becomes an inference model."""

from __future__ import annotations

from pathlib import Path

import click

from ppocr_kit.cli.console import print_json, progress_bar, say
from ppocr_kit.errors import UsageError
from ppocr_kit.runs.engines import PADDLE_PLAIN
from ppocr_kit.runs.export import EXPORT_FOLDER, FORMATS, Export, export_run
from ppocr_kit.runs.kie_export import KieExport, export_kie_run
from ppocr_kit.runs.predict import collect_images
from ppocr_kit.runs.rundir import RunFolder, find_run, read_run
from ppocr_kit.tasks import KIE_TASKS, Task

_EPILOG = """Examples:

  ppocr-kit export invoices-rec

  ppocr-kit export invoices-rec --format onnx

  ppocr-kit export invoices-det --checkpoint latest --out inference/invoices-det-latest

  ppocr-kit export forms-ser
"""
_RUNTIME_CLASS = {Task.DET: "TextDetection", Task.REC: "TextRecognition"}


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.argument("run")
@click.option(
    "--out", type=click.Path(path_type=Path), help=f"Folder to write. Default: {EXPORT_FOLDER}/<run>."
)
@click.option("--checkpoint", default="best", show_default=True, help="best, latest, or a .pdparams file.")
@click.option(
    "--format",
    "formats",
    type=click.Choice(FORMATS),
    multiple=True,
    default=("paddle",),
    show_default=True,
    help="May be given twice; onnx comes beside Paddle's own files, never without them.",
)
@click.option(
    "--images",
    multiple=True,
    metavar="PATH",
    help="Pictures to compare with the checkpoint on; default: validation rows.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the export's record as JSON.")
def export(
    run: str,
    out: Path | None,
    checkpoint: str,
    formats: tuple[str, ...],
    images: tuple[str, ...],
    as_json: bool,
) -> None:
    """Export a run as an inference model for ppocr-kit predict and the paddleocr runtime.

    RUN is a run under output/ or its path. The checkpoint and the export answer the same pictures; the
    export is put in place only when both give the same boxes, texts, classes or links.
    """
    folder = find_run(run)
    target = out if out is not None else Path(EXPORT_FOLDER) / folder.name
    if read_run(folder).task in KIE_TASKS:
        _export_kie(folder, target, checkpoint, formats, images, as_json)
        return
    say(f"exporting {folder.name} to {target}")
    pictures = collect_images(images) if images else []
    made = export_run(
        folder,
        target,
        checkpoint=checkpoint,
        images=pictures,
        onnx="onnx" in formats,
        track=progress_bar,
    )
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
        f"scores within {_widest_gap(made):.1g}"
    )
    click.echo(f"on {_engines(made)}")
    click.echo(f"load it: {runtime_call(made)}")
    for note in made.notes:
        say(f"note: {note}")


def _export_kie(
    folder: RunFolder,
    target: Path,
    checkpoint: str,
    formats: tuple[str, ...],
    images: tuple[str, ...],
    as_json: bool,
) -> None:
    """Export a run of key information; it needs texts to be compared on, and goes to Paddle's format."""
    if "onnx" in formats:
        raise UsageError("networks for key information are exported in Paddle's format", at="--format")
    if images:
        raise UsageError(
            "key information is compared on the validation rows, which have texts", at="--images"
        )
    say(f"exporting {folder.name} to {target}")
    made = export_kie_run(folder, target, checkpoint=checkpoint, track=progress_bar)
    if as_json:
        print_json({"folder": str(target), **made.to_json()})
        return
    parity = made.engine.parity
    what = "classes" if made.task is Task.SER else "links"
    click.echo(f"exported to {made.folder}")
    click.echo(
        f"same as the checkpoint on {parity.images} pages: {parity.regions} {what}, "
        f"scores within {parity.largest_score_gap:.1g}"
    )
    click.echo(f"use it: {_kie_call(made)}")


def _kie_call(made: KieExport) -> str:
    """Return the command that predicts with an export for key information."""
    ser = str(made.folder) if made.task is Task.SER else "SER"
    re = f" --re {made.folder}" if made.task is Task.RE else ""
    return f"ppocr-kit predict --ser {ser}{re} --det DET --rec REC IMAGES… --out found"


def _widest_gap(made: Export) -> float:
    """Return the largest difference of scores on any engine that answers alike."""
    return max(found.parity.largest_score_gap for found in made.engines.values() if found.parity.same)


def _engines(made: Export) -> str:
    """Name the engines that answer as the checkpoint does, the fastest first."""
    same = [found.check for found in made.engines.values() if found.check.same]
    ordered = sorted(same, key=lambda check: check.milliseconds)
    return ", ".join(
        f"{check.name} {check.version} ({check.milliseconds:.3g} ms a picture)"
        for check in ordered
        if check.name != PADDLE_PLAIN
    )


def runtime_call(made: Export) -> str:
    """Return the line of Python that loads an export in the paddleocr runtime."""
    return f'paddleocr.{_RUNTIME_CLASS[made.task]}(model_name="{made.model_name}", model_dir="{made.folder}")'
