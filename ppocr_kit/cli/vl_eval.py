"""``ppocr-kit vl eval``: how well PaddleOCR-VL reads a split, beside its base model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ppocr_kit.cli.console import print_json, progress_bar, say
from ppocr_kit.cli.vl_options import answering_options

_EPILOG = """Examples:

  ppocr-kit vl eval manga-vl

  ppocr-kit vl eval PaddleOCR-VL-1.5 --dataset manga --split val --base none

  ppocr-kit vl eval --dataset manga --predictions tuned.jsonl --base-predictions base.jsonl
"""


@click.command("eval", epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.argument("model", metavar="RUN_OR_MODEL", required=False)
@click.option("--dataset", metavar="D", type=click.Path(path_type=Path), help="Default: that of the run.")
@click.option(
    "--split",
    type=click.Choice(("train", "val", "test")),
    default="test",
    show_default=True,
    help="Which rows.",
)
@click.option(
    "--base",
    metavar="MODEL",
    help="Model to compare with: folder, run or name, or none. Default: what the run started from.",
)
@click.option(
    "--predictions",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Answers that are there already (vl infer --out), in place of a model.",
)
@click.option(
    "--base-predictions",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The same of the base model.",
)
@click.option("--nfkc", is_flag=True, help="Also score the NFKC forms of the texts, by that name.")
@click.option("--seed", default=0, show_default=True, help="Of the draws for the intervals.")
@answering_options
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="For reports/ and predictions/. Default: the run, or evaluations/NAME.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def evaluate(model: str | None, as_json: bool, **options: Any) -> None:
    """Measure how well a model reads a split: character error rate, exact match, kinds of errors.

    RUN_OR_MODEL reads the rows first; what it reads is kept, so that measuring again takes no time. Its base
    model reads them too, and the table says what the tuning changed and how sure that is. Scores, worst rows
    and pictures are kept as reports/eval-SPLIT.json and .html.
    """
    from ppocr_kit.reports.vl_report import write_vl_page
    from ppocr_kit.reports.vl_tables import render_vl_scores
    from ppocr_kit.vl.evaluate import evaluate_model

    result = evaluate_model(_request(model, **options), track=progress_bar)
    name = result.run.name if result.run is not None else str(result.document["model"]["name"])
    page = write_vl_page(name, result.file, result.document, result.run)
    if as_json:
        print_json({**result.document, "file": str(result.file), "page": str(page)})
        return
    click.echo(render_vl_scores(name, result.document))
    for remark in result.document["remarks"]:
        say(f"note: {remark}")
    if result.evaluation.strangers:
        say(f"note: {result.evaluation.strangers} answers are about other pictures and do not count")
    say(f"written: {result.file}, {page}")


def _request(model: str | None, **options: Any) -> Any:
    from ppocr_kit.configs.device import parse_device
    from ppocr_kit.tasks import Split
    from ppocr_kit.vl.evaluate import EvalRequest
    from ppocr_kit.vl.local_model import AnswerSettings

    names = ("max_new_tokens", "min_pixels", "max_pixels", "bf16", "batch_size")
    how = AnswerSettings(**{name: options.pop(name) for name in names})
    device, split = parse_device(options.pop("device")), Split(options.pop("split"))
    return EvalRequest(target=model, split=split, how=how, device=device, **options)
