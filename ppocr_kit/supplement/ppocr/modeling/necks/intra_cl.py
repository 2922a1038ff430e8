"""IntraCLBlock: relations along and across a line of text, by kernels of three shapes.

Source: Du et al., "I3CL: Intra- and Inter-Instance Collaborative Learning for Arbitrary-shaped Scene Text
Detection", arXiv:2108.01461, section 3.2; parameter names as in PaddleOCR 3.7.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import paddle.nn.functional as F
from paddle import nn

_SIDES = (7, 5, 3)
_LEVELS = (1, 2, 3, 4)


class IntraCLBlock(nn.Layer):
    """A residual block of three steps; each sums a square, a vertical and a horizontal kernel.

    Args:
        channels: Channels of the map.
        reduce_factor: The steps run on ``channels // reduce_factor`` channels.
    """

    def __init__(self, channels: int, reduce_factor: int = 2) -> None:
        super().__init__()
        inside = channels // reduce_factor
        self.conv1x1_reduce_channel = nn.Conv2D(channels, inside, 1)
        self.conv1x1_return_channel = nn.Conv2D(inside, channels, 1)
        for side in _SIDES:
            for name, kernel in _kernels(side).items():
                padding = (kernel[0] // 2, kernel[1] // 2)
                self.add_sublayer(name, nn.Conv2D(inside, inside, kernel, padding=padding))
        self.bn = nn.BatchNorm2D(channels)

    def forward(self, x: Any) -> Any:
        """Map (N, C, H, W) to the same shape."""
        relation = self.conv1x1_reduce_channel(x)
        for side in _SIDES:
            relation = sum(getattr(self, name)(relation) for name in _kernels(side))
        return x + F.relu(self.bn(self.conv1x1_return_channel(relation)))


def _kernels(side: int) -> dict[str, tuple[int, int]]:
    """Give the three kernels (vertical, horizontal) of a step by the name of their layer."""
    return {
        f"c_layer_{side}x{side}": (side, side),
        f"v_layer_{side}x1": (side, 1),
        f"q_layer_1x{side}": (1, side),
    }


def add_blocks(neck: Any, channels: int, wanted: bool) -> None:
    """Give a neck the blocks ``incl1`` (finest level) to ``incl4``, if they are wanted."""
    neck.intracl = wanted
    if wanted:
        for number in _LEVELS:
            neck.add_sublayer(f"incl{number}", IntraCLBlock(channels))


def apply_blocks(neck: Any, maps: Sequence[Any]) -> Sequence[Any]:
    """Run the four levels, finest first, through the neck's blocks, if it has them."""
    if not neck.intracl:
        return maps
    return [getattr(neck, f"incl{number}")(level) for number, level in zip(_LEVELS, maps)]
