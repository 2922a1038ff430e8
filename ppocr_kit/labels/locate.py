"""Find the image that a key of a label file means, whatever has been moved since.

PPOCRLabel writes ``<folder>/<image>``, relative to the parent of the labelled folder. Real exports
also hold absolute paths of other machines, backslashes, and the name the folder had before it was
renamed. Keys are never followed out of the parent folder.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

_WINDOWS_ABSOLUTE = re.compile(r"^(?:[A-Za-z]:[\\/]|\\\\)")

# PPOCRLabel's own folder of crops: never page images.
_CROP_FOLDER = "crop_img"

# What PPOCRLabel opens.
_IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".gif"})


@dataclass(frozen=True)
class Found:
    """Where a key led.

    Attributes:
        path: The image file, None when there is none.
        code: The finding about how it was found or why not, None when all is as PPOCRLabel writes it.
        detail: What exactly.
    """

    path: Path | None
    code: str | None = None
    detail: str = ""


class ImageLocator:
    """Looks up keys for one labelled folder.

    Args:
        folder: The folder that holds the label file, absolute.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parent = folder.parent

    def find(self, key: str) -> Found:
        """Find the image of a key: as PPOCRLabel means it, then in the folder itself, then by name.

        Args:
            key: The first column of a line.
        """
        direct = self._file(self.parent, key.split("/"), must_start_with_folder=True)
        if direct is not None:
            return Found(direct)
        parts, code = _split_key(key)
        if ".." in parts and not self._stays_inside(parts):
            return Found(None, "L026", f"'{key}'")
        parts = _drop_dots(parts)
        if not parts:
            return Found(None, "L020", f"'{key}'")
        if code == "L023":
            direct = self._file(self.parent, parts, must_start_with_folder=True)
            if direct is not None:
                return Found(direct, code, f"'{key}'")
        # The longest tail first: images/a.png before a.png.
        for start in range(len(parts)):
            path = self._file(self.folder, parts[start:])
            if path is not None:
                return Found(path, "L021" if code != "L022" else code, f"'{key}'")
        if code != "L022":
            path = self._file(self.parent, parts)
            if path is not None:
                return Found(path, "L021", f"'{key}'")
        return self._by_name(key, parts[-1])

    def _file(self, base: Path, parts: list[str], *, must_start_with_folder: bool = False) -> Path | None:
        """Return ``base/parts`` when it is a file, names an image below ``base``, and may be read."""
        if must_start_with_folder and (len(parts) < 2 or parts[0] != self.folder.name):
            return None
        if any(part in ("", ".", "..") for part in parts):
            return None
        path = os.path.join(base, *parts)  # noqa: PTH118 - Path objects cost a third of the reading time
        return Path(path) if _is_file(path) else None

    def _stays_inside(self, parts: list[str]) -> bool:
        """Tell whether a key with ``..`` never leaves the parent of the labelled folder."""
        depth = 0
        for part in parts:
            if part == "..":
                depth -= 1
            elif part not in ("", "."):
                depth += 1
            if depth < 0:
                return False
        return True

    def _by_name(self, key: str, name: str) -> Found:
        """Look for the one image anywhere below the folder with this name, letter case aside."""
        matches = self._names.get(_fold(name), [])
        exact = [path for path in matches if path.name == name]
        candidates = exact or matches
        if len(candidates) == 1:
            shown = candidates[0].relative_to(self.folder).as_posix()
            return Found(candidates[0], "L024", f"'{key}' is taken to be {shown}")
        if candidates:
            return Found(None, "L025", f"'{key}' may be any of {len(candidates)} files")
        other = self._stems.get(_fold(PurePosixPath(name).stem))
        beside = f"; there is {other.relative_to(self.folder).as_posix()}" if other is not None else ""
        return Found(None, "L020", f"'{key}'{beside}")

    @cached_property
    def _names(self) -> dict[str, list[Path]]:
        """All files below the folder by folded name; gathered only when a key needs it."""
        names: dict[str, list[Path]] = defaultdict(list)
        for root, folders, files in os.walk(self.folder):
            folders[:] = sorted(name for name in folders if name != _CROP_FOLDER)
            for name in files:
                names[_fold(_readable(name))].append(Path(root, name))
        return dict(names)

    @cached_property
    def _stems(self) -> dict[str, Path]:
        """One image below the folder by folded stem, for remarks on those that are missing."""
        return {
            _fold(path.stem): path
            for paths in self._names.values()
            for path in paths
            if path.suffix.lower() in _IMAGE_SUFFIXES
        }


def _split_key(key: str) -> tuple[list[str], str | None]:
    """Return the parts of a key below its root, and the code for an unusual notation."""
    if _WINDOWS_ABSOLUTE.match(key):
        return re.split(r"[\\/]+", key.lstrip("\\"))[1:], "L022"
    if key.startswith("/"):
        return key.split("/"), "L022"
    if "\\" in key:
        return re.split(r"[\\/]+", key), "L023"
    return key.split("/"), None


def _drop_dots(parts: list[str]) -> list[str]:
    """Resolve ``.`` and ``..`` within a path that stays inside."""
    kept: list[str] = []
    for part in parts:
        if part == "..":
            kept.pop()
        elif part not in ("", "."):
            kept.append(part)
    return kept


def _readable(name: str) -> str:
    """Return the name of a file; one that is no UTF-8 was unpacked from an archive in GB18030."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return os.fsencode(name).decode("gb18030", errors="replace")
    return name


def _fold(name: str) -> str:
    """Return a name without letter case and with composed accents (macOS stores them apart)."""
    return unicodedata.normalize("NFC", name).casefold()


def _is_file(path: str) -> bool:
    """Tell whether the path is a file; names no file system can hold are not."""
    try:
        return os.path.isfile(path)  # noqa: PTH113 - see ImageLocator._file
    except ValueError:
        return False
