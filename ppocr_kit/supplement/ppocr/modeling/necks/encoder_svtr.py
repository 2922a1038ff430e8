"""The SVTR neck of PP-OCRv3 to PP-OCRv5: a small transformer between two convolutions, with a shortcut.

Source: Li et al., "PP-OCRv3", arXiv:2206.03001, section 3 (SVTR_LCNet and GTC); parameter names as
in PaddleOCR 3.7.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import paddle
from paddle import nn

from .svtr_block import ConvBNLayer, global_blocks, mix_positions


class EncoderWithSVTR(nn.Layer):
    """Mix the positions of a feature map at few channels and join the result with the map.

    Args:
        in_channels: Channels of the map, at least 8: the convolutions around work at an eighth.
        dims: Channels that go out.
        depth: Transformer blocks.
        hidden_dims: Channels of the blocks, a multiple of ``num_heads``.
        use_guide: Whether the backbone learns from the other head only: no gradient goes back to it.
        num_heads: Attention heads.
        qkv_bias: Whether query, key and value have a bias.
        mlp_ratio: Hidden channels of the MLPs by ``hidden_dims``.
        drop_rate: Dropout of the blocks.
        attn_drop_rate: Dropout of the attention weights.
        drop_path: How likely a row of the batch loses a branch of a block.
        kernel_size: Height and width of the first and the last large kernel.
        qk_scale: Factor of the attention products; by default one over the root of a head's channels.

    Attributes:
        out_channels: ``dims``.
    """

    def __init__(
        self,
        in_channels: int,
        dims: int = 64,
        depth: int = 2,
        hidden_dims: int = 120,
        use_guide: bool = False,
        num_heads: int = 8,
        qkv_bias: bool = True,
        mlp_ratio: float = 2.0,
        drop_rate: float = 0.1,
        attn_drop_rate: float = 0.1,
        drop_path: float = 0.0,
        kernel_size: Sequence[int] = (3, 3),
        qk_scale: float | None = None,
    ) -> None:
        super().__init__()
        self.use_guide = use_guide
        self.out_channels = dims
        narrow = in_channels // 8
        self.conv1 = ConvBNLayer(in_channels, narrow, kernel_size)
        self.conv2 = ConvBNLayer(narrow, hidden_dims)
        self.svtr_block = global_blocks(
            hidden_dims,
            depth,
            num_heads,
            drop_path,
            mlp_ratio=mlp_ratio,
            qkv_bias=qkv_bias,
            qk_scale=qk_scale,
            drop=drop_rate,
            attn_drop=attn_drop_rate,
        )
        self.norm = nn.LayerNorm(hidden_dims, epsilon=1e-6)
        self.conv3 = ConvBNLayer(hidden_dims, in_channels)
        self.conv4 = ConvBNLayer(2 * in_channels, narrow, kernel_size)
        self.conv1x1 = ConvBNLayer(narrow, dims)

    def forward(self, x: Any) -> Any:
        """Map (N, in_channels, H, W) to (N, dims, H, W)."""
        if self.use_guide and self.training:
            x = x.detach()
        mixed = mix_positions(self.conv2(self.conv1(x)), self.svtr_block, self.norm)
        return self.conv1x1(self.conv4(paddle.concat([x, self.conv3(mixed)], axis=1)))
