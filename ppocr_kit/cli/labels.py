"""``ppocr-kit labels``: find out what is wrong in labelled folders before anything is trained."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ppocr_kit.cli.console import print_json, progress_bar
from ppocr_kit.errors import DataError

if TYPE_CHECKING:
    from ppocr_kit.labels.checks import LabelCheck
    from ppocr_kit.labels.statistics import LabelStatistics

_PLACES_SHOWN = 3


@click.group(epilog="Example: ppocr-kit labels check my_labels")
def labels() -> None:
    """Look into folders that PPOCRLabel exported. They are never changed."""


@labels.command(epilog="Example: ppocr-kit labels check my_labels more_labels --json")
@click.argument("sources", metavar="SRC...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--all", "show_all", is_flag=True, help="Print every place, not three of each kind.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
@click.pass_context
def check(context: click.Context, sources: tuple[Path, ...], show_all: bool, as_json: bool) -> None:
    """Check the labelled folders SRC (or their label files): all findings at once.

    Exit code 0 when there are at most warnings, 3 when there is an error or nothing to use.
    """
    from ppocr_kit.labels.checks import check_sources

    result = check_sources(sources, track=progress_bar)
    passed = not result.errors and result.statistics.pages > 0
    if as_json:
        print_json(_describe(result, passed))
    else:
        _print_problems(result, show_all)
        _print_statistics(result.statistics)
        _print_verdict(result)
    if not passed:
        context.exit(DataError.exit_code)


def _describe(result: LabelCheck, passed: bool) -> dict[str, Any]:
    """Return the JSON of a check."""
    by_code = result.problems.by_code
    return {
        "ok": passed,
        "sources": [
            {"folder": str(source.folder), "label_file": str(source.label_file), "lines": source.lines}
            for source in result.sources
        ],
        "counts": {
            "errors": result.errors,
            "warnings": len(result.problems) - result.errors,
            "by_code": dict(sorted(by_code.items())),
        },
        "problems": [found.to_json() for found in result.problems],
        "statistics": result.statistics.to_json(),
    }


def _print_problems(result: LabelCheck, show_all: bool) -> None:
    """Print the findings grouped by kind: errors first, what it is, where, what to do."""
    from ppocr_kit.labels.codes import LABEL_CODES
    from ppocr_kit.problems import Severity

    by_code = result.problems.by_code
    order = sorted(by_code, key=lambda code: (LABEL_CODES[code].severity is not Severity.ERROR, code))
    for code in order:
        kind = LABEL_CODES[code]
        colour = "red" if kind.severity is Severity.ERROR else "yellow"
        leaves_out = "" if str(kind.drops) == "nothing" else f" [leaves out the {kind.drops}]"
        head = click.style(f"{kind.severity} {code}", fg=colour, bold=True)
        click.echo(f"{head}: {kind.meaning}{leaves_out}: {by_code[code]}")
        shown = by_code[code] if show_all else min(_PLACES_SHOWN, by_code[code])
        for found in result.problems.first(code, shown):
            detail = found.message[len(kind.meaning) :].lstrip(": ")
            click.echo(f"    {found.where}" + (f"  {detail}" if detail else ""))
        if shown < by_code[code]:
            click.echo(f"    and {by_code[code] - shown} more (--all shows them)")
        click.echo(f"    try: {kind.remedy}")


def _print_statistics(numbers: LabelStatistics) -> None:
    """Print what can be used."""
    click.echo(
        f"pages {numbers.pages} ({numbers.empty_pages} without a box), boxes {numbers.boxes} "
        f"({numbers.ignored_boxes} to be ignored), texts {numbers.texts}, "
        f"characters {len(numbers.characters)}"
    )
    lengths = numbers.text_lengths
    if lengths.total:
        click.echo(f"text length: {lengths.least} to {lengths.most} characters, median {lengths.median:g}")


def _print_verdict(result: LabelCheck) -> None:
    """Print the last line."""
    warnings = len(result.problems) - result.errors
    if not result.statistics.pages:
        click.echo("nothing here can be used")
    click.echo(f"{result.errors} errors, {warnings} warnings")
