"""ResNet-vd: what its detection and its recognition variant share.

Source: He et al., "Bag of Tricks for Image Classification with Convolutional Neural Networks",
arXiv:1812.01187, figure 2 (ResNet-C stem, ResNet-D shortcuts), over the blocks and depths of
arXiv:1512.03385, table 1; parameter names as in PaddleOCR 3.7.0, so that official weights load.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

import paddle.nn.functional as F
from paddle import nn
from paddle.nn.initializer import Constant
from paddle.vision.ops import DeformConv2D

Stride = Union[int, tuple[int, int]]  # a pair is (vertical, horizontal)

# blocks of the four stages, by ``layers``
DEPTHS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
    200: (3, 12, 48, 3),
}
WIDTHS = (64, 128, 256, 512)
_FIRST_BOTTLENECK_DEPTH = 50
_OFFSET_GROUPS = 2


class DeformableConv(nn.Layer):
    """A 3x3 convolution that learns where to look and how much to trust it.

    Source: Zhu et al., "Deformable ConvNets v2", arXiv:1811.11168, section 3.2. Offsets start at 0.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: Stride) -> None:
        super().__init__()
        taps = 9 * _OFFSET_GROUPS
        self._parts = [2 * taps, taps]
        self.conv_dcn = DeformConv2D(
            in_channels,
            out_channels,
            3,
            stride=stride,
            padding=1,
            deformable_groups=_OFFSET_GROUPS,
            bias_attr=False,
        )
        self.conv_offset = nn.Conv2D(
            in_channels,
            sum(self._parts),
            3,
            stride=stride,
            padding=1,
            weight_attr=Constant(0.0),
            bias_attr=Constant(0.0),
        )

    def forward(self, x: Any) -> Any:
        """Map (N, Cin, H, W) to (N, Cout, H / stride, W / stride)."""
        offsets, trust = self.conv_offset(x).split(self._parts, axis=1)
        return self.conv_dcn(x, offsets, mask=F.sigmoid(trust))


class ConvBNLayer(nn.Layer):
    """Convolution without bias, batch normalisation, ReLU if asked: (N, Cin, H, W) to (N, Cout, H', W').

    Args:
        in_channels: Channels read.
        out_channels: Channels given.
        kernel: Side of the kernel.
        stride: Stride of the convolution.
        relu: Whether a ReLU follows.
        deformable: Whether the kernel's taps move with the content (kernel 3 only).
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        stride: Stride = 1,
        relu: bool = False,
        deformable: bool = False,
    ) -> None:
        super().__init__()
        self._conv = (
            DeformableConv(in_channels, out_channels, stride)
            if deformable
            else nn.Conv2D(
                in_channels, out_channels, kernel, stride=stride, padding=(kernel - 1) // 2, bias_attr=False
            )
        )
        self._batch_norm = nn.BatchNorm2D(out_channels)
        self._relu = relu

    def forward(self, x: Any) -> Any:
        """Filter, normalise and activate."""
        x = self._batch_norm(self._conv(x))
        return F.relu(x) if self._relu else x


class Shortcut(ConvBNLayer):
    """ResNet-D's way around a block: where the block has a stride, average first, then a 1x1 convolution."""

    def __init__(self, in_channels: int, out_channels: int, stride: Stride) -> None:
        super().__init__(in_channels, out_channels, 1)
        self._pool = (
            None if stride in (1, (1, 1)) else nn.AvgPool2D(kernel_size=stride, stride=stride, ceil_mode=True)
        )

    def forward(self, x: Any) -> Any:
        """Map (N, Cin, H, W) to (N, Cout, H / stride, W / stride), rounded up."""
        return super().forward(x if self._pool is None else self._pool(x))


class BasicBlock(nn.Layer):
    """Two 3x3 convolutions and a way around them.

    Args:
        in_channels: Channels read.
        width: Channels inside.
        stride: Stride of the block.
        first: Whether it begins a stage: its way around then has a convolution.

    Attributes:
        out_channels: Channels given.
    """

    expansion = 1

    def __init__(self, in_channels: int, width: int, stride: Stride = 1, first: bool = False) -> None:
        super().__init__()
        self.out_channels = width
        self.conv0 = ConvBNLayer(in_channels, width, 3, stride, relu=True)
        self.conv1 = ConvBNLayer(width, width, 3)
        self.short = Shortcut(in_channels, width, stride) if first else None

    def forward(self, x: Any) -> Any:
        """Map (N, Cin, H, W) to (N, width, H / stride, W / stride), rounded up."""
        around = x if self.short is None else self.short(x)
        return F.relu(around + self.conv1(self.conv0(x)))


