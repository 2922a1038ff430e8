"""What a data set and a network change in a configuration for key information (SER and RE).

Source: ``VQATokenLabelEncode`` of ppocr/data/imaug/label_ops.py, ppocr/data/imaug/vqa/token/ and
``load_model`` of ppocr/utils/save_load.py, PaddleOCR 3.7.0.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ppocr_kit.datasets.manifest import TaskData
from ppocr_kit.errors import DataError, UsageError

# The network that a run starts from, fitted to its classes, inside the run folder.
START_FOLDER = "start"

Config = dict[str, Any]

# Each of them cuts, fills up or lays out a page of so many tokens.
WINDOWED = ("VQATokenPad", "VQASerTokenChunk", "VQAReTokenChunk", "TensorizeEntitiesRelations")
# LayoutXLM tells so many places of a page apart.
LONGEST_WINDOW = 512


def with_classes(config: Mapping[str, Any], data: TaskData) -> Config:
    """Learn the classes of a data set.

    Raises:
        DataError: The data set names none.
    """
    if data.classes is None or data.num_classes is None:
        raise DataError(
            "the data set names no classes for key information",
            at=str(data.data_dir),
            hint="build it again from labels that have classes (key_cls)",
        )
    changed = copy.deepcopy(dict(config))
    named = data.classes.absolute().as_posix()
    for settings in _transforms(changed, ("VQATokenLabelEncode",)):
        settings["class_path"] = named
    if "class_path" in changed["PostProcess"]:
        changed["PostProcess"]["class_path"] = named
    for settings in (changed["Architecture"]["Backbone"], changed["Loss"]):
        if "num_classes" in settings:
            settings["num_classes"] = data.num_classes
    return changed


def with_window(config: Mapping[str, Any], tokens: int) -> Config:
    """Read at most ``tokens`` tokens of a page.

    Raises:
        UsageError: More than the network has places for.
    """
    if not 1 <= tokens <= LONGEST_WINDOW:
        raise UsageError(f"LayoutXLM reads 1 to {LONGEST_WINDOW} tokens, not {tokens}", at="--max-seq-len")
    changed = copy.deepcopy(dict(config))
    for settings in _transforms(changed, WINDOWED):
        settings["max_seq_len"] = tokens
    return changed


def window_of(config: Mapping[str, Any]) -> int:
    """Return how many tokens of a page are read."""
    for settings in _transforms(config, ("VQASerTokenChunk", "VQAReTokenChunk")):
        return int(settings["max_seq_len"])
    return LONGEST_WINDOW


def with_network(config: Mapping[str, Any], folder: Path) -> Config:
    """Start from the network in a folder, or go on from it where it is a checkpoint."""
    changed = copy.deepcopy(dict(config))
    changed["Architecture"]["Backbone"]["checkpoints"] = folder.absolute().as_posix()
    return changed


def _transforms(config: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Walk the settings of the transforms of those names, of both modes."""
    for mode in ("Train", "Eval"):
        for step in config[mode]["dataset"]["transforms"]:
            for name, settings in step.items():
                if name in names and settings:
                    yield settings
