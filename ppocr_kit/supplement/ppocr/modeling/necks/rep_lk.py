"""Large depthwise kernels that are trained as several dilated ones and folded into one.

Source: Ding et al., "Scaling Up Your Kernels to 31x31", arXiv:2203.06717 (large depthwise kernels with small
ones beside them), and "UniRepLKNet", arXiv:2311.15599, section 3.1, figure 2 (dilated branches); parameter
names as in PaddleOCR 3.7.0.
"""

from __future__ import annotations

from typing import Any

import paddle
from paddle import nn

from ..folding import absorb_norm, set_kernel
from .pyramid import convolution

# the branches (side, dilation) beside a kernel, by its side: none reaches farther than the kernel itself
_BRANCHES: dict[int, tuple[tuple[int, int], ...]] = {
    5: ((3, 1), (3, 2)),
    7: ((5, 1), (3, 2), (3, 3)),
    9: ((5, 1), (5, 2), (3, 3), (3, 4)),
    11: ((5, 1), (5, 2), (3, 3), (3, 4), (3, 5)),
    13: ((5, 1), (7, 2), (3, 3), (3, 4), (3, 5)),
}


def _depthwise(channels: int, kernel: int, dilation: int = 1) -> nn.Conv2D:
    return nn.Conv2D(
        channels,
        channels,
        kernel,
        padding=dilation * (kernel // 2),
        dilation=dilation,
        groups=channels,
        bias_attr=False,
    )


class DilatedReparamBlock(nn.Layer):
    """A depthwise convolution plus dilated smaller ones, each normalised.

    Args:
        channels: Channels of the map.
        kernel_size: Side of the large kernel: 5, 7, 9, 11 or 13.

    Raises:
        ValueError: There is no such kernel.
    """

    def __init__(self, channels: int, kernel_size: int) -> None:
        super().__init__()
        if kernel_size not in _BRANCHES:
            sides = ", ".join(str(side) for side in _BRANCHES)
            raise ValueError(f"a large kernel's side is one of {sides}, not {kernel_size}")
        self.is_repped = False
        self.lk_origin = _depthwise(channels, kernel_size)
        self.origin_bn = nn.BatchNorm2D(channels)
        self.branches = list(_BRANCHES[kernel_size])
        for side, dilation in self.branches:
            self.add_sublayer(f"dil_conv_k{side}_{dilation}", _depthwise(channels, side, dilation))
            self.add_sublayer(f"dil_bn_k{side}_{dilation}", nn.BatchNorm2D(channels))

    def _branch(self, side: int, dilation: int) -> tuple[Any, Any]:
        return getattr(self, f"dil_conv_k{side}_{dilation}"), getattr(self, f"dil_bn_k{side}_{dilation}")

    def forward(self, x: Any) -> Any:
        """Map (N, C, H, W) to the same shape."""
        y = self.origin_bn(self.lk_origin(x))
        for branch in self.branches:
            filtering, norm = self._branch(*branch)
            y = y + norm(filtering(x))
        return y

    def rep(self) -> None:
        """Fold the branches into the large kernel, once."""
        if self.is_repped:
            return
        absorb_norm(self.lk_origin, self.origin_bn)
        with paddle.no_grad():
            kernel, bias = self.lk_origin.weight.numpy(), self.lk_origin.bias
            centre = kernel.shape[2] // 2
            for side, dilation in self.branches:
                filtering, norm = self._branch(side, dilation)
                absorb_norm(filtering, norm)
                reach = dilation * (side // 2)
                taps = slice(centre - reach, centre + reach + 1, dilation)
                kernel[:, :, taps, taps] += filtering.weight.numpy()
                bias = bias + filtering.bias
                delattr(self, f"dil_conv_k{side}_{dilation}")
                delattr(self, f"dil_bn_k{side}_{dilation}")
            set_kernel(self.lk_origin, paddle.to_tensor(kernel), bias)
        self.origin_bn = nn.Identity()
        self.branches = []
        self.is_repped = True


class DilatedReparamConv(nn.Layer):
    """A large depthwise kernel and a 1x1 convolution in place of a full large convolution.

    Args:
        in_channels: Channels of the map.
        out_channels: Channels that the layer gives.
        kernel_size: Side of the large kernel.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int) -> None:
        super().__init__()
        self.is_repped = False
        self.dw = DilatedReparamBlock(in_channels, kernel_size)
        self.pw = convolution(in_channels, out_channels)
        self.bn = nn.BatchNorm2D(out_channels)

    def forward(self, x: Any) -> Any:
        """Map (N, Cin, H, W) to (N, Cout, H, W)."""
        return self.bn(self.pw(self.dw(x)))

    def rep(self) -> None:
        """Fold the branches and the normalisation, once."""
        if not self.is_repped:
            self.dw.rep()
            absorb_norm(self.pw, self.bn)
            self.bn = nn.Identity()
            self.is_repped = True
