"""Necks: from the backbone's maps to what the head reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..choice import build_named
from .db_fpn import DBFPN
from .lk_pan import LKPAN
from .rep_lk_fpn import RepLKFPN
from .rep_lk_pan import RepLKPAN
from .rse_fpn import RSEFPN
from .sequence_encoder import SequenceEncoder

NECKS: dict[str, type[Any]] = {
    "DBFPN": DBFPN,
    "LKPAN": LKPAN,
    "RSEFPN": RSEFPN,
    "RepLKFPN": RepLKFPN,
    "RepLKPAN": RepLKPAN,
    "SequenceEncoder": SequenceEncoder,
}


def build_neck(config: Mapping[str, Any], in_channels: Any) -> Any:
    """Build the neck that a configuration names.

    Raises:
        ValueError: The name or a key is unknown.
    """
    return build_named("Neck", NECKS, config, in_channels=in_channels)
