"""DBFPN: the feature pyramid of DB.

Source: Liao et al., "Real-time Scene Text Detection with Differentiable Binarization",
arXiv:1911.08947, figure 3; parameter names as in PaddleOCR 3.7.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paddle import nn

from .pyramid import check_channels, convolution, join, top_down


class DBFPN(nn.Layer):
    """Join four backbone maps into one at a quarter of the image.

    Args:
        in_channels: Channels of the four maps, finest first.
        out_channels: Channels of the joined map, a multiple of 4: each level gives a quarter.

    Raises:
        ValueError: The channels are not so.
    """

    def __init__(self, in_channels: Sequence[int], out_channels: int) -> None:
        super().__init__()
        check_channels("DBFPN", in_channels, out_channels)
        self.out_channels = out_channels
        for level, channels in zip((2, 3, 4, 5), in_channels):
            self.add_sublayer(f"in{level}_conv", convolution(channels, out_channels))
        for level in (5, 4, 3, 2):
            self.add_sublayer(f"p{level}_conv", convolution(out_channels, out_channels // 4, 3))

    def forward(self, maps: Sequence[Any]) -> Any:
        """Map (N, C_i, H / 2^(i+2), W / 2^(i+2)), i = 0..3, to (N, out_channels, H / 4, W / 4).

        H and W are those of the image, multiples of 32.
        """
        numbers = range(2, 6)
        sums = top_down([getattr(self, f"in{i}_conv")(level) for i, level in zip(numbers, maps)])
        return join([getattr(self, f"p{i}_conv")(level) for i, level in zip(numbers, sums)])
