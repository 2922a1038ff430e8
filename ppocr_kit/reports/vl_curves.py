"""Pictures of a training of PaddleOCR-VL: loss, learning rate, and what the validation rows scored."""

from __future__ import annotations

from pathlib import Path

from ppocr_kit.reports.history import History, TrainingPoint, Validation
from ppocr_kit.reports.plots import draw_curves
from ppocr_kit.vl.history import TrainingHistory, read_history
from ppocr_kit.vl.record import VlRunFolder

_SHOWN = ("cer", "exact")


def draw_vl_curves(folder: VlRunFolder) -> tuple[Path, ...]:
    """Draw the curves of a run into its ``reports/``.

    Raises:
        ReportError: The history is damaged.
        SetupError: A picture cannot be written.
    """
    return draw_curves(curves_of(read_history(folder.history_file)), folder.reports)


def curves_of(history: TrainingHistory) -> History:
    """Return the history as the curves of every lane are drawn from it; the base model stands at epoch 0."""
    return History(
        points=tuple(TrainingPoint(step.epoch, step.loss, step.learning_rate) for step in history.steps),
        validations=tuple(
            Validation(one.epoch, {name: one.values[name] for name in _SHOWN if name in one.values})
            for one in history.evaluations
        ),
        best={} if history.best is None else dict(history.best.values),
    )
