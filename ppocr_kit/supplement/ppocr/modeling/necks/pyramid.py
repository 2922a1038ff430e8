"""What the feature pyramids of the DB detectors have in common.

Maps come finest first: at 1/4, 1/8, 1/16 and 1/32 of the image, whose height and width are multiples of 32.

Source: arXiv:1612.03144 (top-down), arXiv:1803.01534 (bottom-up), arXiv:1911.08947, figure 3 (joining).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import paddle
from paddle import ParamAttr, nn
from paddle.nn.initializer import KaimingUniform

from ..upsampling import repeat_pixels


def check_channels(name: str, in_channels: Sequence[int], out_channels: int, least: int = 4) -> None:
    """Refuse what does not join into ``out_channels``.

    Args:
        name: The neck, for messages.
        in_channels: Channels of the maps, which must be four.
        out_channels: Channels of the joined map, which must be a multiple of 4.
        least: How many these must be for the neck's inner layers to have any channel.

    Raises:
        ValueError: They are not so.
    """
    if len(in_channels) != 4 or out_channels % 4 or out_channels < least:
        raise ValueError(
            f"{name} joins four maps into out_channels that are a multiple of 4, at least {least}, "
            f"not {len(in_channels)} maps into {out_channels}"
        )


def convolution(in_channels: int, out_channels: int, kernel: int = 1, stride: int = 1) -> nn.Conv2D:
    """Make a convolution without bias that keeps the size, but for its stride."""
    return nn.Conv2D(
        in_channels,
        out_channels,
        kernel,
        stride=stride,
        padding=kernel // 2,
        weight_attr=ParamAttr(initializer=KaimingUniform()),
        bias_attr=False,
    )


def top_down(maps: Sequence[Any]) -> list[Any]:
    """Add to every map the next coarser sum: four maps (N, C, H / 2^i, W / 2^i), finest first."""
    sums = [maps[-1]]
    for level in reversed(maps[:-1]):
        sums.insert(0, level + repeat_pixels(sums[0], 2))
    return sums


def bottom_up(maps: Sequence[Any], halvings: Iterable[Any]) -> list[Any]:
    """Add to every map the next finer sum, halved by a layer: four maps and three layers, finest first."""
    sums = [maps[0]]
    for level, halve in zip(maps[1:], halvings):
        sums.append(level + halve(sums[-1]))
    return sums


def join(maps: Sequence[Any]) -> Any:
    """Bring four maps (N, C, H / 2^i, W / 2^i) to the finest one's size: (N, 4 C, H, W), coarsest first."""
    enlarged = [level if i == 0 else repeat_pixels(level, 2**i) for i, level in enumerate(maps)]
    return paddle.concat(enlarged[::-1], axis=1)


def with_sums(joined: Any, sums: Sequence[Any]) -> dict[str, Any]:
    """Name what a head with auxiliary maps reads while training: the joined map and the three finer sums."""
    return {"fuse": joined, "aux_p4": sums[2], "aux_p3": sums[1], "aux_p2": sums[0]}
