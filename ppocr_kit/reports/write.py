"""Keeping a report in the run folder: ``reports/report.md``, ``report.json`` and the pictures."""

from __future__ import annotations

from pathlib import Path

from ppocr_kit.reports.document import report_to_json
from ppocr_kit.reports.markdown import render_markdown
from ppocr_kit.reports.plots import draw_classes, draw_curves
from ppocr_kit.reports.run_report import RunReport
from ppocr_kit.storage import write_json_atomic, write_text_atomic


def write_report(report: RunReport) -> Path:
    """Write the report, its JSON and its pictures into the run's ``reports/`` folder.

    Returns:
        The Markdown file.

    Raises:
        SetupError: The folder cannot be written.
    """
    target = report.folder.reports
    pictures = (*draw_curves(report.history, target), *draw_classes(report, target))
    write_json_atomic(target / "report.json", report_to_json(report))
    page = target / "report.md"
    write_text_atomic(page, render_markdown(report, [path.name for path in pictures]))
    return page
