"""What a training starts from: pretrained weights, fitted to the model and its dictionary.

Where the weights do not fill the model as they are, a complete start file is written into the run
folder, so that the release's loader finds every parameter in it.

Source: ppocr/utils/save_load.py@3.7.0 (``load_pretrained_params`` skips what does not fit).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ppocr_kit.pretrained.characters import read_class_characters
from ppocr_kit.pretrained.contents import take_student
from ppocr_kit.runs.old_dictionary import OldDictionary, find_old_dictionary
from ppocr_kit.runs.transplant import CLASS_LAYERS, transplant_head
from ppocr_kit.runs.weights import WeightMatch, match_weights, require_match, with_transplant
from ppocr_kit.tasks import Task
from ppocr_kit.vendor.checkpoints import read_weights, write_weights

Arrays = Mapping[str, "np.ndarray[Any, Any]"]


@dataclass(frozen=True)
class StartChoice:
    """How pretrained weights are to be used.

    Attributes:
        transplant: Whether classes of characters in both dictionaries are carried over.
        dictionary: The dictionary the weights were trained with, if the user names it.
    """

    transplant: bool = True
    dictionary: Path | None = None


@dataclass(frozen=True)
class StartFile:
    """A file of pretrained weights.

    Attributes:
        path: The ``.pdparams`` file.
        weights: Its arrays by parameter name.
        student: Whether they are the student's of a distillation checkpoint.
    """

    path: Path
    weights: Arrays
    student: bool = False


@dataclass(frozen=True)
class Start:
    """Weights that a training starts from.

    Attributes:
        file: The file that was given.
        match: What of it loads.
        fresh: The model's own start of parameters that the file does not fill.
    """

    file: StartFile
    match: WeightMatch
    fresh: Arrays

    @property
    def is_rewritten(self) -> bool:
        """Whether the release's loader needs another file than the one that was given."""
        return self.file.student or self.match.transplant is not None


def pretrained_file(config: Mapping[str, Any]) -> Path | None:
    """Return the weights that a configuration starts from; None from scratch or when it resumes."""
    prefix = config["Global"].get("pretrained_model")
    if not prefix or config["Global"].get("checkpoints"):
        return None
    return Path(prefix if str(prefix).endswith(".pdparams") else f"{prefix}.pdparams")


def read_start(config: Mapping[str, Any]) -> StartFile | None:
    """Read the pretrained weights of a configuration; None from scratch or when it resumes.

    Raises:
        DataError: The file is no table of arrays.
    """
    path = pretrained_file(config)
    if path is None:
        return None
    weights = read_weights(path)
    student = take_student(weights)
    return StartFile(path, weights if student is None else student, student is not None)


def fit_start(
    file: StartFile,
    shapes: Mapping[str, Sequence[int]],
    fresh: Arrays,
    config: Mapping[str, Any],
    task: Task,
    release: Path,
    choice: StartChoice,
) -> Start:
    """Fit weights to the model of a configuration.

    Args:
        file: What :func:`read_start` returned.
        shapes: Shapes of the model by parameter name.
        fresh: The model's own start: its class layers, and what the file does not fill.
        config: The configuration.
        task: Its task.
        release: Folder of the release, whose dictionaries official weights use.
        choice: What the user wants.

    Raises:
        DataError: The weights belong to another model, or the named dictionary to other weights.
    """
    given = {name: tuple(value.shape) for name, value in file.weights.items()}
    match = match_weights(shapes, given, character_head=task is Task.REC)
    require_match(match, str(file.path))
    if task is Task.REC and any(name in CLASS_LAYERS for name in shapes):
        match = _fit_head(match, file, fresh, config, release, choice)
    return Start(file, match, fresh)


def write_start(start: Start, target: Path) -> None:
    """Write a start file that fills the whole model.

    Raises:
        SetupError: The disk is full or the folder cannot be written.
    """
    carried = start.match.transplant.arrays if start.match.transplant else {}
    values = {**start.fresh, **{name: start.file.weights[name] for name in start.match.loaded}, **carried}
    write_weights(target, {name: values[name] for name in start.match.shapes})


def _fit_head(
    match: WeightMatch,
    file: StartFile,
    fresh: Arrays,
    config: Mapping[str, Any],
    release: Path,
    choice: StartChoice,
) -> WeightMatch:
    """Carry the character layer over to the configuration's dictionary, or say why not."""
    characters = config_characters(config)
    if not choice.transplant:
        note = "the character layer starts at random (--no-transplant-head)" if match.head else ""
        return dataclasses.replace(match, note=note)
    shapes = {name: value.shape for name, value in file.weights.items()}
    old = find_old_dictionary(file.path, shapes, release, choice.dictionary)
    if old.characters is None:
        return dataclasses.replace(match, note=_unknown_note(match, old))
    if old.characters == characters and not match.head:
        return match
    transplant = transplant_head(fresh, file.weights, characters, old.characters, old.origin)
    note = (
        f"{transplant.carried} of {transplant.carried + len(transplant.new)} characters were carried over "
        f"from the {len(set(old.characters))} of {old.origin}"
    )
    return dataclasses.replace(with_transplant(match, transplant), note=note)


def config_characters(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the characters that a configuration's recogniser tells apart, in class order.

    Raises:
        DataError: Its dictionary cannot be read.
    """
    settings = config["Global"]
    named = settings.get("character_dict_path")
    return read_class_characters(Path(named) if named else None, bool(settings.get("use_space_char")))


def _unknown_note(match: WeightMatch, old: OldDictionary) -> str:
    if match.head:
        return f"the character layer starts at random: {old.origin}"
    return f"the character layer is taken as it is, as if the dictionaries were the same: {old.origin}"