class BottleneckBlock(nn.Layer):
    """A 3x3 convolution between two 1x1 ones, and a way around them.

    Args:
        in_channels: Channels read.
        width: Channels inside; four times as many come out.
        stride: Stride of the block.
        first: Whether it begins a stage: its way around then has a convolution.
        deformable: Whether the 3x3 convolution is deformable.

    Attributes:
        out_channels: Channels given.
    """

    expansion = 4

    def __init__(
        self,
        in_channels: int,
        width: int,
        stride: Stride = 1,
        first: bool = False,
        deformable: bool = False,
    ) -> None:
        super().__init__()
        self.out_channels = width * self.expansion
        self.conv0 = ConvBNLayer(in_channels, width, 1, relu=True)
        self.conv1 = ConvBNLayer(width, width, 3, stride, relu=True, deformable=deformable)
        self.conv2 = ConvBNLayer(width, self.out_channels, 1)
        self.short = Shortcut(in_channels, self.out_channels, stride) if first else None

    def forward(self, x: Any) -> Any:
        """Map (N, Cin, H, W) to (N, 4 * width, H / stride, W / stride), rounded up."""
        around = x if self.short is None else self.short(x)
        return F.relu(around + self.conv2(self.conv1(self.conv0(x))))


class ResNetTrunk(nn.Layer):
    """Stem and four stages; a variant says which strides they have and what it makes of the maps.

    Args:
        in_channels: Channels of the image.
        layers: One of ``DEPTHS``.
        stem_stride: Stride of the first convolution.
        stage_stride: Stride of the second, third and fourth stage.
        deformable: For each stage, whether its 3x3 convolutions are deformable.

    Attributes:
        stage_channels: Channels of the four stages' maps.

    Raises:
        ValueError: There is no network of so many layers, or none with such deformable stages.
    """

    def __init__(
        self,
        in_channels: int,
        layers: int,
        stem_stride: int,
        stage_stride: Stride,
        deformable: Sequence[bool] = (False,) * 4,
    ) -> None:
        super().__init__()
        if layers not in DEPTHS:
            raise ValueError(f"a ResNet-vd has {', '.join(map(str, DEPTHS))} layers, not {layers}")
        bottleneck = layers >= _FIRST_BOTTLENECK_DEPTH
        if any(deformable) and not bottleneck:
            raise ValueError(f"dcn_stage wants {_FIRST_BOTTLENECK_DEPTH} layers or more, not {layers}")
        # ResNet-C: three 3x3 convolutions in the place of one 7x7
        self.conv1_1 = ConvBNLayer(in_channels, 32, 3, stem_stride, relu=True)
        self.conv1_2 = ConvBNLayer(32, 32, 3, relu=True)
        self.conv1_3 = ConvBNLayer(32, WIDTHS[0], 3, relu=True)
        self.pool2d_max = nn.MaxPool2D(kernel_size=3, stride=2, padding=1)
        self._names: list[list[str]] = []
        self.stage_channels: list[int] = []
        channels = WIDTHS[0]
        for stage, (width, depth) in enumerate(zip(WIDTHS, DEPTHS[layers])):
            names = [f"bb_{stage}_{index}" for index in range(depth)]
            for index, name in enumerate(names):
                stride = stage_stride if stage and not index else 1
                block: Any = (
                    BottleneckBlock(channels, width, stride, not index, bool(deformable[stage]))
                    if bottleneck
                    else BasicBlock(channels, width, stride, not index)
                )
                self.add_sublayer(name, block)
                channels = block.out_channels
            self._names.append(names)
            self.stage_channels.append(channels)

    def run_stages(self, x: Any) -> list[Any]:
        """Map images (N, Cin, H, W) to the four stages' maps."""
        x = self.pool2d_max(self.conv1_3(self.conv1_2(self.conv1_1(x))))
        maps = []
        for names in self._names:
            for name in names:
                x = getattr(self, name)(x)
            maps.append(x)
        return maps
