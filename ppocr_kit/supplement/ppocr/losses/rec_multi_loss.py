"""MultiLoss: CTC's loss and its guide's, added.

Source: Li et al., "PP-OCRv3", arXiv:2206.03001, section 3 (GTC); keys as in PaddleOCR 3.7.0.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from paddle import nn

from ..modeling.choice import build_named
from .rec_ctc_loss import CTCLoss
from .rec_nrtr_loss import NRTRLoss
from .rec_sar_loss import SARLoss

LOSSES: dict[str, type[Any]] = {"CTCLoss": CTCLoss, "NRTRLoss": NRTRLoss, "SARLoss": SARLoss}
# what MultiHead calls the scores that a loss reads
_SCORES = {"CTCLoss": "ctc", "NRTRLoss": "gtc", "SARLoss": "sar"}


class MultiLoss(nn.Layer):
    """The losses of MultiHead.

    Args:
        loss_config_list: One mapping each from a loss's name to its settings, which may be null:
            CTCLoss, NRTRLoss, SARLoss.
        weight_1: Factor of CTCLoss.
        weight_2: Factor of the guide's loss.
        gtc_loss: Read by no loss; upstream's configurations have it.
        shared: Settings for every loss that knows them.

    Raises:
        ValueError: A loss is unknown or there twice, or a key is unknown.
    """

    def __init__(
        self,
        loss_config_list: Sequence[Mapping[str, Any]],
        weight_1: float = 1.0,
        weight_2: float = 1.0,
        gtc_loss: str = "sar",
        **shared: Any,
    ) -> None:
        super().__init__()
        self.weights = {"CTCLoss": weight_1, "NRTRLoss": weight_2, "SARLoss": weight_2}
        self.loss_funcs = nn.LayerDict()
        for name, settings in (item for entry in loss_config_list for item in entry.items()):
            if name in self.loss_funcs:
                raise ValueError(f"MultiLoss's loss_config_list has {name} twice")
            known = inspect.signature(LOSSES[name]).parameters if name in LOSSES else ()
            settings = {**{key: shared[key] for key in shared if key in known}, **(settings or {})}
            self.loss_funcs[name] = build_named("loss of MultiLoss", LOSSES, {**settings, "name": name})
        for key in shared:
            if not any(key in inspect.signature(LOSSES[name]).parameters for name in self.loss_funcs):
                raise ValueError(f"Loss MultiLoss does not know the key '{key}', nor does any of its losses")

    def forward(self, predicts: Mapping[str, Any], batch: Sequence[Any]) -> dict[str, Any]:
        """Compare MultiHead's outputs with labels.

        Args:
            predicts: ``ctc`` and ``gtc`` or ``sar``, as MultiHead gives them.
            batch: Images, CTC's labels (N, L), the guide's labels (N, L), text lengths (N,).

        Returns:
            Every loss by its name, weighted, and ``loss``, their sum; scalars.
        """
        images, ctc_labels, guide_labels, *rest = batch
        losses = {}
        for name, compare in self.loss_funcs.items():
            labels = ctc_labels if name == "CTCLoss" else guide_labels
            loss = compare(predicts[_SCORES[name]], [images, labels, *rest])["loss"]
            losses[name] = loss * self.weights[name]
        return {**losses, "loss": sum(losses.values())}
