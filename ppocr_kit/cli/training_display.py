"""How a training is shown while it runs: one progress line, and a line per evaluation."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ppocr_kit.cli.console import say
from ppocr_kit.runs.plan import TrainingPlan
from ppocr_kit.vendor.logs import BestMetric, EvalMetric, LogEvent, TrainStep

# Without a terminal, one line in this many seconds keeps a log file readable.
_QUIET_PERIOD_S = 15.0


class _Lines:
    """Show events as lines, for log files and pipes."""

    def __init__(self, plan: TrainingPlan, indicator: str) -> None:
        self.plan, self.indicator = plan, indicator
        self.last = 0.0

    def event(self, event: LogEvent) -> None:
        """Print an evaluation at once, and steps from time to time."""
        if isinstance(event, TrainStep):
            now = time.monotonic()
            if now - self.last >= _QUIET_PERIOD_S:
                self.last = now
                say(f"  {describe(event, self.indicator)}{eta(event)}")
        elif isinstance(event, (EvalMetric, BestMetric)):
            text = describe_evaluation(event, self.indicator)
            if text:
                say(f"  {text}")


class _Bar:
    """Show events as a rich progress bar with the latest figures."""

    def __init__(self, bar: Any, plan: TrainingPlan, indicator: str) -> None:
        self.bar, self.plan, self.indicator = bar, plan, indicator
        steps = plan.steps_per_epoch * plan.epochs
        done = plan.steps_per_epoch * (plan.first_epoch - 1)
        self.task = bar.add_task("starting", total=steps, completed=done)

    def event(self, event: LogEvent) -> None:
        """Move the bar with a step; print evaluations above it."""
        if isinstance(event, TrainStep):
            # an epoch's steps are counted from the epoch's number: a resumed run may restart its own count
            within = (event.step - 1) % self.plan.steps_per_epoch + 1
            done = (event.epoch - 1) * self.plan.steps_per_epoch + within
            self.bar.update(self.task, completed=done, description=describe(event, self.indicator))
        else:
            text = describe_evaluation(event, self.indicator)
            if text:
                self.bar.console.print(f"  {text}", highlight=False)


@contextmanager
def training_display(plan: TrainingPlan, indicator: str) -> Iterator[_Lines | _Bar]:
    """Give an object whose ``event`` shows what happens until the block ends."""
    if not sys.stderr.isatty():
        yield _Lines(plan, indicator)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f} steps"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield _Bar(bar, plan, indicator)


def describe(step: TrainStep, indicator: str) -> str:
    """Put a step into words: ``epoch 3/12 loss 0.512 acc 0.834``."""
    figure = f" {indicator} {step.values[indicator]:.3f}" if indicator in step.values else ""
    return f"epoch {step.epoch}/{step.epochs} loss {step.loss:.4f}{figure}"


def eta(step: TrainStep) -> str:
    """Put the tool's own estimate into words, or nothing when it gave none."""
    if step.eta_s is None:
        return ""
    minutes, seconds = divmod(int(step.eta_s), 60)
    return f"  (about {minutes}:{seconds:02d} left)"


def describe_evaluation(event: LogEvent, indicator: str) -> str | None:
    """Put an evaluation into words; None for other events."""
    if not isinstance(event, EvalMetric):
        return None
    shown = {name: value for name, value in event.values.items() if name not in ("fps", "epoch")}
    figures = ", ".join(f"{name} {value:.4f}" for name, value in shown.items())
    return f"val: {figures}"
