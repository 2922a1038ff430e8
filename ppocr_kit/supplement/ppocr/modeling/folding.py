"""Folding: what a network's layers of training become when it is exported.

A batch normalisation whose statistics are fixed is a scaling per channel, and the convolution before it can
do that itself; parallel convolutions of one input are one convolution with the sum of their kernels. The
release's ``ppocr/utils/export_model.py`` (3.7.0) calls ``rep()`` of every layer that has it and is not
``is_repped`` yet.

Source: arXiv:2101.03697, section 3.3 (RepVGG).
"""

from __future__ import annotations

from typing import Any

import paddle
from paddle import nn


def scale_of(norm: Any) -> Any:
    """Return what a batch normalisation multiplies each channel with when it evaluates: (C,)."""
    return norm.weight / (norm._variance + norm._epsilon).sqrt()


def absorb_norm(convolution: Any, norm: Any) -> None:
    """Let a convolution give what the batch normalisation behind it gives when it evaluates.

    Args:
        convolution: ``Conv2D`` or ``Conv2DTranspose``, the latter without groups; changed in place, and has
            a bias afterwards if it had none.
        norm: The batch normalisation; left as it is.
    """
    with paddle.no_grad():
        scale = scale_of(norm)
        bias = norm.bias - norm._mean * scale
        if convolution.bias is not None:
            bias = bias + convolution.bias * scale
        # (out, in, kh, kw), but (in, out, kh, kw) of a transposed one
        shape = [1, -1, 1, 1] if isinstance(convolution, nn.Conv2DTranspose) else [-1, 1, 1, 1]
        set_kernel(convolution, convolution.weight * scale.reshape(shape), bias)


def set_kernel(convolution: Any, weight: Any, bias: Any) -> None:
    """Give a convolution this kernel and this bias (C,), also if it has had none."""
    with paddle.no_grad():
        convolution.weight.set_value(weight)
        if convolution.bias is None:
            convolution.bias = convolution.create_parameter(list(bias.shape), is_bias=True)
        convolution.bias.set_value(bias)
