"""``labels check --fix``: repair first, and say what was done, what was left and where the backup is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from ppocr_kit.cli.console import progress_bar
from ppocr_kit.errors import UsageError
from ppocr_kit.labels.codes import LABEL_CODES
from ppocr_kit.labels.repair import Place, Repair, Tally, repair_sources
from ppocr_kit.labels.repair_table import FILE_FORM, LEFT_ON_PURPOSE, REPAIRS

_PLACES_SHOWN = 3


def repair_labels(sources: Sequence[Path], *, dry_run: bool, show_all: bool) -> list[Repair]:
    """Repair PPOCRLabel folders, or find out what would be repaired.

    Raises:
        DataError: A folder has no label file, or one that cannot be written as UTF-8.
        SetupError: A folder cannot be written, or is in use.
    """
    return repair_sources(
        sources, dry_run=dry_run, places=None if show_all else _PLACES_SHOWN, track=progress_bar
    )


def print_repairs(repairs: Sequence[Repair], *, dry_run: bool) -> None:
    """Print what was, or would be, repaired in each label file."""
    for repair in repairs:
        for line in _repair_lines(repair, dry_run):
            click.echo(line)
    click.echo()


def print_left(by_code: Mapping[str, int]) -> None:
    """Print what a repair leaves to a person.

    Args:
        by_code: Findings of a check by code.
    """
    left = {code: count for code, count in by_code.items() if code not in REPAIRS}
    if not left:
        return
    click.echo("not repaired, because it takes a person:")
    for code, count in sorted(left.items()):
        reason = LEFT_ON_PURPOSE.get(code, LABEL_CODES[code].remedy)
        click.echo(f"  {code} {count}: {LABEL_CODES[code].meaning} ({reason})")
    click.echo()


def check_repair_options(fix: bool, dry_run: bool, format: str | None) -> None:
    """Refuse what cannot be meant.

    Raises:
        UsageError: ``--dry-run`` alone, or a repair of another format than PPOCRLabel's.
    """
    if dry_run and not fix:
        raise UsageError("--dry-run belongs to --fix", hint="a check without --fix writes nothing anyway")
    if fix and format not in (None, "ppocrlabel"):
        raise UsageError(
            "only PPOCRLabel folders are repaired",
            at=f"--from {format}",
            hint="make one of these labels first: ppocr-kit labels convert SRC --out FOLDER",
        )


def _repair_lines(repair: Repair, dry_run: bool) -> Iterator[str]:
    """Yield what is told of one label file."""
    total = repair.changes.total
    if not total:
        yield f"{repair.label_file}: nothing to repair"
    elif dry_run:
        yield f"{repair.label_file}: {_repairs(total)} would be made; nothing is written (--dry-run)"
    else:
        yield f"{repair.label_file}: {_repairs(total)} made"
        yield from (f"  as it was: {backup}" for backup in repair.backups)
    yield from _tally_lines(repair.changes, left=False)
    yield from _tally_lines(repair.left, left=True)


def _tally_lines(tally: Tally, *, left: bool) -> Iterator[str]:
    """Yield the kinds of change with their first places."""
    for code in tally.codes:
        what = REPAIRS.get(code, "") if code else FILE_FORM
        head = f"{code or 'file'}: left as it is" if left else f"{code or 'file'}: {what}"
        yield f"  {click.style(head, bold=True)}: {tally.counts[code]}"
        yield from (f"      {_place(place)}" for place in tally.places[code])
        more = tally.counts[code] - len(tally.places[code])
        if more:
            yield f"      and {more} more (--all shows them)"


def _place(place: Place) -> str:
    """Write one place as ``line 3 box 2: before -> after``."""
    where = "" if place.line is None else f"line {place.line}"
    if place.change.region is not None:
        where += f" box {place.change.region}"
    return f"{where}{': ' if where else ''}{place.change.before} -> {place.change.after}"


def _repairs(count: int) -> str:
    return f"{count} repair{'' if count == 1 else 's'}"
