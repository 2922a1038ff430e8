"""Which picture a label file belongs to, for the formats that have one label file a picture.

The two have the same name but for the suffix (``gt_`` in front or ``_gt`` behind aside) and lie in one
folder, or in folders beside each other: ``images/`` and ``labels/``, ``img/`` and ``box/``, and so on.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

# What PaddleOCR 3.7.0 takes for pictures (ppocr/utils/utility.py, get_image_file_list), documents aside.
IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".gif", ".webp", ".rgb"})

_PREFIXES = ("gt_", "poly_gt_", "res_", "label_")
_ENDINGS = ("_gt", ".gt", "_label")
# PPOCRLabel's folder of crops, and what programs leave that is no page.
_NOT_PAGES = frozenset({"crop_img", "__MACOSX"})
_IMAGES = r"(?:images?|imgs?|jpe?gimages|jpgs?|pics?|pictures?|photos?|pages?|scans?)"
_PLAIN_IMAGE_FOLDER = re.compile(_IMAGES, re.IGNORECASE)
_IMAGE_FOLDER = re.compile(
    rf"(?:.*[_\- ])?{_IMAGES}|{_IMAGES}[_\- ].*|(?:train|val|valid|validation|test|dev)\d*", re.IGNORECASE
)


def walk_files(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder in order, hidden ones and crops aside."""
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_hidden(name) and name not in _NOT_PAGES)
        for name in sorted(files):
            if not _is_hidden(name):
                yield Path(root, name)


def is_image(path: Path) -> bool:
    """Tell whether the suffix is that of a picture."""
    return path.suffix.lower() in IMAGE_SUFFIXES


def image_folders(folder: Path, given: Path | None) -> list[Path]:
    """Return the folders to look for pictures in.

    Args:
        folder: The folder of the labels, absolute.
        given: The folder of pictures that the user named.

    Returns:
        The given folder; else the labels' own when there is a picture in it; else those beside it
        that are called as folders of pictures are.
    """
    if given is not None:
        return [given.resolve()]
    if any(is_image(path) for path in walk_files(folder)):
        return [folder]
    beside = [place for place in folders_of_images(folder.parent) if place != folder]
    # labels/train beside images/train
    mirrored = [
        place / folder.name
        for place in folders_of_images(folder.parent.parent)
        if _PLAIN_IMAGE_FOLDER.fullmatch(place.name)
    ]
    return beside + [place for place in mirrored if place.is_dir() and folder not in (place, place.parent)]


def folders_of_images(folder: Path) -> list[Path]:
    """Return the folders in a folder that are called as folders of pictures are."""
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return []
    return [entry for entry in entries if _IMAGE_FOLDER.fullmatch(entry.name) and entry.is_dir()]


class ImagePairs:
    """Pictures by the names that label files may have.

    Folders of pictures that were only guessed, and of which no picture has labels, belong to others.

    Args:
        folder: The folder of the labels, absolute.
        image_folders: Folders of pictures.
    """

    def __init__(self, folder: Path, image_folders: Iterable[Path]) -> None:
        self._folder = folder
        self._used_folders: set[Path] = set()
        self._by_stem: dict[str, list[Path]] = defaultdict(list)
        self._unused: dict[Path, None] = {}
        for place in image_folders:
            for path in walk_files(place):
                if is_image(path):
                    self._by_stem[_fold(path.stem)].append(path)
                    self._unused[path] = None

    def find(self, label_file: Path) -> list[Path]:
        """Return the picture of a label file; none, or several, when it cannot be told."""
        for stem in _stems(label_file):
            found = self._by_stem.get(_fold(stem), [])
            if Path(stem).suffix.lower() in IMAGE_SUFFIXES:
                found = [path for path in self._by_stem.get(_fold(Path(stem).stem), []) if path.name == stem]
            if found:
                return self._nearest(label_file, found)
        return []

    def use(self, image: Path) -> None:
        """Note that a picture has labels."""
        self._unused.pop(image, None)
        self._used_folders.add(image.parent)

    @property
    def unused(self) -> list[Path]:
        """Pictures without labels so far."""
        return [
            image
            for image in self._unused
            if self._folder in image.parents or image.parent in self._used_folders
        ]

    def _nearest(self, label_file: Path, images: list[Path]) -> list[Path]:
        """Prefer the same folder, then the folder whose path has the most in common."""
        if len(images) == 1:
            return images
        own = label_file.parent.parts
        shared = {image: _likeness(own, image.parent.parts) for image in images}
        most = max(shared.values())
        return [image for image in images if shared[image] == most]


def _stems(label_file: Path) -> Iterator[str]:
    """Yield the names that the picture of a label file may have, the likeliest first."""
    stem = label_file.stem
    yield stem
    for prefix in _PREFIXES:
        if stem.lower().startswith(prefix):
            yield stem[len(prefix) :]
    for ending in _ENDINGS:
        if stem.lower().endswith(ending):
            yield stem[: -len(ending)]


def _likeness(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[bool, int, int]:
    """Say how near two folders are: whether they are one, how many parts agree at both ends, how many words.

    The words are those of the parts between: ``ch4_training_images`` belongs to
    ``ch4_training_localization_transcription_gt``, ``ch4_test_images`` does not.
    """
    front = 0
    while front < min(len(first), len(second)) and first[front] == second[front]:
        front += 1
    back = 0
    while back < min(len(first), len(second)) - front and first[-1 - back] == second[-1 - back]:
        back += 1
    words = [
        set(re.findall(r"[^\W_]+", " ".join(parts[front : len(parts) - back]).casefold()))
        for parts in (first, second)
    ]
    return first == second, front + back, len(words[0] & words[1])


def _fold(name: str) -> str:
    """Return a name without letter case and with composed accents (macOS stores them apart)."""
    return unicodedata.normalize("NFC", name).casefold()


def _is_hidden(name: str) -> bool:
    return name.startswith(".")
