"""RSEFPN: a feature pyramid whose convolutions weigh their channels.

Source: Li et al., "PP-OCRv3: More Attempts for the Improvement of Ultra Lightweight OCR System",
arXiv:2206.03001, section 2.1.3, figure 6; parameter names as in PaddleOCR 3.7.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paddle import nn

from ..backbones.conv_norm import SEModule
from .intra_cl import add_blocks, apply_blocks
from .pyramid import check_channels, convolution, join, top_down


class RSELayer(nn.Layer):
    """A convolution and squeeze-and-excitation beside or behind it.

    Args:
        in_channels: Channels of the map.
        out_channels: Channels that the layer gives, at least 4.
        kernel: Side of the kernel.
        shortcut: Add the excited map to the convolution's, instead of replacing it.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel: int, shortcut: bool = True) -> None:
        super().__init__()
        self.in_conv = convolution(in_channels, out_channels, kernel)
        self.se_block = SEModule(out_channels)
        self.shortcut = shortcut

    def forward(self, x: Any) -> Any:
        """Map (N, Cin, H, W) to (N, Cout, H, W)."""
        x = self.in_conv(x)
        return x + self.se_block(x) if self.shortcut else self.se_block(x)


class RSEFPN(nn.Layer):
    """The neck of the mobile detectors of PP-OCRv3 to v5.

    Args:
        in_channels: Channels of the four maps, finest first.
        out_channels: Channels of the joined map, a multiple of 4 and at least 16: each level gives a quarter.
        shortcut: Whether the layers are residual.
        intracl: Whether an ``IntraCLBlock`` follows on each level.

    Raises:
        ValueError: The channels are not so.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        out_channels: int,
        shortcut: bool = True,
        intracl: bool = False,
    ) -> None:
        super().__init__()
        check_channels("RSEFPN", in_channels, out_channels, least=16)
        self.out_channels = out_channels
        quarter = out_channels // 4
        self.ins_conv = nn.LayerList(
            [RSELayer(channels, out_channels, 1, shortcut) for channels in in_channels]
        )
        self.inp_conv = nn.LayerList([RSELayer(out_channels, quarter, 3, shortcut) for _ in in_channels])
        add_blocks(self, quarter, intracl)

    def forward(self, maps: Sequence[Any]) -> Any:
        """Map (N, C_i, H / 2^(i+2), W / 2^(i+2)), i = 0..3, to (N, out_channels, H / 4, W / 4).

        H and W are those of the image, multiples of 32.
        """
        sums = top_down([layer(level) for layer, level in zip(self.ins_conv, maps)])
        levels = [layer(level) for layer, level in zip(self.inp_conv, sums)]
        return join(apply_blocks(self, levels))
