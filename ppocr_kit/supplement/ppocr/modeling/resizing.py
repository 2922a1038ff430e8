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
    """Map (N, C, H, W) to (N, C, *size), corners onto corners.

    Args:
        x: The images. An export for images of any size keeps the operator.
        size: Height and width to give.
    """
    height, width = x.shape[2:]
    if paddle.in_dynamic_mode() or height < 0 or width < 0:
        return F.interpolate(x, list(size), mode="bilinear", align_corners=True)
    down, across = (
        paddle.to_tensor(linear_weights(*lengths)).astype(x.dtype)
        for lengths in ((size[0], height), (size[1], width))
    )
    return paddle.matmul(paddle.matmul(down, x), across, transpose_y=True)


def linear_weights(new: int, old: int) -> Any:
    """Return (new, old) float32: how much of each old place is in each new one, the ends on the ends."""
    places = np.linspace(0, old - 1, new)[:, None]
    return np.maximum(1.0 - np.abs(places - np.arange(old)), 0.0).astype("float32")
