"""MobileNetV1Enhance: the backbone of PP-OCRv3 recognition.

Source: MobileNetV1 (arXiv:1704.04861, table 1) with the larger kernels, hard swish and late squeeze-and-
excitation of PP-LCNet (arXiv:2109.15099, section 3); strides for text and parameter names as in the recorded
shapes of ``en_PP-OCRv3_mobile_rec`` (PaddleOCR 3.7.0).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import KaimingNormal

from ..choice import known_name
from .conv_norm import SEModule, Stride, norm_settings

_STEM_CHANNELS = 32
_LOWER: Stride = (2, 1)  # halves the height of a line
# channels given at width 1.0, kernel of the depthwise convolution, its stride; the last one's stride is a key
BLOCKS: tuple[tuple[int, int, Stride], ...] = (
    (64, 3, 1),
    (128, 3, 1),
    (128, 3, 1),
    (256, 3, _LOWER),
    (256, 3, 1),
    (512, 3, _LOWER),
    *((512, 5, 1),) * 5,
    (1024, 5, _LOWER),
    (1024, 5, 1),
)
_SQUEEZED = 2  # the last blocks have squeeze-and-excitation
_MAX_POOL = 2
Size = Union[int, Sequence[int]]


class ConvHardswish(nn.Layer):
    """A normalised convolution and a hard swish: (N, Cin, H, W) to (N, Cout, H / stride, W / stride)."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel: int = 1, stride: Size = 1, groups: int = 1
    ) -> None:
        super().__init__()
        self._conv = nn.Conv2D(
            in_channels,
            out_channels,
            kernel,
            stride=stride,
            padding=(kernel - 1) // 2,
            groups=groups,
            weight_attr=ParamAttr(initializer=KaimingNormal()),
            bias_attr=False,
        )
        self._batch_norm = nn.BatchNorm2D(out_channels, **norm_settings())

    def forward(self, x: Any) -> Any:
        """Filter, normalise and activate."""
        return F.hardswish(self._batch_norm(self._conv(x)))


class DepthwiseSeparable(nn.Layer):
    """A depthwise convolution, squeeze and excitation if asked, a pointwise convolution.

    Args:
        in_channels: Channels read.
        out_channels: Channels given.
        kernel: Side of the depthwise kernel.
        stride: Stride of the depthwise convolution.
        squeeze: Whether squeeze-and-excitation stands between them.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: Size, squeeze: bool) -> None:
        super().__init__()
        self._depthwise_conv = ConvHardswish(in_channels, in_channels, kernel, stride, in_channels)
        self._se = SEModule(in_channels, slope=1 / 6) if squeeze else None
        self._pointwise_conv = ConvHardswish(in_channels, out_channels)

    def forward(self, x: Any) -> Any:
        """Map (N, Cin, H, W) to (N, Cout, H / stride, W / stride)."""
        x = self._depthwise_conv(x)
        return self._pointwise_conv(x if self._se is None else self._se(x))


class MobileNetV1Enhance(nn.Layer):
    """The backbone of the PP-OCRv3 recognisers.

    Args:
        in_channels: Channels of the image.
        scale: Width multiplier, 1/32 or more.
        last_conv_stride: Stride of the last depthwise convolution, one number or (vertical, horizontal).
        last_pool_type: ``max``, or ``avg`` for windows of ``last_pool_kernel_size``.
        last_pool_kernel_size: Size and stride of the windows averaged; a maximum is of 2x2 always.

    Attributes:
        out_channels: Channels of the features.

    Raises:
        ValueError: A value is none of these.
    """

    def __init__(
        self,
        in_channels: int = 3,
        scale: float = 0.5,
        last_conv_stride: Size = 1,
        last_pool_type: str = "max",
        last_pool_kernel_size: Size = (3, 2),
    ) -> None:
        super().__init__()
        if not scale * _STEM_CHANNELS >= 1:
            raise ValueError(f"MobileNetV1Enhance wants a scale of {1 / _STEM_CHANNELS} or more, not {scale}")
        known_name("MobileNetV1Enhance last_pool_type", last_pool_type, ("avg", "max"))
        channels = int(_STEM_CHANNELS * scale)
        self.conv1 = ConvHardswish(in_channels, channels, 3, stride=2)
        blocks = []
        for index, (width, kernel, usual_stride) in enumerate(BLOCKS, start=1):
            stride = usual_stride if index < len(BLOCKS) else last_conv_stride
            squeeze = index > len(BLOCKS) - _SQUEEZED
            blocks.append(DepthwiseSeparable(channels, int(width * scale), kernel, stride, squeeze))
            channels = int(width * scale)
        self.block_list = nn.Sequential(*blocks)
        average = last_pool_type == "avg"
        self.pool: nn.Layer = (
            nn.AvgPool2D(last_pool_kernel_size, stride=last_pool_kernel_size)
            if average
            else nn.MaxPool2D(_MAX_POOL, stride=_MAX_POOL)
        )
        self.out_channels = channels

    def forward(self, x: Any) -> Any:
        """Map lines (N, 3, H, W) to features (N, C, H', W').

        Before the pooling there are H / 16 rows and W / 2 columns, divided by ``last_conv_stride``. As
        PP-OCRv3 sets the keys, one of 32 pixels becomes (N, C, 1, W / 8); 48 pixels, (N, C, 1, W / 8) too.
        """
        return self.pool(self.block_list(self.conv1(x)))
