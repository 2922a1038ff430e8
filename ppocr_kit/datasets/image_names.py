"""File names for images from anywhere: safe on every system, and no two alike."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

# What Windows refuses in a name, what ends a key in a label file, and what no file system may hold.
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\u2028\u2029\ud800-\udfff]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?\Z", re.IGNORECASE)

# File systems hold 255 bytes; PPOCRLabel adds "_crop_<n>.jpg" to the stem.
_LONGEST_STEM = 200


class ImageNames:
    """Gives each image a name of its own.

    The stems differ too, letter case aside, because PPOCRLabel calls crops after the stem: ``a.png``
    and ``a.jpg`` would overwrite each other's.

    Attributes:
        changed: How many images got another name than they had.
    """

    def __init__(self) -> None:
        self.changed = 0
        self._taken: set[str] = set()

    def take(self, path: Path) -> str:
        """Return the name for an image: its own; with the folder's in front; with a number."""
        stem, suffix = safe_stem(path.stem), _safe_suffix(path.suffix)
        chosen = stem
        if _fold(chosen) in self._taken:
            chosen = stem = safe_stem(f"{path.parent.name}_{path.stem}")
        number = 1
        while _fold(chosen) in self._taken:
            number += 1
            chosen = f"{stem}_{number}"
        self._taken.add(_fold(chosen))
        self.changed += chosen + suffix != path.name
        return chosen + suffix


def safe_stem(stem: str) -> str:
    """Return a stem that every file system takes, as like the given one as can be."""
    safe = _UNSAFE.sub("_", unicodedata.normalize("NFC", stem)).strip(" .")
    while len(safe.encode()) > _LONGEST_STEM:
        safe = safe[:-1]
    if not safe or _RESERVED.match(safe):
        safe = f"_{safe}"
    return safe


def _safe_suffix(suffix: str) -> str:
    return _UNSAFE.sub("_", suffix).rstrip(" .")


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
