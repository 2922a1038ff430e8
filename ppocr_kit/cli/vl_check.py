"""``ppocr-kit vl check``: what the model would learn, before it is trained."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ppocr_kit.cli.console import print_json, print_problems, progress_bar, say
from ppocr_kit.errors import DataError
from ppocr_kit.tasks import Split

if TYPE_CHECKING:
    from ppocr_kit.vl.checking import VlCheck

_SHOWN = 10
_EPILOG = """Examples:

  ppocr-kit vl check --model PaddleOCR-VL-1.5 --dataset train_data/invoices

  ppocr-kit vl check --model models/PaddleOCR-VL-1.5 --dataset invoices --row 7 --max-pixels 300000

  ppocr-kit vl check --model invoices-vl
"""


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.option("--model", required=True, metavar="DIR_OR_RUN", help="A run, a model folder, or a hub name.")
@click.option("--dataset", metavar="D", type=click.Path(path_type=Path), help="A data set of vl prepare.")
@click.option(
    "--split",
    type=click.Choice([str(split) for split in Split]),
    default=str(Split.TRAIN),
    show_default=True,
    help="Where the row that is shown comes from.",
)
@click.option("--row", type=click.IntRange(1), default=1, show_default=True, help="The row to show, from 1.")
@click.option(
    "--max-length", type=click.IntRange(1), default=4096, show_default=True, help="Most tokens of a row."
)
@click.option("--min-pixels", type=click.IntRange(1), help="As in training.  [default: the model's own]")
@click.option("--max-pixels", type=click.IntRange(1), help="As in training.  [default: the model's own]")
@click.option(
    "--model-version",
    metavar="VERSION",
    help="1.0, 1.5 or 1.6, where neither the model's config nor its name tell it.",
)
@click.option("--all", "show_all", is_flag=True, help=f"Print every finding, not {_SHOWN} of each kind.")
@click.option("--json", "as_json", is_flag=True, help="Print the check as one JSON document.")
@click.pass_context
def check(
    context: click.Context,
    dataset: Path | None,
    model: str,
    split: str,
    row: int,
    max_length: int,
    min_pixels: int | None,
    max_pixels: int | None,
    model_version: str | None,
    show_all: bool,
    as_json: bool,
) -> None:
    """Show what a model would learn of one row of a data set, and whether all rows can be learned.

    The row is printed as the model reads it, with the tokens that the loss counts in [brackets] and in
    colour: exactly the answer and the end token. Fails (exit code 3) on a row without supervised tokens or
    without a supervised end token, on rows longer than --max-length, on texts that the tokenizer cannot say,
    and on a chat template that does not belong to the model's version. Without --dataset the model folder
    alone is checked. No weights are loaded.
    """
    from ppocr_kit.vl.checking import CheckRequest, check_vl

    request = CheckRequest(
        model, dataset, Split(split), row, max_length, min_pixels, max_pixels, model_version
    )
    found = check_vl(request, track=progress_bar)
    if as_json:
        print_json(found.to_json())
    else:
        _print_check(found, None if show_all else _SHOWN)
    if not found.passed:
        context.exit(DataError.exit_code)


def _print_check(found: VlCheck, most: int | None) -> None:
    """Print the row, the numbers and the findings."""
    template = " or ".join(found.template_versions) or "unknown"
    click.echo(f"model    {found.model.path}: version {found.version or 'unknown'}, template of {template}")
    for name, question in found.questions.items():
        click.echo(f"{name:<9}{question['prompt']}")
    if found.row is not None:
        _print_row(found.row)
    if found.rows:
        spread = ", ".join(f"{name} {count}" for name, count in found.lengths.items())
        click.echo(f"rows     {found.rows}; tokens of a row: {spread}")
        for prompt, count in found.prompts.items():
            click.echo(f"         {count} ask {prompt!r}")
    for _, group in groupby(sorted(found.problems, key=lambda one: one.code), key=lambda one: one.code):
        problems = list(group)
        print_problems(problems[:most])
        if most is not None and len(problems) > most:
            click.echo(f"    and {len(problems) - most} more of {problems[0].code} (--all shows them)")
    say("passed" if found.passed else f"{found.problems.errors} errors")


def _print_row(row: Mapping[str, Any]) -> None:
    """Print a row token by token; what the loss counts stands in brackets and in colour."""
    tall, wide = row["patches"]
    click.echo(
        f"row      {row['image']}: {row['length']} tokens, {row['supervised']} of them supervised; "
        f"{tall} x {wide} patches"
    )
    parts = []
    for token in row["tokens"]:
        text = _visible(token["text"])
        if token["times"] > 1:
            text = f"{text} x {token['times']} "
        if token["supervised"]:
            parts.append(click.style(f"[{text}]", fg="green", bold=True))
        else:
            parts.append(click.style(text, dim=True))
    click.echo("".join(parts))


def _visible(text: str) -> str:
    """Write what would move the cursor so that it can be seen, and keep lines where they are."""
    return "".join(
        char if char.isprintable() else ("\u21b5" if char == "\n" else repr(char)[1:-1]) for char in text
    )
