"""DBHead: probability, threshold and approximate binary map.

Source: arXiv:1911.08947, section 3.2 (differentiable binarization, k = 50); parameter names as
in PaddleOCR 3.7.0.
"""

from __future__ import annotations

from typing import Any

import paddle
import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import Constant, KaimingUniform


def _batch_norm(channels: int) -> nn.BatchNorm:
    return nn.BatchNorm(
        channels,
        param_attr=ParamAttr(initializer=Constant(1.0)),
        bias_attr=ParamAttr(initializer=Constant(1e-4)),
        act="relu",
    )


def _doubling(in_channels: int, out_channels: int) -> nn.Conv2DTranspose:
    return nn.Conv2DTranspose(
        in_channels,
        out_channels,
        kernel_size=2,
        stride=2,
        weight_attr=ParamAttr(initializer=KaimingUniform()),
    )


class Head(nn.Layer):
    """One map at the size of the image out of features at a quarter: (N, C, H/4, W/4) to (N, 1, H, W)."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        inside = in_channels // 4
        self.conv1 = nn.Conv2D(in_channels, inside, 3, padding=1, weight_attr=ParamAttr(), bias_attr=False)
        self.conv_bn1 = _batch_norm(inside)
        self.conv2 = _doubling(inside, inside)
        self.conv_bn2 = _batch_norm(inside)
        self.conv3 = _doubling(inside, 1)

    def forward(self, x: Any) -> Any:
        """Give a map with values in 0..1."""
        x = self.conv_bn1(self.conv1(x))
        x = self.conv_bn2(self.conv2(x))
        return F.sigmoid(self.conv3(x))


class DBHead(nn.Layer):
    """The head of DB.

    Args:
        in_channels: Channels of the neck's map.
        k: Steepness of the binarization.
    """

    def __init__(self, in_channels: int, k: int = 50, **kwargs: Any) -> None:
        super().__init__()
        self.k = k
        self.binarize = Head(in_channels)
        self.thresh = Head(in_channels)

    def forward(self, x: Any, targets: Any = None) -> dict[str, Any]:
        """Give ``maps``: (N, 1, H, W) probabilities; in training (N, 3, H, W).

        In training the channels are probability, threshold and approximate binary map.
        """
        shrink = self.binarize(x)
        if not self.training:
            return {"maps": shrink}
        threshold = self.thresh(x)
        binary = F.sigmoid(self.k * (shrink - threshold))
        return {"maps": paddle.concat([shrink, threshold, binary], axis=1)}
