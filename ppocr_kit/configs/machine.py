"""What depends on the machine: rows per step, the learning rate that suits them, mixed precision."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Any

from ppocr_kit.configs.device import Device
from ppocr_kit.configs.line_input import image_width
from ppocr_kit.configs.patches import Config, crop_size, task_of
from ppocr_kit.errors import UsageError
from ppocr_kit.tasks import KIE_TASKS, Task

# With fewer steps an epoch says little, and Adam and batch statistics see too few batches.
FEWEST_STEPS_PER_EPOCH = 4
# Cards that the PP-OCR recipes were published for: "(8*8c)" beside the learning rate of the detectors.
_PUBLISHED_CARDS = 8
# Pixels of one step that a CPU core takes in seconds rather than minutes: 4 crops of 640 x 640 take
# a mobile detector 10 to 20 s, 32 lines of 48 x 320 a mobile recogniser as long.
CPU_PIXELS: dict[Task, int] = {Task.DET: 2_000_000, Task.REC: 500_000}
# Half precision keeps small gradients only when the loss is scaled up and the scale may adapt.
_LOSS_SCALE = 1024.0
# Small steps do not need rates as small as any rule says: the quickstart recogniser learns from
# scratch at 0.002 with 12 rows, where the same network is published with 0.001 for 256.
LOWEST_RATE, HIGHEST_RATE = 0.75, 2.0


def published_rows(config: Mapping[str, Any]) -> int:
    """Return the rows per step that a recipe's learning rate was published for, all cards together.

    A recipe that is published as ``distributed`` was trained on eight cards.
    """
    cards = _PUBLISHED_CARDS if config["Global"].get("distributed") else 1
    return int(config["Train"]["loader"]["batch_size_per_card"]) * cards


def cpu_batch(config: Mapping[str, Any], batch: int) -> int:
    """Halve a batch until a step is no more work than a CPU does in seconds; pages of tokens stay."""
    if task_of(config) in KIE_TASKS:
        return batch
    pixels = _pixels_per_row(config)
    while batch > 1 and batch * pixels > CPU_PIXELS[task_of(config)]:
        batch = max(1, batch // 2)
    return batch


def fitting_batch(batch: int, rows: int, processes: int) -> int:
    """Halve a recipe's batch until an epoch has a few steps, but not below 1.

    A batch larger than the data set ends upstream's training with exit code 0 before the first
    step (PaddleOCR#5503, #14392). A batch that the user gave is not changed.
    """
    share = rows // max(1, processes)
    while batch > 1 and share // batch < FEWEST_STEPS_PER_EPOCH:
        batch //= 2
    return batch


def scaled_rate(rate: float, rows: int, published: int) -> float:
    """Return the learning rate for steps of ``rows`` rows instead of ``published`` ones.

    It follows the square root of the rows, which keeps the noise of Adam's steps as it was, between
    three quarters and twice the published rate. (The linear rule is one for SGD: Adam divides by the size of
    the gradient.)

    Args:
        rate: The published peak rate.
        rows: Rows of a step, all processes together.
        published: Rows of a step that the rate was published for.

    Source: Malladi et al., On the SDEs and Scaling Rules for Adaptive Gradient Algorithms, 2022.
    """
    factor = min(HIGHEST_RATE, max(LOWEST_RATE, math.sqrt(rows / published)))
    return float(f"{rate * factor:.3g}")


def with_mixed_precision(config: Mapping[str, Any], device: Device, wanted: bool) -> Config:
    """Train in half precision when it is wanted, and in full precision otherwise.

    Level O1: the weights stay in full precision, single operations are cast.

    Raises:
        UsageError: It is wanted on a CPU, where it is slower or not there at all.
    """
    if wanted and not device.is_gpu:
        raise UsageError("mixed precision needs a GPU", at="--amp", hint="--device gpu:0, or leave --amp out")
    changed = copy.deepcopy(dict(config))
    settings = changed["Global"]
    if wanted:
        settings.update(use_amp=True, amp_level="O1", scale_loss=_LOSS_SCALE, use_dynamic_loss_scaling=True)
    elif "use_amp" in settings:
        settings["use_amp"] = False
    return changed


def _pixels_per_row(config: Mapping[str, Any]) -> int:
    """Return the pixels of one training picture."""
    if task_of(config) is Task.DET:
        side = crop_size(config)
        return side * side
    return (image_width(config) or 320) * 48
