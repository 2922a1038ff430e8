"""What a training will do, known before its first step: rows, tokens, steps, intervals."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ppocr_kit.vl.rows import VlRow
from ppocr_kit.vl.train_settings import TrainSettings


@dataclass(frozen=True)
class TrainPlan:
    """Counts of a training.

    Attributes:
        train_rows: Rows that train.
        val_rows: Validation rows that each evaluation reads.
        val_rows_all: Validation rows that there are.
        tokens: Tokens of all training rows, picture and question among them.
        longest: Tokens of the longest training row.
        supervised: Tokens that are learnt, in one epoch.
        padding: Share of the computed tokens that fill rows up to the length of their batch.
        processes: That share the rows.
        steps_per_epoch: Optimizer steps.
        steps: Optimizer steps in all.
        warmup_steps: In which the learning rate rises.
        eval_steps: Steps between evaluations.
        save_steps: Steps between checkpoints.
        max_new_tokens: Most tokens of a generated text.
    """

    train_rows: int
    val_rows: int
    val_rows_all: int
    tokens: int
    longest: int
    supervised: int
    padding: float
    processes: int
    steps_per_epoch: int
    steps: int
    warmup_steps: int
    eval_steps: int
    save_steps: int
    max_new_tokens: int

    def to_json(self) -> dict[str, Any]:
        """Return the plan for ``run.json`` and ``--json``."""
        return dataclasses.asdict(self)


def chosen_rows(rows: Sequence[VlRow], most: int) -> list[VlRow]:
    """Return the validation rows of each evaluation: all, or ``most`` evenly spread over them."""
    if not most or len(rows) <= most:
        return list(rows)
    return [rows[place * len(rows) // most] for place in range(most)]


def make_plan(
    settings: TrainSettings,
    lengths: Sequence[int],
    answers: Sequence[int],
    val: tuple[int, int, int],
    order: Sequence[int],
    processes: int,
) -> TrainPlan:
    """Count what a training will do.

    Args:
        settings: Of the training.
        lengths: Tokens of the training rows.
        answers: Those of them that are learnt.
        val: Validation rows read, validation rows there are, tokens of the longest answer.
        order: Positions of the rows in the first epoch.
        processes: That share the rows.
    """
    batches = math.ceil(math.ceil(len(lengths) / settings.batch_size) / processes)
    steps_per_epoch = max(1, math.ceil(batches / settings.grad_accum))
    steps = settings.steps or steps_per_epoch * settings.epochs
    return TrainPlan(
        train_rows=len(lengths),
        val_rows=val[0],
        val_rows_all=val[1],
        tokens=sum(lengths),
        longest=max(lengths),
        supervised=sum(answers),
        padding=round(_padding([lengths[row] for row in order], settings.batch_size), 4),
        processes=processes,
        steps_per_epoch=steps_per_epoch,
        steps=steps,
        warmup_steps=math.ceil(steps * settings.warmup),
        eval_steps=settings.evaluation_interval(steps),
        save_steps=settings.save_interval(steps),
        max_new_tokens=settings.max_new_tokens or 2 * val[2] + 16,
    )


def _padding(lengths: Sequence[int], batch: int) -> float:
    computed = sum(
        8 * math.ceil(max(lengths[first : first + batch]) / 8) * len(lengths[first : first + batch])
        for first in range(0, len(lengths), batch)
    )
    return 1 - sum(lengths) / computed
