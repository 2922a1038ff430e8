"""Read PaddleOCR's own lists: detection and key information (boxes), recognition (one text a crop).

They name pictures relative to a ``data_dir`` that stands in the training configuration, not in the list;
here it is the folder of the list, its parent, a folder of pictures in it, or what the user names.

Source: PaddleOCR 3.7.0, ppocr/data/simple_dataset.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Optional

import numpy as np

from ppocr_kit.errors import UsageError
from ppocr_kit.labels.entries import Boxes, LineBoxes
from ppocr_kit.labels.formats.pages import FormatPages, FormatRequest
from ppocr_kit.labels.formats.pairing import folders_of_images, walk_files
from ppocr_kit.labels.formats.sniffing import REC_ROW, Kind, kind_of_file
from ppocr_kit.labels.image_size import read_image_size
from ppocr_kit.labels.images import BadImage, read_page_image
from ppocr_kit.labels.lines import LineParts, split_line
from ppocr_kit.labels.locate import ImageLocator
from ppocr_kit.labels.page_table import LineTable, PageTable
from ppocr_kit.labels.ppocrlabel import scan_label_file
from ppocr_kit.labels.region import TextRegion
from ppocr_kit.labels.which_lines import choose_lines, tell_of_keys
from ppocr_kit.problems import ProblemLog

LIST_SUFFIXES = (".txt", ".json", ".tsv", ".list", ".lst")

# What the table of lines can tell apart.
_MOST_FILES = 255

_ROWS_LOOKED_AT = 20

# Takes a row apart.
Split = Callable[[str], Optional[LineParts]]

# Relative to a folder that the list does not name is how lists are.
_AS_USUAL = "L021"


def read_boxes_list(request: FormatRequest) -> FormatPages:
    """Read lists of pictures with boxes, for detection or key information."""
    files = _find_lists(request, (Kind.DET, Kind.KIE))
    return _read_lists(request, LineTable(files, _locator(request, files, split_line)), split_line)


def read_rec_list(request: FormatRequest) -> FormatPages:
    """Read lists of crops with their texts: each crop is a page with one box around all of it."""
    files = _find_lists(request, (Kind.REC,))
    return _read_lists(
        request, LineTable(files, _locator(request, files, split_rec_row), CropText), split_rec_row
    )


def split_rec_row(text: str) -> LineParts | None:
    """Take a row apart into crop and text; the text stays as it is, to the last space.

    A row that names several crops for one text is none of these: a page has one picture.
    """
    key, tab, transcription = text.partition("\t")
    if not tab:
        row = REC_ROW.match(text)
        if row is None:
            return None
        key, transcription = row.group(1), row.group(3)
    key = key.lstrip("\ufeff").strip()
    return LineParts(key, transcription, not tab) if key and not key.startswith("[") else None


@dataclass(frozen=True)
class CropText:
    """The one box of a crop.

    Attributes:
        line: Its row.
        image: The crop, None when it was not found.
    """

    line: LineBoxes
    image: Path | None

    def read(self) -> Boxes:
        """Read the text, and the size of the crop from the head of its file.

        Raises:
            DataError: The list changed since its rows were looked up.
        """
        if self.image is None:
            return None, ()
        parts = split_rec_row(self.line.load())
        size = _size_of(self.image)
        if isinstance(size, BadImage):
            return None, ((size.code, None, size.detail),)
        width, height = (float(side) for side in size)
        corners = ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height))
        return (TextRegion(parts.boxes if parts else "", corners, cropped=True),), ()


def _size_of(path: Path) -> tuple[int, int] | BadImage:
    """Return width and height of a picture, decoding it only when its head does not tell."""
    try:
        size = read_image_size(path.read_bytes())
    except OSError as error:
        return BadImage("L032", f"{path.name} ({error.strerror})")
    if size is not None:
        return size
    image = read_page_image(path)
    return image if isinstance(image, BadImage) else (image.pixels.shape[1], image.pixels.shape[0])


def _find_lists(request: FormatRequest, kinds: tuple[Kind, ...]) -> list[Path]:
    """Return the lists of some kinds: the file that was named, or those of one folder.

    Raises:
        UsageError: There are none, they lie in several folders, or there are too many.
    """
    if request.path.is_file():
        return [request.path]
    by_folder: dict[Path, list[Path]] = defaultdict(list)
    for file in walk_files(request.path):
        if file.suffix.lower() in LIST_SUFFIXES and kind_of_file(file) in kinds:
            by_folder[file.parent].append(file)
    # rows are relative to one folder
    lists = by_folder.get(request.path) or (list(by_folder.values()) + [[]])[0]
    if request.path not in by_folder and len(by_folder) > 1:
        said = f"the folder has lists of this kind in {len(by_folder)} folders"
    elif not lists:
        said = "the folder has no lists of this kind"
    elif len(lists) > _MOST_FILES:
        said = f"the folder has {len(lists)} lists of this kind"
    else:
        return lists
    raise UsageError(said, at=str(request.path), hint="name the list itself, or the folder that it lies in")


def _locator(request: FormatRequest, files: Sequence[Path], split: Split) -> ImageLocator:
    """Return what finds pictures: in the folder of the lists, or the one in it that rows are relative to."""
    if request.image_folder is not None:
        return ImageLocator(request.image_folder.resolve())
    folder = files[0].resolve().parent
    first = islice(scan_label_file(files[0], ProblemLog(), split), _ROWS_LOOKED_AT)
    keys = [line.key for line in first]
    for place in (folder, *folders_of_images(folder)):
        if any(_is_file(place / key) for key in keys):
            return ImageLocator(place)
    return ImageLocator(folder)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _read_lists(request: FormatRequest, lines: LineTable, split: Split) -> FormatPages:
    """Go through the rows, find their pictures, and settle which of them count."""
    problems = ProblemLog()
    for number, file in enumerate(lines.files):
        for line in scan_label_file(file, problems, split):
            lines.append(line, number, lines.locator.find(line.key))
    rows = choose_lines(lines, problems)
    about_keys = ProblemLog()
    tell_of_keys(lines, rows, about_keys)
    problems.extend(found for found in about_keys if found.code != _AS_USUAL)
    with_image = np.array([row for row in rows if lines.image_found(row)], dtype=np.intp)
    return FormatPages(
        folder=request.folder,
        pages=PageTable(lines, with_image),
        problems=problems,
        named=len(rows) + problems.by_code["L004"] + problems.by_code["L010"],
        labels_sha256=lines.content_sha256(rows),
    )
