"""Pictures of what was found: boxes, their numbers, and their texts beside the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from ppocr_kit.geometry import Image
from ppocr_kit.storage import write_bytes_atomic

_GREEN, _RED = (0, 160, 0), (0, 0, 220)
_MARGIN = 6
_NARROWEST_COLUMN = 160
_JPEG_QUALITY = 90


def write_picture(path: Path, image: Image, regions: Sequence[Mapping[str, Any]]) -> None:
    """Write a JPEG of the page with its boxes, and a column of their texts when they were read.

    Args:
        path: The file to write.
        image: (H, W, 3) uint8, BGR.
        regions: Regions as predictions have them, in reading order.

    Raises:
        SetupError: The disk is full or the folder cannot be written.
    """
    canvas = image.copy()
    size = text_size(image)
    for number, region in enumerate(regions, start=1):
        if "points" in region:
            _draw_box(canvas, region["points"], number, size)
    lines = [
        f"{number}  {region['transcription']}  {region['rec_score']:.2f}"
        for number, region in enumerate(regions, start=1)
        if "transcription" in region
    ]
    if lines:
        canvas = with_column(canvas, lines, size)
    save_picture(path, canvas)


def text_size(image: Image) -> int:
    """Return the height of text on a page of this size, pixels."""
    return max(12, min(image.shape[:2]) // 40)


def save_picture(path: Path, canvas: Image) -> None:
    """Write a JPEG.

    Raises:
        SetupError: The disk is full or the folder cannot be written.
    """
    done, content = cv2.imencode(".jpg", canvas, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if done:
        write_bytes_atomic(path, content.tobytes())


def _draw_box(canvas: Image, points: Sequence[Sequence[float]], number: int, size: int) -> None:
    corners = np.rint(np.asarray(points)).astype(np.int32)
    cv2.polylines(canvas, [corners.reshape(-1, 1, 2)], True, _GREEN, max(1, size // 10), cv2.LINE_AA)
    place = (int(corners[0][0]), max(size, int(corners[0][1]) - 2))
    cv2.putText(canvas, str(number), place, cv2.FONT_HERSHEY_SIMPLEX, size / 30, _RED, 1, cv2.LINE_AA)


def with_column(canvas: Image, lines: Sequence[str], size: int) -> Image:
    """Put a white column with the texts to the right of the page, longer than it if need be."""
    font: Any = ImageFont.load_default(size=size)
    pitch = size + _MARGIN
    width = max(_NARROWEST_COLUMN, *(int(font.getlength(line)) + 2 * _MARGIN for line in lines))
    height = max(canvas.shape[0], pitch * len(lines) + 2 * _MARGIN)
    column = Pillow.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(column)
    for index, line in enumerate(lines):
        pen.text((_MARGIN, _MARGIN + index * pitch), line, fill="black", font=font)
    page = np.full((height, canvas.shape[1], 3), 255, dtype=np.uint8)
    page[: canvas.shape[0]] = canvas
    return np.hstack([page, np.asarray(column)[:, :, ::-1]])
