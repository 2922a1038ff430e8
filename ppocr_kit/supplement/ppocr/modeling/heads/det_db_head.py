"""DBHead: probability, threshold and approximate binary map.

Source: arXiv:1911.08947, section 3.2 (differentiable binarization, k = 50); auxiliary maps, the lite branch
and the parameter names as in PaddleOCR 3.7.0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import paddle
import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import Constant, KaimingUniform, Uniform

from ..folding import absorb_norm
from ..upsampling import repeat_pixels

# a level of the neck and how much smaller than the joined map it is
_AUXILIARY = (("p4", 4), ("p3", 2), ("p2", 1))


def _batch_norm(channels: int) -> nn.BatchNorm2D:
    bias = ParamAttr(initializer=Constant(1e-4))
    return nn.BatchNorm2D(channels, weight_attr=ParamAttr(initializer=Constant(1.0)), bias_attr=bias)


def _small_bias(in_channels: int) -> ParamAttr:
    reach = 1.0 / math.sqrt(in_channels)
    return ParamAttr(initializer=Uniform(-reach, reach))


def _doubling(in_channels: int, out_channels: int, kernel: int) -> nn.Conv2DTranspose:
    """Make a layer that doubles height and width."""
    return nn.Conv2DTranspose(
        in_channels,
        out_channels,
        kernel_size=kernel,
        stride=2,
        weight_attr=ParamAttr(initializer=KaimingUniform()),
        bias_attr=_small_bias(in_channels),
    )


def _zero_for_nan(x: Any) -> Any:
    return paddle.where(paddle.isnan(x), paddle.zeros_like(x), x)


class Head(nn.Layer):
    """One map at the size of the image out of features at a quarter of it.

    Args:
        in_channels: Channels of the features.
        kernel_list: Sides of the three kernels; the second and third double the size when they are 2.
        fix_nan: While training, count values that are no number as 0 and go on (half precision overflows).
    """

    def __init__(
        self, in_channels: int, kernel_list: Sequence[int] = (3, 2, 2), fix_nan: bool = False
    ) -> None:
        super().__init__()
        inside = in_channels // 4
        first, second, third = kernel_list
        self.fix_nan = fix_nan
        self.is_repped = False
        self.conv1 = nn.Conv2D(in_channels, inside, first, padding=first // 2, bias_attr=False)
        self.conv_bn1 = _batch_norm(inside)
        self.conv2 = _doubling(inside, inside, second)
        self.conv_bn2 = _batch_norm(inside)
        self.conv3 = _doubling(inside, 1, third)

    def features(self, x: Any) -> Any:
        """Map (N, C, H / 4, W / 4) to (N, C / 4, H / 2, W / 2)."""
        for filtering, norm in ((self.conv1, self.conv_bn1), (self.conv2, self.conv_bn2)):
            x = F.relu(norm(filtering(x)))
            if self.fix_nan and self.training:
                x = _zero_for_nan(x)
        return x

    def score(self, features: Any) -> Any:
        """Map (N, C / 4, H / 2, W / 2) to (N, 1, H, W) with values in 0..1."""
        return F.sigmoid(self.conv3(features))

    def forward(self, x: Any) -> Any:
        """Map (N, C, H / 4, W / 4) to (N, 1, H, W) with values in 0..1."""
        return self.score(self.features(x))

    def rep(self) -> None:
        """Fold the normalisations into the layers before them, once."""
        if not self.is_repped:
            absorb_norm(self.conv1, self.conv_bn1)
            absorb_norm(self.conv2, self.conv_bn2)
            self.conv_bn1, self.conv_bn2 = nn.Identity(), nn.Identity()
            self.is_repped = True


class LiteHead(nn.Layer):
    """``Head`` with repeated pixels and a depthwise convolution for the transposed convolutions.

    Args:
        in_channels: Channels of the features.
        kernel_list: Side of the first kernel; what follows is not read.
    """

    def __init__(self, in_channels: int, kernel_list: Sequence[int] = (3, 2, 2)) -> None:
        super().__init__()
        inside, side = in_channels // 4, kernel_list[0]
        self.is_repped = False
        self.conv1 = nn.Conv2D(in_channels, inside, side, padding=side // 2, bias_attr=False)
        self.bn1 = nn.BatchNorm2D(inside)
        self.conv2_dw = nn.Conv2D(
            inside,
            inside,
            3,
            padding=1,
            groups=inside,
            weight_attr=ParamAttr(initializer=KaimingUniform()),
            bias_attr=False,
        )
        self.bn2 = nn.BatchNorm2D(inside)
        self.conv3 = nn.Conv2D(
            inside,
            1,
            1,
            weight_attr=ParamAttr(initializer=KaimingUniform()),
            bias_attr=_small_bias(inside),
        )

    def features(self, x: Any) -> Any:
        """Map (N, C, H / 4, W / 4) to (N, C / 4, H / 2, W / 2)."""
        x = repeat_pixels(F.relu(self.bn1(self.conv1(x))), 2)
        return F.relu(self.bn2(self.conv2_dw(x)))

    def score(self, features: Any) -> Any:
        """Map (N, C / 4, H / 2, W / 2) to (N, 1, H, W) with values in 0..1."""
        # a 1x1 convolution of repeated pixels is that of the pixels, repeated
        return repeat_pixels(F.sigmoid(self.conv3(features)), 2)

    def forward(self, x: Any) -> Any:
        """Map (N, C, H / 4, W / 4) to (N, 1, H, W) with values in 0..1."""
        return self.score(self.features(x))

    def rep(self) -> None:
        """Fold the normalisations into the layers before them, once."""
        if not self.is_repped:
            absorb_norm(self.conv1, self.bn1)
            absorb_norm(self.conv2_dw, self.bn2)
            self.bn1, self.bn2 = nn.Identity(), nn.Identity()
            self.is_repped = True


def make_branch(in_channels: int, lite: bool, kernel_list: Sequence[int], fix_nan: bool) -> Any:
    """Make what gives one map.

    Raises:
        ValueError: There are fewer than four channels, or not three kernels.
    """
    if in_channels < 4 or len(kernel_list) != 3:
        raise ValueError(
            f"DB's heads want at least four channels and three kernels, "
            f"not {in_channels} channels and kernel_list {list(kernel_list)}"
        )
    if lite:
        return LiteHead(in_channels, kernel_list)
    return Head(in_channels, kernel_list, fix_nan)


class DBHead(nn.Layer):
    """The head of DB.

    Args:
        in_channels: Channels of the neck's map, at least 4.
        k: Steepness of the binarization.
        aux_in_channels: Channels of the neck's inner levels, from which further maps come while training;
            0 for none.
        lite_head: Use the lighter branches.
        kernel_list: Sides of a branch's three kernels.
        fix_nan: While training, count values that are no number as 0 (the lighter branches do not).

    Raises:
        ValueError: The channels or kernels are not so.
    """

    def __init__(
        self,
        in_channels: int,
        k: float = 50,
        aux_in_channels: int = 0,
        lite_head: bool = False,
        kernel_list: Sequence[int] = (3, 2, 2),
        fix_nan: bool = False,
    ) -> None:
        super().__init__()
        self.k = k
        self.aux_in_channels = aux_in_channels
        self.binarize = make_branch(in_channels, lite_head, kernel_list, fix_nan)
        self.thresh = make_branch(in_channels, lite_head, kernel_list, fix_nan)
        for level, _ in _AUXILIARY if aux_in_channels > 0 else ():
            for name in ("binarize", "thresh"):
                branch = make_branch(aux_in_channels, lite_head, kernel_list, fix_nan)
                self.add_sublayer(f"aux_{name}_{level}", branch)

    def forward(self, x: Any, targets: Any = None) -> dict[str, Any]:
        """Give ``maps``: (N, 1, H, W) probabilities; while training (N, 3, H, W).

        Args:
            x: (N, C, H / 4, W / 4), or a dict that has this as ``fuse`` and the neck's levels ``aux_p4``,
                ``aux_p3`` and ``aux_p2`` at 1/16, 1/8 and 1/4 of the image.
            targets: Not read.

        Returns:
            The three channels are probability P, threshold T and approximate binary map
            ``1 / (1 + exp(-k (P - T)))``. Levels give ``aux_maps_p4`` and so on, of the same shape.
        """
        levels = x if isinstance(x, dict) else {"fuse": x}
        shrink = self.binarize(levels["fuse"])
        if not self.training:
            return {"maps": shrink}
        result = {"maps": three_maps(shrink, self.thresh(levels["fuse"]), self.k)}
        for level, factor in _AUXILIARY if self.aux_in_channels > 0 else ():
            if f"aux_{level}" in levels:
                result[f"aux_maps_{level}"] = self._auxiliary(level, levels[f"aux_{level}"], factor)
        return result

    def _auxiliary(self, level: str, features: Any, factor: int) -> Any:
        if factor > 1:
            # never exported, so that the operator's troubles do not matter
            features = F.interpolate(features, scale_factor=factor, mode="bilinear", align_corners=False)
        shrink = getattr(self, f"aux_binarize_{level}")(features)
        return three_maps(shrink, getattr(self, f"aux_thresh_{level}")(features), self.k)


def three_maps(shrink: Any, threshold: Any, k: float) -> Any:
    """Put probability, threshold and approximate binary map, (N, 1, H, W) each, into (N, 3, H, W)."""
    return paddle.concat([shrink, threshold, F.sigmoid(k * (shrink - threshold))], axis=1)
