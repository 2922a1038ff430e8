"""``ppocr-kit predict``: find and read text on pictures."""

from __future__ import annotations

from pathlib import Path

import click

from ppocr_kit.cli.console import print_json, progress_bar
from ppocr_kit.cli.predict_kie import FORMATS, JSON_LINES, KieOptions, predict_kie
from ppocr_kit.cli.prediction_display import CollectedAnswers
from ppocr_kit.cli.prediction_lines import PREDICTIONS_FILE, PredictionLines
from ppocr_kit.errors import UsageError
from ppocr_kit.runs.engines import AUTO, ENGINES
from ppocr_kit.runs.kie_predict import Running
from ppocr_kit.runs.model_source import ModelSource, find_source
from ppocr_kit.runs.predict import Prediction, collect_images, predict_images
from ppocr_kit.tasks import Task

_EPILOG = """Examples:

  ppocr-kit predict inference/invoices-det --rec inference/invoices-rec scans/ --out found

  ppocr-kit predict inference/invoices-rec crops/*.png

  ppocr-kit predict inference/invoices-rec crops/ --engine onnxruntime --threads 4

  ppocr-kit predict invoices-det page.jpg --json

Key information: classes, links and fields of forms

  ppocr-kit predict --ser forms-ser --re forms-re --det invoices-det --rec invoices-rec scans/ --out found

  ppocr-kit predict --ser inference/forms-ser --labels scans/Label.txt --out found --format jsonl,xfund
"""
PICTURES_FOLDER = "pictures"


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.argument("names", nargs=-1, metavar="[MODEL] IMAGES...")
@click.option("--rec", metavar="MODEL", help="Recogniser that reads the boxes MODEL (or --det) finds.")
@click.option("--ser", metavar="MODEL", help="Tell the class of each text: a SER run or its export.")
@click.option("--re", metavar="MODEL", help="With --ser: find which answer belongs to which question.")
@click.option("--det", metavar="MODEL", help="With --ser: detector that finds the texts.")
@click.option(
    "--labels",
    metavar="LABELS",
    help="With --ser: texts from Label.txt (or other labels), in place of --det and --rec.",
)
@click.option(
    "--pair", "pairs", multiple=True, metavar="Q=A", help="With --ser: two classes that belong together."
)
@click.option(
    "--format",
    "formats",
    metavar="LIST",
    help=f"With --ser and --out: {', '.join(FORMATS)}; several with commas.  [default: {JSON_LINES}]",
)
@click.option(
    "--out", type=click.Path(path_type=Path), help=f"Folder for {PREDICTIONS_FILE} and drawn pictures."
)
@click.option("--draw/--no-draw", default=None, help="Draw pictures; default with --out.")
@click.option("--checkpoint", default="best", show_default=True, help="Of a run: best, latest or a path.")
@click.option(
    "--engine",
    type=click.Choice((AUTO, *ENGINES)),
    default=AUTO,
    show_default=True,
    help="What runs exports; auto is the fastest installed that answered as the checkpoint at export.",
)
@click.option(
    "--batch-size", type=click.IntRange(min=1), help="Texts read at a time.  [default: 4; 16 on a GPU]"
)
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads. Default: all cores, at most 8.")
@click.option("--device", default="cpu", show_default=True, help="cpu or gpu:0.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of JSON lines.")
def predict(
    names: tuple[str, ...],
    rec: str | None,
    ser: str | None,
    re: str | None,
    det: str | None,
    labels: str | None,
    pairs: tuple[str, ...],
    formats: str | None,
    out: Path | None,
    draw: bool | None,
    checkpoint: str,
    engine: str,
    batch_size: int | None,
    threads: int | None,
    device: str,
    as_json: bool,
) -> None:
    """Find text (det), read it (rec), or both, on pictures; with --ser tell what it means.

    MODEL is an exported model (inference/NAME) or a run under output/, and so are the other models; with
    --ser there is none, only IMAGES: files, folders or patterns. Prints one JSON object per picture, in
    order; pictures that cannot be read are reported and passed over.
    """
    if draw and out is None:
        raise UsageError("drawn pictures need a folder", at="--draw", hint="--out FOLDER")
    if ser is not None:
        predict_kie(
            KieOptions(ser, re, det, rec, labels, pairs, formats, checkpoint),
            names,
            Running(
                engine=engine,
                batch_size=batch_size,
                threads=threads,
                device=device,
                pictures=out / PICTURES_FOLDER if out is not None and draw is not False else None,
            ),
            out,
            as_json=as_json,
        )
        return
    given = {"--re": re, "--det": det, "--labels": labels, "--pair": pairs, "--format": formats}
    odd = [name for name, value in given.items() if value]
    if odd:
        raise UsageError(
            f"{odd[0]} belongs to key information", at=odd[0], hint="name the SER model with --ser"
        )
    if len(names) < 2:
        raise UsageError("a model and pictures are needed", hint="ppocr-kit predict MODEL IMAGES…")
    model, *images = names
    sources = _sources(model, rec, checkpoint)
    paths = collect_images(images)
    collected = CollectedAnswers(("regions",), keep=as_json, show=out is None and not as_json)
    with PredictionLines(out) as lines:

        def take(answer: Prediction) -> None:
            lines.add(answer)
            collected.add(answer)

        predict_images(
            sources,
            paths,
            take,
            engine=engine,
            on_engine=collected.add_engine,
            batch_size=batch_size,
            threads=threads,
            device=device,
            pictures=out / PICTURES_FOLDER if out is not None and draw is not False else None,
            track=progress_bar,
        )
    if as_json:
        print_json(
            {"engines": collected.engines, "images": collected.answers, "failed": len(collected.failed)}
        )
    elif out is not None:
        click.echo(f"{collected.summary()}; written: {out / PREDICTIONS_FILE}")
    collected.report()


def _sources(model: str, rec: str | None, checkpoint: str) -> list[ModelSource]:
    if rec is None:
        return [find_source(model, checkpoint=checkpoint)]
    return [
        find_source(model, Task.DET, checkpoint=checkpoint),
        find_source(rec, Task.REC, checkpoint=checkpoint),
    ]
