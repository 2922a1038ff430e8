"""What the SVTR necks are made of: a convolution, and blocks that mix the positions of a map.

Source: Du et al., "SVTR: Scene Text Recognition with a Single Visual Model", arXiv:2205.00159,
section 3.3; parameter names as in PaddleOCR 3.7.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import paddle
from paddle import nn
from paddle.nn.initializer import KaimingUniform, TruncatedNormal

from ..svtr_blocks import Block, BlockSettings


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


def global_blocks(
    channels: int, depth: int, num_heads: int, drop_path: float, **settings: Any
) -> nn.LayerList:
    """Make the transformer of a neck.

    Args:
        channels: Channels of a position, a multiple of ``num_heads``.
        depth: Blocks.
        num_heads: Attention heads.
        drop_path: How likely a row of the batch loses a branch of a block.
        settings: ``mlp_ratio``, ``qkv_bias``, ``qk_scale``, ``drop`` and ``attn_drop`` of BlockSettings.

    Returns:
        Layers from (N, T, channels) to the same shape.
    """
    shared = BlockSettings(act=nn.Swish, epsilon=1e-5, prenorm=False, **settings)
    blocks = nn.LayerList(Block(channels, num_heads, shared, drop_path=drop_path) for _ in range(depth))
    for layer in blocks.sublayers():
        if isinstance(layer, nn.Linear):
            TruncatedNormal(std=0.02)(layer.weight)
    return blocks


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
