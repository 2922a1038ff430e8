"""The pages of a labelled folder as a sequence of entries that costs a few bytes a page.

Of each line only its place, two hashes and its key are kept; the entry of a page is made when it is
asked for.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Sequence
from hashlib import blake2b, sha256
from pathlib import Path
from typing import overload

import numpy as np
import numpy.typing as npt

from ppocr_kit.errors import DataError
from ppocr_kit.labels.entries import DIGEST_SIZE, BoxReader, LineBoxes, PageEntry
from ppocr_kit.labels.locate import Found, ImageLocator
from ppocr_kit.labels.ppocrlabel import LabelLine
from ppocr_kit.labels.rec_gt import ComparedBoxes, CropTexts, page_stem

Rows = npt.NDArray[np.intp]

# Where the key of a line led: to parent/key, to another file, to none.
_AS_WRITTEN, _ELSEWHERE, _NOWHERE = range(3)

_ENCODINGS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be")


class LineTable:
    """What is kept of the lines of one folder's label files.

    Args:
        files: The label files as the user named them; lines come from these.
        locator: Finds the image of a key again when an entry is made.
        reader: Makes the reader of a line's boxes from its place and its image, None where it has none;
            the default reads a list of boxes.
    """

    def __init__(
        self,
        files: Sequence[Path],
        locator: ImageLocator,
        reader: Callable[[LineBoxes, Path | None], BoxReader] | None = None,
    ) -> None:
        self.files = tuple(files)
        self.locator = locator
        self._reader = reader
        self._file = array("B")
        self._line = array("Q")
        self._offset = array("Q")
        self._size = array("Q")
        self._encoding = array("B")
        self._digest = bytearray()
        self._identity = bytearray()
        self._keys = bytearray()
        self._key_end = array("Q")
        self._way = array("B")

    def append(self, line: LabelLine, file: int, found: Found) -> None:
        """Take in a line.

        Args:
            line: The line.
            file: Index of its file among ``files``.
            found: Where its key led.
        """
        boxes = line.boxes
        self._file.append(file)
        self._line.append(line.line)
        self._offset.append(boxes.offset)
        self._size.append(boxes.size)
        self._encoding.append(_ENCODINGS.index(boxes.encoding))
        self._digest += boxes.digest
        key = line.key.encode()
        # lines that mean one image are one page, however they spell its name
        meant = b"\0" + key if found.path is None else os.fsencode(found.path)
        self._identity += blake2b(meant, digest_size=DIGEST_SIZE).digest()
        self._keys += key
        self._key_end.append(len(self._keys))
        self._way.append(_NOWHERE if found.path is None else _ELSEWHERE if found.code else _AS_WRITTEN)

    def __len__(self) -> int:
        """Return the number of lines taken in."""
        return len(self._line)

    def key(self, row: int) -> str:
        """Return the key of a line."""
        start = self._key_end[row - 1] if row else 0
        return self._keys[start : self._key_end[row]].decode()

    def line(self, row: int) -> int:
        """Return the line number of a line."""
        return self._line[row]

    def file(self, row: int) -> Path:
        """Return the file of a line."""
        return self.files[self._file[row]]

    def image_found(self, row: int) -> bool:
        """Tell whether the key of a line leads to an image."""
        return self._way[row] != _NOWHERE

    def image_as_written(self, row: int) -> bool:
        """Tell whether the image of a line is where PPOCRLabel's way of writing keys says."""
        return self._way[row] == _AS_WRITTEN

    def image(self, row: int) -> Path:
        """Return the image of a line whose image was found."""
        key = self.key(row)
        if self.image_as_written(row):
            return self.locator.parent / key
        image = self.locator.find(key).path
        if image is None:
            raise DataError(f"the image of '{key}' went away", at=f"{self.file(row)}:{self.line(row)}")
        return image

    def boxes(self, row: int) -> BoxReader:
        """Return where the boxes of a line are."""
        encoding = _ENCODINGS[self._encoding[row]]
        digest = self._digest_of(row)
        boxes = LineBoxes(self.file(row), self._offset[row], self._size[row], encoding, digest)
        if self._reader is None:
            return boxes
        return self._reader(boxes, self.image(row) if self.image_found(row) else None)

    def files_of_rows(self) -> npt.NDArray[np.uint8]:
        """Return the index of the file of every line."""
        return np.frombuffer(self._file, dtype=np.uint8).copy()

    def repeats(self) -> list[tuple[int, int]]:
        """Return the lines that repeat an earlier one of their file word for word, with that one."""
        digests = _hashes(self._digest) ^ self.files_of_rows().astype(np.uint64)
        return [(row, rows[0]) for rows in _groups(digests) for row in rows[1:]]

    def same_image(self) -> list[list[int]]:
        """Return the groups of lines that mean one image, each in file order."""
        return _groups(_hashes(self._identity))

    def content_sha256(self, rows: Sequence[int]) -> str:
        """Hash keys and boxes of lines, whatever their order, line ends and encoding."""
        digests = sorted(self._digest_of(row) for row in rows)
        return sha256(b"".join(digests)).hexdigest()

    def _digest_of(self, row: int) -> bytes:
        return bytes(self._digest[row * DIGEST_SIZE : (row + 1) * DIGEST_SIZE])


class PageTable(Sequence[PageEntry]):
    """The pages that count, in file order; entries are made anew each time they are asked for.

    Args:
        lines: The lines of the folder's label files.
        rows: The lines that count.
        crops: Texts of crops to hold the boxes against.
        crops_count: Whether those texts are used where they differ.
    """

    def __init__(
        self, lines: LineTable, rows: Rows, crops: CropTexts | None = None, crops_count: bool = False
    ) -> None:
        self._lines = lines
        self._rows = rows
        self._crops = crops
        self._crops_count = crops_count

    def __len__(self) -> int:
        """Return the number of pages."""
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> PageEntry: ...

    @overload
    def __getitem__(self, index: slice) -> PageTable: ...

    def __getitem__(self, index: int | slice) -> PageEntry | PageTable:
        """Return the entry of a page, or some of the pages."""
        if isinstance(index, slice):
            return PageTable(self._lines, self._rows[index], self._crops, self._crops_count)
        row = int(self._rows[index])
        lines = self._lines
        key, image = lines.key(row), lines.image(row)
        boxes = self._compared(key, image, lines.boxes(row))
        return PageEntry(key, image, str(lines.file(row)), lines.line(row), boxes)

    def _compared(self, key: str, image: Path, boxes: BoxReader) -> BoxReader:
        """Return the reader of a page's boxes, with the texts of its crops where there are some."""
        if self._crops is None:
            return boxes
        stem = page_stem(key)
        texts = self._crops.of_page(stem)
        if not texts:
            return boxes
        return ComparedBoxes(boxes, texts, self._crops_count, self._crops.shares_its_name(stem), image)


def _hashes(digests: bytearray) -> npt.NDArray[np.uint64]:
    """Return the first eight bytes of digests that lie one after the other."""
    return np.frombuffer(digests, dtype=np.uint64).reshape(-1, DIGEST_SIZE // 8)[:, 0].copy()


def _groups(hashes: npt.NDArray[np.uint64]) -> list[list[int]]:
    """Return the places of each value that occurs more than once, in ascending order."""
    order = np.argsort(hashes, kind="stable")
    starts = np.flatnonzero(np.diff(hashes[order])) + 1
    sizes = np.diff(np.concatenate([[0], starts, [len(order)]]))
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    groups = [order[bounds[at] : bounds[at + 1]].tolist() for at in np.flatnonzero(sizes > 1)]
    return sorted(groups)
