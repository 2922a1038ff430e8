"""PFHeadLocal: DB's head with a second, local look at the probability map.

Source: the PP-OCRv4 report in PaddleOCR's documentation (detection, "PFHead"); DB is arXiv:1911.08947;
parameter names as in PaddleOCR 3.7.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import paddle
import paddle.nn.functional as F
from paddle import nn

from ..backbones.conv_norm import ConvBNLayer
from ..choice import known_name
from ..upsampling import repeat_pixels
from .det_db_head import make_branch, three_maps

# how many times fewer channels than the neck's map the local layer has
_DIVISORS = {"large": 4, "small": 8}


class LocalModule(nn.Layer):
    """A 3x3 layer and a 1x1 convolution over features and a first map.

    Args:
        in_channels: Channels of the features.
        mid_channels: Channels between the two.
    """

    def __init__(self, in_channels: int, mid_channels: int) -> None:
        super().__init__()
        self.last_3 = ConvBNLayer(in_channels + 1, mid_channels, 3, act="relu")
        self.last_1 = nn.Conv2D(mid_channels, 1, 1)

    def forward(self, features: Any, first: Any) -> Any:
        """Map (N, C, H, W) and (N, 1, H, W) to scores (N, 1, H, W) before the sigmoid."""
        return self.last_1(self.last_3(paddle.concat([first, features], axis=1)))


class PFHeadLocal(nn.Layer):
    """The head of the server detectors of PP-OCRv4 and v5.

    Args:
        in_channels: Channels of the neck's map, at least 4, or 8 if ``small``.
        k: Steepness of the binarization.
        mode: ``large`` or ``small``: a quarter or an eighth of the channels in the local layer.
        lite_head: Use the lighter branches.
        kernel_list: Sides of a branch's three kernels.
        fix_nan: While training, count values that are no number as 0 (the lighter branches do not).

    Raises:
        ValueError: There is no such mode, or the channels or kernels are not so.
    """

    def __init__(
        self,
        in_channels: int,
        k: float = 50,
        mode: str = "small",
        lite_head: bool = False,
        kernel_list: Sequence[int] = (3, 2, 2),
        fix_nan: bool = False,
    ) -> None:
        super().__init__()
        self.k = k
        divisor = _DIVISORS[known_name("PFHeadLocal mode", mode, list(_DIVISORS))]
        if in_channels < divisor:
            raise ValueError(f"PFHeadLocal '{mode}' wants at least {divisor} channels, not {in_channels}")
        self.binarize = make_branch(in_channels, lite_head, kernel_list, fix_nan)
        self.thresh = make_branch(in_channels, lite_head, kernel_list, fix_nan)
        self.cbn_layer = LocalModule(in_channels // 4, in_channels // divisor)

    def forward(self, x: Any, targets: Any = None) -> dict[str, Any]:
        """Give ``maps``: (N, 1, H, W) probabilities; while training (N, 3, H, W) and more.

        Args:
            x: (N, C, H / 4, W / 4), or a dict that has this as ``fuse``.
            targets: Not read.

        Returns:
            ``maps``, the mean of the first and the local probability map. While training the local map, the
            threshold map and the first map's binary one; ``distance_maps``, the local map; ``cbn_maps``, the
            binary one.
        """
        x = x["fuse"] if isinstance(x, dict) else x
        features = self.binarize.features(x)
        first = self.binarize.score(features)
        local = F.sigmoid(self.cbn_layer(repeat_pixels(features, 2), first))
        if not self.training:
            return {"maps": 0.5 * (first + local)}
        _, threshold, binary = three_maps(first, self.thresh(x), self.k).split(3, axis=1)
        maps = paddle.concat([local, threshold, binary], axis=1)
        return {"maps": maps, "distance_maps": local, "cbn_maps": binary}
