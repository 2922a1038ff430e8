"""Decode page images as PaddleOCR will, and notice the files it would silently read in part.

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

_JPEG_START = b"\xff\xd8"
_JPEG_SCAN = b"\xff\xda"
_JPEG_END = b"\xff\xd9"
_PNG_START = b"\x89PNG"
_PNG_END = b"IEND"


@dataclass(frozen=True)
class PageImage:
    """A decoded page.

    Attributes:
        content: The bytes of the file.
        pixels: (H, W, 3) uint8, BGR.
    """

    content: bytes
    pixels: Image


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
    if is_cut_short(content):
        return BadImage("L031", path.name)
    pixels = decode_image(content)
    if pixels is None:
        return BadImage("L030", f"{path.name} (empty file)" if not content else path.name)
    return PageImage(content, pixels)


def decode_image(content: bytes) -> Image | None:
    """Decode an image file's bytes to (H, W, 3) uint8 BGR, or None when OpenCV cannot."""
    if not content:
        return None
    try:
        pixels = cv2.imdecode(np.frombuffer(content, dtype=np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    return cast("Image", pixels) if pixels is not None else None


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
