"""From images to SVTR's tokens, from stage to stage, and from the last tokens to one row of features.

Source: arXiv:2205.00159, sections 3.2 (patch embedding) and 3.4 (merging, combining and prediction).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import paddle
from paddle import nn
from paddle.nn.initializer import KaimingNormal, KaimingUniform


class ConvBNLayer(nn.Layer):
    """A halving 3x3 convolution, batch normalisation and GELU: (N, Cin, H, W) to (N, Cout, H / 2, W / 2)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2D(in_channels, out_channels, 3, stride=2, padding=1, weight_attr=KaimingUniform())
        self.norm = nn.BatchNorm2D(out_channels)
        self.act = nn.GELU()

    def forward(self, x: Any) -> Any:
        """Filter, normalise and activate."""
        return self.act(self.norm(self.conv(x)))


class PatchEmbed(nn.Layer):
    """Turn an image into tokens by ``halvings`` convolutions, each twice as wide as the one before."""

    def __init__(self, in_channels: int, dim: int, halvings: int) -> None:
        super().__init__()
        widths = [in_channels, *(dim >> left for left in reversed(range(halvings)))]
        self.proj = nn.Sequential(*(ConvBNLayer(*pair) for pair in zip(widths, widths[1:])))

    def forward(self, x: Any) -> Any:
        """Map (N, C, H, W) to (N, H * W / 4^halvings, dim)."""
        return self.proj(x).flatten(2).transpose([0, 2, 1])


class SubSample(nn.Layer):
    """Halve the rows of the map between two stages: by a convolution, or by pooling and a projection."""

    def __init__(self, in_channels: int, out_channels: int, kind: str) -> None:
        super().__init__()
        self._pools = kind == "Pool"
        if self._pools:
            pool = {"kernel_size": [3, 5], "stride": [2, 1], "padding": [1, 2]}
            self.avgpool, self.maxpool = nn.AvgPool2D(**pool), nn.MaxPool2D(**pool)
            self.proj = nn.Linear(in_channels, out_channels)
        else:
            self.conv = nn.Conv2D(
                in_channels, out_channels, 3, stride=[2, 1], padding=1, weight_attr=KaimingNormal()
            )
        self.norm = nn.LayerNorm(out_channels)

    def forward(self, x: Any) -> Any:
        """Map (N, Cin, H, W) to tokens (N, H / 2 * W, Cout)."""
        if self._pools:
            x = (self.avgpool(x) + self.maxpool(x)) * 0.5
            return self.norm(self.proj(x.flatten(2).transpose([0, 2, 1])))
        return self.norm(self.conv(x).flatten(2).transpose([0, 2, 1]))


class AveragedColumns(nn.Layer):
    """Average a map into one row of so many columns: (N, C, H, old) to (N, C, 1, new).

    This is what adaptive average pooling does. paddle2onnx 2.1 makes something else of that when ``new``
    does not divide ``old``, without a word; so it is a product here.
    """

    def __init__(self, old: int, new: int) -> None:
        super().__init__()
        weights = np.zeros((old, new), "float32")
        for column in range(new):
            begin, end = column * old // new, -((column + 1) * old // -new)
            weights[begin:end, column] = 1.0 / (end - begin)
        self.register_buffer("weights", paddle.to_tensor(weights), persistable=False)

    def forward(self, x: Any) -> Any:
        """Average the rows, then neighbouring columns."""
        return paddle.matmul(x.mean(axis=2, keepdim=True), self.weights)
