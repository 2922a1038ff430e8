"""PP-LCNetV3: the backbone of PP-OCRv4 and v5 mobile, for detection and for recognition.

Source: Cui et al., "PP-LCNet: A Lightweight CPU Convolutional Neural Network", arXiv:2109.15099, table 1
(kernels, widths, where squeeze-and-excitation is), with re-parameterised layers; strides and widths of the
maps as in the recorded shapes of ``PP-OCRv5_mobile_det`` and ``PP-OCRv4_mobile_rec`` (PaddleOCR 3.7.0).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paddle import nn
from paddle.nn.initializer import KaimingNormal

from .conv_norm import ConvBNLayer, SEModule, Stride
from .learnable_rep import LearnableRepLayer
from .line_pooling import pool_line
from .mobilenet_v3 import make_divisible

# kernel of the depthwise layer, channels given at width 1.0, whether it squeezes; by stage
STAGES = {
    "blocks2": ((3, 32, False),),
    "blocks3": ((3, 64, False),) * 2,
    "blocks4": ((3, 128, False),) * 2,
    "blocks5": ((3, 256, False), *((5, 256, False),) * 4),
    "blocks6": (*((5, 512, True),) * 2, *((5, 512, False),) * 2),
}
# Where the map shrinks, as (stage, block). A line of text of 48 rows is left with three of them and with a
# quarter of its width; pool_line then takes one row and half of the columns.
_DET_STRIDES: dict[tuple[str, int], Stride] = {(f"blocks{stage}", 0): 2 for stage in (3, 4, 5, 6)}
_REC_STRIDES: dict[tuple[str, int], Stride] = {
    ("blocks4", 0): (2, 1),
    ("blocks5", 0): (1, 2),
    ("blocks6", 0): (2, 1),
    ("blocks6", 2): (2, 1),
}
_STEM_CHANNELS = 16
# channels of the four maps for detection, at width 1.0: a 1x1 convolution narrows each to that
_MAP_CHANNELS = (16, 24, 56, 480)
_DIVISOR = 16


class LCNetV3Block(nn.Layer):
    """A depthwise layer, squeeze and excitation if asked, a pointwise layer.

    Args:
        in_channels: Channels read.
        out_channels: Channels given.
        kernel: Side of the depthwise kernel.
        stride: Stride of the depthwise layer.
        squeeze: Whether squeeze-and-excitation stands between them.
        branches: Parallel convolutions of each layer.
        lr_mult: What the learning rate of all parameters is multiplied with.
        lab_lr: What that of the scales and shifts is multiplied with besides.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        stride: Stride,
        squeeze: bool,
        branches: int,
        lr_mult: float,
        lab_lr: float,
    ) -> None:
        super().__init__()
        self.dw_conv = LearnableRepLayer(
            in_channels, in_channels, kernel, stride, in_channels, branches, lr_mult, lab_lr
        )
        self.se = SEModule(in_channels, slope=1 / 6, lr_mult=lr_mult) if squeeze else None
        self.pw_conv = LearnableRepLayer(
            in_channels, out_channels, 1, branches=branches, lr_mult=lr_mult, lab_lr=lab_lr
        )

    def forward(self, x: Any) -> Any:
        """Map (N, Cin, H, W) to (N, Cout, H / stride, W / stride)."""
        x = self.dw_conv(x)
        return self.pw_conv(x if self.se is None else self.se(x))


class PPLCNetV3(nn.Layer):
    """The backbone of the PP-OCRv4 and v5 mobile models.

    Args:
        in_channels: Channels of the image.
        scale: Width multiplier, above 0; for detection 1/16 or more, so that every map has a channel.
        conv_kxk_num: Parallel convolutions of a layer while training.
        lr_mult_list: What the learning rate is multiplied with, in the stem and in each of five stages.
        lab_lr: What that of the learnable scales and shifts is multiplied with besides.
        det: Whether to give four maps for detection; otherwise one row of features of a line.

    Attributes:
        out_channels: Channels of the row, or of the four maps, finest first.

    Raises:
        ValueError: A value is none of these.
    """

    def __init__(
        self,
        in_channels: int = 3,
        scale: float = 1.0,
        conv_kxk_num: int = 4,
        lr_mult_list: Sequence[float] = (1.0,) * 6,
        lab_lr: float = 0.1,
        det: bool = False,
    ) -> None:
        super().__init__()
        _check(scale, conv_kxk_num, lr_mult_list, det)
        self.det = det
        strides = _DET_STRIDES if det else _REC_STRIDES
        channels = make_divisible(_STEM_CHANNELS * scale, _DIVISOR)
        self.conv1 = ConvBNLayer(
            in_channels,
            channels,
            3,
            stride=2,
            lr_mult=lr_mult_list[0],
            decays_norm=False,
            initializer=KaimingNormal(),
        )
        stage_channels = []
        for (name, rows), lr_mult in zip(STAGES.items(), lr_mult_list[1:]):
            blocks = []
            for index, (kernel, width, squeeze) in enumerate(rows):
                given = make_divisible(width * scale, _DIVISOR)
                stride = strides.get((name, index), 1)
                blocks.append(
                    LCNetV3Block(channels, given, kernel, stride, squeeze, conv_kxk_num, lr_mult, lab_lr)
                )
                channels = given
            self.add_sublayer(name, nn.Sequential(*blocks))
            stage_channels.append(channels)
        self.out_channels: int | list[int] = channels
        if det:
            self.out_channels = [int(width * scale) for width in _MAP_CHANNELS]
            pairs = zip(stage_channels[1:], self.out_channels)
            self.layer_list = nn.LayerList([nn.Conv2D(*pair, 1) for pair in pairs])

    def forward(self, x: Any) -> Any:
        """Map images (N, 3, H, W).

        Returns:
            For detection four maps (N, C_i, H / 2^(i+2), W / 2^(i+2)), i = 0..3; otherwise a row of features
            of lines of 48 rows: (N, C, 1, W / 8) when evaluating, (N, C, 1, 40) while training.
        """
        x = self.conv1(x)
        maps = []
        for name in STAGES:
            x = getattr(self, name)(x)
            maps.append(x)
        if self.det:
            return [narrow(found) for narrow, found in zip(self.layer_list, maps[1:])]
        return pool_line(x, self.training)


def _check(scale: float, conv_kxk_num: int, lr_mult_list: Sequence[float], det: bool) -> None:
    """Refuse what makes no network.

    Raises:
        ValueError: A value is out of range.
    """
    if not scale > 0 or (det and scale * min(_MAP_CHANNELS) < 1):
        least = f"of {1 / min(_MAP_CHANNELS)} or more for detection" if det else "above 0"
        raise ValueError(f"PPLCNetV3 wants a scale {least}, not {scale}")
    if conv_kxk_num < 1:
        raise ValueError(f"conv_kxk_num of PPLCNetV3 wants 1 or more, not {conv_kxk_num}")
    wanted = 1 + len(STAGES)
    if not isinstance(lr_mult_list, (list, tuple)) or len(lr_mult_list) != wanted:
        raise ValueError(f"lr_mult_list of PPLCNetV3 wants {wanted} numbers, not {lr_mult_list}")
