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
from .weight_decay import CosineL2, WeightDecaySchedule

__all__ = ["build_optimizer"]


def _l2(factor: float) -> float:
    """L2 decay as a number: Adam and Momentum add it to the gradient, AdamW decouples it."""
    return float(factor)


def _l1(factor: float) -> Any:
    return L1Decay(float(factor))


def _adadelta(epsilon: float = 1e-8, rho: float = 0.95, **given: Any) -> Any:
    """Make an Adadelta with PaddleOCR's default epsilon, which is not Paddle's."""
    return paddle.optimizer.Adadelta(epsilon=epsilon, rho=rho, **given)


REGULARIZERS: dict[str, Callable[..., Any]] = {
    "L1": _l1,
    "L1Decay": _l1,
    "L2": _l2,
    "L2Decay": _l2,
    "CosineL2": CosineL2,
    "CosineL2Decay": CosineL2,
}
OPTIMIZERS: dict[str, Callable[..., Any]] = {
    "Adadelta": _adadelta,
    "Adam": paddle.optimizer.Adam,
    "AdamW": paddle.optimizer.AdamW,
    "Momentum": paddle.optimizer.Momentum,
    "RMSProp": paddle.optimizer.RMSProp,
}
# These hand their decay to the kernel of the update, where it cannot be reached.
_FIXED_DECAY = ("AdamW", "Momentum")


def build_optimizer(
    config: Mapping[str, Any], epochs: int, step_each_epoch: int, model: Any
) -> tuple[Any, Any, WeightDecaySchedule | None]:
    """Build the optimizer over the trainable parameters of a model.

    Args:
        config: The ``Optimizer`` section; left as it is.
        epochs: Epochs of the training.
        step_each_epoch: Steps per epoch.
        model: The model.

    Returns:
        The optimizer, its learning rate (a scheduler, or a float when it never changes), and the
        schedule of its weight decay, or None when that never changes.

    Raises:
        ValueError: An optimizer, a regularizer, a schedule or a key of one is unknown.
    """
    settings = dict(config)
    rate = build_learning_rate(settings.pop("lr", None) or {}, epochs, step_each_epoch)
    decay = _take_decay(settings)
    given = {
        "learning_rate": rate,
        "grad_clip": _take_clipping(settings),
        "parameters": [parameter for parameter in model.parameters() if parameter.trainable],
    }
    if decay is not None:
        given["weight_decay"] = float(decay.factor) if isinstance(decay, CosineL2) else decay
    if settings.get("name") == "AdamW":
        given["apply_decay_param_fun"] = _take_decayed(settings, model)
    optimizer = build_named("Optimizer", OPTIMIZERS, settings, **given)
    if not isinstance(decay, CosineL2):
        return optimizer, rate, None
    warmup_steps = round(decay.warmup_epoch * step_each_epoch)
    return optimizer, rate, WeightDecaySchedule(optimizer, decay, epochs * step_each_epoch, warmup_steps)


def _take_clipping(settings: dict[str, Any]) -> Any:
    """Take the clipping keys out of the settings: ``clip_norm`` is per tensor, the other over all."""
    single, over_all = settings.pop("clip_norm", None), settings.pop("clip_norm_global", None)
    if single is not None:
        return paddle.nn.ClipGradByNorm(float(single))
    if over_all is not None:
        return paddle.nn.ClipGradByGlobalNorm(float(over_all))
    return None


def _take_decay(settings: dict[str, Any]) -> Any:
    """Take the weight decay out of the settings: a number, L1, CosineL2, or None for the default.

    The default is none, but 0.01 for AdamW.

    Raises:
        ValueError: The regularizer is unknown, or not one that the optimizer has.
    """
    decay = settings.pop("weight_decay", None)
    section = settings.pop("regularizer", None)
    if section:
        decay = build_named("regularizer", REGULARIZERS, section)
    name = settings.get("name")
    if isinstance(decay, L1Decay) and name == "AdamW":
        raise ValueError("AdamW decays weights by L2 only: name the regularizer L2, or the optimizer Adam")
    if isinstance(decay, CosineL2) and name in _FIXED_DECAY:
        raise ValueError(f"{name} cannot change its decay: name the regularizer L2, or the optimizer Adam")
    return decay


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
