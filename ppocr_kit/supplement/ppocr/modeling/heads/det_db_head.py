"""DBHead: probability, threshold and approximate binary map.

Source: arXiv:1911.08947, section 3.2 (differentiable binarization, k = 50); parameter names as
in PaddleOCR 3.7.0.
"""

from __future__ import annotations

import math
from typing import Any

import paddle
import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import Constant, KaimingUniform, Uniform


def _batch_norm(channels: int) -> nn.BatchNorm2D:
    bias = ParamAttr(initializer=Constant(1e-4))
    return nn.BatchNorm2D(channels, weight_attr=ParamAttr(initializer=Constant(1.0)), bias_attr=bias)


def _doubling(in_channels: int, out_channels: int) -> nn.Conv2DTranspose:
    """Make a layer that doubles height and width."""
    reach = 1.0 / math.sqrt(in_channels)
    return nn.Conv2DTranspose(
        in_channels,
        out_channels,
        kernel_size=2,
        stride=2,
        weight_attr=ParamAttr(initializer=KaimingUniform()),
        bias_attr=ParamAttr(initializer=Uniform(-reach, reach)),
    )


class Head(nn.Layer):
    """One map at the size of the image out of features at a quarter of it.

    Args:
        in_channels: Channels of the features.
    """

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        inside = in_channels // 4
        self.conv1 = nn.Conv2D(in_channels, inside, 3, padding=1, bias_attr=False)
        self.conv_bn1 = _batch_norm(inside)
        self.conv2 = _doubling(inside, inside)
        self.conv_bn2 = _batch_norm(inside)
        self.conv3 = _doubling(inside, 1)

    def forward(self, x: Any) -> Any:
        """Map (N, C, H / 4, W / 4) to (N, 1, H, W) with values in 0..1."""
        x = F.relu(self.conv_bn1(self.conv1(x)))
        x = F.relu(self.conv_bn2(self.conv2(x)))
        return F.sigmoid(self.conv3(x))


class DBHead(nn.Layer):
    """The head of DB.

    Args:
        in_channels: Channels of the neck's map, at least 4.
        k: Steepness of the binarization.
    """

    def __init__(self, in_channels: int, k: float = 50) -> None:
        super().__init__()
        self.k = k
        self.binarize = Head(in_channels)
        self.thresh = Head(in_channels)

    def forward(self, x: Any, targets: Any = None) -> dict[str, Any]:
        """Give ``maps``: (N, 1, H, W) probabilities; while training (N, 3, H, W).

        The three channels are probability P, threshold T and approximate binary map
        ``1 / (1 + exp(-k (P - T)))``.
        """
        shrink = self.binarize(x)
        if not self.training:
            return {"maps": shrink}
        threshold = self.thresh(x)
        binary = F.sigmoid(self.k * (shrink - threshold))
        return {"maps": paddle.concat([shrink, threshold, binary], axis=1)}
