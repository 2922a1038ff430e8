"""MobileNetV3 for detection: feature maps at 1/4, 1/8, 1/16 and 1/32 of the image.

Source: arXiv:1905.02244; where the stages are cut follows the recorded shapes of
``det_mv3_db`` and ``ch_det_mv3_db_v2.0`` (PaddleOCR 3.7.0).
"""

from __future__ import annotations

from typing import Any

from paddle import nn
from ppocr.modeling.backbones.mobilenet_v3 import (
    STEM_CHANNELS,
    Block,
    ConvBNLayer,
    ResidualUnit,
    choose_table,
    make_divisible,
)

# The first halving inside the blocks belongs to the first stage: that stage ends at 1/4.
_FIRST_CUT_AFTER = {"large": 2, "small": 0}


class MobileNetV3(nn.Layer):
    """The backbone of the mobile DB detectors.

    Args:
        in_channels: Channels of the image.
        model_name: ``large`` or ``small``.
        scale: Width multiplier.
        disable_se: Leave out squeeze-and-excitation everywhere.
    """

    def __init__(
        self,
        in_channels: int = 3,
        model_name: str = "large",
        scale: float = 0.5,
        disable_se: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        blocks, last = choose_table(model_name)
        channels = make_divisible(STEM_CHANNELS * scale)
        self.conv = ConvBNLayer(in_channels, channels, 3, stride=2, act="hardswish")
        self.out_channels: list[int] = []
        self.stages: list[nn.Sequential] = []
        layers: list[nn.Layer] = []
        for index, block in enumerate(blocks):
            if block.stride == 2 and index > _FIRST_CUT_AFTER[model_name]:
                self._end_stage(layers, channels)
                layers = []
            layers.append(self._unit(channels, block, scale, disable_se))
            channels = layers[-1].out_channels
        width = make_divisible(scale * last)
        layers.append(ConvBNLayer(channels, width, act="hardswish"))
        self._end_stage(layers, width)

    def _unit(self, channels: int, block: Block, scale: float, disable_se: bool) -> ResidualUnit:
        return ResidualUnit(channels, block, scale, block.stride, block.squeeze and not disable_se)

    def _end_stage(self, layers: list[nn.Layer], channels: int) -> None:
        stage = nn.Sequential(*layers)
        self.add_sublayer(f"stage{len(self.stages)}", stage)
        self.stages.append(stage)
        self.out_channels.append(channels)

    def forward(self, x: Any) -> list[Any]:
        """Map images (N, 3, H, W) to four maps (N, C_i, H / 2^(i+2), W / 2^(i+2)), i = 0..3."""
        x = self.conv(x)
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps
