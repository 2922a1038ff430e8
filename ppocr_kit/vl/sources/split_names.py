"""Splits that a source has already, by the names of its files or parts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ppocr_kit.tasks import Split

_NAMES = {
    "train": Split.TRAIN,
    "training": Split.TRAIN,
    "val": Split.VAL,
    "valid": Split.VAL,
    "validation": Split.VAL,
    "dev": Split.VAL,
    "eval": Split.VAL,
    "test": Split.TEST,
    "testing": Split.TEST,
}


def split_of_name(name: str) -> Split | None:
    """Return the split that ``train``, ``validation-00000-of-00002`` or ``manga_test`` names, else None."""
    found = {_NAMES[word] for word in re.split(r"[^a-z]+", name.lower()) if word in _NAMES}
    return found.pop() if len(found) == 1 else None


def splits_of_names(names: Sequence[str]) -> list[Split | None]:
    """Return the splits of the parts of a source; a source whose parts are not all named has none.

    A source that has one split only has not been divided.
    """
    splits = [split_of_name(name) for name in names]
    divided = None not in splits and len(set(splits)) > 1
    return splits if divided else [None] * len(names)
