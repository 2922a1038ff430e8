"""The layers of PP-LCNetV4.

Source: PaddleOCR 3.7.0 (PP-OCRv6), whose parameter names they keep; PP-LCNet is arXiv:2109.15099, token and
channel mixers that fold are those of RepViT, arXiv:2307.09283, section 3.1.
"""

from __future__ import annotations

from typing import Any

import paddle
import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import Constant
from paddle.regularizer import L2Decay

from ..folding import absorb_norm, scale_of, set_kernel
from .mobilenet_v3 import Stride


class ConvNorm(nn.Layer):
    """Convolution and batch normalisation: (N, Cin, H, W) to (N, Cout, H / stride, W / stride).

    Args:
        in_channels: Channels of the map.
        out_channels: Channels that the layer gives.
        kernel: Side of the kernel.
        stride: Step of the kernel.
        groups: Groups of channels.
        silent: Start with a scale of 0, so that a residual block starts as nothing.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int = 1,
        stride: Stride = 1,
        groups: int = 1,
        silent: bool = False,
    ) -> None:
        super().__init__()
        self.is_repped = False
        self.conv = nn.Conv2D(
            in_channels,
            out_channels,
            kernel,
            stride=stride,
            padding=(kernel - 1) // 2,
            groups=groups,
            bias_attr=False,
        )
        scale = ParamAttr(initializer=Constant(0.0 if silent else 1.0))
        self.bn = nn.BatchNorm2D(out_channels, weight_attr=scale)

    def forward(self, x: Any) -> Any:
        """Filter and normalise."""
        return self.bn(self.conv(x))

    def rep(self) -> None:
        """Fold the normalisation into the convolution, once."""
        if not self.is_repped:
            absorb_norm(self.conv, self.bn)
            self.bn = nn.Identity()
            self.is_repped = True


class ConvNormAct(nn.Layer):
    """Convolution, batch normalisation without weight decay, ReLU.

    Args:
        in_channels: Channels of the map.
        out_channels: Channels that the layer gives.
        kernel: Side of the kernel; an even one reaches one pixel farther to the right and down.
        stride: Step of the kernel.
        lr_mult: What the learning rate is multiplied with.
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel: int, stride: int = 1, lr_mult: float = 1.0
    ) -> None:
        super().__init__()
        self.is_repped = False
        before, after = (kernel - 1) // 2, kernel // 2
        self.conv = nn.Conv2D(
            in_channels,
            out_channels,
            kernel,
            stride=stride,
            padding=[before, after, before, after],
            weight_attr=ParamAttr(learning_rate=lr_mult),
            bias_attr=False,
        )
        self.bn = nn.BatchNorm2D(out_channels, weight_attr=_undecayed(lr_mult), bias_attr=_undecayed(lr_mult))

    def forward(self, x: Any) -> Any:
        """Map (N, Cin, H, W) to (N, Cout, H / stride, W / stride)."""
        return F.relu(self.bn(self.conv(x)))

    def rep(self) -> None:
        """Fold the normalisation into the convolution, once."""
        if not self.is_repped:
            absorb_norm(self.conv, self.bn)
            self.bn = nn.Identity()
            self.is_repped = True


def _undecayed(lr_mult: float) -> ParamAttr:
    return ParamAttr(learning_rate=lr_mult, regularizer=L2Decay(0.0))


class StemBlock(nn.Layer):
    """The first quartering: two branches, convolutions and a maximum, between two halvings.

    Args:
        in_channels: Channels of the image.
        mid_channels: Channels inside, even.
        out_channels: Channels that the block gives.
        lr_mult: What the learning rate is multiplied with.
    """

    def __init__(self, in_channels: int, mid_channels: int, out_channels: int, lr_mult: float = 1.0) -> None:
        super().__init__()
        half = mid_channels // 2
        self.stem1 = ConvNormAct(in_channels, mid_channels, 3, stride=2, lr_mult=lr_mult)
        self.stem2a = ConvNormAct(mid_channels, half, 2, lr_mult=lr_mult)
        self.stem2b = ConvNormAct(half, mid_channels, 2, lr_mult=lr_mult)
        self.stem3 = ConvNormAct(2 * mid_channels, mid_channels, 3, stride=2, lr_mult=lr_mult)
        self.stem4 = ConvNormAct(mid_channels, out_channels, 1, lr_mult=lr_mult)
        self.pool = nn.MaxPool2D(2, stride=1, padding=[0, 1, 0, 1])

    def forward(self, x: Any) -> Any:
        """Map images (N, Cin, H, W) to (N, Cout, H / 4, W / 4)."""
        x = self.stem1(x)
        x = paddle.concat([self.pool(x), self.stem2b(self.stem2a(x))], axis=1)
        return self.stem4(self.stem3(x))


