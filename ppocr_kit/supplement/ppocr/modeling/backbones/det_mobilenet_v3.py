"""MobileNetV3 for detection: feature maps at 1/4, 1/8, 1/16 and 1/32 of the image.

Source: arXiv:1905.02244; where the stages are cut follows the recorded shapes of
``det_mv3_db`` and ``ch_det_mv3_db_v2.0`` (PaddleOCR 3.7.0).
"""

from __future__ import annotations

from typing import Any

from paddle import nn

from .conv_norm import ConvBNLayer
from .mobilenet_v3 import STEM_CHANNELS, ResidualUnit, choose_table, make_divisible

# The first halving inside the blocks belongs to the first stage, so that this one ends at 1/4: it is
# made by block 1 of the large variant and by block 0 of the small one.
_FIRST_HALVING = {"large": 1, "small": 0}


class MobileNetV3(nn.Layer):
    """The backbone of the mobile DB detectors.

    Args:
        in_channels: Channels of the image.
        model_name: ``large`` or ``small``.
        scale: Width multiplier, above 0.
        disable_se: Leave out squeeze-and-excitation everywhere.

    Attributes:
        out_channels: Channels of the four maps, finest first.

    Raises:
        ValueError: ``model_name`` or ``scale`` is none of these.
    """

    def __init__(
        self,
        in_channels: int = 3,
        model_name: str = "large",
        scale: float = 0.5,
        disable_se: bool = False,
    ) -> None:
        super().__init__()
        blocks, last = choose_table(model_name, scale)
        channels = make_divisible(STEM_CHANNELS * scale)
        self.conv = ConvBNLayer(in_channels, channels, 3, stride=2, act="hardswish")
        self.out_channels: list[int] = []
        layers: list[nn.Layer] = []
        for index, block in enumerate(blocks):
            if block.stride == 2 and index > _FIRST_HALVING[model_name]:
                self._end_stage(layers, channels)
                layers = []
            squeeze = block.squeeze and not disable_se
            layers.append(ResidualUnit(channels, block, scale, block.stride, squeeze))
            channels = layers[-1].out_channels
        width = make_divisible(scale * last)
        layers.append(ConvBNLayer(channels, width, act="hardswish"))
        self._end_stage(layers, width)

    def _end_stage(self, layers: list[nn.Layer], channels: int) -> None:
        self.add_sublayer(f"stage{len(self.out_channels)}", nn.Sequential(*layers))
        self.out_channels.append(channels)

    def forward(self, x: Any) -> list[Any]:
        """Map images (N, 3, H, W) to four maps (N, C_i, H / 2^(i+2), W / 2^(i+2)), i = 0..3."""
        x = self.conv(x)
        maps = []
        for index in range(len(self.out_channels)):
            x = getattr(self, f"stage{index}")(x)
            maps.append(x)
        return maps
