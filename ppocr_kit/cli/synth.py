"""``ppocr-kit synth``: draw a labelled folder to try the flow on."""

from __future__ import annotations

from pathlib import Path

import click

from ppocr_kit.cli.console import print_json, progress_bar
from ppocr_kit.synth.words import DEFAULT_ALPHABET


@click.command(epilog="Example: ppocr-kit synth demo_labels --pages 400 --seed 0")
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--pages", default=400, show_default=True, help="Number of page images.")
@click.option("--seed", default=0, show_default=True, help="The same seed draws the same bytes.")
@click.option(
    "--kind",
    type=click.Choice(["lines", "form"]),
    default="lines",
    show_default=True,
    help="Lines of text, or forms with questions and answers for SER and RE.",
)
@click.option("--lines", default=8, show_default=True, help="Texts per page of lines.")
@click.option("--alphabet", default=DEFAULT_ALPHABET, show_default=True, help="Characters of lines.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
def synth(out: Path, pages: int, seed: int, kind: str, lines: int, alphabet: str, as_json: bool) -> None:
    """Draw synthetic pages into OUT, laid out as a PPOCRLabel export.

    A folder that an earlier call drew is replaced; any other existing folder is left alone.
    """
    from ppocr_kit.synth.export import draw_pages

    drawn = draw_pages(out, pages, seed, kind=kind, lines=lines, alphabet=alphabet, track=progress_bar)
    if as_json:
        print_json(
            {"folder": str(out), "pages": drawn.pages, "texts": drawn.texts, "seed": seed, "kind": kind}
        )
        return
    click.echo(f"{drawn.pages} pages with {drawn.texts} texts in {out}")
