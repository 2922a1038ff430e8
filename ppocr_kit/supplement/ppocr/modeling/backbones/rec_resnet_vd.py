"""ResNet-vd for recognition: the height of 32 shrinks to one row, the width to a quarter.

Source: arXiv:1812.01187; recorded shapes of ``rec_r34_vd_none_bilstm_ctc`` (PaddleOCR 3.7.0).
"""

from __future__ import annotations

from typing import Any

from paddle import nn

from .resnet_vd import ResNetTrunk


class ResNet(ResNetTrunk):
    """The backbone of the server CRNN recognisers of PP-OCRv2 and older.

    Args:
        in_channels: Channels of the image.
        layers: 18, 34, 50, 101, 152 or 200.

    Attributes:
        out_channels: Channels of the features: 512, from 50 layers on 2,048. (Upstream says 512 for the
            latter too, so that no neck fits there.)

    Raises:
        ValueError: There is no network of so many layers.
    """

    def __init__(self, in_channels: int = 3, layers: int = 50) -> None:
        super().__init__(in_channels, layers, stem_stride=1, stage_stride=(2, 1))
        self.out_pool = nn.MaxPool2D(kernel_size=2, stride=2)
        self.out_channels = self.stage_channels[-1]

    def forward(self, x: Any) -> Any:
        """Map images (N, C, 32, W) to features (N, out_channels, 1, W / 4)."""
        return self.out_pool(self.run_stages(x)[-1])
