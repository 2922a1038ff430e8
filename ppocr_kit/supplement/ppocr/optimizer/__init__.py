"""The factory that the release's tools call: ``build_optimizer``.

Source: the ``Optimizer`` section of PaddleOCR 3.7.0's configurations; what its training loop does
with the three values it gets back (``tools/program.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import paddle
from paddle.regularizer import L1Decay
from ppocr.modeling.choice import build_named
from ppocr.optimizer.learning_rate import build_learning_rate

__all__ = ["build_optimizer"]


def _l2(factor: float) -> float:
    """L2 decay as a number: Adam and Momentum add it to the gradient, AdamW decouples it."""
    return float(factor)


def _l1(factor: float) -> Any:
    return L1Decay(float(factor))


REGULARIZERS = {"L1": _l1, "L1Decay": _l1, "L2": _l2, "L2Decay": _l2}
OPTIMIZERS = {
    "Adam": paddle.optimizer.Adam,
    "AdamW": paddle.optimizer.AdamW,
    "Momentum": paddle.optimizer.Momentum,
}


def build_optimizer(
    config: Mapping[str, Any], epochs: int, step_each_epoch: int, model: Any
) -> tuple[Any, Any, None]:
    """Build the optimizer over the trainable parameters of a model.

    Args:
        config: The ``Optimizer`` section; left as it is.
        epochs: Epochs of the training.
        step_each_epoch: Steps per epoch.
        model: The model.

    Returns:
        The optimizer, its learning rate (a scheduler, or a number when it never changes), and
        None for the weight decay's scheduler.

    Raises:
        ValueError: An optimizer, regularizer or schedule is unknown.
    """
    settings = dict(config)
    rate = build_learning_rate(settings.pop("lr"), epochs, step_each_epoch)
    decay = settings.pop("weight_decay", None)
    regularizer = settings.pop("regularizer", None)
    if regularizer:
        decay = build_named("regularizer", REGULARIZERS, regularizer)
    clipping = _take_clipping(settings)
    optimizer = build_named(
        "Optimizer",
        OPTIMIZERS,
        settings,
        learning_rate=rate,
        weight_decay=decay,
        grad_clip=clipping,
        parameters=[parameter for parameter in model.parameters() if parameter.trainable],
    )
    return optimizer, rate, None


def _take_clipping(settings: dict[str, Any]) -> Any:
    """Take the clipping keys out of the settings; ``clip_norm`` is per tensor, the other over all."""
    single, over_all = settings.pop("clip_norm", None), settings.pop("clip_norm_global", None)
    if single is not None:
        return paddle.nn.ClipGradByNorm(float(single))
    if over_all is not None:
        return paddle.nn.ClipGradByGlobalNorm(float(over_all))
    return None
