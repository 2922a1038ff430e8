"""How a training of PaddleOCR-VL went: ``logs/history.jsonl``, one step or evaluation a line.

A step is ``{"step", "epoch", "loss", "lr", "grad_norm"}``, an evaluation ``{"step", "epoch", "eval": {…}}``;
that of step 0 is of the base model. A resumed run cuts off what lies behind the step it goes on from,
because only what is done again becomes the model.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.errors import ReportError
from ppocr_kit.storage import disk_error, write_lines_atomic

HISTORY_FILE = "history.jsonl"


@dataclass(frozen=True)
class Step:
    """One optimizer step.

    Attributes:
        step: Steps done with it.
        epoch: Epochs done with it; 1.5 is the middle of the second.
        loss: Mean loss per supervised token.
        learning_rate: That it was made with.
    """

    step: int
    epoch: float
    loss: float
    learning_rate: float


@dataclass(frozen=True)
class Evaluation:
    """One evaluation on the validation rows, which the model generated the texts of.

    Attributes:
        step: Steps done; 0 is the base model.
        epoch: Epochs done.
        values: ``cer`` (corpus), ``cer_mean``, ``exact``, ``loss`` and what else was measured.
    """

    step: int
    epoch: float
    values: Mapping[str, float]


@dataclass(frozen=True)
class TrainingHistory:
    """All steps and evaluations, in order."""

    steps: tuple[Step, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()

    @property
    def base(self) -> Evaluation | None:
        """The evaluation of the base model."""
        return next((one for one in self.evaluations if one.step == 0), None)

    @property
    def best(self) -> Evaluation | None:
        """The best evaluation after training began: lowest CER, then lowest loss, then first."""
        tuned = [one for one in self.evaluations if one.step > 0]
        return min(tuned, key=rank, default=None)


def rank(evaluation: Evaluation) -> tuple[float, float]:
    """Order evaluations, the best first; without a CER, or with one that is no number, they come last."""
    cer, loss = (evaluation.values.get(name, math.inf) for name in ("cer", "loss"))
    return (math.inf if math.isnan(cer) else cer, math.inf if math.isnan(loss) else loss)


def read_history(path: Path) -> TrainingHistory:
    """Read a history; one that is absent is empty, and a last line that was cut short does not count.

    Raises:
        ReportError: The file cannot be read or is damaged.
    """
    steps, evaluations = [], []
    for number, line in enumerate(_whole_lines(path), 1):
        try:
            body = json.loads(line)
            if "eval" in body:
                values = {str(name): float(value) for name, value in body["eval"].items()}
                evaluations.append(Evaluation(int(body["step"]), float(body["epoch"]), values))
            else:
                place = int(body["step"]), float(body["epoch"])
                steps.append(Step(*place, float(body["loss"]), float(body["lr"])))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ReportError(
                "a line of the training history is damaged",
                at=f"{path}:{number}",
                hint="delete the line; the model does not depend on it",
            ) from error
    return TrainingHistory(tuple(steps), tuple(evaluations))


def cut_history(path: Path, step: int) -> None:
    """Drop what lies behind a step, so that a run goes on from it.

    Raises:
        ReportError: The file cannot be read.
        SetupError: It cannot be written.
    """
    kept = []
    for line in _whole_lines(path):
        try:
            keep = int(json.loads(line)["step"]) <= step
        except (ValueError, KeyError, TypeError):
            keep = False
        if keep:
            kept.append(line)
    if path.exists():
        write_lines_atomic(path, kept)


class HistoryFile:
    """A history that grows while a run trains; each line is on its way to the disk when ``add`` returns."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, entry: Mapping[str, Any]) -> None:
        """Append one step or evaluation.

        Raises:
            SetupError: The disk is full.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as stream:
                stream.write(json.dumps(entry, ensure_ascii=False).encode("utf-8") + b"\n")
        except OSError as error:
            raise disk_error(error, self.path) from error


def _whole_lines(path: Path) -> list[bytes]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ReportError(f"cannot read the training history ({error.strerror})", at=str(path)) from error
    return [line for line in content.splitlines(keepends=True) if line.endswith(b"\n")]
