"""Read the crops of a build again: from its spool files, or from the LMDBs of the old data set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from ppocr_kit.datasets.crop_spool import SpoolReader
from ppocr_kit.datasets.lmdb_reading import IMAGE_KEY, LmdbRows
from ppocr_kit.datasets.page_index import PageRecord
from ppocr_kit.datasets.rows import lmdb_folder
from ppocr_kit.errors import DataError
from ppocr_kit.tasks import Split


class CropReader:
    """Gives the encoded crops of one page after another.

    Args:
        spool: Folder of the spool files.
        old: The old data set, None when no page comes from one.
    """

    def __init__(self, spool: Path, old: Path | None) -> None:
        self._spool = SpoolReader(spool)
        self._old = old
        self._lmdbs: dict[str, LmdbRows] = {}
        self._stack = ExitStack()
        self._stack.callback(self._spool.close)

    def __enter__(self) -> CropReader:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close all files."""
        self._stack.close()

    def read(self, page: PageRecord) -> Iterator[bytes]:
        """Yield the encoded crops of a page.

        Raises:
            OSError: Reading failed.
            DataError: The old data set was damaged while it was read.
        """
        if page.old_split is not None:
            for number in range(page.old_row, page.old_row + page.crops):
                yield self._old_picture(page.old_split, number)
            return
        offset = page.offset
        for crop in page.unpack_rows()[1]:
            yield self._spool.read(page.chunk, offset, crop.size)
            offset += crop.size

    def _old_picture(self, split: str, number: int) -> bytes:
        if self._old is None:
            raise ValueError("no old data set was given")
        folder = self._old / lmdb_folder(Split(split))
        if split not in self._lmdbs:
            self._lmdbs[split] = self._stack.enter_context(LmdbRows(folder))
        picture = self._lmdbs[split].read(IMAGE_KEY.format(number))
        if picture is None:
            raise DataError(
                "the old data set lacks a crop that its index has",
                at=str(folder),
                hint="build with --rebuild",
            )
        return picture
