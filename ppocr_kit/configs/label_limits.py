"""What a recipe can take of labels: how small a box, how long a text, how long a line."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ppocr_kit.configs.line_input import MARKS, frames_of, guides, image_size, with_text_length
from ppocr_kit.configs.patches import crop_size
from ppocr_kit.labels.statistics import TrainingScale

Config = dict[str, Any]

_ENLARGING = "EastRandomCropData"
_SHRINKING = "MakeShrinkMap"
# MakeShrinkMap's own, where a recipe says nothing (ppocr/data/imaug/make_shrink_map.py@3.7.0).
_LEAST_SIDE = 8.0


@dataclass(frozen=True)
class LineLimits:
    """What a recogniser can take of a line.

    Attributes:
        model: The recipe.
        longest_text: Characters that ``max_text_length`` leaves; None when it grows with the texts.
        frames: Characters that a line picture can hold, a repeated one counting twice; None when its
            width is not known.
        ratio: Width by height of the line picture; None when it is not known.
    """

    model: str
    longest_text: int | None
    frames: int | None
    ratio: float | None


def training_scale(config: Mapping[str, Any], model: str) -> TrainingScale:
    """Return how small pages get when ``model`` trains with a detector's configuration."""
    steps = config["Train"]["dataset"]["transforms"]
    settings = {name: step[name] or {} for step in steps for name in step}
    least = float(settings.get(_SHRINKING, {}).get("min_text_size", _LEAST_SIDE))
    return TrainingScale(model, crop_size(config), _ENLARGING in settings, least)


def line_limits(config: Mapping[str, Any], model: str, max_text_length: int | None) -> LineLimits:
    """Return what ``model`` can take of a line with a recogniser's configuration.

    Args:
        config: The configuration.
        model: Its recipe.
        max_text_length: The length that is given; None lets it grow with the texts.
    """
    marks = MARKS if guides(config) else 0
    longest = max_text_length - marks if max_text_length is not None else None
    size = image_size(config)
    return LineLimits(model, longest, frames_of(config), size[0] / size[1] if size is not None else None)


def with_labels(
    config: Mapping[str, Any],
    dictionary: str,
    use_space_char: bool,
    longest: int,
    max_text_length: int | None,
) -> Config:
    """Let a recogniser read texts with a dictionary, as training would.

    Args:
        config: The configuration of a recogniser.
        dictionary: The dictionary file.
        use_space_char: Whether the space is one class more.
        longest: Characters of the longest text.
        max_text_length: Taken exactly where it is given; else it grows with the texts.
    """
    changed = copy.deepcopy(dict(config))
    changed["Global"]["character_dict_path"] = dictionary
    changed["Global"]["use_space_char"] = use_space_char
    if max_text_length is None:
        return with_text_length(changed, longest)
    changed["Global"]["max_text_length"] = max_text_length
    for settings in guides(changed):
        settings["max_text_length"] = max_text_length
    return changed
