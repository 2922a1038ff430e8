"""Learning rate schedules, stepped once per training step.

Source: the ``Optimizer.lr`` section of PaddleOCR 3.7.0; cosine annealing without restarts is
Loshchilov and Hutter, arXiv:1608.03983.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from paddle.optimizer import lr


def const(learning_rate: float, steps: int, per_epoch: int) -> float:
    """Never change the rate."""
    return learning_rate


def linear(
    learning_rate: float, steps: int, per_epoch: int, end_lr: float = 0.0, power: float = 1.0
) -> lr.LRScheduler:
    """Go down to ``end_lr`` in a straight line (or a power of it) over all steps."""
    return lr.PolynomialDecay(learning_rate, decay_steps=steps, end_lr=end_lr, power=power)


def cosine(learning_rate: float, steps: int, per_epoch: int) -> lr.LRScheduler:
    """Go down to 0 in half a cosine over all steps."""
    return lr.CosineAnnealingDecay(learning_rate, T_max=steps)


def piecewise(
    learning_rate: float,
    steps: int,
    per_epoch: int,
    decay_epochs: Sequence[int] = (),
    values: Sequence[float] = (),
) -> lr.LRScheduler:
    """Take ``values`` one after the other, changing after each of ``decay_epochs``."""
    return lr.PiecewiseDecay([int(epoch * per_epoch) for epoch in decay_epochs], list(values))


SCHEDULES: dict[str, Callable[..., Any]] = {
    "Const": const,
    "Linear": linear,
    "Cosine": cosine,
    "Piecewise": piecewise,
}
# Training sets these two itself, whatever the section says.
_GIVEN_BY_TRAINING = ("epochs", "step_each_epoch")


def build_learning_rate(section: Mapping[str, Any], epochs: int, step_each_epoch: int) -> Any:
    """Build the schedule that an ``lr`` section describes.

    Args:
        section: ``name`` (``Const`` when absent), ``learning_rate``, ``warmup_epoch``, and the
            schedule's own keys; left as it is.
        epochs: Epochs of the training.
        step_each_epoch: Steps per epoch.

    Returns:
        A scheduler; a float when the rate never changes.

    Raises:
        ValueError: The name is unknown or a key is not the schedule's.
    """
    settings = {key: value for key, value in section.items() if key not in _GIVEN_BY_TRAINING}
    name = settings.pop("name", "Const")
    warmup = round(settings.pop("warmup_epoch", 0) * step_each_epoch)
    if name not in SCHEDULES:
        raise ValueError(f"learning rate schedule '{name}' is not known; there are {sorted(SCHEDULES)}")
    values = settings.get("values")
    peak = float(settings.pop("learning_rate", values[0] if values else 0.001))
    try:
        schedule = SCHEDULES[name](peak, epochs * step_each_epoch, step_each_epoch, **settings)
    except TypeError as error:
        raise ValueError(f"learning rate schedule {name}: {error}") from error
    if warmup <= 0:
        return schedule
    top = float(values[0]) if values else peak
    return lr.LinearWarmup(schedule, warmup_steps=warmup, start_lr=0.0, end_lr=top)
