"""SARLoss: cross entropy of each character.

Source: Li et al., "Show, Attend and Read", arXiv:1811.00751, section 3.4; PaddleOCR 3.7.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import paddle.nn.functional as F
from paddle import nn


class SARLoss(nn.Layer):
    """The loss of SAR's head.

    Args:
        ignore_index: Number of the padding, which counts nothing: characters of the dictionary plus 2.
            The release's training fills it in.
    """

    def __init__(self, ignore_index: int = 92) -> None:
        super().__init__()
        self.ignore_index = ignore_index

    def forward(self, predicts: Any, batch: Sequence[Any]) -> dict[str, Any]:
        """Compare scores with labels.

        Args:
            predicts: (N, L, C) scores before the softmax, the n-th of the character behind the n-th label.
            batch: Images, labels (N, L): start, text, end, padding.

        Returns:
            ``loss``, the mean over all characters that are not padding, a scalar.
        """
        scores = predicts[:, :-1].flatten(0, 1)
        targets = batch[1][:, 1:].astype("int64").flatten()
        return {"loss": F.cross_entropy(scores, targets, ignore_index=self.ignore_index)}
