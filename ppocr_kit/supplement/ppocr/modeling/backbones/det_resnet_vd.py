"""ResNet-vd for detection: feature maps at 1/4, 1/8, 1/16 and 1/32 of the image.

Source: arXiv:1812.01187; recorded shapes of ``det_r50_vd_db`` (PaddleOCR 3.7.0).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .resnet_vd import ResNetTrunk


class ResNet_vd(ResNetTrunk):
    """The backbone of the server DB detectors of PP-OCRv2 and older.

    Args:
        in_channels: Channels of the image.
        layers: 18, 34, 50, 101, 152 or 200.
        dcn_stage: For each of the four stages, whether its 3x3 convolutions are deformable (from 50
            layers on); none by default.
        out_indices: Which stages' maps are given, counted from 0; all by default.
        disable_se: Changes nothing, as there is no squeeze-and-excitation here; the key is known because
            the official ``ch_det_res18_db_v2.0.yml`` sets it.

    Attributes:
        out_channels: Channels of the maps given, finest first.

    Raises:
        ValueError: There is no such network.
    """

    def __init__(
        self,
        in_channels: int = 3,
        layers: int = 50,
        dcn_stage: Sequence[bool] | None = None,
        out_indices: Sequence[int] | None = None,
        disable_se: bool = True,
    ) -> None:
        deformable = (False,) * 4 if dcn_stage is None else tuple(dcn_stage)
        if len(deformable) != 4:
            raise ValueError(f"dcn_stage of ResNet_vd wants four of true and false, not {list(deformable)}")
        super().__init__(in_channels, layers, stem_stride=2, stage_stride=2, deformable=deformable)
        wanted = range(4) if out_indices is None else out_indices
        self._given = [stage for stage in range(4) if stage in wanted]
        self.out_channels = [self.stage_channels[stage] for stage in self._given]

    def forward(self, x: Any) -> list[Any]:
        """Map images (N, C, H, W) to maps (N, C_i, H / 2^(i+2), W / 2^(i+2)), i of ``out_indices``."""
        maps = self.run_stages(x)
        return [maps[stage] for stage in self._given]
