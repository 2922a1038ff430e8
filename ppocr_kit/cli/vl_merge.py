"""``ppocr-kit vl merge``: a run's adapters into whole weights, in a folder that loads everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ppocr_kit.cli.console import print_json, say

_EPILOG = """Examples:

  ppocr-kit vl merge manga-lora --out models/manga

  ppocr-kit vl merge manga-lora --checkpoint latest --out models/manga-latest --dtype bfloat16

  ppocr-kit vl merge adapters/ --model models/PaddleOCR-VL-1.5 --out models/merged
"""
_WORDS = {"merging": "loading base model and adapters", "comparing": "loading what was written, to compare"}


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.argument("run")
@click.option("--out", required=True, metavar="DIR", type=click.Path(path_type=Path), help="Folder to make.")
@click.option(
    "--checkpoint",
    type=click.Choice(["best", "latest"]),
    default="best",
    show_default=True,
    help="Which one of the run.",
)
@click.option(
    "--model",
    metavar="DIR_OR_NAME",
    help="The base model, where it is not where it was when RUN was trained.",
)
@click.option(
    "--dtype",
    type=click.Choice(["auto", "float32", "bfloat16", "float16"]),
    default="auto",
    show_default=True,
    help="What weights are stored as; auto: as in the base model.",
)
@click.option("--force", is_flag=True, help="Replace a folder that is there.")
@click.option("--json", "as_json", is_flag=True, help="Print what was made as JSON.")
def merge(
    run: str, out: Path, checkpoint: str, model: str | None, dtype: str, force: bool, as_json: bool
) -> None:
    """Take the adapters of RUN into the weights of its base model, in a complete model folder.

    RUN is a run of vl train, or a folder with adapters. The folder gets every file of the base model that
    is no weight: tokenizer, image processor, chat template, code. It is then loaded anew, and its scores are
    compared with those of the model in memory; only if they agree does it take its place. A run that trained
    all weights gives its checkpoint, stored as the base model is.
    """
    from ppocr_kit.vl.merging import MergeRequest, merge_run

    def show(event: dict[str, Any]) -> None:
        words = _WORDS.get(str(event.get("event")))
        if words and not as_json:
            say(words)

    merged = merge_run(MergeRequest(run, out, checkpoint, model, dtype, force), on_event=show)
    if as_json:
        print_json(merged.to_json())
        return
    facts = merged.facts
    what = "adapters merged" if facts["adapters"] else "weights copied (all of them were trained)"
    click.echo(f"{out}: {what}, {facts['dtype']}, {len(facts['files'])} files")
    click.echo(
        f"  loaded anew: scores as in memory to within {facts['difference']:.1e} of the largest; the base "
        f"model's are {facts['changed']:.1e} away"
    )
    click.echo(f"next: ppocr-kit vl infer IMAGES --model {out}")
