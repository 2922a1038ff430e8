"""DBLoss: how far DB's three maps are from their targets.

Source: arXiv:1911.08947, section 3.4: ``L = alpha * L_s + L_b + beta * L_t``. The weights alpha
and beta, dice or dice plus focal loss (arXiv:1708.02002) instead of cross entropy, and the
auxiliary maps are PaddleOCR's (3.7.0).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import paddle
from paddle import nn

Compare = Callable[[Any, Any, Any], Any]

# upstream's dice loss of the probability map has this one, whatever ``eps`` the configuration gives
_MAIN_EPS = 1e-6
_AUXILIARY = ("p4", "p3", "p2")


def dice_loss(pred: Any, target: Any, mask: Any, eps: float) -> Any:
    """Return ``1 - 2 |P T| / (|P| + |T| + eps)`` over the pixels of the mask; all (N, H, W)."""
    union = (pred * mask).sum() + (target * mask).sum() + eps
    return 1 - 2.0 * (pred * target * mask).sum() / union


def mask_l1_loss(pred: Any, target: Any, mask: Any, eps: float) -> Any:
    """Return the mean absolute difference over the pixels of the mask; all (N, H, W)."""
    return ((pred - target).abs() * mask).sum() / (mask.sum() + eps)


def focal_loss(pred: Any, target: Any, mask: Any, alpha: float, gamma: float, eps: float) -> Any:
    """Return the mean of ``-alpha_t (1 - p_t)^gamma log(p_t)`` over the pixels of the mask.

    Args:
        pred: Probabilities (N, H, W); they count as at least ``eps`` away from 0 and 1.
        target: (N, H, W) of 0 and 1. Where it is 1, p_t is the probability and alpha_t is alpha;
            elsewhere they are one minus these.
        mask: (N, H, W) of 0 and 1.
        alpha: Weight of text, 0..1.
        gamma: How little easy pixels count.
        eps: What keeps the logarithm and the quotient finite.

    Source: arXiv:1708.02002, equation 5.
    """
    likelihood = (target * pred + (1 - target) * (1 - pred)).clip(eps, 1 - eps)
    weight = target * alpha + (1 - target) * (1 - alpha)
    loss = -weight * (1 - likelihood) ** gamma * likelihood.log()
    return (loss * mask).sum() / (mask.sum() + eps)


def balanced(loss: Any, target: Any, mask: Any, ratio: float) -> Any:
    """Weigh a loss by the share that positives and the hardest negatives have of those asked for.

    Args:
        loss: One number for all pixels, so that choosing the hardest negatives only decides how many
            pixels count, not which: no sorting is needed.
        target: (N, H, W) of 0 and 1.
        mask: (N, H, W) of 0 and 1.
        ratio: Negatives counted per positive.
    """
    positives = (target * mask).sum()
    negatives = paddle.minimum(((1 - target) * mask).sum(), positives.floor() * ratio)
    counted = positives.floor() + negatives.floor()
    return loss * (positives + negatives.floor()) / (counted + _MAIN_EPS)


class DBLoss(nn.Layer):
    """The loss of the DB detectors.

    Args:
        balance_loss: Weigh the dice loss of the probability map by its share of positives and of
            the hardest negatives.
        main_loss_type: ``DiceLoss``, or ``DiceFocalLoss``, which knows no balance and also judges
            the binary map.
        alpha: Weight of the probability map.
        beta: Weight of the threshold map.
        ohem_ratio: Negatives counted per positive.
        eps: What keeps quotients finite.
        aux_weight_p4: Weight of the maps from the neck's level at 1/16; 0 leaves them out.
        aux_weight_p3: The same for the level at 1/8.
        aux_weight_p2: The same for the level at 1/4.
        focal_alpha: Weight of text in the focal loss, 0..1.
        focal_gamma: How little easy pixels count in the focal loss.
        dice_weight: Weight of dice in ``DiceFocalLoss``.
        focal_weight: Weight of the focal loss in ``DiceFocalLoss``.

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
        aux_weight_p4: float = 0.0,
        aux_weight_p3: float = 0.0,
        aux_weight_p2: float = 0.0,
        focal_alpha: float = 0.25,
        focal_gamma: float = 2.0,
        dice_weight: float = 1.0,
        focal_weight: float = 1.0,
    ) -> None:
        super().__init__()
        self.alpha, self.beta, self.eps = alpha, beta, eps
        self.aux_weights = dict(zip(_AUXILIARY, (aux_weight_p4, aux_weight_p3, aux_weight_p2)))

        def dice(pred: Any, target: Any, mask: Any) -> Any:
            return dice_loss(pred, target, mask, eps)

        def main_dice(pred: Any, target: Any, mask: Any) -> Any:
            loss = dice_loss(pred, target, mask, _MAIN_EPS)
            return balanced(loss, target, mask, ohem_ratio) if balance_loss else loss

        def dice_focal(pred: Any, target: Any, mask: Any) -> Any:
            focal = focal_loss(pred, target, mask, focal_alpha, focal_gamma, eps)
            return dice_weight * dice(pred, target, mask) + focal_weight * focal

        self._main: Compare
        self._binary: Compare
        if main_loss_type == "DiceLoss":
            self._main, self._binary = main_dice, dice
        elif main_loss_type == "DiceFocalLoss":
            self._main, self._binary = dice_focal, dice_focal
        else:
            raise ValueError(
                f"main_loss_type '{main_loss_type}' is not known here; there are DiceFocalLoss, DiceLoss"
            )

    def forward(self, predicts: Mapping[str, Any], labels: Sequence[Any]) -> dict[str, Any]:
        """Compare maps with targets.

        Args:
            predicts: ``maps`` (N, 3, H, W): probability, threshold, binary; ``aux_maps_p4``, ``_p3``
                and ``_p2`` of the same kind, and ``cbn_maps`` (N, 1, H, W), of heads that have them.
            labels: Images, threshold map, threshold mask, shrink map, shrink mask, (N, H, W) each.

        Returns:
            ``loss`` and its parts, scalars; those of auxiliary maps before their weight.
        """
        targets = labels[1:]
        parts = self._compare(predicts["maps"], targets)
        parts["loss_cbn"] = self._compare_cbn(predicts, targets)
        loss = sum(parts.values())
        for level, weight in self.aux_weights.items():
            if weight > 0 and f"aux_maps_{level}" in predicts:
                auxiliary = sum(self._compare(predicts[f"aux_maps_{level}"], targets).values())
                parts[f"loss_aux_maps_{level}"] = auxiliary
                loss = loss + weight * auxiliary
        return {"loss": loss, **parts}

    def _compare(self, maps: Any, targets: Sequence[Any]) -> dict[str, Any]:
        threshold_map, threshold_mask, shrink_map, shrink_mask = targets
        shrink, threshold, binary = (maps[:, channel] for channel in range(3))
        distance = mask_l1_loss(threshold, threshold_map, threshold_mask, self.eps)
        return {
            "loss_shrink_maps": self.alpha * self._main(shrink, shrink_map, shrink_mask),
            "loss_threshold_maps": self.beta * distance,
            "loss_binary_maps": self._binary(binary, shrink_map, shrink_mask),
        }

    def _compare_cbn(self, predicts: Mapping[str, Any], targets: Sequence[Any]) -> Any:
        if "cbn_maps" not in predicts:
            return paddle.zeros([])
        return self._main(predicts["cbn_maps"][:, 0], targets[2], targets[3])
