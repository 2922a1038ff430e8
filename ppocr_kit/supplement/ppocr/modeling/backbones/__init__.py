"""Backbones: from an image to feature maps. One table per model type, one architecture per file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ppocr.modeling.backbones import det_mobilenet_v3, rec_mobilenet_v3
from ppocr.modeling.choice import build_named

BACKBONES: dict[str, dict[str, type[Any]]] = {
    "det": {"MobileNetV3": det_mobilenet_v3.MobileNetV3},
    "rec": {"MobileNetV3": rec_mobilenet_v3.MobileNetV3},
}


def build_backbone(config: Mapping[str, Any], model_type: str, in_channels: int) -> Any:
    """Build the backbone that a configuration names.

    Raises:
        ValueError: The model type or the name is unknown.
    """
    if model_type not in BACKBONES:
        raise ValueError(f"no backbones for model_type '{model_type}'; there are {sorted(BACKBONES)}")
    return build_named("Backbone", BACKBONES[model_type], config, in_channels=in_channels)
