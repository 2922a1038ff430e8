"""Attention over sequences: what the transformers of necks, heads and backbones have in common.

Source: Vaswani et al., "Attention Is All You Need", arXiv:1706.03762, section 3.2.
"""

from __future__ import annotations

from typing import Any

import paddle.nn.functional as F
from paddle import nn


def head_size(channels: int, heads: int) -> int:
    """Return how many of ``channels`` each of ``heads`` looks at.

    Raises:
        ValueError: They cannot be shared out evenly.
    """
    if heads < 1 or channels % heads:
        raise ValueError(f"{channels} channels cannot be shared out over {heads} attention heads")
    return channels // heads


def split_heads(x: Any, parts: int, heads: int) -> list[Any]:
    """Take ``parts`` projections, each for all heads, out of one tensor.

    Args:
        x: (N, T, parts * C).
        parts: 3 for query, key and value side by side, 2 for key and value.
        heads: Heads that share C.

    Returns:
        ``parts`` tensors (N, heads, T, C / heads).
    """
    size = x.shape[2] // (parts * heads)
    return list(x.reshape([0, -1, parts, heads, size]).transpose([2, 0, 3, 1, 4]))


def attend(query: Any, key: Any, value: Any, scale: float, mask: Any = None, dropout: Any = None) -> Any:
    """Mix values by how well their keys answer each query.

    Args:
        query: (N, heads, T, D).
        key: (N, heads, S, D).
        value: (N, heads, S, D).
        scale: Factor of the products, as a rule ``D ** -0.5``.
        mask: Added to the products; -inf hides a key. Anything that broadcasts to (N, heads, T, S).
        dropout: Layer that the weights go through.

    Returns:
        (N, T, heads * D).
    """
    weights = query.matmul(key, transpose_y=True) * scale
    if mask is not None:
        weights = weights + mask
    weights = F.softmax(weights, axis=-1)
    if dropout is not None:
        weights = dropout(weights)
    return weights.matmul(value).transpose([0, 2, 1, 3]).flatten(2)


class Mlp(nn.Layer):
    """Two linear layers at every position, with dropout behind each.

    Args:
        channels: Channels in and out.
        hidden: Channels in between.
        activation: Class of the activation.
        drop_rate: Share of the values to drop while training.
        initializer: Initializer of both weights.
    """

    def __init__(
        self, channels: int, hidden: int, activation: Any, drop_rate: float, initializer: Any
    ) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, hidden, weight_attr=initializer)
        self.act = activation()
        self.fc2 = nn.Linear(hidden, channels, weight_attr=initializer)
        self.drop = nn.Dropout(drop_rate)

    def forward(self, x: Any) -> Any:
        """Map (N, T, channels) to the same shape."""
        return self.drop(self.fc2(self.drop(self.act(self.fc1(x)))))
