"""Bilinear resizing that every runtime of an export understands.

Paddle 3.3's ``bilinear_interp`` keeps its scale as an array of float64, for which its own oneDNN
executor stops with ``ConvertPirAttribute2RuntimeAttribute not support`` (see also ``upsampling``). So an
export has two matrix products in its place. Training keeps the operator: the two round differently, and
batch normalisation over few samples makes much of the last digit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F


def resize_bilinear(x: Any, size: Sequence[int]) -> Any:
    """Map (N, C, H, W) to (N, C, *size), corners onto corners."""
    if paddle.in_dynamic_mode():
        return F.interpolate(x, list(size), mode="bilinear", align_corners=True)
    # Asked of the image itself: the paddleocr runtime hands wider ones to an export than this declares.
    height, width = paddle.shape(x)[2], paddle.shape(x)[3]
    down, across = linear_weights(size[0], height), linear_weights(size[1], width)
    return paddle.matmul(paddle.matmul(down, x), across, transpose_y=True)


def linear_weights(new: int, old: Any) -> Any:
    """Return (new, old) float32: how much of each old place is in each new one, the ends on the ends.

    Args:
        new: New places.
        old: Old places, a tensor of one number.
    """
    shares = paddle.to_tensor(np.linspace(0, 1, new, dtype="float32")).unsqueeze(1)
    distances = shares * (old - 1).astype("float32") - paddle.arange(old).astype("float32")
    return F.relu(1.0 - distances.abs())
