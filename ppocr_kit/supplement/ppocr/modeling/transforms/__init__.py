"""Transforms: what straightens an image before the backbone sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..choice import build_named
from .stn import STN_ON

TRANSFORMS: dict[str, type[Any]] = {"STN_ON": STN_ON}


def build_transform(config: Mapping[str, Any], in_channels: int) -> Any:
    """Build the transform that a configuration names.

    Raises:
        ValueError: The name or a key is unknown.
    """
    return build_named("Transform", TRANSFORMS, config, in_channels=in_channels)
