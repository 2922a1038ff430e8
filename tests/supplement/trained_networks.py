"""Networks as training leaves them and as an export takes them, for the tests."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import paddle
from paddle import nn


def noise(*shape: int, seed: int = 0) -> paddle.Tensor:
    """Images between -1 and 1."""
    return paddle.to_tensor(np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32"))


def trained(layer: Any, images: paddle.Tensor, seed: int = 0) -> Any:
    """Give a layer what training leaves in it: scales and shifts, and normalisations that fit ``images``.

    It evaluates afterwards. Parallel branches of an untrained network would add up to numbers too large to
    compare, and statistics of a few pixels only to a network that magnifies rounding.
    """
    random = np.random.default_rng(seed)
    for name, parameter in layer.named_parameters():
        if len(parameter.shape) == 1 and not parameter.stop_gradient:
            middle = 0.0 if name.endswith("bias") else 1.0
            parameter.set_value(random.normal(middle, 0.2, parameter.shape).astype("float32"))
    norms = [part for part in layer.sublayers(include_self=True) if isinstance(part, nn.BatchNorm2D)]
    momenta = [norm._momentum for norm in norms]
    for norm in norms:
        norm._momentum = 0.0  # forget the statistics of before
    layer.train()
    with paddle.no_grad():
        layer(images)
    for norm, momentum in zip(norms, momenta):
        norm._momentum = momentum
    layer.eval()
    return layer


def fold(layer: Any) -> None:
    """Fold a network as ppocr/utils/export_model.py of 3.7.0 does."""
    for part in layer.sublayers():
        if hasattr(part, "rep") and not getattr(part, "is_repped", False):
            part.rep()


def folded(layer: Any) -> Any:
    """Return a folded copy."""
    layer = copy.deepcopy(layer)
    fold(layer)
    return layer


def parameters(layer: Any) -> int:
    """Count the numbers in a state dict."""
    return sum(int(np.prod(tensor.shape)) for tensor in layer.state_dict().values())
