"""Which characters a checkpoint's classes stand for: looked up, never guessed.

A dictionary is taken from where the weights come from: the user, the catalogue of official weights, or
the run they were trained in. The number of classes must fit, else it is another dictionary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ppocr_kit.errors import DataError, PpocrKitError
from ppocr_kit.pretrained.cache import recognise_file
from ppocr_kit.pretrained.characters import read_class_characters
from ppocr_kit.runs.transplant import explain_misfit
from ppocr_kit.text import SPACE

# the run keeps a copy, because the data set may be built again with other characters
DICTIONARY_COPY = "dictionary.txt"
_SAY = "name the dictionary that the weights were trained with: --pretrained-dict FILE"


@dataclass(frozen=True)
class OldDictionary:
    """What is known of a checkpoint's characters.

    Attributes:
        characters: In class order, the space included where it is one; None when unknown.
        origin: Where they are known from; or why they are not, and what to do.
    """

    characters: tuple[str, ...] | None
    origin: str


def find_old_dictionary(
    weights: Path, shapes: Mapping[str, Sequence[int]], release: Path, given: Path | None = None
) -> OldDictionary:
    """Find the characters that weights were trained with.

    Args:
        weights: The ``.pdparams`` file.
        shapes: Its shapes by parameter name.
        release: The PaddleOCR release, whose dictionaries official weights use.
        given: The dictionary that the user names; whether the space is added follows from the
            number of classes.

    Raises:
        DataError: The given dictionary cannot be read or does not fit.
    """
    if given is not None:
        return _given(given, shapes)
    entry = recognise_file(weights)
    if entry is not None and entry.dictionary is not None:
        path = None if entry.dictionary.path is None else release / entry.dictionary.path
        characters = read_class_characters(path, entry.dictionary.use_space_char)
        return _if_it_fits(characters, f"official weights {entry.name}", shapes)
    for config_file in (weights.parent / "config.yml", weights.parent.parent / "config.yml"):
        if config_file.is_file():
            return _of_config(config_file, shapes, release)
    return OldDictionary(None, f"nothing says which dictionary the weights were trained with; {_SAY}")


def _given(path: Path, shapes: Mapping[str, Sequence[int]]) -> OldDictionary:
    plain = read_class_characters(path, use_space_char=False)
    for characters in (plain, (*plain, SPACE)):
        if explain_misfit(shapes, characters) is None:
            return OldDictionary(characters, str(path))
    raise DataError(
        f"the weights were not trained with this dictionary: {explain_misfit(shapes, plain)}, "
        f"with the space {len(plain) + 1}",
        at=str(path),
        hint="name the dictionary of the weights, not of the data set; or --no-transplant-head",
    )


def _of_config(config_file: Path, shapes: Mapping[str, Sequence[int]], release: Path) -> OldDictionary:
    """Read the dictionary that the configuration beside the weights names."""
    try:
        body: Any = yaml.safe_load(config_file.read_text(encoding="utf-8"))
        settings = body["Global"]
        named, space = settings.get("character_dict_path"), bool(settings.get("use_space_char", False))
    except (OSError, yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, AttributeError):
        return OldDictionary(None, f"{config_file} cannot be read; {_SAY}")
    copy = config_file.parent / DICTIONARY_COPY
    places = [copy, *([] if named is None else _places(Path(str(named)), config_file.parent, release))]
    found = next((place for place in places if place.is_file()), None)
    if named is not None and found is None:
        return OldDictionary(None, f"the dictionary {named} of {config_file} is gone; {_SAY}")
    try:
        return _if_it_fits(read_class_characters(found, space), str(config_file), shapes)
    except PpocrKitError as error:
        return OldDictionary(None, f"{error.message}; {_SAY}")


def _places(path: Path, beside: Path, release: Path) -> list[Path]:
    """List where a relative path of a configuration may lead."""
    return [path] if path.is_absolute() else [release / path, beside / path]


def _if_it_fits(
    characters: tuple[str, ...], origin: str, shapes: Mapping[str, Sequence[int]]
) -> OldDictionary:
    misfit = explain_misfit(shapes, characters)
    if misfit is None:
        return OldDictionary(characters, origin)
    return OldDictionary(None, f"the dictionary of {origin} does not fit ({misfit}); {_SAY}")
