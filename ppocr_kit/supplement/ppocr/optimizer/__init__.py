"""The factory that the release's tools call: ``build_optimizer``.

Source: the ``Optimizer`` section of PaddleOCR 3.7.0's configurations; what its training loop does
with the three values it gets back (``tools/program.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import paddle
from paddle.regularizer import L1Decay

from ..modeling.choice import build_named
from .learning_rate import build_learning_rate

__all__ = ["build_optimizer"]


def _l2(factor: float) -> float:
    """L2 decay as a number: Adam and Momentum add it to the gradient, AdamW decouples it."""
    return float(factor)


def _l1(factor: float) -> Any:
    return L1Decay(float(factor))


REGULARIZERS: dict[str, Callable[..., Any]] = {"L1": _l1, "L1Decay": _l1, "L2": _l2, "L2Decay": _l2}
OPTIMIZERS: dict[str, Callable[..., Any]] = {
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
        The optimizer, its learning rate (a scheduler, or a float when it never changes), and
        None: no optimizer here changes its weight decay while training.

    Raises:
        ValueError: An optimizer, a regularizer, a schedule or a key of one is unknown.
    """
    settings = dict(config)
    rate = build_learning_rate(settings.pop("lr", None) or {}, epochs, step_each_epoch)
    given = {
        "learning_rate": rate,
        "grad_clip": _take_clipping(settings),
        "parameters": [parameter for parameter in model.parameters() if parameter.trainable],
        **_take_decay(settings),
    }
    if settings.get("name") == "AdamW":
        given["apply_decay_param_fun"] = _take_decayed(settings, model)
    return build_named("Optimizer", OPTIMIZERS, settings, **given), rate, None


def _take_clipping(settings: dict[str, Any]) -> Any:
    """Take the clipping keys out of the settings: ``clip_norm`` is per tensor, the other over all."""
    single, over_all = settings.pop("clip_norm", None), settings.pop("clip_norm_global", None)
    if single is not None:
        return paddle.nn.ClipGradByNorm(float(single))
    if over_all is not None:
        return paddle.nn.ClipGradByGlobalNorm(float(over_all))
    return None


def _take_decay(settings: dict[str, Any]) -> dict[str, Any]:
    """Take the weight decay out of the settings; without one the optimizer's default holds.

    That default is none, but 0.01 for AdamW.

    Raises:
        ValueError: The regularizer is unknown, or L1 with AdamW.
    """
    decay = settings.pop("weight_decay", None)
    section = settings.pop("regularizer", None)
    if section:
        decay = build_named("regularizer", REGULARIZERS, section)
    if isinstance(decay, L1Decay) and settings.get("name") == "AdamW":
        raise ValueError("AdamW decays weights by L2 only: name the regularizer L2, or the optimizer Adam")
    return {} if decay is None else {"weight_decay": decay}


def _take_decayed(settings: dict[str, Any], model: Any) -> Callable[[str], bool] | None:
    """Take out what AdamW must not decay, and return which parameters it does.

    ``no_weight_decay_name`` holds parts of parameter names, separated by spaces;
    ``one_dim_param_no_weight_decay`` spares biases and the weights of normalisations.
    """
    parts = (settings.pop("no_weight_decay_name", None) or "").split()
    spare_vectors = settings.pop("one_dim_param_no_weight_decay", False)
    if not parts and not spare_vectors:
        return None
    spared = {
        parameter.name
        for name, parameter in model.named_parameters()
        if (spare_vectors and len(parameter.shape) == 1) or any(part in name for part in parts)
    }
    return lambda name: name not in spared
