"""Page images as a browser can show them: the same pixels that boxes were drawn on."""

from __future__ import annotations

from pathlib import Path

import cv2

from ppocr_kit.errors import DataError
from ppocr_kit.labels.image_size import read_image_size
from ppocr_kit.labels.images import decode_image

_JPEG_START = b"\xff\xd8"


def read_picture(path: Path) -> tuple[bytes, str]:
    """Return the bytes of a picture and their media type.

    An ordinary JPEG or PNG goes as it is: browsers turn photographs by their EXIF orientation, as OpenCV
    does. Everything else (TIFF, BMP, print colours) is decoded as training does and sent as PNG.

    Raises:
        DataError: The file cannot be read or decoded.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"the image cannot be read ({error.strerror})", at=path.name) from error
    if read_image_size(content) is not None:
        return content, "image/jpeg" if content.startswith(_JPEG_START) else "image/png"
    pixels = decode_image(content)
    if pixels is None:
        raise DataError("the image cannot be decoded", at=path.name)
    return cv2.imencode(".png", pixels)[1].tobytes(), "image/png"
