"""Write the crops of a split as the LMDB that PaddleOCR's ``LMDBDataSet`` reads.

Keys as in ``lmdb_reading``. They are written in their own order, which LMDB can append in: full pages,
no search, a file as small as it can be, and the same bytes for the same rows.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from ppocr_kit.datasets.lmdb_reading import COUNT_KEY, IMAGE_KEY, LABEL_KEY
from ppocr_kit.errors import SetupError

_FIRST_MAP_BYTES = 1 << 28
_BATCH_ROWS = 4096
_BATCH_BYTES = 1 << 23


def require_lmdb() -> Any:
    """Return the module ``lmdb``.

    Raises:
        SetupError: It is not installed.
    """
    try:
        import lmdb
    except ModuleNotFoundError:
        raise SetupError(
            "the package lmdb is not installed",
            at="--format lmdb",
            hint="pip install lmdb, or ppocr-kit env create paddle; --format files needs nothing more",
        ) from None
    return lmdb


class LmdbWriter:
    """Writes one LMDB; pictures first, then labels, then the count.

    Args:
        folder: Folder of the LMDB, made here.
    """

    def __init__(self, folder: Path) -> None:
        self._lmdb = require_lmdb()
        folder.mkdir(parents=True)
        # the folder is thrown away when anything fails, so nothing has to reach the disk in between
        self._environment = self._lmdb.open(
            str(folder), map_size=_FIRST_MAP_BYTES, lock=False, sync=False, metasync=False
        )

    def write_pictures(self, pictures: Iterable[bytes]) -> str:
        """Write the encoded pictures of rows 1, 2, …; return the sha256 of their sizes and bytes."""
        digest = sha256()

        def items() -> Iterator[tuple[bytes, bytes]]:
            for number, picture in enumerate(pictures, start=1):
                digest.update(len(picture).to_bytes(8, "big"))
                digest.update(picture)
                yield IMAGE_KEY.format(number).encode("ascii"), picture

        self._append(items())
        return digest.hexdigest()

    def write_labels(self, texts: Iterable[str]) -> int:
        """Write the texts of rows 1, 2, … and their number, which is returned."""
        count = 0

        def items() -> Iterator[tuple[bytes, bytes]]:
            nonlocal count
            for count, text in enumerate(texts, start=1):  # noqa: B007 - the count outlives the loop
                yield LABEL_KEY.format(count).encode("ascii"), text.encode("utf-8")

        self._append(items())
        self._append([(COUNT_KEY, str(count).encode("ascii"))])
        return count

    def close(self) -> None:
        """Finish the file."""
        self._environment.close()

    def _append(self, items: Iterable[tuple[bytes, bytes]]) -> None:
        """Append records whose keys ascend, some at a time."""
        for batch in _batches(items):
            while not self._put(batch):
                self._environment.set_mapsize(2 * self._environment.info()["map_size"])

    def _put(self, batch: list[tuple[bytes, bytes]]) -> bool:
        """Write a batch in one transaction; False when the map is too small, and nothing was written."""
        try:
            with self._environment.begin(write=True) as transaction:
                transaction.cursor().putmulti(batch, append=True)
        except self._lmdb.MapFullError:
            return False
        except self._lmdb.Error as error:
            # LMDB has a class for each of its own errors and none for those of the system
            full = os.strerror(errno.ENOSPC) in str(error)
            raise OSError(errno.ENOSPC if full else errno.EIO, str(error)) from error
        return True


def _batches(items: Iterable[tuple[bytes, bytes]]) -> Iterator[list[tuple[bytes, bytes]]]:
    """Yield records in lists that are worth a transaction and do not fill memory."""
    batch: list[tuple[bytes, bytes]] = []
    size = 0
    for item in items:
        batch.append(item)
        size += len(item[1])
        if len(batch) >= _BATCH_ROWS or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
