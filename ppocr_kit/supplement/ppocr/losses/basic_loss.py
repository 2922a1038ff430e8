"""LossFromOutput: a loss that the model has computed itself, as models of paddlenlp do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import paddle
from paddle import nn

from ..modeling.choice import known_name

REDUCTIONS: dict[str, Callable[[Any], Any]] = {
    "none": lambda loss: loss,
    "mean": paddle.mean,
    "sum": paddle.sum,
}


class LossFromOutput(nn.Layer):
    """Take the loss out of the model's output.

    Args:
        key: Where it is, when the output has names.
        reduction: ``none``, ``mean`` or ``sum``.

    Raises:
        ValueError: The reduction is unknown.
    """

    def __init__(self, key: str | None = "loss", reduction: str = "none") -> None:
        super().__init__()
        self._key = key
        self._reduce = REDUCTIONS[known_name("LossFromOutput reduction", reduction, list(REDUCTIONS))]

    def forward(self, predicts: Any, batch: Any) -> dict[str, Any]:
        """Return ``loss``: the model's own, of any shape, reduced."""
        loss = predicts[self._key] if isinstance(predicts, Mapping) and self._key is not None else predicts
        return {"loss": self._reduce(loss)}
