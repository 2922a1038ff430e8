"""Opening every picture of a data set once: can it be used, how large is it, what does it look like."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath
from typing import Union

import numpy as np

from ppocr_kit.datasets.lmdb_reading import LmdbRows
from ppocr_kit.datasets.rows import page_name
from ppocr_kit.fingerprint import Fingerprint, fingerprint
from ppocr_kit.labels.parallel import map_in_order
from ppocr_kit.labels.processes import map_in_processes
from ppocr_kit.progress import Track
from ppocr_kit.vl.candidates import PicturePlace
from ppocr_kit.vl.dataset import IMAGE_FOLDER
from ppocr_kit.vl.pictures import BadPicture, Picture, decode_picture, read_picture_file

_SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "MPO": ".jpg", "WEBP": ".webp", "BMP": ".bmp"} | {
    **{"GIF": ".gif", "TIFF": ".tif", "PPM": ".ppm"}
}
_PLACES_PER_CHUNK = 64
# Starting processes takes as long as opening so many crops.
_FEW_PICTURES = 1500


@dataclass(frozen=True)
class SeenPicture:
    """A picture that can be used.

    Attributes:
        file_name: Its name in the data set.
        sha256: Hash of its file.
        width: As it is shown, pixels.
        height: As it is shown, pixels.
        plain: Whether nothing is turned or converted.
        looks: What it looks like.
    """

    file_name: str
    sha256: str
    width: int
    height: int
    plain: bool
    looks: Fingerprint

    @property
    def path(self) -> str:
        """Its path below the data set."""
        return f"{IMAGE_FOLDER}/{self.file_name}"


@dataclass(frozen=True)
class UnusablePicture:
    """Why a picture cannot be used: a code of ``VL_CODES`` and what exactly."""

    code: str
    detail: str


Look = Union[SeenPicture, UnusablePicture]


def look_at_pictures(
    places: Sequence[PicturePlace], folder: Path | None, workers: int, track: Track
) -> dict[PicturePlace, Look]:
    """Open pictures, each once, and copy those that can be used.

    Args:
        places: Where they are; the same one may be named again.
        folder: Folder that they are copied to; None copies nothing.
        workers: How many processes.
        track: Progress.

    Raises:
        SetupError: A worker was killed, or lmdb is not installed.
        OSError: The disk is full.
    """
    distinct = list(dict.fromkeys(places))
    chunks = [distinct[at : at + _PLACES_PER_CHUNK] for at in range(0, len(distinct), _PLACES_PER_CHUNK)]
    few = workers == 1 or len(distinct) < _FEW_PICTURES
    done = (map_in_order if few else map_in_processes)(partial(_look_at, folder), chunks, workers)
    looks = (look for chunk in done for look in chunk)
    return dict(zip(distinct, track(looks, "opening pictures", len(distinct))))


def _look_at(folder: Path | None, places: Sequence[PicturePlace]) -> list[Look]:
    """Open some pictures, in a worker."""
    with ExitStack() as stack:
        return [_look(content, place, folder) for place, content in _contents(places, stack)]


def _contents(
    places: Sequence[PicturePlace], stack: ExitStack
) -> Iterator[tuple[PicturePlace, bytes | UnusablePicture]]:
    """Yield the bytes of each picture."""
    lmdbs: dict[Path, LmdbRows] = {}
    for place in places:
        if place.key is None:
            try:
                yield place, read_picture_file(place.path)
            except BadPicture as error:
                yield place, _unusable(place, error)
            continue
        if place.path not in lmdbs:
            lmdbs[place.path] = stack.enter_context(LmdbRows(place.path))
        content = lmdbs[place.path].read(place.key)
        yield place, UnusablePicture("V004", place.key) if content is None else content


def _look(content: bytes | UnusablePicture, place: PicturePlace, folder: Path | None) -> Look:
    """Decode one picture and copy it."""
    if isinstance(content, UnusablePicture):
        return content
    try:
        picture = decode_picture(content, place.path.name)
    except BadPicture as error:
        return _unusable(place, error)
    name = page_name(PurePath(place.name or "picture"), picture.sha256) + _SUFFIXES[picture.kind]
    if folder is not None:
        # named by its content, so whoever writes it writes the same
        (folder / name).write_bytes(picture.content)
    width, height = picture.image.size
    return SeenPicture(name, picture.sha256, width, height, picture.plain, _looks(picture))


def _looks(picture: Picture) -> Fingerprint:
    return fingerprint(np.asarray(picture.image.convert("L")))


def _unusable(place: PicturePlace, error: BadPicture) -> UnusablePicture:
    if place.key is None and not _exists(place.path):
        return UnusablePicture("V004", str(place.path))
    return UnusablePicture("V005", f"{place.path.name} {error.message}")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
