"""CTCHead: character scores for every time step.

Source: arXiv:1507.05717 (CRNN), section 2.3; parameter names as in PaddleOCR 3.7.0.
"""

from __future__ import annotations

import math
from typing import Any

import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import Uniform
from paddle.regularizer import L2Decay


def _linear(in_channels: int, out_channels: int, fc_decay: float) -> nn.Linear:
    reach = 1.0 / math.sqrt(in_channels)

    def attribute() -> ParamAttr:
        return ParamAttr(regularizer=L2Decay(fc_decay), initializer=Uniform(-reach, reach))

    return nn.Linear(in_channels, out_channels, weight_attr=attribute(), bias_attr=attribute())


def _local_context(channels: int) -> nn.Sequential:
    """Make layers that let each step see two to either side: the head's stand-in for a neck."""
    return nn.Sequential(
        nn.Conv1D(channels, channels, 5, padding=2, groups=channels, bias_attr=False),
        nn.BatchNorm1D(channels),
        nn.Hardswish(),
        nn.Conv1D(channels, channels, 1, bias_attr=False),
        nn.BatchNorm1D(channels),
        nn.Hardswish(),
    )


class CTCHead(nn.Layer):
    """One linear layer, or two when ``mid_channels`` is given.

    Args:
        in_channels: Channels of the sequence.
        out_channels: Characters of the dictionary plus the blank, which is number 0.
        fc_decay: L2 decay of this layer; it takes the place of the optimizer's.
        mid_channels: Channels between two linear layers.
        return_feats: Whether what the last layer reads goes out beside the scores while training.
        use_guide: Whether convolutions over the sequence come first, as in PP-OCRv6_tiny_rec.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        fc_decay: float = 0.0004,
        mid_channels: int | None = None,
        return_feats: bool = False,
        use_guide: bool = False,
    ) -> None:
        super().__init__()
        self.out_channels = out_channels
        self.mid_channels = mid_channels
        self.return_feats = return_feats
        self.guide_layer = _local_context(in_channels) if use_guide else None
        if mid_channels is None:
            self.fc = _linear(in_channels, out_channels, fc_decay)
        else:
            self.fc1 = _linear(in_channels, mid_channels, fc_decay)
            self.fc2 = _linear(mid_channels, out_channels, fc_decay)

    def forward(self, x: Any, targets: Any = None) -> Any:
        """Map (N, T, C) to (N, T, out_channels): scores while training, probabilities otherwise."""
        if self.guide_layer is not None:
            x = self.guide_layer(x.transpose([0, 2, 1])).transpose([0, 2, 1])
        if self.mid_channels is None:
            scores = self.fc(x)
        else:
            x = self.fc1(x)
            scores = self.fc2(x)
        if not self.training:
            return F.softmax(scores, axis=2)
        return (x, scores) if self.return_feats else scores
