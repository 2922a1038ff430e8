"""``ppocr-kit vl infer``: read pictures with PaddleOCR-VL."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ppocr_kit.cli.console import print_json, progress_bar, say
from ppocr_kit.cli.vl_options import answering_options
from ppocr_kit.errors import DataError, UsageError

if TYPE_CHECKING:
    from ppocr_kit.vl.inference import Answerer, Inference
    from ppocr_kit.vl.predictions import Question

_EPILOG = """Examples:

  ppocr-kit vl infer bubbles/ --model manga-vl --out bubbles.jsonl

  ppocr-kit vl infer table.png --model PaddleOCR-VL-1.5 --prompt table

  ppocr-kit vl infer --dataset manga --split test --model manga-vl --out test.jsonl

  ppocr-kit vl infer scans/ --server http://127.0.0.1:8000 --out scans.jsonl
"""
_SHOWN_FAILURES = 10


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.argument("images", nargs=-1)
@click.option("--model", metavar="DIR_OR_RUN", help="A run, a model folder, or a name on the hub.")
@click.option("--server", metavar="URL", help="Ask a vLLM or SGLang server instead of loading a model.")
@click.option("--server-model", metavar="NAME", help="Its name on the server. Default: the only one served.")
@click.option(
    "--timeout",
    default=300.0,
    show_default=True,
    type=click.FloatRange(min=0.1),
    help="Seconds that the server has for one answer.",
)
@click.option("--dataset", metavar="D", type=click.Path(path_type=Path), help="Read rows of vl prepare.")
@click.option("--split", type=click.Choice(("train", "val", "test")), help="Of --dataset.  [default: test]")
@click.option("--out", metavar="FILE.jsonl", type=click.Path(path_type=Path), help="File for the answers.")
@click.option(
    "--prompt",
    metavar="ocr|table|chart|formula|TEXT",
    help="What is asked.  [default: ocr; with --dataset what its rows say]",
)
@answering_options
@click.option("--resume/--no-resume", default=True, show_default=True, help="Go on with the rows in --out.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def infer(images: tuple[str, ...], out: Path | None, resume: bool, as_json: bool, **options: Any) -> None:
    """Read pictures with PaddleOCR-VL: text, tables, charts or formulas.

    IMAGES are files, folders or patterns. The answers go to --out, one JSON object a line, appended as they
    come and in the order of the pictures when all are there; a call that was stopped goes on where it was.
    Without --out they are printed. Pictures that cannot be read are listed and passed over.

    A server's key is taken from the variable PPOCR_KIT_VL_API_KEY.
    """
    from ppocr_kit.vl.inference import infer as infer_questions
    from ppocr_kit.vl.predictions import read_predictions, render_prediction

    _refuse_contradictions(images, **options)
    questions = _questions(images, options["dataset"], options["split"], options["prompt"])
    answerer = _answerer(**options)
    with _place_for(out) as file:
        result = infer_questions(questions, answerer, file, resume=resume, track=progress_bar)
        if as_json:
            rows = [] if out is not None else [row.to_json() for row in read_predictions(file)]
            print_json({**_summary(result, out), **({} if out is not None else {"rows": rows})})
        elif out is None:
            for row in read_predictions(file):
                click.echo(render_prediction(row))
    if out is not None and not as_json:
        click.echo(_told(result, out))
    _report(result)


def _refuse_contradictions(images: tuple[str, ...], **options: Any) -> None:
    """Refuse options that do not go together.

    Raises:
        UsageError: Some do not.
    """
    if bool(images) == bool(options["dataset"]):
        what = "pictures or --dataset, not both" if images else "there is nothing to read"
        raise UsageError(what, at="IMAGES", hint="name pictures, a folder, or --dataset D")
    if options["split"] and not options["dataset"]:
        raise UsageError("--split belongs to --dataset", at="--split", hint="--dataset D --split test")
    if bool(options["model"]) == bool(options["server"]):
        what = (
            "--model and --server exclude each other" if options["model"] else "nothing says what shall read"
        )
        hint = "--model RUN_OR_FOLDER, or --server URL (the name on the server: --server-model)"
        raise UsageError(what, at="--model", hint=hint)
    if options["server_model"] and not options["server"]:
        raise UsageError("--server-model belongs to --server", at="--server-model", hint="--model NAME")
    if options["server"] and options["min_pixels"]:
        raise UsageError("a server enlarges pictures as it was told at its start", at="--min-pixels")


def _questions(
    images: tuple[str, ...], dataset: Path | None, split: str | None, prompt: str | None
) -> list[Question]:
    from ppocr_kit.runs.predict import collect_images
    from ppocr_kit.vl.prompts import prompt_of
    from ppocr_kit.vl.questions import questions_of_dataset, questions_of_files

    if dataset is None:
        return questions_of_files(collect_images(images), prompt_of(prompt or "ocr"))
    return questions_of_dataset(dataset, split or "test", prompt_of(prompt) if prompt else None)


def _answerer(**options: Any) -> Answerer:
    """Choose who answers, and say so."""
    if options["server"]:
        return _server(**options)
    from ppocr_kit.configs.device import parse_device
    from ppocr_kit.vl.local_model import AnswerSettings, LocalModel
    from ppocr_kit.vl.run_models import find_run_model

    names = ("max_new_tokens", "min_pixels", "max_pixels", "bf16", "batch_size")
    folder = find_run_model(options["model"], options["checkpoint"])
    how = AnswerSettings(**{name: options[name] for name in names})
    return LocalModel(folder.path, how, parse_device(options["device"]))


def _server(**options: Any) -> Answerer:
    from ppocr_kit.vl.server import Server, find_served_model
    from ppocr_kit.vl.server_exchange import parse_endpoint

    endpoint = parse_endpoint(options["server"], options["timeout"])
    if endpoint.shows_key:
        say(f"the key goes to {endpoint.host} unencrypted: use https outside of your own network")
    model = find_served_model(endpoint, options["server_model"])
    say(f"{endpoint.base} answers with {endpoint.told(model)}")
    return Server(
        endpoint, model, options["max_new_tokens"], options["max_pixels"], requests=options["batch_size"]
    )


@contextmanager
def _place_for(out: Path | None) -> Iterator[Path]:
    """Give the file for the answers; without ``--out`` one that goes when they are printed."""
    if out is not None:
        yield out
        return
    with tempfile.TemporaryDirectory(prefix="ppocr-kit-") as folder:
        yield Path(folder) / "answers.jsonl"


def _summary(result: Inference, out: Path | None) -> dict[str, Any]:
    new = result.images - result.reused
    return {
        "out": str(out) if out is not None else None,
        "images": result.images,
        "reused": result.reused,
        "failed": result.failed,
        "cut_off": result.cut_off,
        "tokens": result.tokens,
        "seconds": result.seconds,
        "images_per_second": round(new / result.seconds, 2) if result.seconds else None,
        "failures": [{"image": row.image, "error": row.error} for row in result.failures],
    }


def _told(result: Inference, out: Path) -> str:
    new = result.images - result.reused - result.failed
    parts = [f"{new} pictures read in {result.seconds:.1f} s"]
    if result.reused:
        parts.append(f"{result.reused} had been read before")
    if result.failed:
        parts.append(f"{result.failed} passed over")
    return f"{', '.join(parts)}; written: {out}"


def _report(result: Inference) -> None:
    """List what was passed over, and tell of answers that were cut off.

    Raises:
        DataError: No picture could be read.
    """
    from ppocr_kit.vl.predictions import printable

    for row in result.failures[:_SHOWN_FAILURES]:
        say(f"passed over {printable(row.image)}: {printable(row.error or '')}")
    if result.failed > _SHOWN_FAILURES:
        say(f"  … and {result.failed - _SHOWN_FAILURES} more, see the rows with an error")
    if result.cut_off:
        say(f"{result.cut_off} answers were cut off (ended: false): --max-new-tokens N allows longer ones")
    if result.failed == result.images:
        first = result.failures[0]
        raise DataError(f"no picture could be read: {first.error}", at=printable(first.image))
