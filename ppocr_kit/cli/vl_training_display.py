"""How a training of PaddleOCR-VL is shown: one progress line, and a line per evaluation."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from ppocr_kit.cli.console import say

# Without a terminal, one line in this many seconds keeps a log file readable.
_QUIET_PERIOD_S = 15.0


class Display(Protocol):
    """Something that events of a training are shown on."""

    def event(self, event: dict[str, Any]) -> None:
        """Show one event."""
        ...


class _Lines:
    """Shows events as lines, for log files and pipes."""

    def __init__(self) -> None:
        self.last = 0.0

    def event(self, event: dict[str, Any]) -> None:
        """Print plan, model and evaluations at once, steps from time to time."""
        text = describe(event)
        if event.get("event") in ("step", "reading"):
            now = time.monotonic()
            if now - self.last < _QUIET_PERIOD_S:
                return
            self.last = now
        if text:
            say(f"  {text}")


class _Bar:
    """Shows steps as a rich progress bar with the latest loss."""

    def __init__(self, bar: Any) -> None:
        self.bar = bar
        self.task = bar.add_task("looking at rows", total=None)

    def event(self, event: dict[str, Any]) -> None:
        """Move the bar with a step; print everything else above it."""
        text = describe(event)
        kind = event.get("event")
        if kind == "step":
            self.bar.update(self.task, total=event["steps"], completed=event["step"], description=text)
        elif kind == "reading":
            self.bar.update(self.task, description=text)
        elif text:
            self.bar.console.print(f"  {text}", highlight=False, markup=False)


@contextmanager
def vl_training_display() -> Iterator[Display]:
    """Give an object whose ``event`` shows what happens until the block ends."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f} steps"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield _Bar(bar)


def describe(event: Mapping[str, Any]) -> str | None:
    """Put an event into words; None for those that need none."""
    kind = event.get("event")
    if kind == "step":
        return f"step {event['step']}/{event['steps']} loss {event['loss']:.4f}"
    if kind == "reading":
        model = "base model" if event["step"] == 0 else "val"
        return f"{model}: {event['rows']}/{event['of']} read"
    if kind == "evaluation":
        return _evaluation(event)
    if kind == "model":
        return _model(event)
    return None


def _evaluation(event: Mapping[str, Any]) -> str:
    name = "base model" if event["step"] == 0 else f"step {event['step']}"
    note = "  (best so far)" if event["best"] else ""
    return f"{name:<12} {scores_in_words(event['eval'])}{note}"


def scores_in_words(scores: Mapping[str, float]) -> str:
    """Put the scores of an evaluation into words; says so where many texts did not come to an end."""
    text = f"val CER {scores['cer']:.4f}, exact match {scores['exact']:.1%}, loss {scores['loss']:.4f}"
    unended = scores.get("unended", 0.0)
    return f"{text}, {unended:.0%} never ended" if unended else text


def _model(event: Mapping[str, Any]) -> str:
    trained, parameters = event["trained"], event["parameters"]
    share = "all trained" if trained == parameters else f"{trained / 1e6:.2f} M of them trained (LoRA)"
    return (
        f"model        {parameters / 1e6:.2f} M parameters, {share}; {event['precision']}, "
        f"{event['attention']}, {event['device']}"
    )


def plan_lines(plan: Mapping[str, Any]) -> Iterator[str]:
    """Put what was counted before the first step into words."""
    yield (
        f"rows         {plan['train_rows']} train; {plan['val_rows']} of {plan['val_rows_all']} to validate "
        "with are read at each evaluation"
    )
    yield (
        f"tokens       {plan['tokens']} an epoch, {plan['supervised']} of them learnt; longest row "
        f"{plan['longest']}; {plan['padding']:.1%} filling"
    )
    across = f" on each of {plan['processes']} processes" if plan["processes"] > 1 else ""
    intervals = f"evaluation every {plan['eval_steps']}, checkpoint every {plan['save_steps']}"
    yield (
        f"steps        {plan['steps']} in all, {plan['steps_per_epoch']} an epoch{across}; warm-up "
        f"{plan['warmup_steps']}, {intervals}"
    )
