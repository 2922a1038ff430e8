"""Blocks of several backbones: a convolution with batch normalisation, and squeeze and excitation.

Source: arXiv:1502.03167 and arXiv:1709.01507; parameter names as in PaddleOCR 3.7.0.
"""

from __future__ import annotations

from typing import Any, Union

import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.regularizer import L2Decay

Stride = Union[int, tuple[int, int]]  # a pair is (vertical, horizontal)
_ACTIVATIONS = {"relu": F.relu, "hardswish": F.hardswish}


def norm_settings(lr_mult: float = 1.0) -> dict[str, Any]:
    """Return the keys of a batch normalisation that weight decay leaves alone and ``lr_mult`` paces."""
    names = ("weight_attr", "bias_attr")
    return {name: ParamAttr(learning_rate=lr_mult, regularizer=L2Decay(0.0)) for name in names}


class ConvBNLayer(nn.Layer):
    """Convolution without bias, batch normalisation, activation: (N, Cin, H, W) to (N, Cout, H', W').

    Args:
        in_channels: Channels read.
        out_channels: Channels given.
        kernel: Side of the kernel.
        stride: Stride of the convolution.
        groups: Groups of channels that do not mix.
        act: ``relu``, ``hardswish`` or None.
        padding: Rows and columns of zeros around the map, or ``SAME``; half the kernel by default.
        lr_mult: What the learning rate of all parameters is multiplied with.
        decays_norm: Whether weight decay also shrinks the normalisation's parameters.
        initializer: How the kernel starts; paddle's own way by default.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int = 1,
        stride: Stride = 1,
        groups: int = 1,
        act: str | None = None,
        *,
        padding: int | str | None = None,
        lr_mult: float = 1.0,
        decays_norm: bool = True,
        initializer: Any = None,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2D(
            in_channels,
            out_channels,
            kernel,
            stride=stride,
            padding=(kernel - 1) // 2 if padding is None else padding,
            groups=groups,
            weight_attr=ParamAttr(initializer=initializer, learning_rate=lr_mult),
            bias_attr=False,
        )
        self.bn = nn.BatchNorm2D(out_channels, **({} if decays_norm else norm_settings(lr_mult)))
        self.act = None if act is None else _ACTIVATIONS[act]

    def forward(self, x: Any) -> Any:
        """Filter, normalise and activate."""
        x = self.bn(self.conv(x))
        return x if self.act is None else self.act(x)


class SEModule(nn.Layer):
    """Squeeze and excitation with the hard sigmoid ``clip(slope * x + 0.5)``.

    Args:
        channels: Channels read and given.
        reduction: How many times fewer channels there are inside.
        slope: Slope of the hard sigmoid; MobileNetV3 has 0.2, PP-LCNet a sixth.
        lr_mult: What the learning rate of all parameters is multiplied with.
    """

    def __init__(self, channels: int, reduction: int = 4, slope: float = 0.2, lr_mult: float = 1.0) -> None:
        super().__init__()
        self.avg_pool = nn.AdaptiveAvgPool2D(1)
        inside = channels // reduction
        rate = {name: ParamAttr(learning_rate=lr_mult) for name in ("weight_attr", "bias_attr")}
        self.conv1 = nn.Conv2D(channels, inside, 1, **rate)
        self.conv2 = nn.Conv2D(inside, channels, 1, **rate)
        self._slope = slope

    def forward(self, x: Any) -> Any:
        """Weigh each channel by what its mean says of all of them."""
        weights = self.conv2(F.relu(self.conv1(self.avg_pool(x))))
        return x * F.hardsigmoid(weights, slope=self._slope, offset=0.5)
