"""Nearest-neighbour upsampling that every runtime of an export understands.

Paddle 3.3's ``nearest_interp`` keeps its scale as an array of float64, an empty one when a size is given.
Its own oneDNN executor refuses the operator for that either way, with
``ConvertPirAttribute2RuntimeAttribute not support``, and paddle2onnx 2.1 refuses a float64 scale.
"""

from __future__ import annotations

from typing import Any

import paddle


def repeat_pixels(x: Any, factor: int) -> Any:
    """Repeat every pixel ``factor`` times in both directions: (N, C, H, W) to (N, C, H * f, W * f)."""
    # The result is that of interpolate(mode="nearest"); on a CPU this is several times faster.
    return paddle.tile(x.unsqueeze([3, 5]), [1, 1, 1, factor, 1, factor]).flatten(2, 3).flatten(3, 4)
