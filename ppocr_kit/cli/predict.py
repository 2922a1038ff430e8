"""``ppocr-kit predict``: find and read text on pictures."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

import click

from ppocr_kit.cli.console import print_json, progress_bar, say
from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.runs.engines import AUTO, ENGINES
from ppocr_kit.runs.model_source import ModelSource, find_source
from ppocr_kit.runs.predict import EngineUsed, Prediction, collect_images, predict_images
from ppocr_kit.storage import disk_error
from ppocr_kit.tasks import Task

_EPILOG = """Examples:

  ppocr-kit predict inference/invoices-det --rec inference/invoices-rec scans/ --out found

  ppocr-kit predict inference/invoices-rec crops/*.png

  ppocr-kit predict inference/invoices-rec crops/ --engine onnxruntime --threads 4

  ppocr-kit predict invoices-det page.jpg --json
"""
PREDICTIONS_FILE = "predictions.jsonl"
PICTURES_FOLDER = "pictures"
_SHOWN_FAILURES = 10


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.argument("model")
@click.argument("images", nargs=-1, required=True)
@click.option("--rec", metavar="MODEL", help="Recogniser that reads the boxes MODEL finds.")
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
    model: str,
    images: tuple[str, ...],
    rec: str | None,
    out: Path | None,
    draw: bool | None,
    checkpoint: str,
    engine: str,
    batch_size: int | None,
    threads: int | None,
    device: str,
    as_json: bool,
) -> None:
    """Find text (det), read it (rec), or both, on pictures.

    MODEL is an exported model (inference/NAME) or a run under output/. IMAGES are files, folders or
    patterns. Prints one JSON object per picture, in order; pictures that cannot be read are reported and
    passed over.
    """
    if draw and out is None:
        raise UsageError("drawn pictures need a folder", at="--draw", hint="--out FOLDER")
    sources = _sources(model, rec, checkpoint)
    paths = collect_images(images)
    collected = _Collected(keep=as_json, show=out is None and not as_json)
    with _Lines(out) as lines:

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


class _Collected:
    """What came, for the summary; the answers themselves are kept for ``--json`` only."""

    def __init__(self, keep: bool, show: bool) -> None:
        self._keep = keep
        self._show = show
        self.answers: list[Prediction] = []
        self.failed: list[Prediction] = []
        self.engines: list[dict[str, str]] = []
        self.regions = 0
        self.images = 0

    def add_engine(self, used: EngineUsed) -> None:
        self.engines.append(asdict(used))
        say(f"{used.model}: {used.engine} {used.version} ({used.why})")

    def add(self, answer: Prediction) -> None:
        self.images += 1
        self.regions += len(answer.get("regions", ()))
        if "error" in answer:
            self.failed.append(answer)
        if self._show:
            click.echo(json.dumps(answer, ensure_ascii=False))
        if self._keep:
            self.answers.append(answer)

    def summary(self) -> str:
        return f"{self.images - len(self.failed)} pictures, {self.regions} regions"

    def report(self) -> None:
        """List the pictures that were passed over.

        Raises:
            DataError: No picture could be read.
        """
        for answer in self.failed[:_SHOWN_FAILURES]:
            say(f"passed over {answer['image']}: {answer['error']}")
        if len(self.failed) > _SHOWN_FAILURES:
            say(f"  … and {len(self.failed) - _SHOWN_FAILURES} more, see the lines with an error")
        if len(self.failed) == self.images:
            first = self.failed[0]
            raise DataError(f"no picture could be read: {first['error']}", at=str(first["image"]))


class _Lines:
    """Writes ``predictions.jsonl`` line by line, and puts it in place when all has come."""

    def __init__(self, folder: Path | None) -> None:
        self._target = folder / PREDICTIONS_FILE if folder is not None else None
        self._stream: TextIO | None = None
        self._name = ""

    def __enter__(self) -> _Lines:
        if self._target is not None:
            try:
                self._target.parent.mkdir(parents=True, exist_ok=True)
                handle, self._name = tempfile.mkstemp(
                    prefix=f".{PREDICTIONS_FILE}.", suffix=".tmp", dir=self._target.parent
                )
            except OSError as error:
                raise disk_error(error, self._target) from error
            self._stream = os.fdopen(handle, "w", encoding="utf-8", newline="\n")
        return self

    def add(self, answer: Prediction) -> None:
        if self._stream is None or self._target is None:
            return
        try:
            self._stream.write(json.dumps(answer, ensure_ascii=False) + "\n")
        except OSError as error:
            raise disk_error(error, self._target) from error

    def __exit__(self, kind: object, value: object, traceback: object) -> None:
        if self._stream is None or self._target is None:
            return
        try:
            self._stream.close()
            if kind is None:
                os.chmod(self._name, 0o644)
                os.replace(self._name, self._target)
        except OSError as error:
            raise disk_error(error, self._target) from error
        finally:
            Path(self._name).unlink(missing_ok=True)
