"""When a training evaluates: after how many steps, and how often within a run.

Source: ``tools/program.py``, release 3.7.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def evaluation_steps(config: Mapping[str, Any], steps_per_epoch: int) -> tuple[int, int]:
    """Return after which step evaluations begin to count, and the steps between two of them.

    ``eval_batch_epoch`` counts only where ``eval_batch_step`` is a list; then it wins.
    """
    settings = config["Global"]
    setting, every_epochs = settings.get("eval_batch_step"), settings.get("eval_batch_epoch")
    if isinstance(setting, int):
        return 0, setting
    if every_epochs:
        return 0, steps_per_epoch * int(every_epochs)
    return int(setting[0]), int(setting[1])


def count_evaluations(config: Mapping[str, Any], steps_per_epoch: int, first_epoch: int = 1) -> int:
    """Count the evaluations of a run, or of what is left of it from ``first_epoch`` on."""
    start, every = evaluation_steps(config, steps_per_epoch)
    last = steps_per_epoch * int(config["Global"]["epoch_num"])
    done = steps_per_epoch * (first_epoch - 1)
    if every < 1:
        return 0
    return max(0, (last - start) // every) - max(0, (done - start) // every)
