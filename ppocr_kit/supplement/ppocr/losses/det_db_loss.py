"""DBLoss: how far DB's three maps are from their targets.

Source: arXiv:1911.08947, section 3.4: ``L = alpha * L_s + L_b + beta * L_t``. The weights alpha
and beta, and dice instead of cross entropy for ``L_s``, are PaddleOCR's (3.7.0).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import paddle
from paddle import nn


def dice_loss(pred: Any, target: Any, mask: Any, eps: float) -> Any:
    """Return ``1 - 2 |P T| / (|P| + |T| + eps)`` over the pixels of the mask; all (N, H, W)."""
    union = (pred * mask).sum() + (target * mask).sum() + eps
    return 1 - 2.0 * (pred * target * mask).sum() / union


def mask_l1_loss(pred: Any, target: Any, mask: Any, eps: float) -> Any:
    """Return the mean absolute difference over the pixels of the mask; all (N, H, W)."""
    return ((pred - target).abs() * mask).sum() / (mask.sum() + eps)


class DBLoss(nn.Layer):
    """The loss of the DB detectors.

    Args:
        balance_loss: Weigh the probability map's loss by its share of positives and of the
            hardest negatives.
        main_loss_type: ``DiceLoss``, the loss of the probability map.
        alpha: Weight of the probability map.
        beta: Weight of the threshold map.
        ohem_ratio: Negatives counted per positive.
        eps: What keeps quotients finite.

    Raises:
        ValueError: ``main_loss_type`` is another one.
    """

    def __init__(
        self,
        balance_loss: bool = True,
        main_loss_type: str = "DiceLoss",
        alpha: float = 5,
        beta: float = 10,
        ohem_ratio: float = 3,
        eps: float = 1e-6,
    ) -> None:
        super().__init__()
        if main_loss_type != "DiceLoss":
            raise ValueError(f"main_loss_type '{main_loss_type}' is not known here; there is DiceLoss")
        self.balance_loss = balance_loss
        self.alpha, self.beta, self.ohem_ratio, self.eps = alpha, beta, ohem_ratio, eps

    def forward(self, predicts: Mapping[str, Any], labels: Sequence[Any]) -> dict[str, Any]:
        """Compare maps with targets.

        Args:
            predicts: ``maps`` (N, 3, H, W): probability, threshold, binary; ``cbn_maps``
                (N, 1, H, W) of heads that have it.
            labels: Images, threshold map, threshold mask, shrink map, shrink mask, (N, H, W) each.

        Returns:
            ``loss`` and its parts, scalars.
        """
        threshold_map, threshold_mask, shrink_map, shrink_mask = labels[1:]
        shrink, threshold, binary = (predicts["maps"][:, channel] for channel in range(3))
        parts = {
            "loss_shrink_maps": self.alpha * self._main_loss(shrink, shrink_map, shrink_mask),
            "loss_threshold_maps": self.beta
            * mask_l1_loss(threshold, threshold_map, threshold_mask, self.eps),
            "loss_binary_maps": dice_loss(binary, shrink_map, shrink_mask, self.eps),
            "loss_cbn": self._cbn_loss(predicts, shrink_map, shrink_mask),
        }
        return {"loss": sum(parts.values()), **parts}

    def _main_loss(self, pred: Any, target: Any, mask: Any) -> Any:
        loss = dice_loss(pred, target, mask, self.eps)
        if not self.balance_loss:
            return loss
        # Dice is one number for all pixels, so that choosing the hardest negatives only decides
        # how many pixels count, not which: no sorting is needed.
        positives = (target * mask).sum()
        negatives = paddle.minimum(((1 - target) * mask).sum(), positives.floor() * self.ohem_ratio)
        counted = positives.floor() + negatives.floor()
        return loss * (positives + negatives.floor()) / (counted + self.eps)

    def _cbn_loss(self, predicts: Mapping[str, Any], target: Any, mask: Any) -> Any:
        if "cbn_maps" not in predicts:
            return paddle.zeros([])
        return dice_loss(predicts["cbn_maps"][:, 0], target, mask, self.eps)
