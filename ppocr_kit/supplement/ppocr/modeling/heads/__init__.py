"""Heads: from features to what the loss and the post-processing read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..choice import build_named
from .det_db_head import DBHead
from .det_pf_head import PFHeadLocal
from .rec_ctc_head import CTCHead
from .rec_multi_head import MultiHead
from .rec_nrtr_head import Transformer
from .rec_sar_head import SARHead

HEADS: dict[str, type[Any]] = {
    "DBHead": DBHead,
    "PFHeadLocal": PFHeadLocal,
    "CTCHead": CTCHead,
    "MultiHead": MultiHead,
    "Transformer": Transformer,
    "SARHead": SARHead,
}


def build_head(config: Mapping[str, Any], in_channels: int) -> Any:
    """Build the head that a configuration names.

    Raises:
        ValueError: The name or a key is unknown.
    """
    return build_named("Head", HEADS, config, in_channels=in_channels)
