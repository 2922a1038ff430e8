"""PP-HGNetV2-B4: the backbone of PP-OCRv5 server, for detection and for recognition.

Source: PP-HGNetV2 as published in PaddleClas, the backbone of RT-DETR (arXiv:2304.08069); strides for text as
in the recorded shapes and outputs of ``PP-OCRv5_server_det`` and ``PP-OCRv5_server_rec`` (PaddleOCR 3.7.0).
Only B4 is here: upstream's tables of the other sizes lack the strides that its own network reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from paddle import nn
from paddle.nn.initializer import KaimingNormal

from .conv_norm import Stride
from .hg_blocks import MAPS, HGStage, hg_conv, keep_all, known_indices
from .line_pooling import pool_line
from .stem_block import StemBlock


@dataclass(frozen=True)
class Stage:
    """One stage.

    Attributes:
        inside: Channels of the layers inside a block.
        channels: Channels that the stage gives.
        blocks: How many blocks it has.
        light: Whether a layer is a pointwise and a depthwise 5x5 convolution instead of a 3x3 one.
        line_stride: Stride for lines of text; pages shrink by 2 but in the first stage, which keeps them.
    """

    inside: int
    channels: int
    blocks: int
    light: bool
    line_stride: Stride


STAGES = (
    Stage(48, 128, 1, False, (2, 1)),
    Stage(96, 512, 1, False, (1, 2)),
    Stage(192, 1024, 3, True, (2, 1)),
    Stage(384, 2048, 1, True, (2, 1)),
)
_LAYERS = 6
_STEM_CHANNELS = (32, 48)  # inside and given


class LightConv(nn.Layer):
    """A pointwise convolution, then a depthwise one that activates: (N, Cin, H, W) to (N, Cout, H, W)."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, lr_mult: float = 1.0) -> None:
        super().__init__()
        self.conv1 = hg_conv(in_channels, out_channels, 1, act=None, lr_mult=lr_mult)
        self.conv2 = hg_conv(out_channels, out_channels, kernel, groups=out_channels, lr_mult=lr_mult)

    def forward(self, x: Any) -> Any:
        """Mix channels, then places."""
        return self.conv2(self.conv1(x))


class HGV2Block(nn.Layer):
    """Layers in a row, all their outputs narrowed to half of the channels given, then widened.

    Args:
        in_channels: Channels read.
        stage: What the block's stage is like.
        residual: Whether the input is added.
        lr_mult: What the learning rate of all parameters is multiplied with.
    """

    def __init__(self, in_channels: int, stage: Stage, residual: bool, lr_mult: float) -> None:
        super().__init__()
        read = [in_channels] + [stage.inside] * (_LAYERS - 1)
        self.layers = nn.LayerList(
            [
                LightConv(channels, stage.inside, 5, lr_mult)
                if stage.light
                else hg_conv(channels, stage.inside, 3, lr_mult=lr_mult)
                for channels in read
            ]
        )
        kept, half = in_channels + _LAYERS * stage.inside, stage.channels // 2
        self.aggregation_squeeze_conv = hg_conv(kept, half, 1, lr_mult=lr_mult)
        self.aggregation_excitation_conv = hg_conv(half, stage.channels, 1, lr_mult=lr_mult)
        self._residual = residual

    def forward(self, x: Any) -> Any:
        """Map (N, Cin, H, W) to (N, Cout, H, W)."""
        y = self.aggregation_excitation_conv(self.aggregation_squeeze_conv(keep_all(self.layers, x)))
        return x + y if self._residual else y


class PPHGNetV2_B4(nn.Layer):
    """The backbone of the PP-OCRv5 server models.

    The last two layers of the classifier that it was trained as belong to the official checkpoints; no text
    network runs them, so they never get a gradient.

    Args:
        in_channels: Channels of the image.
        det: Whether to give maps for detection.
        text_rec: Whether to give one row of features of a line; without both, the last map is given.
        out_indices: For detection, which stages' maps are given, counted from 0; all by default.
        lr_mult_list: What the learning rate is multiplied with, in the stem and in each of four stages.
        use_last_conv: Whether the classifier has a convolution before its linear layer.
        class_expand: Channels of that convolution.
        class_num: Classes of the classifier.

    Attributes:
        out_channels: Channels of the row, or of the maps, finest first.

    Raises:
        ValueError: There is no such stage, the multipliers are not five, or both tasks are asked for.
    """

    def __init__(
        self,
        in_channels: int = 3,
        det: bool = False,
        text_rec: bool = False,
        out_indices: Sequence[int] | None = None,
        lr_mult_list: Sequence[float] = (1.0,) * (MAPS + 1),
        use_last_conv: bool = True,
        class_expand: int = 2048,
        class_num: int = 1000,
    ) -> None:
        super().__init__()
        if not isinstance(lr_mult_list, (list, tuple)) or len(lr_mult_list) != MAPS + 1:
            raise ValueError(f"lr_mult_list of PPHGNetV2_B4 wants {MAPS + 1} numbers, not {lr_mult_list}")
        if det and text_rec:
            raise ValueError("PPHGNetV2_B4 is for det or for text_rec, not for both")
        self.det, self.text_rec = det, text_rec
        self._indices = known_indices("PPHGNetV2_B4", out_indices)
        make = partial(hg_conv, lr_mult=lr_mult_list[0])
        self.stem = StemBlock(in_channels, *_STEM_CHANNELS, 1 if text_rec else 2, make)
        self.stages = nn.LayerList()
        read = _STEM_CHANNELS[-1]
        for index, (stage, lr_mult) in enumerate(zip(STAGES, lr_mult_list[1:])):
            page_stride = 2 if index else None
            blocks = [
                HGV2Block(stage.channels if number else read, stage, number > 0, lr_mult)
                for number in range(stage.blocks)
            ]
            self.stages.append(HGStage(read, page_stride if det else stage.line_stride, blocks, lr_mult))
            read = stage.channels
        self.out_channels: int | list[int] = read
        if det:
            self.out_channels = [STAGES[index].channels for index in self._indices]
        if use_last_conv:
            self.last_conv = nn.Conv2D(read, class_expand, 1, weight_attr=KaimingNormal(), bias_attr=False)
        if not det:
            self.fc = nn.Linear(class_expand if use_last_conv else read, class_num)

    def forward(self, x: Any) -> Any:
        """Map images (N, 3, H, W).

        Returns:
            For detection a map (N, C_i, H / 2^(i+2), W / 2^(i+2)) of each stage i asked for; for recognition
            a row of features of lines of 48 rows: (N, 2048, 1, W / 8) when evaluating, (N, 2048, 1, 40) while
            training; otherwise (N, 2048, H / 32, W / 8).
        """
        x = self.stem(x)
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        if self.det:
            return [maps[index] for index in self._indices]
        return pool_line(x, self.training) if self.text_rec else x
