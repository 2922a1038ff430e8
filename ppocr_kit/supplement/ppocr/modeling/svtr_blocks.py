"""The blocks of SVTR: mixing among the positions of a map that is kept as a sequence of tokens.

Source: Du et al., "SVTR: Scene Text Recognition with a Single Visual Model", arXiv:2205.00159,
section 3.3 (global and local mixing); parameter names as in PaddleOCR 3.7.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import nn
from paddle.nn.initializer import KaimingNormal

from .choice import known_name

MIXERS = ("Global", "Local", "Conv")


@dataclass(frozen=True)
class BlockSettings:
    """What the blocks of a network have in common.

    Attributes:
        mlp_ratio: Width of the multilayer perceptron, as a multiple of the token's.
        qkv_bias: Whether the projection to query, key and value has a bias.
        qk_scale: Factor of the query; one over the root of a head's width when None.
        drop: Dropout behind every projection.
        attn_drop: Dropout on the attention.
        act: Activation of the perceptron.
        epsilon: Epsilon of the normalisations.
        prenorm: Normalise the sum (``norm(x + f(x))``). When false, normalise what the layer
            reads (``x + f(norm(x))``). PaddleOCR names it the other way round than the literature.
    """

    mlp_ratio: float = 4.0
    qkv_bias: bool = True
    qk_scale: float | None = None
    drop: float = 0.0
    attn_drop: float = 0.0
    act: type[Any] = nn.GELU
    epsilon: float = 1e-6
    prenorm: bool = True


class DropPath(nn.Layer):
    """Stochastic depth (arXiv:1603.09382): leave out a whole branch for some samples while training."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self._rate = rate

    def forward(self, x: Any) -> Any:
        """Map (N, ...) to the same shape, with rows of zeros; the others are scaled up to make up for it."""
        if not self.training:
            return x
        kept = 1.0 - self._rate
        draws = paddle.rand([x.shape[0]] + [1] * (x.ndim - 1), dtype=x.dtype)
        return x / kept * paddle.floor(draws + kept)


class Mlp(nn.Layer):
    """Two linear layers with an activation between them: (N, T, C) to the same shape."""

    def __init__(self, dim: int, settings: BlockSettings) -> None:
        super().__init__()
        inside = int(dim * settings.mlp_ratio)
        self.fc1 = nn.Linear(dim, inside)
        self.act = settings.act()
        self.fc2 = nn.Linear(inside, dim)
        self.drop = nn.Dropout(settings.drop)

    def forward(self, x: Any) -> Any:
        """Widen, activate, narrow."""
        return self.drop(self.fc2(self.drop(self.act(self.fc1(x)))))


class ConvMixer(nn.Layer):
    """Mix by a convolution in groups, where attention would: (N, H * W, C) to the same shape."""

    def __init__(self, dim: int, num_heads: int, size: Sequence[int], window: Sequence[int]) -> None:
        super().__init__()
        self._map = [dim, *size]
        self.local_mixer = nn.Conv2D(
            dim,
            dim,
            list(window),
            padding=[side // 2 for side in window],
            groups=num_heads,
            weight_attr=KaimingNormal(),
        )

    def forward(self, x: Any) -> Any:
        """Lay the tokens out as a map, filter, and line them up again."""
        x = x.transpose([0, 2, 1]).reshape([0, *self._map])
        return self.local_mixer(x).flatten(2).transpose([0, 2, 1])


class Attention(nn.Layer):
    """Multi-head self-attention over all tokens, or over those in a window around each.

    Args:
        dim: Channels of a token, a multiple of ``num_heads``.
        num_heads: Heads.
        settings: Dropouts and the like.
        mask: (T, T), 0 where a row's token may look and minus infinity elsewhere; all may when None.
    """

    def __init__(self, dim: int, num_heads: int, settings: BlockSettings, mask: Any = None) -> None:
        super().__init__()
        self._heads = [num_heads, dim // num_heads]
        self._dim = dim
        self._scale = settings.qk_scale or self._heads[1] ** -0.5
        self.qkv = nn.Linear(dim, 3 * dim, bias_attr=None if settings.qkv_bias else False)
        self.attn_drop = nn.Dropout(settings.attn_drop)
        self.proj = nn.Linear(dim, dim)
        self.proj_drop = nn.Dropout(settings.drop)
        self.register_buffer("mask", mask, persistable=False)

    def forward(self, x: Any) -> Any:
        """Map (N, T, C) to the same shape."""
        query, key, value = self.qkv(x).reshape([0, -1, 3, *self._heads]).transpose([2, 0, 3, 1, 4]).unbind(0)
        scores = paddle.matmul(query * self._scale, key, transpose_y=True)
        if self.mask is not None:
            scores = scores + self.mask
        weights = self.attn_drop(F.softmax(scores, axis=-1))
        mixed = paddle.matmul(weights, value).transpose([0, 2, 1, 3]).reshape([0, -1, self._dim])
        return self.proj_drop(self.proj(mixed))


class Block(nn.Layer):
    """One mixing block: mix among tokens, then within each, both around a shortcut.

    Args:
        dim: Channels of a token.
        num_heads: Heads of the attention, or groups of the convolution.
        settings: What all blocks have in common.
        mixer: ``Global``, ``Local`` or ``Conv``.
        size: Rows and columns of the map that the tokens are; ``Global`` needs none.
        window: Rows and columns that ``Local`` and ``Conv`` look at.
        drop_path: Share of the samples that leave a branch out while training.

    Raises:
        ValueError: The mixer is unknown, or the heads do not divide the channels.
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        settings: BlockSettings,
        mixer: str = "Global",
        size: Sequence[int] | None = None,
        window: Sequence[int] = (7, 11),
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        if dim % num_heads:
            raise ValueError(f"{num_heads} heads cannot share {dim} channels evenly")
        self._prenorm = settings.prenorm
        self.norm1 = nn.LayerNorm(dim, epsilon=settings.epsilon)
        known_name("mixer", mixer, MIXERS)
        if mixer == "Conv" and size is not None:
            self.mixer: nn.Layer = ConvMixer(dim, num_heads, size, window)
        else:
            mask = window_mask(size, window) if mixer == "Local" and size is not None else None
            self.mixer = Attention(dim, num_heads, settings, mask)
        self.drop_path = DropPath(drop_path) if drop_path > 0 else nn.Identity()
        self.norm2 = nn.LayerNorm(dim, epsilon=settings.epsilon)
        self.mlp = Mlp(dim, settings)

    def forward(self, x: Any) -> Any:
        """Map (N, T, C) to the same shape."""
        if self._prenorm:
            x = self.norm1(x + self.drop_path(self.mixer(x)))
            return self.norm2(x + self.drop_path(self.mlp(x)))
        x = x + self.drop_path(self.mixer(self.norm1(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))


def window_mask(size: Sequence[int], window: Sequence[int]) -> Any:
    """Return what is added to the attention's scores so that each token sees its neighbourhood only.

    Args:
        size: Rows and columns of the map.
        window: Rows and columns of the neighbourhood; where even, it reaches one less to the lower right.

    Returns:
        (H * W, H * W) float32: 0 within the window, minus infinity outside of it.
    """
    near = []
    for length, reach in zip(size, window):
        shift = np.arange(length)[None, :] - np.arange(length)[:, None]  # column minus row
        near.append((shift >= -(reach // 2)) & (shift < reach - reach // 2))
    seen = near[0][:, None, :, None] & near[1][None, :, None, :]
    tokens = size[0] * size[1]
    return paddle.to_tensor(np.where(seen, 0.0, -np.inf).astype("float32").reshape(tokens, tokens))
