"""``ppocr-kit report``: what was measured, on what, and how to do it again."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from ppocr_kit.cli.console import print_json, say
from ppocr_kit.errors import UsageError
from ppocr_kit.reports.compare import compare_runs
from ppocr_kit.reports.console import render_comparison, render_report
from ppocr_kit.reports.document import report_to_json
from ppocr_kit.reports.reading import read_run_report
from ppocr_kit.reports.write import write_report
from ppocr_kit.runs.rundir import RunFolder, find_run
from ppocr_kit.vl.record import is_vl_run

_EPILOG = """Examples:

  ppocr-kit report invoices-rec

  ppocr-kit report invoices-rec invoices-rec-longer --json
"""


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of tables.")
def report(runs: tuple[str, ...], as_json: bool) -> None:
    """Summarise runs, and put several side by side.

    RUN is a run under output/ or its path. Each report is also kept in the run's reports/ folder: report.md
    with curves, and report.json. Numbers that must not be compared are marked, with the reason.
    """
    folders = [find_run(name) for name in runs]
    twice = sorted({folder.name for folder in folders if folders.count(folder) > 1})
    if twice:
        raise UsageError(f"a run is named twice: {', '.join(twice)}", at="RUN")
    tuned = [folder for folder in folders if is_vl_run(folder.path)]
    if tuned:
        if len(tuned) < len(folders):
            raise UsageError(
                "runs of PaddleOCR-VL and others cannot stand in one report",
                at=", ".join(folder.name for folder in tuned),
                hint="call ppocr-kit report once for each kind",
            )
        _report_vl(folders, as_json)
        return
    reports = [read_run_report(folder) for folder in folders]
    pages = [write_report(one) for one in reports]
    if as_json:
        bodies = [report_to_json(one) for one in reports]
        comparison = [one.to_json() for one in compare_runs(reports)]
        print_json(bodies[0] if len(bodies) == 1 else {"comparison": comparison, "runs": bodies})
        return
    width, color = _terminal()
    if len(reports) > 1:
        for compared in compare_runs(reports):
            click.echo(render_comparison(compared, width=width, color=color))
    for one in reports:
        click.echo(render_report(one, width=width, color=color), nl=False)
    for page in pages:
        say(f"written: {_shown(page)}")


def _report_vl(folders: Sequence[RunFolder], as_json: bool) -> None:
    """Report runs of PaddleOCR-VL, one after the other: their base model stands beside each."""
    from ppocr_kit.reports.vl_report import read_vl_report, render_vl_report, write_vl_report
    from ppocr_kit.vl.record import VlRunFolder

    reports = [read_vl_report(VlRunFolder(folder.path)) for folder in folders]
    pages = [page for one in reports for page in write_vl_report(one)]
    if as_json:
        bodies = [one.to_json() for one in reports]
        print_json(bodies[0] if len(bodies) == 1 else {"runs": bodies})
        return
    click.echo("\n\n".join(render_vl_report(one) for one in reports))
    for page in pages:
        say(f"written: {_shown(page)}")


def _terminal() -> tuple[int, bool]:
    """Return the columns to use and whether stdout takes colours."""
    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size((100, 24)).columns if terminal else 120
    return max(width, 60), terminal and "NO_COLOR" not in os.environ


def _shown(path: Path) -> str:
    """Write a path the short way where it lies under the current folder."""
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)
