"""CTCLoss: how likely a sequence of character scores spells the label.

Source: Graves et al., "Connectionist Temporal Classification", ICML 2006; the focal weight is
Lin et al., arXiv:1708.02002, with gamma 2 and alpha 1 as in PaddleOCR 3.7.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import paddle
import paddle.nn.functional as F
from paddle import nn


class CTCLoss(nn.Layer):
    """The loss of CTC recognisers; class 0 is the blank.

    Args:
        use_focal_loss: Weigh each row by ``(1 - p)^2``, p being its likelihood.
    """

    def __init__(self, use_focal_loss: bool = False) -> None:
        super().__init__()
        self.loss_func = nn.CTCLoss(blank=0, reduction="none")
        self.use_focal_loss = use_focal_loss

    def forward(self, predicts: Any, batch: Sequence[Any]) -> dict[str, Any]:
        """Compare scores with labels.

        Args:
            predicts: (N, T, C) scores before the softmax, or a sequence whose last item they are.
            batch: Images, labels (N, L) as class numbers, label lengths (N,).

        Returns:
            ``loss``, the mean over rows, a scalar. A row whose label does not fit into T steps
            counts with 0, as in upstream.
        """
        scores = predicts[-1] if isinstance(predicts, (list, tuple)) else predicts
        label_lengths = batch[2].astype("int64")
        # Paddle dies of a floating point exception when no row of a batch has a label
        compare = self._rows if bool(label_lengths.any()) else self._rows_without_labels
        loss = compare(scores, batch[1].astype("int32"), label_lengths)
        if self.use_focal_loss:
            loss = loss * (1 - paddle.exp(-loss)) ** 2
        return {"loss": loss.mean()}

    def _rows(self, scores: Any, labels: Any, label_lengths: Any) -> Any:
        rows, steps, _ = scores.shape
        lengths = paddle.full([rows], steps, dtype="int64")
        return self.loss_func(scores.transpose([1, 0, 2]), labels, lengths, label_lengths)

    def _rows_without_labels(self, scores: Any, labels: Any, label_lengths: Any) -> Any:
        """Return the loss of rows that one path spells only: a blank at every step."""
        return -F.log_softmax(scores, axis=2)[:, :, 0].sum(axis=1)
