"""What PP-HGNet and PP-HGNetV2 share: layers whose outputs are all kept, and stages of blocks of them.

Source: PP-HGNet as published in PaddleClas, after VoVNet's one-shot aggregation (arXiv:1904.09730, section
3.2); parameter names as in PaddleOCR 3.7.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import paddle
from paddle import nn
from paddle.nn.initializer import KaimingNormal

from .conv_norm import ConvBNLayer, Stride

MAPS = 4  # both networks have four stages


def hg_conv(
    in_channels: int,
    out_channels: int,
    kernel: int,
    stride: Stride = 1,
    groups: int = 1,
    act: str | None = "relu",
    padding: str | None = None,
    lr_mult: float = 1.0,
) -> ConvBNLayer:
    """Make a normalised convolution as these networks have it: see ``ConvBNLayer`` for the arguments."""
    return ConvBNLayer(
        in_channels,
        out_channels,
        kernel,
        stride,
        groups,
        act,
        padding=padding,
        lr_mult=lr_mult,
        decays_norm=False,
        initializer=KaimingNormal(),
    )


def keep_all(layers: Iterable[nn.Layer], x: Any) -> Any:
    """Run layers one after the other on (N, C, H, W); return input and outputs side by side."""
    maps = [x]
    for layer in layers:
        maps.append(layer(maps[-1]))
    return paddle.concat(maps, axis=1)


class HGStage(nn.Layer):
    """A depthwise convolution that shrinks the map, if it is to shrink, and blocks: (N, C, H, W) to the same.

    Args:
        in_channels: Channels read.
        stride: Stride of the depthwise convolution; None leaves it out.
        blocks: The blocks, in order.
        lr_mult: What the learning rate of the depthwise convolution is multiplied with.
    """

    def __init__(
        self, in_channels: int, stride: Stride | None, blocks: Sequence[nn.Layer], lr_mult: float = 1.0
    ) -> None:
        super().__init__()
        self.downsample = None
        if stride is not None:
            self.downsample = hg_conv(
                in_channels, in_channels, 3, stride, in_channels, act=None, lr_mult=lr_mult
            )
        self.blocks = nn.Sequential(*blocks)

    def forward(self, x: Any) -> Any:
        """Shrink, then run the blocks."""
        return self.blocks(x if self.downsample is None else self.downsample(x))


def known_indices(network: str, out_indices: Sequence[int] | None) -> tuple[int, ...]:
    """Return the numbers of the stages whose maps are given, all of them by default.

    Raises:
        ValueError: There is no such stage, or none is asked for.
    """
    indices = tuple(range(MAPS)) if out_indices is None else tuple(sorted(set(out_indices)))
    if not indices or not set(indices) <= set(range(MAPS)):
        raise ValueError(f"out_indices of {network} wants some of 0 to {MAPS - 1}, not {list(indices)}")
    return indices
