"""How a training went, from its log: loss, learning rate and evaluations over the epochs.

A resumed run logs some epochs twice; what the second sitting did again replaces what the first one
did, because only that became the model.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ppocr_kit.runs.rundir import RunFolder
from ppocr_kit.vendor.logs import BestMetric, EvalMetric, LogEvent, TrainStep, read_log

_NOT_METRICS = frozenset({"fps", "best_epoch", "epoch", "start_epoch", "global_step"})


@dataclass(frozen=True)
class TrainingPoint:
    """One logged training step.

    Attributes:
        epochs_done: Where in the training, in epochs; 1.5 is the middle of the second epoch.
        loss: The logged loss; may be nan.
        learning_rate: Or None when not logged.
    """

    epochs_done: float
    loss: float
    learning_rate: float | None


@dataclass(frozen=True)
class Validation:
    """One evaluation on the validation split during training: metric name to value."""

    epochs_done: float
    values: Mapping[str, float]


@dataclass(frozen=True)
class History:
    """All that a log tells.

    Attributes:
        points: Training steps in order.
        validations: Evaluations in order.
        best: The values of the last ``best metric`` line, ``best_epoch`` among them.
    """

    points: tuple[TrainingPoint, ...] = ()
    validations: tuple[Validation, ...] = ()
    best: Mapping[str, float] = field(default_factory=dict)

    @property
    def lost_losses(self) -> int:
        """Logged losses that are not finite numbers."""
        return sum(not math.isfinite(point.loss) for point in self.points)


def read_history(folder: RunFolder, steps_per_epoch: int | None) -> History:
    """Read a run's training log; a run without one has an empty history.

    Args:
        folder: The run.
        steps_per_epoch: Optimizer steps per epoch; None takes the lines of an epoch as evenly spaced.

    Raises:
        ReportError: There is a log and it cannot be read.
    """
    # The release appends to its own log in every sitting; ours may hold the last one only.
    for path in (folder.checkpoints / "train.log", folder.logs / "train.log"):
        if path.is_file():
            return history_of(read_log(path), steps_per_epoch)
    return History()


def history_of(events: Sequence[LogEvent], steps_per_epoch: int | None) -> History:
    """Put the events of a log in order: see :func:`read_history`."""
    kept: list[tuple[TrainStep, LogEvent]] = []
    last: TrainStep | None = None
    best: Mapping[str, float] = {}
    for event in events:
        if isinstance(event, TrainStep):
            if last is None or event.epoch < last.epoch or event.step <= last.step:
                kept = [pair for pair in kept if pair[0].epoch < event.epoch]
            last = event
        if isinstance(event, BestMetric):
            best = event.values
        elif last is not None:
            kept.append((last, event))
    steps = [event for _, event in kept if isinstance(event, TrainStep)]
    places = dict(zip(map(id, steps), _places(steps, steps_per_epoch)))
    return History(
        points=tuple(TrainingPoint(places[id(step)], step.loss, step.lr) for step in steps),
        validations=tuple(
            Validation(places[id(step)], metrics_only(event.values))
            for step, event in kept
            if isinstance(event, EvalMetric)
        ),
        best=best,
    )


def _places(steps: Sequence[TrainStep], steps_per_epoch: int | None) -> list[float]:
    """Say for each step how many epochs were done when it was logged."""
    if steps_per_epoch:
        return [step.epoch - 1 + ((step.step - 1) % steps_per_epoch + 1) / steps_per_epoch for step in steps]
    lines, seen = Counter(step.epoch for step in steps), Counter[int]()
    places = []
    for step in steps:
        seen[step.epoch] += 1
        places.append(step.epoch - 1 + seen[step.epoch] / lines[step.epoch])
    return places


def metrics_only(values: Mapping[str, float]) -> dict[str, float]:
    """Leave out the numbers of a metric line that measure no quality: speed, epochs, steps."""
    return {name: value for name, value in values.items() if name not in _NOT_METRICS}
