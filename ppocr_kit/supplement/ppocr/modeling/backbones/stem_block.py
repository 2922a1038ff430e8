"""The stem of PP-HGNetV2 and PP-LCNetV4: it quarters an image, or halves a line of text.

Source: PP-HGNetV2 as published in PaddleClas; parameter names as in PaddleOCR 3.7.0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import paddle
from paddle import nn


class StemBlock(nn.Layer):
    """Two branches, convolutions and a maximum, between two strided convolutions.

    Args:
        in_channels: Channels of the image.
        inside: Channels inside, even.
        out_channels: Channels given.
        stride: Stride of the second strided convolution; that of the first one is 2.
        make: Makes a normalised and activated convolution of channels read and given, kernel, ``stride``
            and ``padding``.
    """

    def __init__(
        self, in_channels: int, inside: int, out_channels: int, stride: int, make: Callable[..., nn.Layer]
    ) -> None:
        super().__init__()
        self.stem1 = make(in_channels, inside, 3, stride=2)
        self.stem2a = make(inside, inside // 2, 2, padding="SAME")
        self.stem2b = make(inside // 2, inside, 2, padding="SAME")
        self.stem3 = make(2 * inside, inside, 3, stride=stride)
        self.stem4 = make(inside, out_channels, 1)
        self.pool = nn.MaxPool2D(kernel_size=2, stride=1, padding="SAME")

    def forward(self, x: Any) -> Any:
        """Map images (N, Cin, H, W) to (N, Cout, H / (2 * stride), W / (2 * stride))."""
        x = self.stem1(x)
        both = paddle.concat([self.pool(x), self.stem2b(self.stem2a(x))], axis=1)
        return self.stem4(self.stem3(both))
