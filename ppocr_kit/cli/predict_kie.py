"""``ppocr-kit predict --ser``: classes, links and fields of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from ppocr_kit.cli.console import print_json, progress_bar
from ppocr_kit.cli.prediction_display import CollectedAnswers
from ppocr_kit.cli.prediction_lines import PREDICTIONS_FILE, PredictionLines
from ppocr_kit.errors import UsageError
from ppocr_kit.labels.link_naming import parse_class_pairs
from ppocr_kit.runs.kie_folders import PPOCRLABEL, XFUND, PredictedPages
from ppocr_kit.runs.kie_predict import KieModels, Running, predict_key_information
from ppocr_kit.runs.kie_source import find_kie_source
from ppocr_kit.runs.kie_texts import PageTexts, read_page_texts
from ppocr_kit.runs.model_source import ModelSource, find_source
from ppocr_kit.runs.predict import Prediction, collect_images
from ppocr_kit.tasks import Task

JSON_LINES = "jsonl"
FORMATS = (JSON_LINES, PPOCRLABEL, XFUND)
_KEPT_FOLDER = "answered"


@dataclass(frozen=True)
class KieOptions:
    """What the command line says of models and output.

    Attributes:
        ser: The network for classes.
        re: The network for links.
        det: The detector.
        rec: The recogniser.
        labels: Labels whose texts are taken.
        pairs: Classes that belong together, as ``Q=A``.
        formats: What to write, with commas.
        checkpoint: Of runs.
    """

    ser: str
    re: str | None
    det: str | None
    rec: str | None
    labels: str | None
    pairs: tuple[str, ...]
    formats: str | None
    checkpoint: str


def predict_kie(
    options: KieOptions, names: Sequence[str], running: Running, out: Path | None, *, as_json: bool
) -> None:
    """Tell what is written on pictures.

    Args:
        options: Models and output.
        names: Pictures, folders, patterns.
        running: Where and how.
        out: Folder to write, or None.
        as_json: Print one JSON document.

    Raises:
        UsageError: Options do not go together.
        DataError: No picture could be answered.
    """
    formats = _formats(options.formats, out)
    texts, pages = _texts(options, names)
    re = find_kie_source(options.re, Task.RE, checkpoint=options.checkpoint) if options.re else None
    ser = find_kie_source(options.ser, Task.SER, checkpoint=options.checkpoint)
    models = KieModels(ser, re, parse_class_pairs(options.pairs))
    collected = CollectedAnswers(("fields", "links"), keep=as_json, show=out is None and not as_json)
    files = PredictedPages(out, formats, models.roles)
    with PredictionLines(out) as lines:

        def take(answer: Prediction) -> None:
            lines.add(answer)
            files.add(answer)
            collected.add(answer)

        predict_key_information(
            models,
            pages,
            texts,
            take,
            running=replace(running, kept=out / _KEPT_FOLDER if out is not None else None),
            on_engine=collected.add_engine,
            track=progress_bar,
        )
    written = files.write()
    if as_json:
        print_json(
            {"engines": collected.engines, "images": collected.answers, "failed": len(collected.failed)}
        )
    elif out is not None:
        places = ", ".join(str(path) for path in (out / PREDICTIONS_FILE, *written))
        click.echo(f"{collected.summary()}; written: {places}")
    collected.report()


def _formats(given: str | None, out: Path | None) -> tuple[str, ...]:
    """Read ``--format``.

    Raises:
        UsageError: There is no such format, or no folder to write to.
    """
    names = tuple(name.strip() for name in (given or JSON_LINES).split(",") if name.strip())
    unknown = [name for name in names if name not in FORMATS]
    if unknown:
        raise UsageError(f"there is no format '{unknown[0]}'", at="--format", hint=", ".join(FORMATS))
    if out is None and set(names) != {JSON_LINES}:
        raise UsageError("labels are written into a folder", at="--format", hint="--out FOLDER")
    return names


def _texts(
    options: KieOptions, names: Sequence[str]
) -> tuple[Sequence[ModelSource] | PageTexts, Sequence[Path]]:
    """Find out where texts come from, and which pictures are looked at.

    Raises:
        UsageError: Neither models nor labels are named, or both.
    """
    if options.labels is not None:
        if options.det or options.rec:
            raise UsageError("texts come from labels or from models, not from both", at="--labels")
        return read_page_texts(Path(options.labels), collect_images(names) if names else [])
    if not options.det or not options.rec:
        raise UsageError(
            "key information needs the texts of the pictures",
            at="--ser",
            hint="name a detector and a recogniser (--det, --rec), or labels (--labels Label.txt)",
        )
    sources = [
        find_source(options.det, Task.DET, checkpoint=options.checkpoint),
        find_source(options.rec, Task.REC, checkpoint=options.checkpoint),
    ]
    return sources, collect_images(names)
