"""Transforms: what straightens an image before the backbone sees it. None is known yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..choice import build_named

TRANSFORMS: dict[str, type[Any]] = {}


def build_transform(config: Mapping[str, Any], in_channels: int) -> Any:
    """Build the transform that a configuration names.

    Raises:
        ValueError: The name is unknown.
    """
    return build_named("Transform", TRANSFORMS, config, in_channels=in_channels)
