"""Backbones: from an image to feature maps. One table per model type, one architecture per file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..choice import build_named, known_name
from . import (
    det_mobilenet_v3,
    det_resnet_vd,
    kie_layoutxlm,
    mobilenet_v1_enhance,
    pphgnet,
    pphgnet_v2,
    pplcnet_v3,
    pplcnet_v4,
    rec_mobilenet_v3,
    rec_resnet_vd,
    rec_svtrnet,
)

BACKBONES: dict[str, dict[str, Callable[..., Any]]] = {
    "det": {
        "MobileNetV3": det_mobilenet_v3.MobileNetV3,
        "PPHGNet_base": pphgnet.PPHGNet_base,
        "PPHGNet_small": pphgnet.PPHGNet_small,
        "PPHGNet_tiny": pphgnet.PPHGNet_tiny,
        "PPHGNetV2_B4": pphgnet_v2.PPHGNetV2_B4,
        "PPLCNetV3": pplcnet_v3.PPLCNetV3,
        "PPLCNetV4": pplcnet_v4.PPLCNetV4,
        "ResNet_vd": det_resnet_vd.ResNet_vd,
    },
    "kie": {
        "LayoutXLMForRe": kie_layoutxlm.LayoutXLMForRe,
        "LayoutXLMForSer": kie_layoutxlm.LayoutXLMForSer,
    },
    "rec": {
        "MobileNetV1Enhance": mobilenet_v1_enhance.MobileNetV1Enhance,
        "MobileNetV3": rec_mobilenet_v3.MobileNetV3,
        "PPHGNet_base": pphgnet.PPHGNet_base,
        "PPHGNet_small": pphgnet.PPHGNet_small,
        "PPHGNet_tiny": pphgnet.PPHGNet_tiny,
        "PPHGNetV2_B4": pphgnet_v2.PPHGNetV2_B4,
        "PPLCNetV3": pplcnet_v3.PPLCNetV3,
        "PPLCNetV4": pplcnet_v4.PPLCNetV4,
        "ResNet": rec_resnet_vd.ResNet,
        "SVTRNet": rec_svtrnet.SVTRNet,
    },
}


def build_backbone(config: Mapping[str, Any], model_type: str, in_channels: int) -> Any:
    """Build the backbone that a configuration names.

    Args:
        config: The ``Backbone`` section.
        model_type: ``det``, ``rec`` or ``kie``: the same name means another network in each.
        in_channels: Channels of the image.

    Raises:
        ValueError: The model type, the name or a key is unknown.
    """
    table = BACKBONES[known_name("model_type", model_type, list(BACKBONES))]
    return build_named("Backbone", table, config, in_channels=in_channels)
