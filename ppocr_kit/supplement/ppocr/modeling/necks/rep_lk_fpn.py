"""RepLKFPN: RSEFPN with large depthwise kernels that fold at export.

Source: PaddleOCR 3.7.0 (PP-OCRv6, tiny and small); RSEFPN is of arXiv:2206.03001, the kernels are of
arXiv:2311.15599.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paddle import nn

from ..backbones.conv_norm import SEModule
from .intra_cl import add_blocks, apply_blocks
from .pyramid import check_channels, convolution, join, top_down, with_sums
from .rep_lk import DilatedReparamBlock
from .rse_fpn import RSELayer


class RepLKFPN(nn.Layer):
    """The neck of the mobile detectors of PP-OCRv6.

    Args:
        in_channels: Channels of the four maps, finest first.
        out_channels: Channels of the joined map, a multiple of 4 and at least 16: each level gives a quarter.
        shortcut: Whether squeeze-and-excitation is residual.
        dilated_kernel_size: Side of the large kernels: 5, 7, 9, 11 or 13.
        intracl: Whether an ``IntraCLBlock`` follows on each level.

    Raises:
        ValueError: The channels are not so, or there is no such kernel.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        out_channels: int,
        shortcut: bool = True,
        dilated_kernel_size: int = 7,
        intracl: bool = False,
    ) -> None:
        super().__init__()
        check_channels("RepLKFPN", in_channels, out_channels, least=16)
        self.out_channels = out_channels
        self.shortcut = shortcut
        quarter = out_channels // 4
        self.ins_conv = nn.LayerList(
            [RSELayer(channels, out_channels, 1, shortcut) for channels in in_channels]
        )
        self.inp_conv_dw = nn.LayerList(
            [DilatedReparamBlock(out_channels, dilated_kernel_size) for _ in in_channels]
        )
        self.inp_conv_pw = nn.LayerList([convolution(out_channels, quarter) for _ in in_channels])
        self.inp_conv_se = nn.LayerList([SEModule(quarter) for _ in in_channels])
        add_blocks(self, quarter, intracl)

    def forward(self, maps: Sequence[Any]) -> Any:
        """Map (N, C_i, H / 2^(i+2), W / 2^(i+2)), i = 0..3, to (N, out_channels, H / 4, W / 4).

        H and W are those of the image, multiples of 32. While training a dict: this as ``fuse``, and the
        pyramid's sums, of out_channels each, at 1/4, 1/8 and 1/16 of the image as ``aux_p2``, ``aux_p3`` and
        ``aux_p4``.
        """
        sums = top_down([layer(level) for layer, level in zip(self.ins_conv, maps)])
        levels = [self._narrow(number, level) for number, level in enumerate(sums)]
        joined = join(apply_blocks(self, levels))
        return with_sums(joined, sums) if self.training else joined

    def _narrow(self, number: int, level: Any) -> Any:
        x = self.inp_conv_pw[number](self.inp_conv_dw[number](level))
        excited = self.inp_conv_se[number](x)
        return x + excited if self.shortcut else excited
