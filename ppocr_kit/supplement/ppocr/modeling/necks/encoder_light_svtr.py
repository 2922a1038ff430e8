"""The light SVTR neck of PP-OCRv6: local context by a convolution, then a transformer, and a sum.

Source: the recorded shapes and outputs of ``PP-OCRv6_small_rec`` and ``PP-OCRv6_medium_rec``
(PaddleOCR 3.7.0); the blocks are those of SVTR, arXiv:2205.00159.
"""

from __future__ import annotations

from typing import Any

import paddle
from paddle import nn
from paddle.nn.initializer import KaimingNormal

from .svtr_block import ConvBNLayer, global_blocks, mix_positions


def _local_convolution(channels: int, width: int) -> nn.Sequential:
    """Make layers that let each position see ``width`` of its row, channel by channel."""
    weight = paddle.ParamAttr(initializer=KaimingNormal())
    padding = [0, width // 2]
    return nn.Sequential(
        nn.Conv2D(
            channels,
            channels,
            [1, width],
            padding=padding,
            groups=channels,
            weight_attr=weight,
            bias_attr=False,
        ),
        nn.BatchNorm2D(channels),
        nn.Swish(),
    )


class EncoderWithLightSVTR(nn.Layer):
    """Mix the positions of a feature map at ``dims`` channels and add the narrowed map.

    Args:
        in_channels: Channels of the map.
        dims: Channels of the blocks and of what goes out, a multiple of ``num_heads``.
        depth: Transformer blocks.
        num_heads: Attention heads.
        qkv_bias: Whether query, key and value have a bias.
        mlp_ratio: Hidden channels of the MLPs by ``dims``.
        drop_rate: Dropout of the blocks.
        attn_drop_rate: Dropout of the attention weights.
        drop_path: How likely a row of the batch loses a branch of a block.
        qk_scale: Factor of the attention products; by default one over the root of a head's channels.
        local_kernel: Width of the convolution in front of the blocks, odd.
        use_guide: Whether the backbone learns from the other head only: no gradient goes back to it.

    Attributes:
        out_channels: ``dims``.
    """

    def __init__(
        self,
        in_channels: int,
        dims: int = 64,
        depth: int = 1,
        num_heads: int = 8,
        qkv_bias: bool = True,
        mlp_ratio: float = 4.0,
        drop_rate: float = 0.1,
        attn_drop_rate: float = 0.1,
        drop_path: float = 0.0,
        qk_scale: float | None = None,
        local_kernel: int = 7,
        use_guide: bool = False,
    ) -> None:
        super().__init__()
        self.use_guide = use_guide
        self.out_channels = dims
        self.conv_reduce = ConvBNLayer(in_channels, dims)
        self.local_conv = _local_convolution(dims, local_kernel)
        self.svtr_block = global_blocks(
            dims,
            depth,
            num_heads,
            drop_path,
            mlp_ratio=mlp_ratio,
            qkv_bias=qkv_bias,
            qk_scale=qk_scale,
            drop=drop_rate,
            attn_drop=attn_drop_rate,
        )
        self.norm = nn.LayerNorm(dims, epsilon=1e-6)
        self.skip_conv = ConvBNLayer(in_channels, dims)

    def forward(self, x: Any) -> Any:
        """Map (N, in_channels, H, W) to (N, dims, H, W)."""
        if self.use_guide and self.training:
            x = x.detach()
        narrow = self.conv_reduce(x)
        mixed = mix_positions(narrow + self.local_conv(narrow), self.svtr_block, self.norm)
        return mixed + self.skip_conv(x)