class SELayer(nn.Layer):
    """Squeeze and excitation (arXiv:1709.01507) with the hard sigmoid ``clip(x / 6 + 0.5)``."""

    def __init__(self, channels: int, reduction: int = 4, lr_mult: float = 1.0) -> None:
        super().__init__()
        inside = channels // reduction
        rate = {
            "weight_attr": ParamAttr(learning_rate=lr_mult),
            "bias_attr": ParamAttr(learning_rate=lr_mult),
        }
        self.conv1 = nn.Conv2D(channels, inside, 1, **rate)
        self.conv2 = nn.Conv2D(inside, channels, 1, **rate)

    def forward(self, x: Any) -> Any:
        """Weigh each channel of (N, C, H, W) by what its mean says of all of them."""
        means = x.mean(axis=[2, 3], keepdim=True)
        return x * F.hardsigmoid(self.conv2(F.relu(self.conv1(means))))


class RepDWConv(nn.Layer):
    """A normalised depthwise convolution, a factor per channel and the input itself, normalised again.

    Args:
        channels: Channels of the map.
        kernel: Side of the kernel, odd.
    """

    def __init__(self, channels: int, kernel: int = 3) -> None:
        super().__init__()
        self.is_repped = False
        self.conv = ConvNorm(channels, channels, kernel, groups=channels)
        self.conv1 = nn.Conv2D(channels, channels, 1, groups=channels, bias_attr=False)
        self.bn = nn.BatchNorm2D(channels)

    def forward(self, x: Any) -> Any:
        """Map (N, C, H, W) to the same shape."""
        y = self.conv(x)
        return y if self.is_repped else self.bn(y + self.conv1(x) + x)

    def rep(self) -> None:
        """Fold the three into one depthwise convolution, once."""
        if self.is_repped:
            return
        self.conv.rep()
        one = self.conv.conv
        with paddle.no_grad():
            kernel = one.weight.numpy()
            centre = kernel.shape[2] // 2
            kernel[:, :, centre, centre] += self.conv1.weight.numpy()[:, :, 0, 0] + 1
            scale = scale_of(self.bn)
            weight = paddle.to_tensor(kernel) * scale.reshape([-1, 1, 1, 1])
            set_kernel(one, weight, (one.bias - self.bn._mean) * scale + self.bn.bias)
        del self.conv1
        del self.bn
        self.is_repped = True


class LCNetV4Block(nn.Layer):
    """A depthwise filter over places, then a widening and narrowing over channels.

    Args:
        in_channels: Channels of the map.
        out_channels: Channels that the block gives.
        stride: Step of the filter, a number or (vertical, horizontal).
        squeeze: Whether squeeze-and-excitation follows the filter.
        lr_mult: What the learning rate of squeeze-and-excitation is multiplied with.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        stride: Stride = 1,
        squeeze: bool = False,
        lr_mult: float = 1.0,
    ) -> None:
        super().__init__()
        self.has_residual = in_channels == out_channels and stride == 1
        self.token_mixer = nn.Sequential()
        if self.has_residual:
            self.token_mixer.add_sublayer("rep_dw", RepDWConv(in_channels))
        else:
            filtering = ConvNorm(in_channels, in_channels, 3, stride=stride, groups=in_channels)
            self.token_mixer.add_sublayer("dw_conv", filtering)
        if squeeze:
            self.token_mixer.add_sublayer("se", SELayer(in_channels, lr_mult=lr_mult))
        wide = 2 * in_channels
        self.channel_mixer = nn.Sequential(
            ("expand", ConvNorm(in_channels, wide)),
            ("act", nn.GELU()),
            ("compress", ConvNorm(wide, out_channels, silent=self.has_residual)),
        )

    def forward(self, x: Any) -> Any:
        """Map (N, Cin, H, W) to (N, Cout, H / stride, W / stride)."""
        x = self.token_mixer(x)
        y = self.channel_mixer(x)
        return x + y if self.has_residual else y
