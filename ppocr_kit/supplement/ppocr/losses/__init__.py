"""The factory that the release's tools call: ``build_loss``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..modeling.choice import build_named
from .basic_loss import LossFromOutput
from .det_db_loss import DBLoss
from .rec_ctc_loss import CTCLoss
from .rec_multi_loss import MultiLoss
from .rec_nrtr_loss import NRTRLoss
from .rec_sar_loss import SARLoss
from .vqa_token_layoutlm_loss import VQASerTokenLayoutLMLoss

LOSSES: dict[str, type[Any]] = {
    "DBLoss": DBLoss,
    "CTCLoss": CTCLoss,
    "MultiLoss": MultiLoss,
    "NRTRLoss": NRTRLoss,
    "SARLoss": SARLoss,
    "VQASerTokenLayoutLMLoss": VQASerTokenLayoutLMLoss,
    "LossFromOutput": LossFromOutput,
}


def build_loss(config: Mapping[str, Any]) -> Any:
    """Build the loss that the ``Loss`` section names.

    Raises:
        ValueError: The name or a key is unknown.
    """
    return build_named("Loss", LOSSES, config)
