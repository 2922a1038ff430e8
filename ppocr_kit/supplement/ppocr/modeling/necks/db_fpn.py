"""DBFPN: the feature pyramid of DB.

Source: Liao et al., "Real-time Scene Text Detection with Differentiable Binarization",
arXiv:1911.08947, figure 3; parameter names as in PaddleOCR 3.7.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import paddle
from paddle import nn
from paddle.nn.initializer import KaimingUniform

from ..upsampling import repeat_pixels


def _convolution(in_channels: int, out_channels: int, kernel: int) -> nn.Conv2D:
    return nn.Conv2D(
        in_channels,
        out_channels,
        kernel,
        padding=kernel // 2,
        weight_attr=paddle.ParamAttr(initializer=KaimingUniform()),
        bias_attr=False,
    )


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
        if len(in_channels) != 4 or out_channels % 4:
            raise ValueError(
                "DBFPN joins four maps into out_channels that are a multiple of 4, "
                f"not {len(in_channels)} maps into {out_channels}"
            )
        self.out_channels = out_channels
        for level, channels in zip((2, 3, 4, 5), in_channels):
            self.add_sublayer(f"in{level}_conv", _convolution(channels, out_channels, 1))
        for level in (5, 4, 3, 2):
            self.add_sublayer(f"p{level}_conv", _convolution(out_channels, out_channels // 4, 3))

    def forward(self, maps: Sequence[Any]) -> Any:
        """Map (N, C_i, H / 2^(i+2), W / 2^(i+2)), i = 0..3, to (N, out_channels, H / 4, W / 4).

        H and W are those of the image, multiples of 32.
        """
        c2, c3, c4, c5 = maps
        in5 = self.in5_conv(c5)
        out4 = self.in4_conv(c4) + repeat_pixels(in5, 2)
        out3 = self.in3_conv(c3) + repeat_pixels(out4, 2)
        out2 = self.in2_conv(c2) + repeat_pixels(out3, 2)
        p5 = repeat_pixels(self.p5_conv(in5), 8)
        p4 = repeat_pixels(self.p4_conv(out4), 4)
        p3 = repeat_pixels(self.p3_conv(out3), 2)
        return paddle.concat([p5, p4, p3, self.p2_conv(out2)], axis=1)
