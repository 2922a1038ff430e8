"""Pictures as PaddleOCR-VL is shown them: what a viewer shows, in RGB, and nothing that harms the reader.

A photograph is turned by its EXIF orientation, transparency lies on white, sixteen bits become eight,
colours of print become those of a screen. Training, checking and reading all open pictures here, so that
a model is asked about what it has learnt from.

Source: Exif 2.32 section 4.6 (orientation); transformers 5.23 ``paddleocr_vl`` (``smart_resize`` refuses
pictures more than 200 times as long as they are high).
"""

from __future__ import annotations

import hashlib
import io
import stat
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

# Pillow reads only formats whose module is imported, when it is told which ones to try
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from ppocr_kit.errors import DataError

# What a file may be; others are known to Pillow too, and one of them (EPS) starts a program.
FORMATS = (
    PngImagePlugin.PngImageFile.format,
    JpegImagePlugin.JpegImageFile.format,
    WebPImagePlugin.WebPImageFile.format,
    BmpImagePlugin.BmpImageFile.format,
    GifImagePlugin.GifImageFile.format,
    TiffImagePlugin.TiffImageFile.format,
    PpmImagePlugin.PpmImageFile.format,
)
# An A3 sheet at 600 dots per inch has 70 million. Pillow's own limit as well.
MOST_PIXELS = 89_000_000
_MOST_BYTES = 512 << 20
_LONGEST_TO_SHORTEST = 200
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Orientations 5 to 8 turn the picture by a quarter.
_QUARTER_TURNS = frozenset({5, 6, 7, 8})
_WHITE = (255, 255, 255, 255)
_DEEP_MODES = ("I", "I;16", "I;16L", "I;16B", "I;16N", "F")
_EIGHT_BITS, _SIXTEEN_BITS = 255.0, 65535.0

# Pillow only warns of pictures up to twice its limit; here they are refused.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


class BadPicture(DataError):
    """A file is no picture that can be used; the message is the reason, with the picture as its subject."""


@dataclass(frozen=True)
class Picture:
    """An opened picture.

    Attributes:
        image: RGB, eight bits, as a viewer shows it.
        content: The bytes of the file.
        plain: Whether the pixels are those of the file itself: nothing was turned or converted but
            grey, so that the file may be handed on in place of the pixels.
        kind: Format of the file, one of ``FORMATS``, or ``MPO`` for a JPEG file of several pictures.
    """

    image: Image.Image
    content: bytes
    plain: bool
    kind: str

    @property
    def sha256(self) -> str:
        """Hash of the file, lower-case hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


def read_picture(path: Path) -> Picture:
    """Read and decode a picture file.

    Raises:
        BadPicture: It is missing, empty, damaged, too large, or no picture of a known kind.
    """
    return decode_picture(read_picture_file(path), str(path))


def read_picture_file(path: Path) -> bytes:
    """Read the bytes of a picture file without decoding them.

    Raises:
        BadPicture: It is missing, empty, no plain file, or larger than a picture can be.
    """
    try:
        _check_file(path)
        return path.read_bytes()
    except OSError as error:
        raise BadPicture(f"cannot be read ({error.strerror or error})", at=str(path)) from error
    except ValueError as error:
        raise BadPicture(f"cannot be read ({error})", at=repr(str(path))) from error


def decode_picture(content: bytes, name: str) -> Picture:
    """Decode the bytes of a picture file.

    Args:
        content: The file.
        name: What it is called in errors.

    Raises:
        BadPicture: See :func:`read_picture`.
    """
    image = _open(io.BytesIO(content), name)
    size = _shown_size(image, name)
    try:
        kind, mode = str(image.format), image.mode
        orientation = _orientation(image)
        image.load()
        shown = _turned(_to_rgb(image), orientation)
    except MemoryError as error:
        raise BadPicture(f"there is no memory for {size[0]} x {size[1]} pixels", at=name) from error
    except Exception as error:
        # Pillow's decoders raise whatever the damaged bytes make them stumble over
        raise BadPicture(f"is damaged ({_first_line(error)})", at=name) from error
    plain = mode in ("L", "RGB") and orientation not in _TURNS and not image.has_transparency_data
    return Picture(shown, content, plain, kind)


def measure_picture(path: Path) -> tuple[int, int]:
    """Return width and height as the picture is shown, from the head of its file.

    Raises:
        BadPicture: See :func:`read_picture`; damage behind the head is found by that only.
    """
    try:
        _check_file(path)
        with path.open("rb") as stream:
            return _shown_size(_open(stream, str(path)), str(path))
    except OSError as error:
        raise BadPicture(f"cannot be read ({error.strerror or error})", at=str(path)) from error
    except ValueError as error:
        raise BadPicture(f"cannot be read ({error})", at=repr(str(path))) from error


def _check_file(path: Path) -> None:
    """Refuse what cannot be read to its end, or would only fill the memory."""
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise BadPicture("is a folder", at=str(path))
    if not stat.S_ISREG(found.st_mode):
        # reading a pipe or a device may never end
        raise BadPicture("is not a plain file", at=str(path))
    if found.st_size == 0:
        raise BadPicture("is an empty file", at=str(path))
    if found.st_size > _MOST_BYTES:
        raise BadPicture(f"is a file of {found.st_size >> 20} MiB", at=str(path))


def _open(stream: BinaryIO, name: str) -> Image.Image:
    """Read the head of a picture."""
    try:
        return Image.open(stream, formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadPicture(f"has more than {MOST_PIXELS // 10**6} million pixels", at=name) from error
    except UnidentifiedImageError as error:
        raise BadPicture(f"is no picture ({', '.join(FORMATS)})", at=name) from error
    except Exception as error:
        # as in decode_picture
        raise BadPicture(f"is damaged ({_first_line(error)})", at=name) from error


def _shown_size(image: Image.Image, name: str) -> tuple[int, int]:
    """Return the size that is shown, and refuse what is too large or too thin."""
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise BadPicture(f"has more than {MOST_PIXELS // 10**6} million pixels", at=name)
    if min(width, height) < 1:
        raise BadPicture("has no pixels", at=name)
    if max(width, height) > _LONGEST_TO_SHORTEST * min(width, height):
        raise BadPicture(
            f"is {width} x {height} pixels: one side more than {_LONGEST_TO_SHORTEST} times the other",
            at=name,
        )
    return (height, width) if _orientation(image) in _QUARTER_TURNS else (width, height)


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 (as it is) where there is none or it cannot be read."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:
        # damaged EXIF data turn nothing in a viewer either
        return 1


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _to_rgb(image: Image.Image) -> Image.Image:
    """Convert any mode to RGB as a viewer shows it."""
    if image.mode in _DEEP_MODES:
        return _eight_bits(image)
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        paper = Image.new("RGBA", layer.size, _WHITE)
        paper.alpha_composite(layer)
        return paper.convert("RGB")
    return image.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Scale grey of more than eight bits; whole numbers above 255 are taken for sixteen bits."""
    values = np.nan_to_num(np.asarray(image).astype(np.float32))
    most = float(values.max(initial=0.0))
    if image.mode == "F" and most <= 1.0:
        values = values * _EIGHT_BITS
    elif image.mode.startswith("I;16") or most > _EIGHT_BITS:
        values = values * (_EIGHT_BITS / _SIXTEEN_BITS)
    return Image.fromarray(np.clip(values + 0.5, 0, _EIGHT_BITS).astype(np.uint8)).convert("RGB")


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
