"""MobileNetV3 for recognition: the height shrinks to one row, the width to a quarter.

Source: arXiv:1905.02244; the strides follow the recorded shapes of ``rec_mv3_none_bilstm_ctc``
and ``rec_en_number_lite_train`` (PaddleOCR 3.7.0).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paddle import nn
from ppocr.modeling.backbones.mobilenet_v3 import (
    STEM_CHANNELS,
    ConvBNLayer,
    ResidualUnit,
    choose_table,
    make_divisible,
)


class MobileNetV3(nn.Layer):
    """The backbone of the mobile CRNN recognisers.

    Args:
        in_channels: Channels of the image.
        model_name: ``large`` or ``small``.
        scale: Width multiplier.
        large_stride: Vertical strides of the four blocks that may shrink the map, for ``large``;
            the first of them shrinks the width as well.
        small_stride: The same for ``small``, where none shrinks the width.
        disable_se: Leave out squeeze-and-excitation everywhere.
    """

    def __init__(
        self,
        in_channels: int = 3,
        model_name: str = "small",
        scale: float = 0.5,
        large_stride: Sequence[int] | None = None,
        small_stride: Sequence[int] | None = None,
        disable_se: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        blocks, last = choose_table(model_name)
        strides = self._strides(model_name, large_stride, small_stride)
        channels = make_divisible(STEM_CHANNELS * scale)
        self.conv1 = ConvBNLayer(in_channels, channels, 3, stride=2, act="hardswish")
        units = []
        for index, block in enumerate(blocks):
            stride = strides.get(index, 1)
            units.append(ResidualUnit(channels, block, scale, stride, block.squeeze and not disable_se))
            channels = units[-1].out_channels
        self.blocks = nn.Sequential(*units)
        self.conv2 = ConvBNLayer(channels, make_divisible(scale * last), act="hardswish")
        self.pool = nn.MaxPool2D(kernel_size=2, stride=2)
        self.out_channels = make_divisible(scale * last)

    @staticmethod
    def _strides(model_name: str, large: Sequence[int] | None, small: Sequence[int] | None) -> dict[int, Any]:
        """Return the stride by block index, for the blocks that the recogniser strides."""
        if model_name == "large":
            first, *rest = _four(large if large is not None else (1, 2, 2, 2), "large_stride")
            return {0: first, **dict(zip((1, 3, 12), ((stride, 1) for stride in rest)))}
        given = _four(small if small is not None else (2, 2, 2, 2), "small_stride")
        return dict(zip((0, 1, 3, 8), ((stride, 1) for stride in given)))

    def forward(self, x: Any) -> Any:
        """Map images (N, 3, 32, W) to features (N, C, 1, W / 4)."""
        return self.pool(self.conv2(self.blocks(self.conv1(x))))


def _four(strides: Sequence[int], name: str) -> list[int]:
    """Check the number of strides.

    Raises:
        ValueError: There are not four.
    """
    if len(strides) != 4:
        raise ValueError(f"{name} wants four numbers, not {list(strides)}")
    return list(strides)
