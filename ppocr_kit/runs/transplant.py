"""Carrying a recogniser's head over to another dictionary, class by class.

The last layers of a recogniser have one row or column for each class. When the dictionary changes, the
classes of characters that both dictionaries have keep what they have learned, at their new place; the
others start as the model builds them. Special classes (blank, start, end, padding) are told by name.

Source: how classes are numbered: ppocr/postprocess/rec_postprocess.py@3.7.0 (CTCLabelDecode,
NRTRLabelDecode, SARLabelDecode); NRTRHead has one class more than its decoder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
# (kind, name): a special class is never taken for a character that is called the same
Label = tuple[str, str]


class Numbering(Enum):
    """How a head numbers its classes."""

    CTC = "ctc"
    NRTR = "nrtr"
    SAR = "sar"


@dataclass(frozen=True)
class ClassLayer:
    """A parameter that has one row or column for each class.

    Attributes:
        numbering: What its classes are.
        axis: The axis of the classes.
    """

    numbering: Numbering
    axis: int


_PARTS: dict[Numbering, tuple[tuple[str, str], ...]] = {
    # fc2 follows fc1 when CTCHead has mid_channels
    Numbering.CTC: (("head.", "fc"), ("head.", "fc2"), ("head.ctc_head.", "fc"), ("head.ctc_head.", "fc2")),
    Numbering.NRTR: (("head.", "tgt_word_prj"), ("head.gtc_head.", "tgt_word_prj")),
    Numbering.SAR: (("head.", "decoder.prediction"), ("head.sar_head.", "decoder.prediction")),
}
_EMBEDDINGS = {
    "head.embedding.embedding.weight": Numbering.NRTR,
    "head.gtc_head.embedding.embedding.weight": Numbering.NRTR,
    "head.decoder.embedding.weight": Numbering.SAR,
    "head.sar_head.decoder.embedding.weight": Numbering.SAR,
}
# Paddle's Linear keeps (inputs, outputs); an embedding keeps (classes, width)
CLASS_LAYERS: dict[str, ClassLayer] = {
    **{
        f"{prefix}{layer}.{kind}": ClassLayer(numbering, -1)
        for numbering, layers in _PARTS.items()
        for prefix, layer in layers
        for kind in ("weight", "bias")
    },
    **{name: ClassLayer(numbering, 0) for name, numbering in _EMBEDDINGS.items()},
}


@dataclass(frozen=True)
class CarriedLayer:
    """What one parameter took over.

    Attributes:
        name: Its name.
        carried: Classes that keep what they have learned.
        total: Classes that it has now.
    """

    name: str
    carried: int
    total: int


@dataclass(frozen=True)
class HeadTransplant:
    """A head for a new dictionary.

    Attributes:
        arrays: Its parameters by name, ready to be trained on.
        layers: What each took over.
        carried: Characters of the new dictionary that were carried over.
        new: Characters that the old dictionary lacks; they start afresh.
        origin: Where the old dictionary is known from.
    """

    arrays: Mapping[str, Array]
    layers: tuple[CarriedLayer, ...]
    carried: int
    new: tuple[str, ...]
    origin: str

    def to_json(self) -> dict[str, Any]:
        """Return what the plan keeps."""
        return {
            "characters": self.carried + len(self.new),
            "carried": self.carried,
            "new": list(self.new),
            "old_dictionary": self.origin,
            "layers": [
                {"name": layer.name, "carried": layer.carried, "classes": layer.total}
                for layer in self.layers
            ],
        }


def class_labels(numbering: Numbering, characters: Sequence[str]) -> list[Label]:
    """List what the classes of a head stand for, in their order.

    Args:
        numbering: How the head numbers them.
        characters: Characters in class order, the space included where it is one.
    """
    plain = [("character", character) for character in characters]

    def special(*names: str) -> list[Label]:
        return [("special", name) for name in names]

    if numbering is Numbering.CTC:
        return special("blank") + plain
    if numbering is Numbering.NRTR:
        return special("blank", "<unk>", "<s>", "</s>") + plain + special("spare")
    return plain + special("<UKN>", "<BOS/EOS>", "<PAD>")


def differs_in_classes(name: str, shape: Sequence[int], other: Sequence[int]) -> bool:
    """Tell whether two shapes of a class layer can differ by the dictionary alone."""
    axis = CLASS_LAYERS[name].axis
    if len(shape) != len(other):
        return False
    widths = [list(each) for each in (shape, other)]
    for each in widths:
        each.pop(axis)
    return widths[0] == widths[1]


def explain_misfit(shapes: Mapping[str, Sequence[int]], characters: Sequence[str]) -> str | None:
    """Say why a dictionary cannot be the one that a head was trained with; None when it can.

    Args:
        shapes: Shapes of a checkpoint by parameter name.
        characters: Characters in class order, the space included where it is one.
    """
    for name, layer in CLASS_LAYERS.items():
        if name not in shapes:
            continue
        classes, expected = int(shapes[name][layer.axis]), _class_counts(name, layer, characters)
        if classes != expected:
            return f"{name} has {classes} classes, {len(characters)} characters make {expected}"
    return None


def transplant_head(
    fresh: Mapping[str, Array],
    old: Mapping[str, Array],
    characters: Sequence[str],
    old_characters: Sequence[str],
    origin: str,
) -> HeadTransplant:
    """Put what a head has learned into a head for another dictionary.

    Args:
        fresh: Class layers of the model as it is built for ``characters``.
        old: Weights of the checkpoint; class layers that it lacks, or whose other axis differs,
            are left as they were built.
        characters: Characters in the order of the new classes, the space included where it is one.
        old_characters: The same of the checkpoint; see :func:`explain_misfit`.
        origin: Where ``old_characters`` are known from, for people.
    """
    arrays, layers = {}, []
    for name, built in fresh.items():
        if name not in CLASS_LAYERS or name not in old:
            continue
        layer = CLASS_LAYERS[name]
        if not differs_in_classes(name, built.shape, old[name].shape):
            continue
        places = _old_places(
            class_labels(layer.numbering, characters)[: built.shape[layer.axis]],
            class_labels(layer.numbering, old_characters)[: old[name].shape[layer.axis]],
        )
        arrays[name] = _carry(built, old[name], places, layer.axis)
        layers.append(CarriedLayer(name, int((places >= 0).sum()), len(places)))
    known = set(old_characters)
    distinct = list(dict.fromkeys(characters))
    new = tuple(character for character in distinct if character not in known)
    return HeadTransplant(arrays, tuple(layers), len(distinct) - len(new), new, origin)


def _class_counts(name: str, layer: ClassLayer, characters: Sequence[str]) -> int:
    """Count the classes that a layer has for a dictionary."""
    count = len(class_labels(layer.numbering, characters))
    # SAR never predicts the padding, which is its last class
    return count - 1 if ".prediction." in name else count


def _old_places(labels: Sequence[Label], old_labels: Sequence[Label]) -> Array:
    """Return the old index of each class, -1 for one that is new.

    Of a character that a dictionary repeats only the last class is ever trained (label_ops.py).
    """
    places = {label: index for index, label in enumerate(old_labels)}
    return np.array([places.get(label, -1) for label in labels], dtype=np.int64)


def _carry(built: Array, old: Array, places: Array, axis: int) -> Array:
    result = np.moveaxis(built.copy(), axis, 0)
    kept = places >= 0
    result[kept] = np.moveaxis(old, axis, 0)[places[kept]].astype(built.dtype)
    return np.ascontiguousarray(np.moveaxis(result, 0, axis))
