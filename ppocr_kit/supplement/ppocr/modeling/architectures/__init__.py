"""The factory that the release's tools call: ``build_model`` and ``apply_to_static``.

Source: how ``tools/train.py`` and ``ppocr/utils/export_model.py`` of PaddleOCR 3.7.0 call it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..choice import refuse_distillation
from .base_model import BaseModel

__all__ = ["apply_to_static", "build_model"]

_LABELS, _LENGTHS, _RATIOS = ([None, None], "int64"), ([None], "int64"), ([None], "float64")
# what the release's training hands over beside the images, by ``Architecture.algorithm``
_TARGETS = {
    "SVTR": (_LABELS, _LENGTHS),
    "SVTR_LCNet": (_LABELS, _LABELS, _LENGTHS, _RATIOS),
    "SVTR_HGNet": (_LABELS, _LABELS, _LENGTHS, _RATIOS),
}


def build_model(config: Mapping[str, Any]) -> BaseModel:
    """Build a model from the ``Architecture`` section of a configuration.

    Args:
        config: The section; left as it is.

    Raises:
        ValueError: A part or a key is unknown, or the architecture is a distillation.
    """
    for key in ("name", "algorithm"):
        refuse_distillation(f"Architecture {key}", config.get(key))
    return BaseModel(config)


def apply_to_static(model: Any, config: Mapping[str, Any], logger: Any) -> Any:
    """Compile the model for training when ``Global.to_static`` asks for it.

    Args:
        model: The model.
        config: The whole configuration; ``Global.d2s_train_image_shape`` is the shape of an image,
            (C, H, W), -1 where it varies.
        logger: Where to say so.

    Raises:
        ValueError: The shape is missing.
    """
    settings = config["Global"]
    if settings.get("to_static") is not True:
        return model
    if not settings.get("d2s_train_image_shape"):
        raise ValueError("Global.to_static needs Global.d2s_train_image_shape, such as [3, 640, 640]")
    from paddle.jit import to_static
    from paddle.static import InputSpec

    shape = [None, *settings["d2s_train_image_shape"]]
    logger.info(f"the model is compiled for inputs of {shape}")
    specs: list[Any] = [InputSpec(shape, dtype="float32")]
    targets = _TARGETS.get(config.get("Architecture", {}).get("algorithm"))
    if targets:
        specs.append([InputSpec(size, dtype=kind) for size, kind in targets])
    # without full_graph Paddle ignores the shape, and takes three times as long to compile
    return to_static(model, input_spec=specs, full_graph=True)
