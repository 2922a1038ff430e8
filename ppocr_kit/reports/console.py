"""Reports as text tables for a terminal; nothing here prints."""

from __future__ import annotations

import io
import shlex
from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ppocr_kit.metrics.core import MetricReport
from ppocr_kit.reports import facts, words
from ppocr_kit.reports.compare import SplitComparison, TaskComparison
from ppocr_kit.reports.remarks import remarks
from ppocr_kit.reports.run_report import RunReport
from ppocr_kit.tasks import TASK_FACTS


def render_report(report: RunReport, *, width: int = 100, color: bool = False) -> str:
    """Return one run's report as text.

    Args:
        report: The report.
        width: Columns of the terminal.
        color: Whether to use terminal colours.
    """
    stream, console = _console(width, color)
    console.rule(Text(f"{report.name}: {TASK_FACTS[report.task].title}"))
    heading, rows = facts.measurement_rows(report)
    console.print(_table(heading, rows) if rows else "nothing measured yet")
    for splits, definition, by in facts.definition_rows(report):
        console.print(Text(f"{splits}: {definition}; computed by {by}", style="dim"))
    for one in facts.measured_classes(report):
        console.print(Text(f"by class, {one.split}"))
        console.print(_table(facts.CLASS_HEADING, facts.class_rows(one.per_class)))
    console.print(_table((), [*facts.data_rows(report), *facts.training_rows(report)]))
    for what, file, check, checksum in facts.file_rows(report):
        console.print(Text(f"{what}: {file}, {check}, sha256 {words.checksum(checksum)}"), soft_wrap=True)
    for remark in remarks(report):
        console.print(Text(f"note: {remark}", style="yellow"))
    if report.command:
        console.print(Text(f"again: {shlex.join(report.command)}"), soft_wrap=True)
    return _trimmed(stream)


def render_figures(figures: Mapping[str, MetricReport], notes: Mapping[str, str], *, width: int = 100) -> str:
    """Return several figures of one measurement, and the first by class, as tables.

    Args:
        figures: What was measured by name, the headline first.
        notes: What each of them is.
        width: Columns of the terminal.
    """
    stream, console = _console(width, False)
    names = list(next(iter(figures.values())).values)
    rows = [
        (name, *(words.metric(report.values.get(key)) for key in names), notes.get(name, ""))
        for name, report in figures.items()
    ]
    console.print(_table(("figure", *names, ""), rows))
    classes = facts.class_rows(next(iter(figures.values())).per_class)
    if classes:
        console.print(_table(facts.CLASS_HEADING, classes))
    return _trimmed(stream)


def render_comparison(comparison: TaskComparison, *, width: int = 100, color: bool = False) -> str:
    """Return the runs of one task side by side, a line per run, with what forbids comparing them."""
    stream, console = _console(width, color)
    names = TASK_FACTS[comparison.task].metric_names
    console.rule(Text(f"{TASK_FACTS[comparison.task].title}, {words.plural(len(comparison.reports), 'run')}"))
    marks = {one.split: "!" if one.differences else "" for one in comparison.splits}
    scores = [f"{one.split} {name}{marks[one.split]}" for one in comparison.splits for name in names]
    rows = [
        (
            report.name,
            report.model,
            f"{words.text(report.data.name)} {words.checksum(report.data.checksum)}",
            words.count(report.training.epochs),
            words.duration(report.training.seconds),
            *(cell for one in comparison.splits for cell in _scores(one, index, names)),
        )
        for index, report in enumerate(comparison.reports)
    ]
    console.print(_table(("run", "model", "data set", "epochs", "time", *scores), rows))
    for one in comparison.splits:
        heading, classes = facts.compared_classes(comparison.reports, one.measurements)
        if classes:
            console.print(Text(f"hmean by class, {one.split}"))
            console.print(_table(heading, classes))
        if one.differences:
            text = f"! {one.split}: not comparable: {', '.join(one.differences)}"
            console.print(Text(text, style="yellow"))
    return _trimmed(stream)


def _scores(one: SplitComparison, index: int, names: Sequence[str]) -> list[str]:
    found = one.measurements[index]
    star = " *" if index in one.best else ""
    cells = [words.metric(None if found is None else found.values.get(name)) for name in names]
    return [cell + star for cell in cells]


def _trimmed(stream: io.StringIO) -> str:
    """Return what was written without the blanks that tables end their lines with."""
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())


def _console(width: int, color: bool) -> tuple[io.StringIO, Console]:
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        force_terminal=color,
        no_color=not color,
        highlight=False,
        markup=False,
        emoji=False,
    )
    return stream, console


def _table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=box.SIMPLE, show_header=bool(heading), pad_edge=False)
    for name in heading or rows[0]:
        table.add_column(Text(name) if heading else "", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table
