"""VQASerTokenLayoutLMLoss: cross entropy of the tokens' classes.

Source: Xu et al., "LayoutXLM: Multimodal Pre-training for Multilingual Visually-rich Document
Understanding", arXiv:2104.08836, section 3.3 (semantic entity recognition as tagging of tokens).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import paddle.nn.functional as F
from paddle import nn

# Where the label is this, there is nothing to learn: padding, and all pieces of a word but the first.
_IGNORED = -100
# Where the release's KIE loader puts them in a batch.
_ATTENTION_MASK, _LABELS = 2, 5


class VQASerTokenLayoutLMLoss(nn.Layer):
    """The loss of SER.

    Args:
        num_classes: Classes of a token: twice the entity classes, and one for all else.
        key: Which of the model's outputs to read, when it gives several.
    """

    def __init__(self, num_classes: int, key: str | None = None) -> None:
        super().__init__()
        self._num_classes, self._key = num_classes, key

    def forward(self, predicts: Any, batch: Sequence[Any]) -> dict[str, Any]:
        """Return ``loss``, the mean over the tokens that are text.

        A token that is text without a label costs nothing but counts, as upstream: Paddle's mean with the
        label -100 is over all tokens that it is given.

        Args:
            predicts: Scores (N, T, num_classes), alone or under ``key``.
            batch: At index 2 the attention mask (N, T), 1 for text, or None; at 5 the labels (N, T).
        """
        if isinstance(predicts, Mapping) and self._key is not None:
            predicts = predicts[self._key]
        scores = predicts.reshape([-1, self._num_classes])
        labels, mask = batch[_LABELS].reshape([-1]), batch[_ATTENTION_MASK]
        costs = F.cross_entropy(scores, labels, ignore_index=_IGNORED, reduction="none").flatten()
        if mask is None:
            return {"loss": costs.mean()}
        text = (mask.reshape([-1]) == 1).astype(costs.dtype)
        # a batch without any text costs 0, not nan
        return {"loss": (costs * text).sum() / text.sum().clip(min=1.0)}
