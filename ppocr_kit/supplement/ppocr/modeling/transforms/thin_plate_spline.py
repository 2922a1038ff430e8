"""Sampling an image along a thin plate spline through control points.

Source: Bookstein, "Principal Warps: Thin-Plate Splines and the Decomposition of Deformations" (PAMI
1989); Shi et al., "Robust Scene Text Recognition with Automatic Rectification", arXiv:1603.03915,
section 3.1, for its use on text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import nn


class ThinPlateSpline(nn.Layer):
    """Sample an image so that given points of it land on fixed points of the result.

    Args:
        size: Height and width of the result, at least 2.
        num_control_points: An even number of at least 4.
        margins: Where the fixed points lie: how far from left and right, and from top and bottom.

    Raises:
        ValueError: The size is smaller or the number is odd or smaller.
    """

    def __init__(self, size: Sequence[int], num_control_points: int, margins: Sequence[float]) -> None:
        super().__init__()
        if min(size) < 2:
            raise ValueError(f"tps_outputsize of STN_ON wants two numbers of at least 2, not {list(size)}")
        self._size = list(size)
        fixed = points_on_two_sides(num_control_points, *margins)
        weights = spline_weights(pixel_positions(*size), fixed)
        self.register_buffer("weights", paddle.to_tensor(weights.astype("float32")), persistable=False)

    def forward(self, image: Any, points: Any) -> Any:
        """Map images (N, C, H, W) and points (N, K, 2) in 0..1, as (x, y), to (N, C, *size)."""
        # The edge's colour stands for whatever lies outside of the image.
        places = paddle.clip(paddle.matmul(self.weights, points), 0.0, 1.0)
        if self.training and image.stop_gradient:
            # Paddle 3.3's backward step of grid_sample crashes where nobody wants the image's gradient.
            image = image.detach()
            image.stop_gradient = False
        grid = (2.0 * places - 1.0).reshape([-1, *self._size, 2])
        if self.training and image.stop_gradient:
            # Paddle 3.3.1 on the CPU writes the image's gradient unasked: without a place for it, it crashes
            image = image.detach()
            image.stop_gradient = False
        return F.grid_sample(image, grid, align_corners=True)


def points_on_two_sides(number: int, margin_x: float, margin_y: float) -> Any:
    """Return (number, 2) points as (x, y): half along the upper edge, then half along the lower.

    Raises:
        ValueError: The number is odd or below 4.
    """
    if number < 4 or number % 2:
        raise ValueError(f"num_control_points of STN_ON is an even number of at least 4, not {number}")
    across = np.linspace(margin_x, 1.0 - margin_x, number // 2)
    return np.concatenate(
        [np.stack([across, np.full_like(across, y)], 1) for y in (margin_y, 1.0 - margin_y)]
    )


def pixel_positions(height: int, width: int) -> Any:
    """Return (height * width, 2) positions as (x, y) in 0..1, row by row; the edges are 0 and 1."""
    y, x = np.meshgrid(np.linspace(0, 1, height), np.linspace(0, 1, width), indexing="ij")
    return np.stack([x.ravel(), y.ravel()], axis=1)


def spline_weights(positions: Any, fixed: Any) -> Any:
    """Return how much each position of the result follows each control point.

    The spline is a sum of ``U(r) = r^2 log r`` around the fixed points and an affine map. It is linear in
    where the points come from: with P the source points, the source of all positions is ``weights @ P``.

    Args:
        positions: (M, 2).
        fixed: (K, 2), not all on one line.

    Returns:
        (M, K) float64; every row adds up to 1.
    """
    number = len(fixed)
    system = np.zeros((number + 3, number + 3))
    system[:number] = _basis(fixed, fixed)
    system[number:, :number] = system[:number, number:].T
    return (_basis(positions, fixed) @ np.linalg.inv(system))[:, :number]


def _basis(positions: Any, fixed: Any) -> Any:
    """Return (M, K + 3): U of the distance to each fixed point, then 1, x and y."""
    squares = ((positions[:, None] - fixed[None]) ** 2).sum(2)
    # r^2 log r = r^2 log(r^2) / 2, which is 0 at 0
    bends = 0.5 * squares * np.log(np.where(squares > 0, squares, 1.0))
    return np.concatenate([bends, np.ones((len(positions), 1)), positions], axis=1)
