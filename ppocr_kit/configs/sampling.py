"""How training rows become steps: batches of one size, or of several picture sizes in turn.

Source: ppocr/data/__init__.py and ppocr/data/multi_scale_sampler.py, release 3.7.0;
``paddle.io.DistributedBatchSampler``.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Any

Config = dict[str, Any]


def count_steps(rows: int, batch_size: int, processes: int, drop_last: bool) -> int:
    """Count the steps of an epoch as ``paddle.io.DistributedBatchSampler`` makes them.

    Every process gets ``ceil(rows / processes)`` rows; an incomplete last batch counts unless
    it is dropped.
    """
    share = math.ceil(rows / processes)
    return share // batch_size if drop_last else math.ceil(share / batch_size)


def steps_per_epoch(config: Mapping[str, Any], rows: int, processes: int) -> int:
    """Count the steps that an epoch of ``rows`` training rows has, by the configuration's sampler.

    ``MultiScaleSampler`` takes its scales in turn until the rows are used up, always to the end of
    the turn, and fills the last batches with rows that were already shown.
    """
    loader, sampler = config["Train"]["loader"], config["Train"].get("sampler")
    if not sampler:
        return count_steps(rows, int(loader["batch_size_per_card"]), processes, bool(loader["drop_last"]))
    turn = batch_sizes(sampler)
    share = rows // processes
    return math.ceil(share / sum(turn)) * len(turn) if share else 0


def batch_sizes(sampler: Mapping[str, Any]) -> list[int]:
    """Return the rows per step of each scale: as many pixels as ``first_bs`` rows of the first scale."""
    first = int(sampler["first_bs"])
    scales = [scale if isinstance(scale, (list, tuple)) else (scale, scale) for scale in sampler["scales"]]
    if sampler.get("fix_bs", True):
        return [first] * len(scales)
    across, down = sampler.get("divided_factor", (8, 16))
    pixels = scales[0][0] * scales[0][1] * first
    cut = [(width // across * across, height // down * down) for width, height in scales]
    return [max(1, pixels // (width * height)) for width, height in cut]


def with_batch_size(config: Mapping[str, Any], batch_size: int) -> Config:
    """Take ``batch_size`` rows per step and process for training, with a sampler for its first scale."""
    changed = copy.deepcopy(dict(config))
    changed["Train"]["loader"]["batch_size_per_card"] = batch_size
    if changed["Train"].get("sampler"):
        changed["Train"]["sampler"]["first_bs"] = batch_size
    return changed


def with_one_scale(config: Mapping[str, Any], rows: int, processes: int) -> Config:
    """Train at the height of evaluation only, where an epoch has no rows for a turn of all scales."""
    changed = copy.deepcopy(dict(config))
    sampler = changed["Train"].get("sampler")
    if not sampler or rows // processes >= sum(batch_sizes(sampler)):
        return changed
    height = _evaluated_height(changed)
    fitting = [scale for scale in sampler["scales"] if scale[1] == height]
    sampler["scales"] = fitting or sampler["scales"][:1]
    return changed


def with_equal_batches(config: Mapping[str, Any]) -> Config:
    """Give every scale as many rows, where the largest pictures would come in ones and twos.

    Batch statistics of so few rows are noise; small batches are not short of memory.
    """
    changed = copy.deepcopy(dict(config))
    sampler = changed["Train"].get("sampler")
    if sampler and not sampler.get("fix_bs", True) and min(batch_sizes(sampler)) < _FEWEST_ROWS:
        sampler["fix_bs"] = True
    return changed


_FEWEST_ROWS = 4


def _evaluated_height(config: Mapping[str, Any]) -> int | None:
    for step in config["Eval"]["dataset"]["transforms"]:
        for settings in step.values():
            if isinstance(settings, Mapping) and "image_shape" in settings:
                return int(settings["image_shape"][1])
    return None
