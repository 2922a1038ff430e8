"""``ppocr-kit vl tiny``: a small model folder with random weights."""

from __future__ import annotations

from pathlib import Path

import click

from ppocr_kit.cli.console import print_json

_EPILOG = """Examples:

  ppocr-kit vl tiny --out tiny-vl

  ppocr-kit vl tiny --out tiny-vl --tokenizer llama --texts train_data/invoices
"""


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.option("--out", "folder", required=True, metavar="DIR", type=click.Path(path_type=Path), help="Where.")
@click.option(
    "--version",
    default="1.5",
    show_default=True,
    help="Version of PaddleOCR-VL whose way of asking it has: 1.0, 1.5 or 1.6.",
)
@click.option(
    "--tokenizer",
    default="byte",
    show_default=True,
    help="byte, unigram or llama; the last two learn pieces from --texts and fall back to bytes.",
)
@click.option(
    "--texts",
    metavar="SRC",
    type=click.Path(path_type=Path),
    help="What the tokenizer learns from: a data set of vl prepare, or a text file.",
)
@click.option("--seed", default=0, show_default=True, help="Of the weights.")
@click.option("--force", is_flag=True, help="Replace a folder that is there.")
@click.option("--json", "as_json", is_flag=True, help="Print what was made as JSON.")
def tiny(
    folder: Path, version: str, tokenizer: str, texts: Path | None, seed: int, force: bool, as_json: bool
) -> None:
    """Make a small model folder: the real classes and files of PaddleOCR-VL, 0.3 million random weights.

    It learns a few strings by heart in seconds on a CPU and reads nothing else: for trying every step of the
    flow, offline, before a long training with the real weights.
    """
    from ppocr_kit.vl.tiny_model import TinyRequest, make_tiny_model

    made = make_tiny_model(TinyRequest(folder, version, tokenizer, texts, seed), replace=force)
    if as_json:
        print_json({"folder": str(made.path), "files": list(made.files), "version": version})
        return
    click.echo(f"{made.path}: {', '.join(made.files)}")
    click.echo(f"next: ppocr-kit vl check --model {made.path} --dataset train_data/NAME")
