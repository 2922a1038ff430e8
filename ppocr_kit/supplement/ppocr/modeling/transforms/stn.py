"""STN_ON: a small network finds control points on a text line, and a spline pulls it straight.

Source: Shi et al., "ASTER: An Attentional Scene Text Recognizer with Flexible Rectification"
(TPAMI 2018), section 3.1, which joins Jaderberg et al., "Spatial Transformer Networks",
arXiv:1506.02025, with a thin plate spline; parameter names as in PaddleOCR 3.7.0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import paddle.nn.functional as F
from paddle import nn
from paddle.nn.initializer import Assign, Constant, Normal

from ..choice import known_name
from ..resizing import resize_bilinear
from .thin_plate_spline import ThinPlateSpline, points_on_two_sides

_WIDTHS = (32, 64, 128, 256, 256, 256)
_ACTIVATIONS = ("none", "sigmoid")
_START_MARGIN = 0.01
_HIDDEN = 512


def _convolution(in_channels: int, out_channels: int) -> nn.Sequential:
    """Make a 3x3 convolution with normalisation and ReLU."""
    spread = math.sqrt(2.0 / (9 * out_channels))
    return nn.Sequential(
        nn.Conv2D(
            in_channels,
            out_channels,
            3,
            padding=1,
            weight_attr=Normal(0.0, spread),
            bias_attr=Constant(0.0),
        ),
        nn.BatchNorm2D(out_channels),
        nn.ReLU(),
    )


class STN(nn.Layer):
    """Find the control points.

    Args:
        in_channels: Channels of the image.
        num_control_points: An even number, half of them along the upper edge.
        activation: ``none``, or ``sigmoid`` to keep the points within the image.
    """

    def __init__(self, in_channels: int, num_control_points: int, activation: str = "none") -> None:
        super().__init__()
        self._activation = known_name("stn_activation", activation, _ACTIVATIONS)
        layers: list[nn.Layer] = []
        for before, width in zip((in_channels, *_WIDTHS), _WIDTHS):
            # a pool between every two: the pairs are numbered 0, 2, 4, ...
            layers += [nn.MaxPool2D(kernel_size=2, stride=2)] if layers else []
            layers.append(_convolution(before, width))
        self.stn_convnet = nn.Sequential(*layers)
        self.stn_fc1 = nn.Sequential(
            nn.Linear(2 * _WIDTHS[-1], _HIDDEN, weight_attr=Normal(0.0, 0.001), bias_attr=Constant(0.0)),
            nn.BatchNorm1D(_HIDDEN),
            nn.ReLU(),
        )
        start = points_on_two_sides(num_control_points, _START_MARGIN, _START_MARGIN)
        if activation == "sigmoid":
            start = np.log(start / (1.0 - start))
        self.stn_fc2 = nn.Linear(
            _HIDDEN,
            2 * num_control_points,
            weight_attr=Constant(0.0),
            bias_attr=Assign(start.astype("float32").ravel()),
        )

    def forward(self, x: Any) -> Any:
        """Map (N, C, 32, 64) to points (N, num_control_points, 2), x and y in 0..1 of the image."""
        hidden = self.stn_fc1(self.stn_convnet(x).flatten(1))
        points = self.stn_fc2(0.1 * hidden)
        if self._activation == "sigmoid":
            points = F.sigmoid(points)
        return points.reshape([-1, points.shape[1] // 2, 2])


class STN_ON(nn.Layer):
    """Straighten text lines.

    Args:
        in_channels: Channels of the image.
        tps_inputsize: Height and width of the copy that the points are found on. Five halvings of it
            must leave two positions: [32, 64], or a little more.
        tps_outputsize: Height and width of the straightened image.
        num_control_points: An even number of at least 4.
        tps_margins: Where the points come to lie in the straightened image: how far from its left and
            right, and from its upper and lower edge, as shares of width and height.
        stn_activation: ``none`` or ``sigmoid``.

    Attributes:
        out_channels: Channels of the straightened image.

    Raises:
        ValueError: The settings are none of these.
    """

    def __init__(
        self,
        in_channels: int,
        tps_inputsize: Sequence[int],
        tps_outputsize: Sequence[int],
        num_control_points: int,
        tps_margins: Sequence[float],
        stn_activation: str,
    ) -> None:
        super().__init__()
        if (tps_inputsize[0] // 32) * (tps_inputsize[1] // 32) != 2:
            raise ValueError(f"tps_inputsize of STN_ON is [32, 64], not {list(tps_inputsize)}")
        self._input_size = list(tps_inputsize)
        self.tps = ThinPlateSpline(tps_outputsize, num_control_points, tps_margins)
        self.stn_head = STN(in_channels, num_control_points, stn_activation)
        self.out_channels = in_channels

    def forward(self, image: Any) -> Any:
        """Map images (N, C, H, W) of any size to (N, C, *tps_outputsize)."""
        return self.tps(image, self.stn_head(resize_bilinear(image, self._input_size)))
