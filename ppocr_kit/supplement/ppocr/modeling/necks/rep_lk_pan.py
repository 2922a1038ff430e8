"""RepLKPAN: LKPAN with large depthwise kernels that fold at export.

Source: PaddleOCR 3.7.0 (PP-OCRv6, medium); LKPAN is arXiv:2206.03001, the kernels are arXiv:2311.15599.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paddle import nn

from ..choice import known_name
from .intra_cl import add_blocks, apply_blocks
from .pyramid import bottom_up, check_channels, convolution, join, top_down, with_sums
from .rep_lk import DilatedReparamConv

_KERNEL = 9


class RepLKPAN(nn.Layer):
    """The neck of PP-OCRv6's medium detector.

    Args:
        in_channels: Channels of the four maps, finest first.
        out_channels: Channels of the joined map, a multiple of 4: each level gives a quarter; at least 8
            with ``intracl``.
        mode: ``large``; there is no other.
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
        check_channels("RepLKPAN", in_channels, out_channels, least=8 if intracl else 4)
        known_name("RepLKPAN mode", mode.lower(), ["large"])
        self.out_channels = out_channels
        quarter = out_channels // 4
        self.ins_conv = nn.LayerList([convolution(channels, out_channels) for channels in in_channels])
        self.inp_conv = nn.LayerList(
            [DilatedReparamConv(out_channels, quarter, _KERNEL) for _ in in_channels]
        )
        self.pan_head_conv = nn.LayerList([convolution(quarter, quarter, 3, stride=2) for _ in range(3)])
        self.pan_lat_conv = nn.LayerList([DilatedReparamConv(quarter, quarter, _KERNEL) for _ in in_channels])
        add_blocks(self, quarter, intracl)

    def forward(self, maps: Sequence[Any]) -> Any:
        """Map (N, C_i, H / 2^(i+2), W / 2^(i+2)), i = 0..3, to (N, out_channels, H / 4, W / 4).

        H and W are those of the image, multiples of 32. While training a dict: this as ``fuse``, and the
        pyramid's sums, of out_channels each, at 1/4, 1/8 and 1/16 of the image as ``aux_p2``, ``aux_p3`` and
        ``aux_p4``.
        """
        sums = top_down([layer(level) for layer, level in zip(self.ins_conv, maps)])
        narrow = [layer(level) for layer, level in zip(self.inp_conv, sums)]
        paths = bottom_up(narrow, self.pan_head_conv)
        levels = [layer(level) for layer, level in zip(self.pan_lat_conv, paths)]
        joined = join(apply_blocks(self, levels))
        return with_sums(joined, sums) if self.training else joined
