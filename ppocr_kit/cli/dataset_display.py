"""What ``dataset build`` prints for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from ppocr_kit.cli.console import say
from ppocr_kit.cli.findings_display import print_findings

if TYPE_CHECKING:
    from ppocr_kit.datasets.build import BuildResult

_MOST_CLASSES = 40
_MOST_SPELLINGS = 6


def print_result(result: BuildResult, dry_run: bool) -> None:
    """Print what was built: findings and notes on stderr, the numbers on stdout."""
    from ppocr_kit.labels.codes import LABEL_CODES

    print_findings(result.problems, LABEL_CODES, result.notes)
    manifest = result.manifest
    verb = "would be written to" if dry_run else "written to"
    click.echo(f"{manifest['name']} {verb} {result.folder}")
    for task, entry in manifest["tasks"].items():
        for line in _task_lines(task, entry):
            click.echo(line)
    if result.reused:
        click.echo(f"  {result.reused} of {result.pages} pages did not change and were not cut again")
    if result.copied:
        say(f"note: the disk can have no links for {result.copied} images; they were copied")
    skipped = manifest["skipped"]
    if skipped["count"]:
        where = "" if dry_run else f", listed in {result.folder / skipped['list']}"
        click.echo(f"  skipped: {skipped['count']}{where}")


def _task_lines(task: str, entry: Mapping[str, Any]) -> Iterator[str]:
    """Yield what there is to say of a task."""
    parts = [
        f"{split} {numbers['samples']} rows from {numbers['pages']} pages"
        for split, numbers in entry["splits"].items()
    ]
    yield f"  {task}: " + ", ".join(parts)
    if "dictionary" in entry:
        space = " (with the space)" if entry["use_space_char"] else ""
        yield (
            f"       {entry['num_characters']} characters{space}, "
            f"longest text {entry['max_text_length']} characters"
        )
    if "class_counts" in entry:
        for line in _class_table(entry):
            yield f"       {line}"
    if "links" in entry:
        for split, origins in entry["links"].items():
            shown = ", ".join(f"{origin} {count}" for origin, count in origins.items())
            yield f"       links in {split}: {sum(origins.values())}" + (f" ({shown})" if shown else "")
    if "windows" in entry:
        window = entry["window"]
        yield (
            f"       windows of {window['tokens']} tokens with {window['overlap']} in common, "
            f"counted by {window['counted_by']}"
        )


def _class_table(entry: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each class: how many boxes each split has, and how the labels call it."""
    counts, spelt = entry["class_counts"], entry["labelled_as"]
    splits = list(counts)
    names = list(counts[splits[0]])
    rows = [
        [name, *(str(counts[split][name]) for split in splits), _spellings(name, spelt.get(name, {}))]
        for name in names[:_MOST_CLASSES]
    ]
    rows.insert(0, ["class", *splits, "in the labels"])
    widths = [max(len(row[column]) for row in rows) for column in range(len(splits) + 1)]
    for row in rows:
        yield _line(row, widths)
    if len(names) > _MOST_CLASSES:
        yield f"and {len(names) - _MOST_CLASSES} more classes, in dataset.json"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    name, *numbers, spelt = row
    cells = [name.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(numbers, widths[1:]))]
    return "  ".join([*cells, spelt]).rstrip()


def _spellings(name: str, counts: Mapping[str, int]) -> str:
    """Say how annotators call a class; nothing where it is as it is written here."""
    if list(counts) in ([name], [name.lower()]):
        return ""
    most_first = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{spelling or '(unset)'} {count}" for spelling, count in most_first]
    more = f" and {len(shown) - _MOST_SPELLINGS} more" if len(shown) > _MOST_SPELLINGS else ""
    return ", ".join(shown[:_MOST_SPELLINGS]) + more
