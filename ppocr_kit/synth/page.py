"""Draw one synthetic page and know where each text stands.

The glyphs come from the font inside Pillow (Aileron, CC0), so nothing depends on the fonts of the
machine; the same seed gives the same pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import cv2
import numpy as np
import numpy.typing as npt

from ppocr_kit.errors import SetupError
from ppocr_kit.geometry import Image, Points
from ppocr_kit.synth.words import draw_word

PAGE_WIDTH = 320
ROW_HEIGHT = 64
COLUMNS = 2

_FONT_SIZES = (20, 22, 24, 26, 28)
_LARGEST_TILT_DEGREES = 4.0
_NOISE_SIDE = 512


@dataclass(frozen=True)
class DrawnText:
    """One text on a page.

    Attributes:
        transcription: What is written.
        points: (4, 2) whole pixels, clockwise from the top left of the text.
        key_cls: Its class, None without one.
        id: Its number on the page, None where nothing links to it.
        linking: Pairs of ids that belong together, question first.
    """

    transcription: str
    points: tuple[tuple[int, int], ...]
    key_cls: str | None = None
    id: int | None = None
    linking: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class DrawnPage:
    """A page image (H, W, 3) uint8 BGR and the texts on it."""

    image: Image
    texts: tuple[DrawnText, ...]


@dataclass(frozen=True)
class PageStyle:
    """What pages look like.

    Attributes:
        lines: Texts per page.
        alphabet: Characters they are made of.
        shortest: Least number of characters of a text.
        longest: Largest number of characters of a text.
    """

    lines: int
    alphabet: str
    shortest: int = 3
    longest: int = 6


def draw_page(rng: np.random.Generator, style: PageStyle) -> DrawnPage:
    """Draw a page as a table of two columns with one text in each cell.

    Args:
        rng: Source of chance; the page depends on nothing else.
        style: Number, length and alphabet of the texts.
    """
    rows = -(-style.lines // COLUMNS)
    image = draw_paper(rng, rows * ROW_HEIGHT, PAGE_WIDTH, rules=True)
    dark = rng.integers(0, 70, size=3)
    texts = []
    for number in range(style.lines):
        row, column = divmod(number, COLUMNS)
        word = draw_word(rng, style.alphabet, style.shortest, style.longest)
        cell = (column * PAGE_WIDTH // COLUMNS, row * ROW_HEIGHT)
        texts.append(DrawnText(word, _draw_text(rng, image, word, cell, dark)))
    add_noise(rng, image)
    return DrawnPage(image, tuple(texts))


def draw_paper(rng: np.random.Generator, height: int, width: int, *, rules: bool) -> Image:
    """Return a tinted sheet with a soft shade across it and, where asked for, often the rules of a table."""
    tint = rng.integers(200, 256, size=3).astype(np.float32)
    shade = np.linspace(0.0, float(rng.uniform(-25, 0)), width, dtype=np.float32)
    image = cast("Image", np.clip(tint + shade[None, :, None], 0, 255).astype(np.uint8))
    image = np.repeat(image, height, axis=0)
    if rules and rng.random() < 0.6:
        grey = int(rng.integers(120, 180))
        for y in range(ROW_HEIGHT, height, ROW_HEIGHT):
            cv2.line(image, (0, y), (width, y), (grey, grey, grey), 1)
        cv2.line(image, (width // COLUMNS, 0), (width // COLUMNS, height), (grey, grey, grey), 1)
    return image


def _draw_text(
    rng: np.random.Generator, image: Image, word: str, cell: tuple[int, int], dark: npt.NDArray[Any]
) -> tuple[tuple[int, int], ...]:
    """Set a word, slightly tilted, at a random place of its cell; return its box."""
    mask = _render_word(word, int(rng.choice(_FONT_SIZES)), bold=bool(rng.random() < 0.3))
    height, width = mask.shape
    cell_width = PAGE_WIDTH // COLUMNS
    scale = min(1.0, (cell_width - 16) / width)
    tilt = float(rng.uniform(-_LARGEST_TILT_DEGREES, _LARGEST_TILT_DEGREES))
    room_x = max(cell_width - scale * width - 14, 1.0) / 2
    room_y = max(ROW_HEIGHT - scale * height - 0.08 * width - 10, 1.0) / 2
    centre_x = cell[0] + cell_width / 2 + float(rng.uniform(-room_x, room_x))
    centre_y = cell[1] + ROW_HEIGHT / 2 + float(rng.uniform(-room_y, room_y))
    shift = np.array([[0, 0, centre_x - width / 2], [0, 0, centre_y - height / 2]])
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), tilt, scale) + shift
    rows = slice(max(cell[1] - ROW_HEIGHT // 4, 0), cell[1] + ROW_HEIGHT + ROW_HEIGHT // 4)
    target = image[rows]
    local = matrix - np.array([[0, 0, 0], [0, 0, rows.start]])
    ink = cv2.warpAffine(mask, local, (target.shape[1], target.shape[0]), flags=cv2.INTER_LINEAR)
    share = ink.astype(np.float32)[:, :, None] / 255.0
    target[:] = (target * (1.0 - share) + dark * share + 0.5).astype(np.uint8)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float64)
    return _box_on_page(corners @ matrix[:, :2].T + matrix[:, 2], image)


def place_word(
    image: Image, word: str, place: tuple[int, int], size: int, *, bold: bool, ink: npt.NDArray[Any]
) -> tuple[tuple[int, int], ...]:
    """Write a text upright on an image, cut off at its edge.

    Args:
        image: (H, W, 3) uint8 BGR, written on.
        word: The text.
        place: Left and top of its box, pixels.
        size: Of the font, pixels.
        bold: Whether in bold.
        ink: Its colour, BGR.

    Returns:
        The box: four corners, clockwise from the top left.
    """
    mask = _render_word(word, size, bold)
    left, top = place
    target = image[top : top + mask.shape[0], left : left + mask.shape[1]]
    height, width = target.shape[:2]
    share = mask[:height, :width].astype(np.float32)[:, :, None] / 255.0
    target[:] = (target * (1.0 - share) + ink * share + 0.5).astype(np.uint8)
    right, bottom = left + width - 1, top + height - 1
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def _box_on_page(corners: Points, image: Image) -> tuple[tuple[int, int], ...]:
    """Round corners to whole pixels inside the page, as PPOCRLabel stores them."""
    limit = np.array([image.shape[1] - 1, image.shape[0] - 1])
    whole = np.clip(np.rint(corners).astype(int), 0, limit)
    return tuple((int(x), int(y)) for x, y in whole)


@lru_cache(maxsize=4096)
def _render_word(word: str, size: int, bold: bool) -> npt.NDArray[np.uint8]:
    """Return the word as ink 0-255, with the margin that annotators leave around text."""
    from PIL import Image as PillowImage
    from PIL import ImageDraw

    stroke = 1 if bold else 0
    font = _font(size)
    left, top, right, bottom = (int(edge) for edge in font.getbbox(word, stroke_width=stroke))
    margin = max(2, size // 8)
    canvas = PillowImage.new("L", (right - left + 2 * margin, bottom - top + 2 * margin), 0)
    place = (margin - left, margin - top)
    ImageDraw.Draw(canvas).text(place, word, fill=255, font=font, stroke_width=stroke)
    return np.asarray(canvas)


@lru_cache(maxsize=16)
def _font(size: int) -> Any:
    """Return Pillow's own scalable font."""
    from PIL import ImageFont, features

    if not features.check("freetype2"):
        raise SetupError(
            "this Pillow cannot draw its own font (it was built without FreeType)",
            hint="pip install --force-reinstall pillow",
        )
    return ImageFont.load_default(size=size)


@lru_cache(maxsize=1)
def _noise_sheet() -> npt.NDArray[np.int16]:
    """Return grain that all pages take their noise from, at random places: drawn once, not per page."""
    grain = np.random.default_rng(0).normal(0.0, 6.0, (_NOISE_SIDE, _NOISE_SIDE, 3))
    return grain.astype(np.int16)


def add_noise(rng: np.random.Generator, image: Image) -> None:
    """Add camera grain in place."""
    height, width = image.shape[:2]
    sheet = _noise_sheet()
    top, left = (int(value) for value in rng.integers(0, _NOISE_SIDE, size=2))
    rows = (np.arange(height) + top) % _NOISE_SIDE
    columns = (np.arange(width) + left) % _NOISE_SIDE
    grain = sheet[rows[:, None], columns[None, :]]
    image[:] = np.clip(image.astype(np.int16) + grain, 0, 255).astype(np.uint8)
