"""LKPAN: a path aggregation network with large kernels.

Source: Li et al., arXiv:2206.03001 (PP-OCRv3), section 2.1.1, figure 4; path aggregation is arXiv:1803.01534;
the lite variant and the parameter names as in PaddleOCR 3.7.0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import paddle.nn.functional as F
from paddle import nn

from ..choice import known_name
from .intra_cl import add_blocks, apply_blocks
from .pyramid import bottom_up, check_channels, convolution, join, top_down

_KERNEL = 9


class DSConv(nn.Layer):
    """A depthwise convolution, widened fourfold and projected, in place of a full one.

    Args:
        in_channels: Channels of the map.
        out_channels: Channels that the layer gives; if they differ, a projection of the input is added.
        kernel: Side of the depthwise kernel.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel: int) -> None:
        super().__init__()
        wide = 4 * in_channels
        self.conv1 = nn.Conv2D(
            in_channels, in_channels, kernel, padding=kernel // 2, groups=in_channels, bias_attr=False
        )
        self.bn1 = nn.BatchNorm2D(in_channels)
        self.conv2 = nn.Conv2D(in_channels, wide, 1, bias_attr=False)
        self.bn2 = nn.BatchNorm2D(wide)
        self.conv3 = nn.Conv2D(wide, out_channels, 1, bias_attr=False)
        # where the channels stay there is no shortcut at all: official weights were trained so
        self.conv_end = (
            None if in_channels == out_channels else nn.Conv2D(in_channels, out_channels, 1, bias_attr=False)
        )

    def forward(self, x: Any) -> Any:
        """Map (N, Cin, H, W) to (N, Cout, H, W)."""
        y = F.relu(self.bn2(self.conv2(self.bn1(self.conv1(x)))))
        y = self.conv3(y)
        return y if self.conv_end is None else y + self.conv_end(x)


_LAYERS: dict[str, Callable[[int, int, int], nn.Layer]] = {"large": convolution, "lite": DSConv}


class LKPAN(nn.Layer):
    """The neck of the server detectors of PP-OCRv3 to v5.

    Args:
        in_channels: Channels of the four maps, finest first.
        out_channels: Channels of the joined map, a multiple of 4: each level gives a quarter; at least 8
            with ``intracl``.
        mode: ``large``: full 9x9 convolutions; ``lite``: depthwise ones.
        intracl: Whether an ``IntraCLBlock`` follows on each level.

    Raises:
        ValueError: The channels are not so, or there is no such mode.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        out_channels: int,
        mode: str = "large",
        intracl: bool = False,
    ) -> None:
        super().__init__()
        check_channels("LKPAN", in_channels, out_channels, least=8 if intracl else 4)
        make = _LAYERS[known_name("LKPAN mode", mode.lower(), list(_LAYERS))]
        self.out_channels = out_channels
        quarter = out_channels // 4
        self.ins_conv = nn.LayerList([convolution(channels, out_channels) for channels in in_channels])
        self.inp_conv = nn.LayerList([make(out_channels, quarter, _KERNEL) for _ in in_channels])
        self.pan_head_conv = nn.LayerList([convolution(quarter, quarter, 3, stride=2) for _ in range(3)])
        self.pan_lat_conv = nn.LayerList([make(quarter, quarter, _KERNEL) for _ in in_channels])
        add_blocks(self, quarter, intracl)

    def forward(self, maps: Sequence[Any]) -> Any:
        """Map (N, C_i, H / 2^(i+2), W / 2^(i+2)), i = 0..3, to (N, out_channels, H / 4, W / 4).

        H and W are those of the image, multiples of 32.
        """
        sums = top_down([layer(level) for layer, level in zip(self.ins_conv, maps)])
        narrow = [layer(level) for layer, level in zip(self.inp_conv, sums)]
        paths = bottom_up(narrow, self.pan_head_conv)
        levels = [layer(level) for layer, level in zip(self.pan_lat_conv, paths)]
        return join(apply_blocks(self, levels))
