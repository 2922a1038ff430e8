"""What loads and what does not, as tables: a summary by part of the model, and every parameter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ppocr_kit.runs.weights import WeightMatch

_PARTS = ("transform", "backbone", "neck", "head")
NOT_IN_FILE = "not in the file: starts at random"
OTHER_SHAPE = "another shape in the file: starts at random"
NEW_HEAD = "another dictionary: starts at random"


@dataclass(frozen=True)
class ParameterFate:
    """What becomes of one parameter.

    Attributes:
        name: Its name.
        part: Part of the model: transform, backbone, neck or head; ``file`` for one that the model lacks.
        fate: What happens to it, and why.
        share: Share of it that has the file's values, 0 to 1.
        size: Numbers in it.
    """

    name: str
    part: str
    fate: str
    share: float
    size: int


@dataclass(frozen=True)
class PartSummary:
    """What becomes of one part of the model; parameters are counted as tensors and as numbers.

    Attributes:
        part: Name of the part.
        loaded: Tensors that are taken as they are.
        carried: Tensors carried over to another dictionary.
        random: Tensors that start at random.
        numbers: Numbers in the part.
        share: Share of them that has the file's values, 0 to 1.
    """

    part: str
    loaded: int
    carried: int
    random: int
    numbers: int
    share: float

    def to_json(self) -> dict[str, Any]:
        """Return what ``run.json`` keeps."""
        return {
            "part": self.part,
            "loaded": self.loaded,
            "carried": self.carried,
            "random": self.random,
            "numbers": self.numbers,
            "share": round(self.share, 6),
        }


def list_fates(match: WeightMatch) -> list[ParameterFate]:
    """List every parameter of the model in its order, then what the file has beside."""
    carried = {layer.name: layer for layer in match.transplant.layers} if match.transplant else {}
    other = {name: file for name, _, file in match.mismatched}
    loaded, fates = set(match.loaded), []
    for name, shape in match.shapes.items():
        if name in carried:
            layer = carried[name]
            fate = f"carried over: {layer.carried} of {layer.total} classes"
            share = layer.carried / layer.total
        elif name in loaded:
            fate, share = "loaded", 1.0
        elif name in other:
            reason = NEW_HEAD if name in match.head else OTHER_SHAPE
            fate, share = f"{reason}; {list(other[name])} in the file, {list(shape)} in the model", 0.0
        else:
            fate, share = NOT_IN_FILE, 0.0
        fates.append(ParameterFate(name, name.split(".", 1)[0], fate, share, math.prod(shape)))
    fates += [ParameterFate(name, "file", "not in the model: ignored", 0.0, 0) for name in match.unused]
    return fates


def summarise_parts(match: WeightMatch) -> list[PartSummary]:
    """Sum up the fates by part, in the order of the data's way through the model."""
    fates = [fate for fate in list_fates(match) if fate.part != "file"]
    named = [part for part in _PARTS if any(fate.part == part for fate in fates)]
    named += sorted({fate.part for fate in fates} - set(named))
    summaries = []
    for part in named:
        mine = [fate for fate in fates if fate.part == part]
        numbers = sum(fate.size for fate in mine)
        taken = sum(fate.size * fate.share for fate in mine)
        loaded = sum(fate.fate == "loaded" for fate in mine)
        moved = sum(fate.fate.startswith("carried") for fate in mine)
        share = taken / numbers if numbers else 1.0
        summaries.append(PartSummary(part, loaded, moved, len(mine) - loaded - moved, numbers, share))
    return summaries


def render_fates(match: WeightMatch) -> str:
    """Render the full list for the run's logs: one parameter per line, tabs between."""
    lines = [match.note] if match.note else []
    lines += [f"{fate.part}\t{fate.name}\t{fate.fate}" for fate in list_fates(match)]
    return "\n".join(lines) + "\n"
