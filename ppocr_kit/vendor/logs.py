"""Reading what ``tools/train.py`` and ``tools/eval.py`` log.

Source: PaddleOCR 3.7.0, ``tools/program.py`` and ``tools/eval.py``; besides, what logs of older
releases and of real machines hold: other logger names, ``iter:`` for ``global_step:``, progress bars
before the text, several runs in one file, mixed line ends, bytes that are not UTF-8.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Union

from ppocr_kit.errors import ReportError, ToolError

# The release pads numbers with the letter x to six places, so that nan is logged as "nanxxx".
_NUMBER = r"[-+]?(?:(?:[0-9]{1,40}\.?[0-9]{0,40}|\.[0-9]{1,40})(?:[eE][-+]?[0-9]{1,4})?|nan|inf)"
_PAIR = re.compile(rf"([A-Za-z_][\w./-]{{0,80}}): ?({_NUMBER})x{{0,5}}(?![\w.:])")
_STEP = re.compile(r"epoch: ?\[([0-9]{1,9})/([0-9]{1,9})\],? ?(?:global_step|iter): ?([0-9]{1,12})")
_ETA = re.compile(r"eta: ?(?:(-?[0-9]{1,6}) days?, ?)?([0-9]{1,7}):([0-9]{2}):([0-9]{2})")
# "metirc" is how releases before 2.1 spelled it.
_METRIC = re.compile(r"\b(cur|best) met(?:ri|ir)c, ")
_EVAL_HEADING = re.compile(r"\bmetric (eval|in ckpt) \*{3,}")
_EVAL_VALUE = re.compile(rf"(?:^|[\s\]:])([A-Za-z_]\w{{0,80}}): ?({_NUMBER})\s*$")


@dataclass(frozen=True)
class TrainStep:
    """One training log line.

    Attributes:
        epoch: Epoch, from 1.
        epochs: Epochs in all.
        step: Optimizer steps since the start; what resumed runs restart is not corrected.
        lr: Learning rate, or None where the line has none.
        loss: The summed loss, median over the last steps as the release smooths it; may be nan.
        values: All other numbers of the line: parts of the loss, training metrics, costs in seconds.
        ips: Samples per second, or None.
        eta_s: The tool's own estimate of the time left in seconds, or None.
    """

    epoch: int
    epochs: int
    step: int
    lr: float | None
    loss: float
    values: Mapping[str, float]
    ips: float | None
    eta_s: float | None


@dataclass(frozen=True)
class EvalMetric:
    """An evaluation during training (``cur metric``): metric name to value."""

    values: Mapping[str, float]


@dataclass(frozen=True)
class BestMetric:
    """The best evaluation so far (``best metric``), with ``best_epoch`` among its values."""

    values: Mapping[str, float]


LogEvent = Union[TrainStep, EvalMetric, BestMetric]


def parse_line(line: str) -> LogEvent | None:
    """Read one line of a training log.

    Args:
        line: The line, with or without its line end and the logger's prefix; anything is accepted.

    Returns:
        What the line says, or None for a line that is none of the three.
    """
    if "epoch" in line:
        place = _STEP.search(line)
        if place is not None:
            return _train_step(place, line[place.end() :])
    if " met" in line:
        metric = _METRIC.search(line)
        if metric is not None:
            values = _pairs(line[metric.end() :])
            if values:
                return EvalMetric(values) if metric.group(1) == "cur" else BestMetric(values)
    return None


def read_log(path: Path) -> list[LogEvent]:
    """Read all events of a training log, in the order of the file.

    Raises:
        ReportError: The file cannot be read.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ReportError(f"cannot read the log ({error.strerror})", at=str(path)) from error
    # Everything we look for is ASCII, which neither GBK nor a wrong byte can counterfeit.
    lines = content.decode("utf-8", errors="replace").replace("\r", "\n").split("\n")
    return [event for event in map(parse_line, lines) if event is not None]


def read_eval_output(lines: Iterable[str]) -> dict[str, float]:
    """Read the metrics that ``tools/eval.py`` measured.

    The tool first prints the metrics stored in the checkpoint, in the same form; only what follows the
    last ``metric eval`` heading was measured now.

    Args:
        lines: The tool's output.

    Returns:
        Metric name to value, ``fps`` included.

    Raises:
        ToolError: The output has no measured metrics.
    """
    found: dict[str, float] = {}
    measuring = False
    for line in lines:
        heading = _EVAL_HEADING.search(line)
        if heading is not None:
            measuring = heading.group(1) == "eval"
            found = {} if measuring else found
        elif measuring:
            value = _EVAL_VALUE.search(line)
            if value is not None:
                found[value.group(1)] = float(value.group(2))
    if not found:
        raise ToolError(
            "the evaluation ended without printing a metric",
            at="tools/eval.py",
            hint="look at the end of the log: the tool may have found no image to score",
        )
    return found


def _pairs(text: str) -> dict[str, float]:
    return {name: float(number) for name, number in _PAIR.findall(text)}


def _train_step(place: re.Match[str], rest: str) -> TrainStep | None:
    """Make a step of the numbers after its place, or None where it has no loss."""
    eta = _ETA.search(rest)
    values = _pairs(rest if eta is None else rest[: eta.start()] + rest[eta.end() :])
    loss = values.pop("loss", None)
    if loss is None:
        return None
    return TrainStep(
        epoch=int(place.group(1)),
        epochs=int(place.group(2)),
        step=int(place.group(3)),
        lr=values.pop("lr", None),
        loss=loss,
        values=values,
        ips=values.pop("ips", None),
        eta_s=None if eta is None else _seconds(eta),
    )


def _seconds(eta: re.Match[str]) -> float:
    days, hours, minutes, seconds = (int(part or 0) for part in eta.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
