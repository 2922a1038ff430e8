"""The pieces of SVTR that its necks are made of: a convolution and a block of global mixing.

Source: Du et al., "SVTR: Scene Text Recognition with a Single Visual Model", arXiv:2205.00159,
section 3.3; parameter names as in PaddleOCR 3.7.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import paddle
from paddle import nn
from paddle.nn.initializer import KaimingUniform, TruncatedNormal

from ..attention import Mlp, attend, head_size, split_heads


class ConvBNLayer(nn.Layer):
    """Convolution that keeps the size, batch norm and Swish.

    Args:
        in_channels: Channels in.
        out_channels: Channels out.
        kernel_size: Height and width of the kernel, odd.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Sequence[int] = (1, 1)) -> None:
        super().__init__()
        self.conv = nn.Conv2D(
            in_channels,
            out_channels,
            list(kernel_size),
            padding=[side // 2 for side in kernel_size],
            weight_attr=paddle.ParamAttr(initializer=KaimingUniform()),
            bias_attr=False,
        )
        self.norm = nn.BatchNorm2D(out_channels)
        self.act = nn.Swish()

    def forward(self, x: Any) -> Any:
        """Map (N, in_channels, H, W) to (N, out_channels, H, W)."""
        return self.act(self.norm(self.conv(x)))


class DropPath(nn.Layer):
    """Leave out a whole branch for some rows of a batch while training.

    Source: Huang et al., "Deep Networks with Stochastic Depth", arXiv:1603.09382.

    Args:
        drop_rate: How likely a row loses the branch, 0 up to but not including 1.
    """

    def __init__(self, drop_rate: float) -> None:
        super().__init__()
        self.keep = 1 - drop_rate

    def forward(self, x: Any) -> Any:
        """Return ``x`` (N, T, C) with rows zeroed, the others scaled so that the mean stays."""
        if not self.training or self.keep == 1:
            return x
        kept = paddle.rand([x.shape[0], 1, 1], dtype=x.dtype) < self.keep
        return x / self.keep * kept.astype(x.dtype)


class GlobalMixing(nn.Layer):
    """Self-attention over all positions.

    Args:
        channels: Channels in and out.
        num_heads: Heads that share them.
        qkv_bias: Whether query, key and value have a bias.
        qk_scale: Factor of the products; by default one over the root of a head's channels.
        attn_drop_rate: Share of the attention weights to drop while training.
        drop_rate: Share of the values to drop behind the last layer.
    """

    def __init__(
        self,
        channels: int,
        num_heads: int,
        qkv_bias: bool,
        qk_scale: float | None,
        attn_drop_rate: float,
        drop_rate: float,
    ) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.scale = qk_scale or head_size(channels, num_heads) ** -0.5
        normal = TruncatedNormal(std=0.02)
        self.qkv = nn.Linear(
            channels, channels * 3, weight_attr=normal, bias_attr=None if qkv_bias else False
        )
        self.attn_drop = nn.Dropout(attn_drop_rate)
        self.proj = nn.Linear(channels, channels, weight_attr=normal)
        self.proj_drop = nn.Dropout(drop_rate)

    def forward(self, x: Any) -> Any:
        """Map (N, T, channels) to the same shape."""
        query, key, value = split_heads(self.qkv(x), 3, self.num_heads)
        return self.proj_drop(self.proj(attend(query, key, value, self.scale, dropout=self.attn_drop)))


class MixingBlock(nn.Layer):
    """Global mixing and an MLP, each behind a norm and beside a shortcut.

    Args:
        channels: Channels in and out, a multiple of ``num_heads``.
        num_heads: Attention heads.
        mlp_ratio: Hidden channels of the MLP by ``channels``.
        qkv_bias: See :class:`GlobalMixing`.
        qk_scale: See :class:`GlobalMixing`.
        drop_rate: Dropout of the MLP and behind the attention.
        attn_drop_rate: Dropout of the attention weights.
        drop_path: How likely a row of the batch loses a branch.
    """

    def __init__(
        self,
        channels: int,
        num_heads: int,
        mlp_ratio: float,
        qkv_bias: bool,
        qk_scale: float | None,
        drop_rate: float,
        attn_drop_rate: float,
        drop_path: float,
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(channels, epsilon=1e-5)
        self.mixer = GlobalMixing(channels, num_heads, qkv_bias, qk_scale, attn_drop_rate, drop_rate)
        self.drop_path = DropPath(drop_path)
        self.norm2 = nn.LayerNorm(channels, epsilon=1e-5)
        self.mlp = Mlp(channels, int(channels * mlp_ratio), nn.Swish, drop_rate, TruncatedNormal(std=0.02))

    def forward(self, x: Any) -> Any:
        """Map (N, T, channels) to the same shape."""
        x = x + self.drop_path(self.mixer(self.norm1(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))


def mix_positions(x: Any, blocks: Any, norm: Any) -> Any:
    """Send the positions of a map through blocks and a norm.

    Args:
        x: (N, C, H, W).
        blocks: Layers from (N, T, C) to the same shape.
        norm: The norm behind the last one.

    Returns:
        (N, C, H, W).
    """
    _, channels, height, _ = x.shape
    x = x.flatten(2).transpose([0, 2, 1])
    for block in blocks:
        x = block(x)
    return norm(x).transpose([0, 2, 1]).reshape([0, channels, height, -1])
