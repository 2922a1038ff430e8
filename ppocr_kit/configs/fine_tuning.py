"""What changes when training starts from weights instead of from nothing, and why."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ppocr_kit.configs.patches import Config, task_of
from ppocr_kit.tasks import Task


@dataclass(frozen=True)
class FineTuning:
    """Defaults for going on from trained weights with a small data set.

    Attributes:
        rate_share: Peak of the learning rate as a share of the one the recipe is published with, for
            steps of ``batch_size`` rows. A rate as high as from scratch walks away from what the
            weights know.
        batch_size: Rows per step at most: small, because hundreds of steps matter more than smooth ones.
        rows_seen: Training rows shown in all; gives the epochs.
        most_epochs: However few rows there are.
    """

    rate_share: float
    batch_size: int
    rows_seen: int
    most_epochs: int = 60


# Published rates belong to 64 crops or a thousand lines a step, these to 8 and 16.
FINE_TUNING: dict[Task, FineTuning] = {
    Task.DET: FineTuning(rate_share=0.2, batch_size=8, rows_seen=7_000),
    Task.REC: FineTuning(rate_share=0.2, batch_size=16, rows_seen=14_000),
    # published for fine-tuning as they are: 149 pages of XFUND for 200 and for 130 epochs
    Task.SER: FineTuning(rate_share=1.0, batch_size=8, rows_seen=30_000, most_epochs=200),
    Task.RE: FineTuning(rate_share=1.0, batch_size=2, rows_seen=20_000, most_epochs=130),
}
# Networks of a million numbers have to move further in the same steps: in a short run a fifth of the
# rate leaves the official CRNN behind where it started (docs/LOG.md).
SMALL_NETWORKS: dict[Task, FineTuning] = {
    Task.DET: FineTuning(rate_share=0.7, batch_size=8, rows_seen=7_000),
    Task.REC: FineTuning(rate_share=0.7, batch_size=16, rows_seen=14_000),
}
_SMALL_BACKBONES = ("MobileNetV3",)
_FEWEST_EPOCHS = 3
# The warm-up is a share of the run and at most an epoch: long enough for Adam's averages to fill.
WARM_UP = 0.05
_LONGEST_WARM_UP = 1.0


def fine_tuning_of(config: Mapping[str, Any]) -> FineTuning:
    """Return the defaults for a recipe, by its task and the size of its backbone."""
    backbone = (config["Architecture"].get("Backbone") or {}).get("name")
    table = SMALL_NETWORKS if backbone in _SMALL_BACKBONES else FINE_TUNING
    return table[task_of(config)]


def fine_tuning_epochs(rows_seen: int, rows: int, most: int) -> int:
    """Return the epochs that show about ``rows_seen`` rows, between 3 and ``most``."""
    return min(most, max(_FEWEST_EPOCHS, math.ceil(rows_seen / max(1, rows))))


def with_fine_tuning_schedule(config: Mapping[str, Any], epochs: int) -> Config:
    """Take a cosine with a short warm-up for a run of ``epochs``; the rate stays.

    The weights need no protection from a random start, and a short run cannot spare epochs for
    warming up: it is never longer than the recipe's.
    """
    changed = copy.deepcopy(dict(config))
    published = changed["Optimizer"]["lr"]
    warm_up = min(float(published.get("warmup_epoch", 0)), _LONGEST_WARM_UP, round(epochs * WARM_UP, 2))
    rate = published["learning_rate"]
    changed["Optimizer"]["lr"] = {"name": "Cosine", "learning_rate": rate, "warmup_epoch": warm_up}
    return changed
