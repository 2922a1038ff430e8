"""Which of a checkpoint's weights a model takes: foretold before training, by name and shape.

Upstream only warns about a mismatch and then logs "load pretrain successful"
(PaddleOCR#10666, #3391, #14705); here a poor match ends the command before anything trains.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ppocr_kit.errors import DataError
from ppocr_kit.runs.transplant import CLASS_LAYERS, HeadTransplant, differs_in_classes
from ppocr_kit.vendor.checkpoints import read_weights

# Below this share of the model (its character layer apart) the file belongs to another model.
MIN_SHARE = 0.6
# Heads that only help to train; published weights may come without them.
_HELPERS = ("head.gtc_head.", "head.sar_head.")


@dataclass(frozen=True)
class WeightMatch:
    """How a checkpoint fits a model; names are parameter names.

    Attributes:
        loaded: Same name and shape: taken.
        missing: In the model only: stays at its random start.
        unused: In the file only: ignored.
        mismatched: Same name, other shape: (name, model's shape, file's shape); stays random.
        head: The mismatched names that are the recogniser's character layer, whose size is
            the dictionary's.
        share: Loaded parameters / parameters of the model, ``head`` and a helping head that the
            file lacks apart; 0 to 1.
        share_of_all: The same over the whole model; classes that were carried over count.
        shapes: Shapes of the model by parameter name.
        transplant: What of the file's character layer was carried over to another dictionary.
        note: What is to be said about the character layer; empty for nothing.
    """

    loaded: tuple[str, ...]
    missing: tuple[str, ...]
    unused: tuple[str, ...]
    mismatched: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...]
    head: tuple[str, ...]
    share: float
    share_of_all: float
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    transplant: HeadTransplant | None = None
    note: str = ""

    @property
    def whole(self) -> bool:
        """Whether the file alone gives every parameter of the model its value."""
        return not self.missing and not self.mismatched and self.transplant is None

    @property
    def carried(self) -> tuple[str, ...]:
        """The parameters that were made of the file's for another dictionary."""
        return tuple(layer.name for layer in self.transplant.layers) if self.transplant else ()

    def to_json(self) -> dict[str, Any]:
        """Return what the plan and the run record keep."""
        return {
            "loaded": len(self.loaded),
            "missing": list(self.missing),
            "unused": len(self.unused),
            "mismatched": [
                {"name": name, "model": list(model), "file": list(file)}
                for name, model, file in self.mismatched
            ],
            "new_head": [name for name in self.head if name not in self.carried],
            "transplant": self.transplant.to_json() if self.transplant else None,
            "note": self.note,
            "share": round(self.share, 6),
            "share_of_all": round(self.share_of_all, 6),
        }


def match_weights(
    model: Mapping[str, Sequence[int]], file: Mapping[str, Sequence[int]], character_head: bool
) -> WeightMatch:
    """Compare parameter names and shapes of a model and a checkpoint.

    Args:
        model: Shapes by parameter name, as the recipe builds them for this data set.
        file: Shapes by parameter name, as the checkpoint holds them.
        character_head: Whether the head's size depends on a dictionary (recognition).
    """
    loaded, missing, mismatched = [], [], []
    for name, shape in model.items():
        if name not in file:
            missing.append(name)
        elif tuple(file[name]) == tuple(shape):
            loaded.append(name)
        else:
            mismatched.append((name, tuple(shape), tuple(file[name])))
    head = tuple(
        name
        for name, ours, theirs in mismatched
        if character_head and name in CLASS_LAYERS and differs_in_classes(name, ours, theirs)
    )
    sizes = {name: _size(shape) for name, shape in model.items()}
    taken = sum(sizes[name] for name in loaded)
    total = sum(sizes.values())
    body = total - sum(sizes[name] for name in {*head, *_absent_helpers(model, file)})
    return WeightMatch(
        loaded=tuple(loaded),
        missing=tuple(missing),
        unused=tuple(name for name in file if name not in model),
        mismatched=tuple(mismatched),
        head=head,
        share=taken / body if body else 0.0,
        share_of_all=taken / total if total else 0.0,
        shapes={name: tuple(shape) for name, shape in model.items()},
    )


def with_transplant(match: WeightMatch, transplant: HeadTransplant) -> WeightMatch:
    """Return the match with a head that was carried over to the data set's dictionary."""
    carried = {layer.name for layer in transplant.layers}
    sizes = {name: _size(shape) for name, shape in match.shapes.items()}
    loaded = tuple(name for name in match.loaded if name not in carried)
    taken = float(sum(sizes[name] for name in loaded))
    taken += sum(sizes[layer.name] * layer.carried / layer.total for layer in transplant.layers)
    total = sum(sizes.values())
    return dataclasses.replace(
        match, loaded=loaded, transplant=transplant, share_of_all=taken / total if total else 0.0
    )


def require_match(match: WeightMatch, path: str) -> None:
    """Refuse a checkpoint that does not belong to the model.

    Raises:
        DataError: Less than ``MIN_SHARE`` of the model would be loaded, or a layer other than
            the character layer has another shape.
    """
    other = [entry for entry in match.mismatched if entry[0] not in match.head]
    if match.share >= MIN_SHARE and not other:
        return
    example = other[0] if other else None
    reason = (
        f"{example[0]} is {list(example[2])} in the file and {list(example[1])} in the model"
        if example
        else f"the model's {match.missing[0]} is not in the file"
        if match.missing
        else "no parameter fits"
    )
    raise DataError(
        f"the weights are of another model: only {match.share:.0%} of it would load ({reason})",
        at=path,
        hint="choose the recipe the weights were trained with (ppocr-kit config list), or train without "
        "--pretrained",
    )


def require_whole(shapes: Mapping[str, Sequence[int]], weights: Path) -> None:
    """Refuse a checkpoint that would leave any parameter of the model at a random value.

    Args:
        shapes: Shapes by parameter name, as the model is built.
        weights: The ``.pdparams`` file.

    Raises:
        DataError: A parameter is missing from the file or has another shape there.
    """
    file = {name: value.shape for name, value in read_weights(weights).items()}
    match = match_weights(shapes, file, character_head=True)
    if not match.missing and not match.mismatched:
        return
    reason = (
        f"{match.mismatched[0][0]} is {list(match.mismatched[0][2])} in the file and "
        f"{list(match.mismatched[0][1])} in the model"
        if match.mismatched
        else f"{match.missing[0]} is not in the file"
    )
    raise DataError(
        f"the checkpoint is of another model or dictionary: {match.share_of_all:.0%} of the model would "
        f"load ({reason}); what random weights answer says nothing",
        at=str(weights),
        hint="name the model and the data set (dictionary) that the weights were trained with",
    )


def _absent_helpers(model: Mapping[str, Sequence[int]], file: Mapping[str, Sequence[int]]) -> list[str]:
    """List the model's parameters that belong to a helping head of which the file has nothing."""
    absent = [helper for helper in _HELPERS if not any(name.startswith(helper) for name in file)]
    return [name for name in model if any(name.startswith(helper) for helper in absent)]


def _size(shape: Sequence[int]) -> int:
    size = 1
    for length in shape:
        size *= int(length)
    return size
