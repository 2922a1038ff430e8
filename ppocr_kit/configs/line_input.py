"""What a recogniser takes: how wide its line pictures are, and how long a text they can hold."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from ppocr_kit.errors import ConfigError

Config = dict[str, Any]

# Columns of the picture that become one frame of the CTC head, by backbone; one frame gives at most
# one character.
_COLUMNS_PER_FRAME = {"MobileNetV3": 4, "ResNet": 4}
_COLUMNS_PER_FRAME_ELSE = 8
# While training, these pool every line to so many frames whatever its width (PaddleOCR 3.7.0, the
# backbones' forward); only evaluation goes by the width.
_TRAINING_FRAMES = {"PPLCNetV3": 40, "PPLCNetV4": 40, "PPHGNet_small": 40, "PPHGNetV2_B4": 40}
# A guiding head marks start and end, and its encoder takes them off max_text_length.
MARKS = 2
_RESIZING = ("RecResizeImg", "SVTRRecResizeImg")
_WIDTH_STEP = 32


def frames_of(config: Mapping[str, Any]) -> int | None:
    """Return how many characters a line picture can hold at most, or None when its width is not known."""
    backbone = config["Architecture"].get("Backbone") or {}
    if "out_char_num" in backbone:
        return int(backbone["out_char_num"])
    width = image_width(config)
    if width is None:
        return None
    name = str(backbone.get("name"))
    frames = max(1, width // _COLUMNS_PER_FRAME.get(name, _COLUMNS_PER_FRAME_ELSE))
    return min(frames, _TRAINING_FRAMES.get(name, frames))


def image_width(config: Mapping[str, Any]) -> int | None:
    """Return the width that line pictures are evaluated at, pixels, or None when no transform says."""
    size = image_size(config)
    return size[0] if size is not None else None


def image_size(config: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return width and height that line pictures are evaluated at, pixels, or None when no transform says."""
    for _, settings in _transforms(config, "Eval", _RESIZING):
        return int(settings["image_shape"][2]), int(settings["image_shape"][1])
    return None


def guides(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the settings of the heads that only guide the training (NRTR, SAR), in place."""
    entries = config["Architecture"].get("Head", {}).get("head_list") or []
    return [settings for entry in entries for name, settings in entry.items() if name != "CTCHead"]


def with_text_length(config: Mapping[str, Any], longest: int) -> Config:
    """Keep labels of ``longest`` characters, as far as the frames go.

    Upstream drops longer rows without a word. With a guiding head its encoder refuses labels above
    ``max_text_length`` - 2, so that two are added, and the head is given the same length. So is
    ``RecConAug``, where the value of ``Global`` counts whatever stands there.
    """
    changed = copy.deepcopy(dict(config))
    heads = guides(changed)
    marks = MARKS if heads else 0
    length = max(int(changed["Global"].get("max_text_length") or 0), longest + marks)
    frames = frames_of(changed)
    if frames is not None:
        length = min(length, frames + marks)
    changed["Global"]["max_text_length"] = length
    for settings in heads:
        settings["max_text_length"] = length
    for _, settings in _transforms(changed, "Train", ("RecConAug",)):
        settings["max_text_length"] = length
    return changed


def with_image_width(config: Mapping[str, Any], width: int) -> Config:
    """Take line pictures of ``width`` pixels, in training and evaluation; the height is the network's.

    Raises:
        ConfigError: Not a recogniser, or not a multiple of 32.
    """
    if image_width(config) is None:
        raise ConfigError("an image width can be chosen for rec only", at="--image-width")
    if width < _WIDTH_STEP or width % _WIDTH_STEP:
        near = max(_WIDTH_STEP, round(width / _WIDTH_STEP) * _WIDTH_STEP)
        raise ConfigError(
            f"{width} is not a multiple of 32", at="--image-width", hint=f"--image-width {near}"
        )
    changed = copy.deepcopy(dict(config))
    for mode in ("Train", "Eval"):
        for _, settings in _transforms(changed, mode, _RESIZING):
            settings["image_shape"][2] = width
    for _, settings in _transforms(changed, "Train", ("RecConAug",)):
        settings["image_shape"][1] = width
    sampler = changed["Train"].get("sampler")
    if sampler:
        sampler["scales"] = [[width, height] for _, height in sampler["scales"]]
    return changed


def _transforms(
    config: Mapping[str, Any], mode: str, names: tuple[str, ...]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Walk those transforms of a mode that have one of the names and settings."""
    for step in config[mode]["dataset"]["transforms"]:
        for name, settings in step.items():
            if name in names and settings:
                yield name, settings
