"""What ``labels convert`` prints."""

from __future__ import annotations

import shlex

import click

from ppocr_kit.cli.label_display import print_findings
from ppocr_kit.datasets.labelled_folder import Converted, ConvertResult


def print_conversion(result: ConvertResult, *, dry_run: bool) -> None:
    """Print what was left out and why, what went over, and what to do next."""
    print_findings(result.problems, show_all=False)
    for path, name in result.formats:
        click.echo(f"{path}: {name}")
    verb = "would be written to" if dry_run else "written to"
    click.echo(
        f"{_share(result.pages, 'pages')} and {_share(result.regions, 'regions')} {verb} {result.folder}"
    )
    if result.renamed:
        click.echo(f"{result.renamed} images have another name there, so that no two are alike")
    if not dry_run:
        click.echo(f"next: ppocr-kit labels check {shlex.quote(str(result.folder))}")


def _share(count: Converted, noun: str) -> str:
    if count.read == count.written:
        return f"all {count.written} {noun}"
    return f"{count.written} of {count.read} {noun}"
