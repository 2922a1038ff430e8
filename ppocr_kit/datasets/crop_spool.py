"""Crops between cutting and their LMDB: written once by the workers, read once in the order of the rows.

Which split a crop goes to, and so which row it becomes, is known only when all pages were seen. Until
then the crops of a chunk of pages lie one after another in one file.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from pathlib import Path
from typing import BinaryIO

_OPEN_FILES = 128


def spool_path(folder: Path, chunk: int) -> Path:
    """Return the file that holds the crops of a chunk."""
    return folder / f"{chunk:08d}.spool"


class SpoolWriter:
    """Writes the crops of one chunk; the file is there once something was written.

    Args:
        folder: Folder of the spool files.
        chunk: Number of the chunk.
    """

    def __init__(self, folder: Path, chunk: int) -> None:
        self._path = spool_path(folder, chunk)
        self._stream: BinaryIO | None = None
        self.size = 0

    def add(self, content: bytes) -> None:
        """Append one crop.

        Raises:
            OSError: Writing failed.
        """
        if self._stream is None:
            self._stream = self._path.open("wb", buffering=1 << 18)
        self._stream.write(content)
        self.size += len(content)

    def close(self) -> None:
        """Write what is left.

        Raises:
            OSError: Writing failed.
        """
        if self._stream is not None:
            self._stream.close()


class SpoolReader:
    """Reads crops of any chunk, keeping some files open.

    Args:
        folder: Folder of the spool files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._handles: OrderedDict[int, int] = OrderedDict()

    def read(self, chunk: int, offset: int, size: int) -> bytes:
        """Return ``size`` bytes of a chunk's file from ``offset`` on.

        Raises:
            OSError: Reading failed.
        """
        return os.pread(self._handle(chunk), size, offset)

    def close(self) -> None:
        """Close all files."""
        while self._handles:
            os.close(self._handles.popitem()[1])

    def _handle(self, chunk: int) -> int:
        if chunk in self._handles:
            self._handles.move_to_end(chunk)
        else:
            if len(self._handles) >= _OPEN_FILES:
                os.close(self._handles.popitem(last=False)[1])
            self._handles[chunk] = os.open(spool_path(self._folder, chunk), os.O_RDONLY)
        return self._handles[chunk]
