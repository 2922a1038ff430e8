"""Decode page images as PaddleOCR will, and notice what it would not: cut files, hidden transparency.

PaddleOCR 3.7.0 decodes with ``cv2.imdecode(…, IMREAD_COLOR)`` (ppocr/data/imaug/operators.py), which
turns photographs by their EXIF orientation; boxes are drawn on, and cropped from, that picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import cv2
import numpy as np

from ppocr_kit.geometry import Image
from ppocr_kit.labels.boxes import Finding
from ppocr_kit.labels.image_traits import ImageTraits, read_image_traits

_JPEG_START = b"\xff\xd8"
_JPEG_SCAN = b"\xff\xda"
_JPEG_END = b"\xff\xd9"
_PNG_START = b"\x89PNG"
_PNG_END = b"IEND"

_OPAQUE = 255
# Where transparency hides something lighter than this, it looks as in a viewer, on white.
_WHITE = 250

# What OpenCV says about a file is told as a finding; its own lines on stderr would come between.
if hasattr(cv2, "setLogLevel"):
    cv2.setLogLevel(0)
else:
    # moved there by OpenCV 4.14; the types of older ones do not know it
    cv2.utils.logging.setLogLevel(0)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class PageImage:
    """A decoded page.

    Attributes:
        content: The bytes of the file.
        pixels: (H, W, 3) uint8, BGR.
        findings: Where the picture is not what a viewer shows.
    """

    content: bytes
    pixels: Image
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class BadImage:
    """Why a page image cannot be used: a code of ``LABEL_CODES`` and what exactly."""

    code: str
    detail: str


def read_page_image(path: Path) -> PageImage | BadImage:
    """Read and decode an image file.

    Args:
        path: The file.

    Returns:
        The image, or the reason why training must not see it.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        return BadImage("L032", f"{path.name} ({error.strerror})")
    return open_page_image(content, path.name)


def open_page_image(content: bytes, name: str) -> PageImage | BadImage:
    """Decode the bytes of an image file; ``name`` is for findings."""
    if is_cut_short(content):
        return BadImage("L031", name)
    traits = read_image_traits(content)
    pixels, alpha = _decode(content, traits)
    if pixels is None:
        if traits.size is not None and traits.size > len(content):
            return BadImage("L031", name)
        return BadImage("L030", f"{name} (empty file)" if not content else name)
    return PageImage(content, pixels, _surprises(traits, pixels, alpha))


def decode_image(content: bytes) -> Image | None:
    """Decode an image file's bytes to (H, W, 3) uint8 BGR, or None when OpenCV cannot."""
    return _imdecode(content, cv2.IMREAD_COLOR)


def is_cut_short(content: bytes) -> bool:
    """Tell whether a JPEG or PNG file ends before its end mark.

    Decoders fill the rest with grey and report success. Inside a JPEG scan the end mark cannot
    occur by chance, because FF bytes are stuffed there.
    """
    if content.startswith(_JPEG_START):
        return content.rfind(_JPEG_END) < content.rfind(_JPEG_SCAN)
    if content.startswith(_PNG_START):
        return _PNG_END not in content[-64:] and _PNG_END not in content
    return False


def _decode(content: bytes, traits: ImageTraits) -> tuple[Image | None, Image | None]:
    """Return colour (H, W, 3) and alpha (H, W), None where there is none.

    With eight bits a channel the colours beside alpha are those that decoding without alpha gives.
    """
    if not traits.alpha:
        return decode_image(content), None
    whole = _imdecode(content, cv2.IMREAD_UNCHANGED)
    if whole is None or whole.dtype != np.uint8 or whole.ndim != 3 or whole.shape[2] != 4:
        return decode_image(content), None
    if traits.turned or traits.several:
        # an orientation turns the colours and not this alpha; and a first frame may be drawn on another
        return decode_image(content), None
    return np.ascontiguousarray(whole[:, :, :3]), whole[:, :, 3]


def _imdecode(content: bytes, flags: int) -> Image | None:
    """Decode, or return None."""
    if not content:
        return None
    try:
        return cast("Image | None", cv2.imdecode(np.frombuffer(content, dtype=np.uint8), flags))
    except cv2.error:
        return None


def _surprises(traits: ImageTraits, pixels: Image, alpha: Image | None) -> tuple[Finding, ...]:
    """Say where the decoded picture is not what a viewer shows."""
    found: list[Finding] = []
    if alpha is not None and int(alpha.min()) < _OPAQUE:
        hidden = alpha < _OPAQUE // 2
        colour = pixels[hidden].mean(axis=0) if hidden.any() else np.full(3, 255.0)
        if colour.min() < _WHITE:
            blue, green, red = (round(value) for value in colour)
            share = f"{100 * hidden.mean():.0f} % of the page"
            found.append(("L033", None, f"{share}, which shows as colour ({red}, {green}, {blue})"))
    if traits.several:
        found.append(("L034", None, ""))
    if traits.deep:
        found.append(("L035", None, f"its brightest value is {int(pixels.max())} of 255"))
    if traits.cmyk:
        found.append(("L036", None, ""))
    return tuple(found)
