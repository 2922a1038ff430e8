"""A layer of parallel convolutions that is trained wide and exported as one convolution.

Source: the ``RepLayer`` idea of arXiv:2101.03697 (RepVGG) and arXiv:2206.04040 (MobileOne) as PP-OCRv4
has it; parameter names as in PaddleOCR 3.7.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import Constant, KaimingNormal

from ..folding import absorb_norm, scale_of, set_kernel
from .conv_norm import ConvBNLayer, Stride


class LearnableAffine(nn.Layer):
    """One scale and one shift for a whole map, which small networks gain by.

    Args:
        lr_mult: What the learning rate of both is multiplied with.
    """

    def __init__(self, lr_mult: float = 1.0) -> None:
        super().__init__()
        rate = ParamAttr(learning_rate=lr_mult)
        self.scale = self.create_parameter([1], attr=rate, default_initializer=Constant(1.0))
        self.bias = self.create_parameter([1], attr=rate, default_initializer=Constant(0.0))

    def forward(self, x: Any) -> Any:
        """Scale and shift."""
        return self.scale * x + self.bias


class AffineHardswish(nn.Layer):
    """A hard swish with a learnable scale and shift behind it."""

    def __init__(self, lr_mult: float = 1.0) -> None:
        super().__init__()
        self.lab = LearnableAffine(lr_mult)

    def forward(self, x: Any) -> Any:
        """Activate, scale and shift."""
        return self.lab(F.hardswish(x))


class LearnableRepLayer(nn.Layer):
    """The sum of parallel branches, scaled, shifted and activated: (N, Cin, H, W) to (N, Cout, H', W').

    The branches are ``branches`` normalised convolutions, a 1x1 one beside them if their kernel is wider,
    and a normalisation alone where nothing changes its shape. A layer of stride 2 (not of a pair) has no
    activation; its activation's parameters are in the official checkpoints nevertheless.

    Args:
        in_channels: Channels read.
        out_channels: Channels given.
        kernel: Side of the kernel, odd.
        stride: Stride of the convolutions.
        groups: Groups of channels that do not mix.
        branches: How many convolutions with the kernel there are, at least 1.
        lr_mult: What the learning rate of all parameters is multiplied with.
        lab_lr: What that of the scales and shifts is multiplied with besides.

    Attributes:
        is_repped: Whether the branches have been folded into one convolution.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        stride: Stride = 1,
        groups: int = 1,
        branches: int = 4,
        lr_mult: float = 1.0,
        lab_lr: float = 0.1,
    ) -> None:
        super().__init__()
        self.is_repped = False
        self._shape = (in_channels, out_channels, kernel, stride, (kernel - 1) // 2, groups)

        def convolution(side: int) -> ConvBNLayer:
            return ConvBNLayer(
                in_channels,
                out_channels,
                side,
                stride,
                groups,
                lr_mult=lr_mult,
                decays_norm=False,
                initializer=KaimingNormal(),
            )

        rates = {name: ParamAttr(learning_rate=lr_mult) for name in ("weight_attr", "bias_attr")}
        keeps_shape = in_channels == out_channels and stride == 1
        self.identity = nn.BatchNorm2D(in_channels, **rates) if keeps_shape else None
        self.conv_kxk = nn.LayerList([convolution(kernel) for _ in range(branches)])
        self.conv_1x1 = convolution(1) if kernel > 1 else None
        self.lab = LearnableAffine(lr_mult * lab_lr)
        self.act = AffineHardswish(lr_mult * lab_lr)
        self._activates = stride != 2

    def forward(self, x: Any) -> Any:
        """Add the branches up, or run what they were folded into; scale, shift, activate."""
        x = self.lab(
            self.reparam_conv(x) if self.is_repped else sum(branch(x) for branch in self._branches())
        )
        return self.act(x) if self._activates else x

    def _branches(self) -> list[nn.Layer]:
        maybe = (self.identity, self.conv_1x1)
        return [branch for branch in maybe if branch is not None] + list(self.conv_kxk)

    def rep(self) -> None:
        """Fold the branches into one convolution, ``reparam_conv``, and drop them. For evaluation only."""
        if self.is_repped:
            return
        in_channels, out_channels, kernel, stride, padding, groups = self._shape
        convolution = nn.Conv2D(in_channels, out_channels, kernel, stride, padding, groups=groups)
        with paddle.no_grad():
            kernels, biases = zip(*self._folded_branches())
            set_kernel(convolution, sum(kernels), sum(biases))
        self.reparam_conv = convolution
        del self.identity, self.conv_kxk, self.conv_1x1
        self.is_repped = True

    def _folded_branches(self) -> Iterator[tuple[Any, Any]]:
        """Give the kernel (Cout, Cin / groups, kernel, kernel) and the bias (Cout,) of every branch."""
        in_channels, _, kernel, _, _, groups = self._shape
        for branch in self._branches():
            if not isinstance(branch, ConvBNLayer):
                scale = scale_of(branch)
                same = np.tile(np.eye(in_channels // groups, dtype="float32"), (groups, 1))
                weight = paddle.to_tensor(same[:, :, None, None]) * scale.reshape([-1, 1, 1, 1])
                bias = branch.bias - branch._mean * scale
            else:
                absorb_norm(branch.conv, branch.bn)
                weight, bias = branch.conv.weight, branch.conv.bias
            margin = (kernel - weight.shape[-1]) // 2
            yield F.pad(weight, [margin] * 4), bias
