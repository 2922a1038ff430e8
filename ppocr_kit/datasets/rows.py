"""Rows of PaddleOCR's det and rec lists, as its SimpleDataSet splits them: path, tab, label.

The release splits files at LF and rows at tabs, takes a path that starts with ``[`` for a JSON
list, and gives rows it rejects another row's place without a word (PaddleOCR 3.7.0,
ppocr/data/simple_dataset.py). So nothing that it would reject is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import NamedTuple

from ppocr_kit.labels.placement import PlacedRegion
from ppocr_kit.tasks import Split, Task
from ppocr_kit.text import clean_text

# The text by which DetLabelEncode tells regions that count neither as text nor as background.
IGNORE = "###"

# DetLabelEncode rejects a page without boxes. One ignored speck in the corner lets it through,
# and changes neither a training map nor a score by more than these pixels.
_SPECK = ((0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0))

# Folders below PaddleOCR's data_dir.
IMAGE_FOLDER = "images"
CROP_FOLDER = "crops"

# JPEG at OpenCV's quality of 95, as PPOCRLabel exports crops. PNG at its fastest took nine times as
# long to encode, twice as long to decode in each epoch, and twice the disk.
CROP_SUFFIX = ".jpg"

_LONGEST_STEM = 48
_LONGEST_SUFFIX = 8
_NOT_PLAIN = re.compile(r"[^\w.\-]+")


class CropRow(NamedTuple):
    """A row for recognition.

    Attributes:
        box: The box it is cut from, its position in the line from 0.
        suffix: Ending of the crop's file name.
        text: The text on it.
        size: Bytes of the encoded crop; 0 when it is not known yet.
        whole: Whether the crop is the page image itself.
    """

    box: int
    suffix: str
    text: str
    size: int = 0
    whole: bool = False

    def file_name(self, page: str) -> str:
        """Return the name of the crop's file, from the name of its page."""
        return f"{page}_{self.box:03d}{self.suffix}"


def lmdb_folder(split: Split) -> str:
    """Return the folder of a split's LMDB, below the data set."""
    return f"{Task.REC}/{split}.lmdb"


def page_name(image: PurePath, page_hash: str) -> str:
    """Return the stem that a page and its crops have in the data set: readable and unique.

    Args:
        image: The page image in the labelled folder.
        page_hash: Hexadecimal hash of the image and its labels.
    """
    stem = _NOT_PLAIN.sub("_", image.stem).lstrip(".")[:_LONGEST_STEM] or "page"
    return f"{stem}-{page_hash[:12]}"


def image_suffix(image: PurePath) -> str:
    """Return a plain lower-case file ending; the decoder looks at the content, not at this."""
    return _NOT_PLAIN.sub("", image.suffix.lower())[:_LONGEST_SUFFIX]


def render_det_row(image: str, regions: Sequence[PlacedRegion]) -> str:
    """Return one row of a detection list.

    Args:
        image: Path below the data folder, POSIX.
        regions: The regions of the page; none for a page without text.
    """
    boxes = [_det_box(_det_text(placed), placed.polygon) for placed in regions]
    if not boxes:
        boxes = [_det_box(IGNORE, _SPECK)]
    return f"{image}\t{json.dumps(boxes, ensure_ascii=False)}\n"


def render_rec_row(crop: str, text: str) -> str:
    """Return one row of a recognition list; ``text`` has neither tab nor line break."""
    return f"{crop}\t{text}\n"


def _det_text(placed: PlacedRegion) -> str:
    """Return the text of a region, or the mark by which PaddleOCR ignores it."""
    return IGNORE if placed.region.ignored else clean_text(placed.region.transcription)


def _det_box(text: str, polygon: Sequence[tuple[float, float]]) -> dict[str, object]:
    """Return one box with whole coordinates as integers."""
    points = [[int(x) if x.is_integer() else x, int(y) if y.is_integer() else y] for x, y in polygon]
    return {"transcription": text, "points": points}
