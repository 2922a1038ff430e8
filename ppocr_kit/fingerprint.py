"""What a page looks like in 136 bytes: comparable when it was turned, scanned again or cut a little.

The low frequencies of a small grey picture (the discrete cosine transform that pHash takes bits from),
scaled to unit length and kept as bytes. More than pHash's 64 signs is kept because signs alone do not
separate a page that was scanned again (16 of 63 differ) from another label of the same kind (19): from
the frequencies the small picture comes back, and two of those can be laid over one another.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from ppocr_kit.errors import DataError
from ppocr_kit.geometry import Image

Array = npt.NDArray[np.float32]

SIDE = 32
"""Pixels along each side of the small picture."""

_ORDER = 16
_ROWS, _COLUMNS = np.nonzero(np.add.outer(np.arange(SIDE), np.arange(SIDE)) < _ORDER)
# the first is the mean: brightness, which a scanner changes
_ROWS, _COLUMNS = _ROWS[1:], _COLUMNS[1:]

NUM_FREQUENCIES = len(_ROWS)
"""Number of frequencies that are kept, by row and then by column, the mean left out."""

LOW_FREQUENCIES = np.flatnonzero(_ROWS + _COLUMNS < 7)
"""Numbers of the lowest frequencies, which hold most of a picture; turning leaves them among themselves."""

_SCALE = 127.0
_FIRST_SIDE = 4 * SIDE


@dataclass(frozen=True)
class Fingerprint:
    """What a page looks like.

    Attributes:
        frequencies: ``NUM_FREQUENCIES`` signed bytes.
        contrast: Standard deviation of the small picture in grey levels, whole; on a page of less than
            two there is nothing to compare.
    """

    frequencies: bytes
    contrast: int

    def to_bytes(self) -> bytes:
        """Return the contrast and the frequencies."""
        return bytes([self.contrast]) + self.frequencies

    @classmethod
    def from_bytes(cls, content: bytes) -> Fingerprint:
        """Read what :meth:`to_bytes` returned.

        Raises:
            DataError: The content is something else.
        """
        if len(content) != NUM_FREQUENCIES + 1:
            raise DataError(f"these {len(content)} bytes are no fingerprint of a page")
        return cls(content[1:], content[0])

    def to_text(self) -> str:
        """Return the fingerprint as base64, for a line of a file."""
        return base64.b64encode(self.to_bytes()).decode("ascii")

    @classmethod
    def from_text(cls, text: str) -> Fingerprint:
        """Read what :meth:`to_text` returned.

        Raises:
            DataError: The text is something else.
        """
        try:
            return cls.from_bytes(base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError):
            raise DataError("this is no fingerprint of a page", at=text[:40]) from None


def fingerprint(pixels: Image) -> Fingerprint:
    """Return the fingerprint of a page.

    A picture that was decoded at reduced size has nearly the same one.

    Args:
        pixels: (H, W, 3) or (H, W) uint8, BGR or grey.
    """
    waves = cv2.dct(_shrink(pixels).astype(np.float32))[_ROWS, _COLUMNS]
    length = float(np.linalg.norm(waves))
    contrast = min(255, round(length / SIDE))
    unit = waves / max(length, 1e-6)
    return Fingerprint(np.rint(unit * _SCALE).astype(np.int8).tobytes(), contrast)


def _shrink(pixels: Image) -> Image:
    """Return the small grey picture, (``SIDE``, ``SIDE``) uint8.

    The mean over all pixels: leaving some out moves thin rules and text in and out of it. A large page is
    first shrunk by a whole number, which takes a tenth of the time; up to a hundredth of it is cut off its
    edges for that, evenly.
    """
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY) if pixels.ndim == 3 else pixels
    height, width = grey.shape
    factor = min(height, width) // _FIRST_SIDE
    if factor > 1:
        rows, columns = height // factor, width // factor
        top, left = (height - rows * factor) // 2, (width - columns * factor) // 2
        grey = grey[top : top + rows * factor, left : left + columns * factor]
        grey = cv2.resize(grey, (columns, rows), interpolation=cv2.INTER_AREA)
    return cast("Image", cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA))


def stack_fingerprints(fingerprints: Sequence[Fingerprint]) -> Array:
    """Return the frequencies of many pages as (N, ``NUM_FREQUENCIES``) float32 of unit length.

    The product of two rows is the correlation of the two small pictures.
    """
    joined = b"".join(page.frequencies for page in fingerprints)
    waves = np.frombuffer(joined, dtype=np.int8).reshape(-1, NUM_FREQUENCIES).astype(np.float32)
    lengths = np.linalg.norm(waves, axis=1, keepdims=True)
    return cast("Array", waves / np.maximum(lengths, 1.0))


_TRANSPOSED = np.argsort(np.lexsort((_ROWS, _COLUMNS)))
_FLIP_ROWS = np.where(_ROWS % 2, -1, 1).astype(np.float32)


def turn(waves: Array, quarters: int) -> Array:
    """Return the frequencies of pages turned counter-clockwise, without their pictures.

    Turning is transposing and mirroring; a mirrored cosine of odd frequency changes its sign.

    Args:
        waves: (N, ``NUM_FREQUENCIES``).
        quarters: Quarter turns.
    """
    turned = waves
    for _ in range(quarters % 4):
        turned = cast("Array", turned[:, _TRANSPOSED] * _FLIP_ROWS)
    return turned


@lru_cache(maxsize=1)
def _basis() -> Array:
    """Return the small picture of each frequency alone, (``NUM_FREQUENCIES``, SIDE * SIDE)."""
    pictures = np.zeros((NUM_FREQUENCIES, SIDE, SIDE), dtype=np.float32)
    for number, (row, column) in enumerate(zip(_ROWS, _COLUMNS)):
        pictures[number, row, column] = 1
        pictures[number] = cv2.idct(pictures[number])
    return pictures.reshape(NUM_FREQUENCIES, SIDE * SIDE)


def small_pictures(waves: Array) -> Array:
    """Return the small pictures, (N, ``SIDE``, ``SIDE``) float32 around 0, of (N, ``NUM_FREQUENCIES``)."""
    return cast("Array", (waves @ _basis()).reshape(-1, SIDE, SIDE))
