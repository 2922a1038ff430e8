"""Learning rate schedules, stepped once per training step.

Source: the ``Optimizer.lr`` section of PaddleOCR 3.7.0; cosine annealing without restarts is
Loshchilov and Hutter, SGDR, arXiv:1608.03983.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from paddle.optimizer import lr

from ..modeling.choice import build_named


def const(learning_rate: float, steps: int, per_epoch: int) -> float:
    """Never change the rate."""
    return learning_rate


def linear(
    learning_rate: float, steps: int, per_epoch: int, end_lr: float = 0.0, power: float = 1.0
) -> lr.LRScheduler:
    """Go down to ``end_lr``: ``(learning_rate - end_lr) * (1 - step / steps)^power + end_lr``."""
    return lr.PolynomialDecay(learning_rate, decay_steps=steps, end_lr=end_lr, power=power)


def cosine(learning_rate: float, steps: int, per_epoch: int) -> lr.LRScheduler:
    """Go down to 0 in half a wave: ``learning_rate * (1 + cos(pi * step / steps)) / 2``."""
    return lr.CosineAnnealingDecay(learning_rate, T_max=steps)


def piecewise(
    learning_rate: float,
    steps: int,
    per_epoch: int,
    decay_epochs: Sequence[float],
    values: Sequence[float],
) -> lr.LRScheduler | float:
    """Take ``values`` one after the other, changing after each of ``decay_epochs``.

    Raises:
        ValueError: There is not one value more than there are changes.
    """
    if len(values) != len(decay_epochs) + 1:
        raise ValueError(
            "lr Piecewise needs one of values before the first of decay_epochs and one after each, "
            f"not {len(values)} for {len(decay_epochs)}"
        )
    if not decay_epochs:
        return float(values[0])
    changes = [int(epoch * per_epoch) for epoch in decay_epochs]
    return lr.PiecewiseDecay(changes, [float(value) for value in values])


def step(learning_rate: float, steps: int, per_epoch: int, step_size: float, gamma: float) -> lr.LRScheduler:
    """Multiply the rate by ``gamma`` every ``step_size`` epochs."""
    return lr.StepDecay(learning_rate, step_size=int(step_size * per_epoch), gamma=gamma)


def multi_step(
    learning_rate: float, steps: int, per_epoch: int, milestones: Sequence[float], gamma: float
) -> lr.LRScheduler:
    """Multiply the rate by ``gamma`` after each of the epochs ``milestones``."""
    changes = [int(epoch * per_epoch) for epoch in milestones]
    return lr.MultiStepDecay(learning_rate, milestones=changes, gamma=gamma)


def polynomial(
    learning_rate: float, steps: int, per_epoch: int, factor: float = 0.9, end_lr: float = 0.0
) -> lr.LRScheduler:
    """Go down to 0: ``learning_rate * (1 - step / steps)^factor``; ``end_lr`` is not read (as upstream)."""
    return lr.PolynomialDecay(learning_rate, decay_steps=steps, end_lr=0.0, power=factor)


def cyclical_cosine(learning_rate: float, steps: int, per_epoch: int, cycle: float) -> lr.LRScheduler:
    """Go down to 0 in half a wave of ``cycle`` epochs, and start anew at the top."""
    length = round(cycle * per_epoch)
    return lr.LambdaDecay(learning_rate, lambda done: _half_wave(done % length / length))


def two_step_cosine(learning_rate: float, steps: int, per_epoch: int) -> lr.LRScheduler:
    """Go down to 0 in half a wave of 200 epochs however long the training is, and stay there.

    Upstream means to go on with a second wave then, but goes on from 0.
    """
    length = _FIRST_STEP_EPOCHS * per_epoch
    return lr.LambdaDecay(learning_rate, lambda done: _half_wave(min(done / length, 1.0)))


def one_cycle(
    learning_rate: float,
    steps: int,
    per_epoch: int,
    max_lr: float,
    anneal_strategy: str = "cos",
    three_phase: bool = False,
) -> lr.LRScheduler:
    """Go up to ``max_lr`` and far down: arXiv:1708.07120, with the usual shares and divisors."""
    start = float(max_lr) / 25.0
    return lr.OneCycleLR(
        float(max_lr),
        total_steps=steps,
        divide_factor=25.0,
        end_learning_rate=start / 1e4,
        phase_pct=0.3,
        anneal_strategy=anneal_strategy,
        three_phase=three_phase,
    )


def _half_wave(share: float) -> float:
    """Return 1 for a share of 0 and 0 for 1, along a cosine."""
    return (1 + math.cos(math.pi * share)) / 2


SCHEDULES: dict[str, Callable[..., Any]] = {
    "Const": const,
    "Linear": linear,
    "Cosine": cosine,
    "Piecewise": piecewise,
    "Step": step,
    "MultiStepDecay": multi_step,
    "DecayLearningRate": polynomial,
    "CyclicalCosine": cyclical_cosine,
    "TwoStepCosine": two_step_cosine,
    "OneCycle": one_cycle,
}
_FIRST_STEP_EPOCHS = 200
# Training sets these itself, whatever the section says.
_SET_BY_TRAINING = ("epochs", "step_each_epoch")
_DEFAULT_RATE = 0.001


def build_learning_rate(section: Mapping[str, Any], epochs: int, step_each_epoch: int) -> Any:
    """Build the schedule that an ``lr`` section describes.

    Args:
        section: ``name`` (``Const`` when absent), ``learning_rate``, ``warmup_epoch`` and the
            schedule's own keys; left as it is.
        epochs: Epochs of the training.
        step_each_epoch: Steps per epoch.

    Returns:
        A scheduler, or a float when the rate never changes. With ``warmup_epoch`` the rate first
        rises from 0 in a straight line; the schedule starts, at its own step 0, when that is over.
        DecayLearningRate has no warm-up.

    Raises:
        ValueError: The name is unknown or a key is not the schedule's.
    """
    settings = {key: value for key, value in section.items() if key not in _SET_BY_TRAINING}
    settings.setdefault("name", "Const")
    if settings["name"] == "DecayLearningRate" and settings.get("warmup_epoch"):
        raise ValueError("lr DecayLearningRate has no warm-up: leave warmup_epoch out, or take Linear")
    warmup_steps = round((settings.pop("warmup_epoch", 0) or 0) * step_each_epoch)
    # Piecewise has no learning_rate of its own: it starts at the first of its values
    first = (settings.get("values") or [_DEFAULT_RATE])[0]
    peak = float(settings.pop("learning_rate", first))
    steps = epochs * step_each_epoch
    schedule = build_named(
        "lr",
        SCHEDULES,
        settings,
        learning_rate=peak,
        steps=steps,
        per_epoch=step_each_epoch,
    )
    if warmup_steps <= 0:
        return schedule
    top = float(settings.get("max_lr", _rate_at_start(schedule)))
    return lr.LinearWarmup(schedule, warmup_steps=warmup_steps, start_lr=0.0, end_lr=top)


def _rate_at_start(schedule: Any) -> float:
    """Return the rate a schedule begins with, where its warm-up leads to (but for OneCycle, as upstream)."""
    return schedule if isinstance(schedule, float) else float(schedule.get_lr())
