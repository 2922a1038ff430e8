"""MobileNetV3: what its detection and its recognition variant share.

Source: Howard et al., "Searching for MobileNetV3", arXiv:1905.02244, tables 1 and 2; parameter
names as in PaddleOCR 3.7.0, so that official weights load.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from paddle import nn

from ..choice import known_name
from .conv_norm import ConvBNLayer, SEModule, Stride


@dataclass(frozen=True)
class Block:
    """One row of the paper's tables, at width 1.0.

    Attributes:
        kernel: Side of the depthwise kernel.
        expanded: Channels inside the block.
        channels: Channels that the block gives.
        squeeze: Whether a squeeze-and-excitation layer follows the depthwise convolution.
        act: ``relu`` or ``hardswish``.
        stride: Stride in the paper's classification network.
    """

    kernel: int
    expanded: int
    channels: int
    squeeze: bool
    act: str
    stride: int


LARGE = (
    Block(3, 16, 16, False, "relu", 1),
    Block(3, 64, 24, False, "relu", 2),
    Block(3, 72, 24, False, "relu", 1),
    Block(5, 72, 40, True, "relu", 2),
    Block(5, 120, 40, True, "relu", 1),
    Block(5, 120, 40, True, "relu", 1),
    Block(3, 240, 80, False, "hardswish", 2),
    Block(3, 200, 80, False, "hardswish", 1),
    Block(3, 184, 80, False, "hardswish", 1),
    Block(3, 184, 80, False, "hardswish", 1),
    Block(3, 480, 112, True, "hardswish", 1),
    Block(3, 672, 112, True, "hardswish", 1),
    Block(5, 672, 160, True, "hardswish", 2),
    Block(5, 960, 160, True, "hardswish", 1),
    Block(5, 960, 160, True, "hardswish", 1),
)
SMALL = (
    Block(3, 16, 16, True, "relu", 2),
    Block(3, 72, 24, False, "relu", 2),
    Block(3, 88, 24, False, "relu", 1),
    Block(5, 96, 40, True, "hardswish", 2),
    Block(5, 240, 40, True, "hardswish", 1),
    Block(5, 240, 40, True, "hardswish", 1),
    Block(5, 120, 48, True, "hardswish", 1),
    Block(5, 144, 48, True, "hardswish", 1),
    Block(5, 288, 96, True, "hardswish", 2),
    Block(5, 576, 96, True, "hardswish", 1),
    Block(5, 576, 96, True, "hardswish", 1),
)
# blocks and the channels of the 1x1 convolution behind them, by ``model_name``
TABLES: dict[str, tuple[Sequence[Block], int]] = {"large": (LARGE, 960), "small": (SMALL, 576)}
STEM_CHANNELS = 16


def choose_table(model_name: str, scale: float) -> tuple[Sequence[Block], int]:
    """Return the blocks and the last channels of a variant, both at width 1.0.

    Raises:
        ValueError: The name is neither ``large`` nor ``small``, or the scale is not above 0.
    """
    if not scale > 0:
        raise ValueError(f"MobileNetV3 wants a scale above 0, not {scale}")
    return TABLES[known_name("MobileNetV3 model_name", model_name, list(TABLES))]


def make_divisible(channels: float, divisor: int = 8) -> int:
    """Round to a multiple of ``divisor`` that is not below 90 % of ``channels`` (paper, footnote)."""
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * channels else rounded


class ResidualUnit(nn.Layer):
    """An inverted residual: expand, filter by channel, squeeze-excite, project, add."""

    def __init__(self, in_channels: int, block: Block, scale: float, stride: Stride, squeeze: bool) -> None:
        super().__init__()
        inside, out_channels = make_divisible(scale * block.expanded), make_divisible(scale * block.channels)
        # A pair never counts as "no stride", not even (1, 1): official weights were trained so.
        self.if_shortcut = stride == 1 and in_channels == out_channels
        self.expand_conv = ConvBNLayer(in_channels, inside, act=block.act)
        self.bottleneck_conv = ConvBNLayer(
            inside, inside, block.kernel, stride=stride, groups=inside, act=block.act
        )
        self.mid_se = SEModule(inside) if squeeze else None
        self.linear_conv = ConvBNLayer(inside, out_channels)
        self.out_channels = out_channels

    def forward(self, inputs: Any) -> Any:
        """Map (N, Cin, H, W) to (N, Cout, H / stride, W / stride)."""
        x = self.bottleneck_conv(self.expand_conv(inputs))
        if self.mid_se is not None:
            x = self.mid_se(x)
        x = self.linear_conv(x)
        return inputs + x if self.if_shortcut else x
