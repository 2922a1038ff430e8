"""The transformer blocks of NRTR: attention, blocks, and the numbers of words and places.

Source: Vaswani et al., "Attention Is All You Need", arXiv:1706.03762, section 3; Sheng et al.,
"NRTR", arXiv:1806.00926; parameter names as in PaddleOCR 3.7.0.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import nn
from paddle.nn.initializer import Normal, XavierNormal

LONGEST_SEQUENCE = 5000


def _split_heads(x: Any, parts: int, heads: int) -> Any:
    """Take ``parts`` projections, each for all heads, out of one tensor.

    Args:
        x: (N, T, parts * C).
        parts: 3 for query, key and value side by side, 2 for key and value.
        heads: Heads that share C.

    Returns:
        ``parts`` tensors (N, heads, T, C / heads).
    """
    size = x.shape[2] // (parts * heads)
    return x.reshape([0, -1, parts, heads, size]).transpose([2, 0, 3, 1, 4]).unbind(0)


class MultiheadAttention(nn.Layer):
    """Attention of a sequence to itself, or to another one.

    Args:
        channels: Channels of both sequences.
        heads: Heads that share them.
        to_itself: Whether query, key and value come from one sequence, by one linear layer.
        drop_rate: Share of the attention weights to drop while training.

    Raises:
        ValueError: The heads cannot share the channels evenly.
    """

    def __init__(self, channels: int, heads: int, to_itself: bool, drop_rate: float) -> None:
        super().__init__()
        if heads < 1 or channels % heads:
            raise ValueError(f"{heads} attention heads cannot share {channels} channels evenly")
        self.heads = heads
        self.scale = (channels // heads) ** -0.5
        self.to_itself = to_itself
        if to_itself:
            self.qkv = nn.Linear(channels, channels * 3, weight_attr=XavierNormal())
        else:
            self.q = nn.Linear(channels, channels, weight_attr=XavierNormal())
            self.kv = nn.Linear(channels, channels * 2, weight_attr=XavierNormal())
        self.attn_drop = nn.Dropout(drop_rate)
        self.out_proj = nn.Linear(channels, channels, weight_attr=XavierNormal())

    def forward(self, x: Any, memory: Any = None, mask: Any = None) -> Any:
        """Map (N, T, channels) to the same shape.

        Args:
            x: What asks.
            memory: (N, S, channels), what answers; ``x`` itself without.
            mask: Added to the products, (1, 1, T, S).
        """
        if self.to_itself:
            query, key, value = _split_heads(self.qkv(x), 3, self.heads)
        else:
            (query,) = _split_heads(self.q(x), 1, self.heads)
            key, value = _split_heads(self.kv(memory), 2, self.heads)
        products = query.matmul(key, transpose_y=True) * self.scale
        if mask is not None:
            products = products + mask
        weights = self.attn_drop(F.softmax(products, axis=-1))
        return self.out_proj(weights.matmul(value).transpose([0, 2, 1, 3]).flatten(2))


class Mlp(nn.Layer):
    """Two linear layers at every position, with dropout behind each: (N, T, C) to the same shape."""

    def __init__(self, channels: int, hidden: int, drop_rate: float) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, hidden, weight_attr=XavierNormal())
        self.fc2 = nn.Linear(hidden, channels, weight_attr=XavierNormal())
        self.drop = nn.Dropout(drop_rate)

    def forward(self, x: Any) -> Any:
        """Widen, activate, narrow."""
        return self.drop(self.fc2(self.drop(F.relu(self.fc1(x)))))


class TransformerBlock(nn.Layer):
    """Attention and an MLP, each with a shortcut and a norm behind.

    Args:
        channels: Channels in and out.
        heads: Attention heads.
        hidden: Hidden channels of the MLP.
        attention_dropout_rate: Dropout of the attention weights.
        residual_dropout_rate: Dropout of each branch and inside the MLP.
        reads_memory: Whether it is a decoder's block, which also looks at the encoder's output.
    """

    def __init__(
        self,
        channels: int,
        heads: int,
        hidden: int,
        attention_dropout_rate: float,
        residual_dropout_rate: float,
        reads_memory: bool,
    ) -> None:
        super().__init__()
        self.reads_memory = reads_memory
        self.self_attn = MultiheadAttention(channels, heads, True, attention_dropout_rate)
        self.norm1 = nn.LayerNorm(channels, epsilon=1e-5)
        self.dropout1 = nn.Dropout(residual_dropout_rate)
        if reads_memory:
            self.cross_attn = MultiheadAttention(channels, heads, False, attention_dropout_rate)
            self.norm2 = nn.LayerNorm(channels, epsilon=1e-5)
            self.dropout2 = nn.Dropout(residual_dropout_rate)
        self.mlp = Mlp(channels, hidden, residual_dropout_rate)
        self.norm3 = nn.LayerNorm(channels, epsilon=1e-5)
        self.dropout3 = nn.Dropout(residual_dropout_rate)

    def forward(self, x: Any, memory: Any = None, mask: Any = None) -> Any:
        """Map (N, T, channels) to the same shape; ``memory`` is (N, S, channels)."""
        x = self.norm1(x + self.dropout1(self.self_attn(x, mask=mask)))
        if self.reads_memory:
            x = self.norm2(x + self.dropout2(self.cross_attn(x, memory)))
        return self.norm3(x + self.dropout3(self.mlp(x)))


class PositionalEncoding(nn.Layer):
    """Add sines and cosines that tell the places of a sequence apart, and drop some values.

    Args:
        channels: Channels of the sequence, even.
        drop_rate: Share of the values to drop while training.

    Raises:
        ValueError: The channels are not even: sines and cosines take turns.
    """

    def __init__(self, channels: int, drop_rate: float) -> None:
        super().__init__()
        if channels % 2:
            raise ValueError(f"a transformer wants an even number of channels, not {channels}")
        self.dropout = nn.Dropout(drop_rate)
        places = np.arange(LONGEST_SEQUENCE, dtype="float32")[:, None]
        rates = np.exp(np.arange(0, channels, 2, dtype="float32") * (-math.log(10000.0) / channels))
        waves = np.stack([np.sin(places * rates), np.cos(places * rates)], axis=2)
        # a buffer with the batch in the middle: checkpoints hold it so
        self.register_buffer("pe", paddle.to_tensor(waves.reshape(LONGEST_SEQUENCE, 1, channels)))

    def forward(self, x: Any) -> Any:
        """Map (N, T, channels) to the same shape, T being at most 5,000."""
        return self.dropout(x + self.pe[: x.shape[1]].transpose([1, 0, 2]))


class Embeddings(nn.Layer):
    """A vector for every character, scaled by the root of its length; character 0 is padding and gives zeros.

    Args:
        characters: How many there are.
        channels: Length of a vector.
        scale: Whether it is scaled.
    """

    def __init__(self, characters: int, channels: int, scale: bool) -> None:
        super().__init__()
        normal = Normal(0.0, channels**-0.5)
        self.embedding = nn.Embedding(characters, channels, padding_idx=0, weight_attr=normal)
        self.scale = math.sqrt(channels) if scale else 1.0

    def forward(self, x: Any) -> Any:
        """Map (N, T) character numbers to (N, T, channels)."""
        return self.embedding(x) * self.scale
