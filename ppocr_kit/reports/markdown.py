"""A report as Markdown: ``reports/report.md``, readable as text and on a forge."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence

from ppocr_kit.reports import facts
from ppocr_kit.reports.plots import class_picture
from ppocr_kit.reports.remarks import remarks
from ppocr_kit.reports.run_report import RunReport
from ppocr_kit.tasks import TASK_FACTS

# Characters that would start markup inside a table cell or a sentence.
_MARKUP = re.compile(r"([\\`*\[\]<>|])")
_CAPTIONS = {
    "curve-loss.png": "Loss over the epochs",
    "curve-val.png": "Metrics on the validation split over the epochs",
    "curve-learning-rate.png": "Learning rate over the epochs",
}


def render_markdown(report: RunReport, pictures: Sequence[str] = ()) -> str:
    """Return the report as Markdown.

    Args:
        report: The report.
        pictures: File names of curves and of scores by class that lie beside it.
    """
    title = TASK_FACTS[report.task].title
    parts = [
        f"# {escape(report.name)}",
        f"{title[0].upper()}{title[1:]} with `{_plain(report.model)}`, {escape(report.status)}.",
        "## What was measured",
        *_measured(report),
        *_classes(report, pictures),
        *_remarks(report),
        "## Data",
        _table(("", ""), facts.data_rows(report)),
        "## Training",
        _table(("", ""), facts.training_rows(report)),
        *(f"![{_CAPTIONS[name]}]({name})" for name in pictures if name in _CAPTIONS),
        "## Files",
        _table(("", "file", "check", "sha256 of the weights"), facts.file_rows(report)),
        "## Do it again",
        *_again(report),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def escape(text: str) -> str:
    """Make a text harmless inside a Markdown table cell or sentence."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def _measured(report: RunReport) -> list[str]:
    heading, rows = facts.measurement_rows(report)
    if not rows:
        return ["Nothing yet."]
    definitions = [
        f"- {escape(splits)}: {escape(definition)}. Computed by {escape(by)}."
        for splits, definition, by in facts.definition_rows(report)
    ]
    return [_table(heading, rows), "\n".join(definitions)]


def _classes(report: RunReport, pictures: Sequence[str]) -> list[str]:
    """Return a section for each split whose classes were measured."""
    parts = []
    for one in facts.measured_classes(report):
        picture = class_picture(one.split)
        parts += [
            f"### By class, {escape(one.split)}",
            _table(facts.CLASS_HEADING, facts.class_rows(one.per_class)),
            f"![hmean by class on {escape(one.split)}]({picture})" if picture in pictures else "",
        ]
    return parts


def _remarks(report: RunReport) -> list[str]:
    found = remarks(report)
    return ["## Remarks", "\n".join(f"- {escape(text)}" for text in found)] if found else []


def _again(report: RunReport) -> list[str]:
    if not report.command:
        return ["The run's record has no command."]
    # An indented block cannot be ended by anything in the command, as a fence could.
    command = "\n".join(f"    {line}" for line in shlex.join(report.command).splitlines())
    return [command, "The complete configuration that ran is `config.yml` in the run folder."]


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [[escape(cell) for cell in row] for row in rows]
    if not lines:
        return "None."
    rule = ["---"] * len(heading)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in ([*heading], rule, *lines))


def _plain(text: str) -> str:
    """Make a text harmless inside backquotes."""
    return " ".join(text.split()).replace("`", "'")
