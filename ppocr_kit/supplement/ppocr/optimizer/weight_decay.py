"""Weight decay that becomes weaker (or stronger) while training: the regularizer ``CosineL2``.

Source: the regularizers of PaddleOCR 3.7.0 and the third value that its ``tools/train.py`` takes from
``build_optimizer``; the idea of less decay in the end is in Tan and Le, EfficientNetV2, arXiv:2104.00298.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class CosineL2:
    """L2 decay that goes from ``factor`` to ``end_factor`` in half a wave.

    Attributes:
        factor: Decay in the beginning and while warming up.
        end_factor: Decay in the end.
        warmup_epoch: Epochs before it begins to change.
    """

    factor: float = 5e-5
    end_factor: float = 0.0
    warmup_epoch: float = 0


class WeightDecaySchedule:
    """Set an optimizer's L2 decay anew after each step.

    Args:
        optimizer: Built with the decay's ``factor`` as its weight decay.
        decay: How the decay changes.
        steps: Steps of the training.
        warmup_steps: Steps before it begins to change.
    """

    def __init__(self, optimizer: Any, decay: CosineL2, steps: int, warmup_steps: int) -> None:
        self._regularization = optimizer.regularization
        self._begin, self._end = float(decay.factor), float(decay.end_factor)
        self._warmup, self._length = warmup_steps, max(1, steps - warmup_steps)
        self._done = 0

    def step(self) -> None:
        """Take note of a training step."""
        self._done += 1
        share = min(max(self._done - self._warmup, 0) / self._length, 1.0)
        wave = (1 + math.cos(math.pi * share)) / 2
        self._regularization._coeff = self._end + (self._begin - self._end) * wave

    def get_wd(self) -> float:
        """Return the decay that the next step uses; the release logs it as ``wd``."""
        return float(self._regularization._coeff)
