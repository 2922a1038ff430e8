"""PP-HGNet: the backbone of PP-OCRv4 server, for detection and for recognition.

Source: PP-HGNet as published in PaddleClas (tiny, small, base), with the effective squeeze-and-excitation
of arXiv:1911.06667, section 3.3; strides for text as in the recorded shapes and outputs of
``PP-OCRv4_server_det`` and ``PP-OCRv4_server_rec`` (PaddleOCR 3.7.0).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import paddle.nn.functional as F
from paddle import nn
from paddle.nn.initializer import KaimingNormal

from .conv_norm import Stride
from .hg_blocks import HGStage, hg_conv, keep_all, known_indices
from .line_pooling import pool_line


@dataclass(frozen=True)
class Variant:
    """A size of the network.

    Attributes:
        stem: Channels of the three convolutions before the stages.
        inside: Channels of the layers inside a block, by stage.
        channels: Channels that a stage gives.
        blocks: Blocks of a stage.
        layers: Layers of each block.
        shrinks_first: Whether the first stage shrinks the height of lines too.
    """

    stem: tuple[int, int, int]
    inside: tuple[int, int, int, int]
    channels: tuple[int, int, int, int]
    blocks: tuple[int, int, int, int]
    layers: int
    shrinks_first: bool = False


TINY = Variant((48, 48, 96), (96, 128, 160, 192), (224, 448, 512, 768), (1, 1, 2, 1), 5)
SMALL = Variant((64, 64, 128), (128, 160, 192, 224), (256, 512, 768, 1024), (1, 1, 2, 1), 6, True)
BASE = Variant((96, 96, 160), (192, 224, 256, 288), (320, 640, 960, 1280), (1, 2, 3, 2), 7)
_LINE_STRIDES: tuple[Stride, ...] = ((2, 1), (1, 2), (2, 1), (2, 1))
_PAGE_STRIDES: tuple[Stride, ...] = (2, 2, 2, 2)


class ESEModule(nn.Layer):
    """Effective squeeze and excitation: one layer without a bottleneck weighs the channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.avg_pool = nn.AdaptiveAvgPool2D(1)
        self.conv = nn.Conv2D(channels, channels, 1, weight_attr=KaimingNormal())

    def forward(self, x: Any) -> Any:
        """Weigh each channel by what its mean says of all of them."""
        return x * F.sigmoid(self.conv(self.avg_pool(x)))


class HGBlock(nn.Layer):
    """3x3 convolutions in a row, all their outputs narrowed to one map, its channels weighed.

    Args:
        in_channels: Channels read.
        inside: Channels of each 3x3 convolution.
        out_channels: Channels given.
        layers: How many convolutions there are.
        residual: Whether the input is added.
    """

    def __init__(self, in_channels: int, inside: int, out_channels: int, layers: int, residual: bool) -> None:
        super().__init__()
        read = [in_channels] + [inside] * (layers - 1)
        self.layers = nn.LayerList([hg_conv(channels, inside, 3) for channels in read])
        self.aggregation_conv = hg_conv(in_channels + layers * inside, out_channels, 1)
        self.att = ESEModule(out_channels)
        self._residual = residual

    def forward(self, x: Any) -> Any:
        """Map (N, Cin, H, W) to (N, Cout, H, W)."""
        y = self.att(self.aggregation_conv(keep_all(self.layers, x)))
        return x + y if self._residual else y


class PPHGNet(nn.Layer):
    """The backbone of the PP-OCRv4 server models, of any size.

    Args:
        variant: The size.
        in_channels: Channels of the image.
        det: Whether to give maps for detection; otherwise one row of features of a line.
        out_indices: For detection, which stages' maps are given, counted from 0; all by default.

    Attributes:
        out_channels: Channels of the row, or of the maps, finest first.

    Raises:
        ValueError: There is no such stage.
    """

    def __init__(
        self, variant: Variant, in_channels: int, det: bool, out_indices: Sequence[int] | None
    ) -> None:
        super().__init__()
        self.det = det
        self._indices = known_indices("PPHGNet", out_indices)
        stem = zip((in_channels, *variant.stem), variant.stem, (2, 1, 1))
        self.stem = nn.Sequential(*(hg_conv(read, given, 3, stride) for read, given, stride in stem))
        self.pool = nn.MaxPool2D(kernel_size=3, stride=2, padding=1) if det else None
        strides: list[Stride | None] = list(_PAGE_STRIDES if det else _LINE_STRIDES)
        if det or not variant.shrinks_first:
            strides[0] = None
        self.stages = nn.LayerList()
        read = variant.stem[-1]
        for inside, given, count, stride in zip(variant.inside, variant.channels, variant.blocks, strides):
            blocks = [
                HGBlock(given if index else read, inside, given, variant.layers, index > 0)
                for index in range(count)
            ]
            self.stages.append(HGStage(read, stride, blocks))
            read = given
        self.out_channels: int | list[int] = read
        if det:
            self.out_channels = [variant.channels[index] for index in self._indices]

    def forward(self, x: Any) -> Any:
        """Map images (N, 3, H, W).

        Returns:
            For detection a map (N, C_i, H / 2^(i+2), W / 2^(i+2)) of each stage i asked for; otherwise a row
            of features of lines: (N, C, 1, W / 8) when evaluating, (N, C, 1, 40) while training.
        """
        x = self.stem(x)
        x = x if self.pool is None else self.pool(x)
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return [maps[index] for index in self._indices] if self.det else pool_line(x, self.training)


def PPHGNet_tiny(
    in_channels: int = 3, det: bool = False, out_indices: Sequence[int] | None = None
) -> PPHGNet:
    """Build the smallest one; a line of 32 pixels becomes one row, one of 48 two."""
    return PPHGNet(TINY, in_channels, det, out_indices)


def PPHGNet_small(
    in_channels: int = 3, det: bool = False, out_indices: Sequence[int] | None = None
) -> PPHGNet:
    """Build the one of the PP-OCRv4 server models; a line of 32 or 48 pixels becomes one row."""
    return PPHGNet(SMALL, in_channels, det, out_indices)


def PPHGNet_base(
    in_channels: int = 3, det: bool = False, out_indices: Sequence[int] | None = None
) -> PPHGNet:
    """Build the largest one; a line of 32 pixels becomes one row, one of 48 two."""
    return PPHGNet(BASE, in_channels, det, out_indices)
