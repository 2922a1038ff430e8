"""MobileNetV3 for recognition: the height of 32 shrinks to one row, the width to a quarter.

Source: arXiv:1905.02244; the strides follow the recorded shapes of ``rec_mv3_none_bilstm_ctc``
and ``rec_en_number_lite_train`` (PaddleOCR 3.7.0).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paddle import nn

from .conv_norm import ConvBNLayer, Stride
from .mobilenet_v3 import STEM_CHANNELS, ResidualUnit, choose_table, make_divisible

# The blocks whose strides a configuration sets, and what these are by default.
_STRIDED_BLOCKS = {"large": (0, 1, 3, 12), "small": (0, 1, 3, 8)}
_STRIDES = {"large": (1, 2, 2, 2), "small": (2, 2, 2, 2)}


class MobileNetV3(nn.Layer):
    """The backbone of the mobile CRNN recognisers.

    Args:
        in_channels: Channels of the image.
        model_name: ``large`` or ``small``.
        scale: Width multiplier, above 0.
        large_stride: Strides of the four blocks that may shrink the map, for ``large``. They shrink
            the height only, but for the first one, which shrinks both.
        small_stride: The same for ``small``, where all four shrink the height only.
        disable_se: Leave out squeeze-and-excitation everywhere.

    Raises:
        ValueError: ``model_name`` or ``scale`` is none of these, or the strides are not four numbers.
    """

    def __init__(
        self,
        in_channels: int = 3,
        model_name: str = "small",
        scale: float = 0.5,
        large_stride: Sequence[int] | None = None,
        small_stride: Sequence[int] | None = None,
        disable_se: bool = False,
    ) -> None:
        super().__init__()
        blocks, last = choose_table(model_name, scale)
        strides = _strides(model_name, large_stride if model_name == "large" else small_stride)
        channels = make_divisible(STEM_CHANNELS * scale)
        self.conv1 = ConvBNLayer(in_channels, channels, 3, stride=2, act="hardswish")
        units = []
        for index, block in enumerate(blocks):
            squeeze = block.squeeze and not disable_se
            units.append(ResidualUnit(channels, block, scale, strides.get(index, 1), squeeze))
            channels = units[-1].out_channels
        self.blocks = nn.Sequential(*units)
        self.out_channels = make_divisible(scale * last)
        self.conv2 = ConvBNLayer(channels, self.out_channels, act="hardswish")
        self.pool = nn.MaxPool2D(kernel_size=2, stride=2)

    def forward(self, x: Any) -> Any:
        """Map images (N, 3, 32, W) to features (N, C, 1, W / 4)."""
        return self.pool(self.conv2(self.blocks(self.conv1(x))))


def _strides(model_name: str, given: Sequence[int] | None) -> dict[int, Stride]:
    """Return the stride by block number, for the blocks that do not always keep the size.

    Raises:
        ValueError: There are not four strides.
    """
    heights = tuple(given if given is not None else _STRIDES[model_name])
    if len(heights) != 4:
        raise ValueError(f"{model_name}_stride of MobileNetV3 wants four numbers, not {list(heights)}")
    pairs: list[Stride] = [(height, 1) for height in heights]
    if model_name == "large":
        pairs[0] = heights[0]
    return dict(zip(_STRIDED_BLOCKS[model_name], pairs))
