"""Keeping what ``labels stats`` draws: one HTML page and the pictures beside it."""

from __future__ import annotations

from pathlib import Path

from ppocr_kit.configs.label_limits import LineLimits
from ppocr_kit.errors import SetupError
from ppocr_kit.reports.label_page import render_label_page
from ppocr_kit.reports.label_plots import PLOT_NAMES, draw_label_plots
from ppocr_kit.runs.label_check import LabelReport
from ppocr_kit.storage import write_bytes_atomic, write_text_atomic

PAGE_NAME = "labels.html"


def write_label_files(report: LabelReport, folder: Path, line: LineLimits | None = None) -> tuple[Path, ...]:
    """Write the page and the pictures; pictures that do not apply any more are deleted.

    Args:
        report: The check that they are about.
        folder: Where they go.
        line: What the recogniser that is meant can take of a line.

    Returns:
        The page, then the pictures.

    Raises:
        SetupError: matplotlib is missing, or the folder cannot be written.
    """
    try:
        plots = draw_label_plots(report.check.statistics, line)
    except ImportError as error:
        raise SetupError("matplotlib is not installed", hint="pip install matplotlib") from error
    page = folder / PAGE_NAME
    write_text_atomic(page, render_label_page(report, plots))
    for plot in plots:
        write_bytes_atomic(folder / plot.name, plot.png)
    drawn = {plot.name for plot in plots}
    for name in PLOT_NAMES:
        if name not in drawn:
            (folder / name).unlink(missing_ok=True)
    return (page, *(folder / plot.name for plot in plots))
