"""The layers of PP-LCNetV4.

Source: PaddleOCR 3.7.0 (PP-OCRv6), whose parameter names they keep; PP-LCNet is arXiv:2109.15099, token and
channel mixers that fold are those of RepViT, arXiv:2307.09283, section 3.1.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import paddle
from paddle import nn
from paddle.nn.initializer import Constant

from ..folding import absorb_norm, scale_of, set_kernel
from .conv_norm import ConvBNLayer, SEModule, Stride
from .stem_block import StemBlock


class FoldingConv(ConvBNLayer):
    """``ConvBNLayer`` whose normalisation folds into its convolution at export.

    Attributes:
        is_repped: Whether it has been folded.
    """

    is_repped = False

    def rep(self) -> None:
        """Fold the normalisation into the convolution, once. For evaluation only."""
        if not self.is_repped:
            absorb_norm(self.conv, self.bn)
            self.bn = nn.Identity()
            self.is_repped = True


def quartering_stem(in_channels: int, inside: int, out_channels: int, lr_mult: float = 1.0) -> StemBlock:
    """Make the stem that maps images (N, Cin, H, W) to (N, Cout, H / 4, W / 4) and folds at export."""
    make = partial(FoldingConv, act="relu", lr_mult=lr_mult, decays_norm=False)
    return StemBlock(in_channels, inside, out_channels, 2, make)


class RepDWConv(nn.Layer):
    """A normalised depthwise convolution, a factor per channel and the input itself, normalised again.

    Args:
        channels: Channels of the map.
        kernel: Side of the kernel, odd.
    """

    def __init__(self, channels: int, kernel: int = 3) -> None:
        super().__init__()
        self.is_repped = False
        self.conv = FoldingConv(channels, channels, kernel, groups=channels)
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
            filtering = FoldingConv(in_channels, in_channels, 3, stride, groups=in_channels)
            self.token_mixer.add_sublayer("dw_conv", filtering)
        if squeeze:
            self.token_mixer.add_sublayer("se", SEModule(in_channels, slope=1 / 6, lr_mult=lr_mult))
        wide = 2 * in_channels
        compress = FoldingConv(wide, out_channels)
        if self.has_residual:
            # the block starts as its filter alone
            Constant(0.0)(compress.bn.weight)
        self.channel_mixer = nn.Sequential(
            ("expand", FoldingConv(in_channels, wide)), ("act", nn.GELU()), ("compress", compress)
        )

    def forward(self, x: Any) -> Any:
        """Map (N, Cin, H, W) to (N, Cout, H / stride, W / stride)."""
        x = self.token_mixer(x)
        y = self.channel_mixer(x)
        return x + y if self.has_residual else y
