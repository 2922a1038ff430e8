"""NRTRLoss: how likely each character is behind the ones before it.

Source: Sheng et al., "NRTR", arXiv:1806.00926; label smoothing is Szegedy et al., arXiv:1512.00567,
section 7, with 0.1 as in PaddleOCR 3.7.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import paddle.nn.functional as F
from paddle import nn

_PADDING = 0
_SMOOTHED = 0.1


class NRTRLoss(nn.Layer):
    """The loss of NRTR's head; class 0 is padding and counts nothing.

    Args:
        smoothing: Leave the right character 0.9 and share out 0.1 over the others.
        ignore_index: Class that counts nothing without smoothing.
    """

    def __init__(self, smoothing: bool = True, ignore_index: int = _PADDING) -> None:
        super().__init__()
        self.smoothing = smoothing
        self.ignore_index = ignore_index

    def forward(self, predicts: Any, batch: Sequence[Any]) -> dict[str, Any]:
        """Compare scores with labels.

        Args:
            predicts: (N, T, C) scores before the softmax, T being one more than the longest text has
                characters.
            batch: Images, labels (N, L) that start with 2, end with 3 and are filled up with 0, text
                lengths (N,).

        Returns:
            ``loss``, the mean over the characters and ends of all rows, a scalar.
        """
        targets = batch[1][:, 1 : 2 + batch[2].max()].astype("int64").flatten()
        scores = predicts.flatten(0, 1)
        if not self.smoothing:
            return {"loss": F.cross_entropy(scores, targets, ignore_index=self.ignore_index)}
        surprises = -F.log_softmax(scores, axis=1)
        right = surprises.take_along_axis(targets.unsqueeze(1), axis=1).squeeze(1)
        share = _SMOOTHED / (scores.shape[1] - 1)
        losses = (1 - _SMOOTHED - share) * right + share * surprises.sum(axis=1)
        return {"loss": losses.masked_select(targets != _PADDING).mean()}
