"""Pictures of a run: loss, learning rate and validation metrics over the epochs, scores by class."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ppocr_kit.reports.canvas import new_canvas
from ppocr_kit.reports.charts import draw_scores
from ppocr_kit.reports.evaluation import Measurement
from ppocr_kit.reports.facts import measured_classes
from ppocr_kit.reports.history import History
from ppocr_kit.reports.run_report import RunReport
from ppocr_kit.storage import write_bytes_atomic
from ppocr_kit.tasks import Split

_SIZE_INCHES = (6.4, 3.2)
_DPI = 110


@dataclass(frozen=True)
class Series:
    """One line of a picture: its name, places in epochs, and values of the same number."""

    name: str
    places: Sequence[float]
    values: Sequence[float]


def draw_curves(history: History, folder: Path) -> tuple[Path, ...]:
    """Draw the curves that the history has points for.

    Without matplotlib nothing is drawn: the numbers of a report do not depend on it.

    Args:
        history: What the log told.
        folder: Where ``curve-loss.png``, ``curve-val.png`` and ``curve-learning-rate.png`` go.

    Returns:
        The files written, in the order in which a report shows them.

    Raises:
        SetupError: A picture cannot be written.
    """
    pictures = {
        "curve-loss.png": ("loss", [_loss(history)]),
        "curve-val.png": ("on the validation split", _metrics(history)),
        "curve-learning-rate.png": ("learning rate", [_learning_rate(history)]),
    }
    drawn = []
    for name, (title, series) in pictures.items():
        full = [one for one in series if len(one.places) > 1]
        content = _draw(title, full) if full else None
        if content is not None:
            write_bytes_atomic(folder / name, content)
            drawn.append(folder / name)
        else:
            (folder / name).unlink(missing_ok=True)
    return tuple(drawn)


def class_picture(split: str) -> str:
    """Return the file name of the scores by class on a split."""
    return f"classes-{split}.png"


def draw_classes(report: RunReport, folder: Path) -> tuple[Path, ...]:
    """Draw the scores of each class on the splits where classes were measured.

    Args:
        report: The run.
        folder: Where ``classes-<split>.png`` goes; those of splits without a measurement are removed.

    Returns:
        The files written.

    Raises:
        SetupError: A picture cannot be written.
    """
    drawn = []
    measured = {one.split: one for one in measured_classes(report)}
    for split in map(str, Split):
        file = folder / class_picture(split)
        content = _draw_scores(measured[split]) if split in measured else None
        if content is not None:
            write_bytes_atomic(file, content)
            drawn.append(file)
        else:
            file.unlink(missing_ok=True)
    return tuple(drawn)


def _draw_scores(one: Measurement) -> bytes | None:
    try:
        return draw_scores(f"hmean by class, {one.split}", one.per_class).png()
    except ImportError:
        return None


def _loss(history: History) -> Series:
    points = [point for point in history.points if math.isfinite(point.loss)]
    return Series("loss", [point.epochs_done for point in points], [point.loss for point in points])


def _learning_rate(history: History) -> Series:
    rates = [(point.epochs_done, point.learning_rate) for point in history.points]
    known = [(place, rate) for place, rate in rates if rate is not None and math.isfinite(rate)]
    return Series("learning rate", [place for place, _ in known], [rate for _, rate in known])


def _metrics(history: History) -> list[Series]:
    names = dict.fromkeys(name for one in history.validations for name in one.values)
    series = []
    for name in names:
        points = [
            (one.epochs_done, one.values[name])
            for one in history.validations
            if math.isfinite(one.values.get(name, math.nan))
        ]
        series.append(Series(name, [place for place, _ in points], [value for _, value in points]))
    return series


def _draw(title: str, series: Sequence[Series]) -> bytes | None:
    """Return one picture as PNG, or None without matplotlib."""
    try:
        canvas = new_canvas(_SIZE_INCHES, _DPI)
    except ImportError:
        return None
    axes = canvas.axes
    for one in series:
        marker = "o" if len(one.places) <= 60 else None
        axes.plot(one.places, one.values, label=one.name, marker=marker, markersize=3, linewidth=1.3)
    axes.set_xlabel("epochs")
    axes.set_title(title, fontsize=10)
    axes.grid(visible=True, alpha=0.3)
    if len(series) > 1:
        axes.legend(fontsize=8)
    return canvas.png()
