"""What an earlier build of a data set left for the next one: which pages were cut from which files.

``.index.sqlite`` lies in the data set and comes and goes with it. It holds sizes and times of source
images, so it is the one file that differs between builds of the same labels; it may be deleted at any
time, then everything is cut anew. It names no folder of the machine: paths are hashed. Nothing that
a label says is taken from it; texts and boxes always come from the labels.
"""

from __future__ import annotations

import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import cv2

from ppocr_kit import __version__
from ppocr_kit.datasets.lmdb_reading import LMDB_FILE
from ppocr_kit.datasets.manifest import LMDB, MANIFEST_NAME
from ppocr_kit.datasets.page_index import PageIndex
from ppocr_kit.datasets.rows import IMAGE_FOLDER, lmdb_folder
from ppocr_kit.errors import DataError
from ppocr_kit.fingerprint import NUM_FREQUENCIES
from ppocr_kit.storage import sha256_of
from ppocr_kit.tasks import Split, Task

INDEX_NAME = ".index.sqlite"

# Time stamps of some disks tick in steps of two seconds: a file that is younger than the build by less
# may have been changed again without another stamp.
_COARSEST_TICK_NS = 2_000_000_000
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PLAIN_NAME = re.compile(r"(?!\.)[\w.\-]+-[0-9a-f]{12}")

SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE pages (
    path_hash BLOB, size INTEGER, mtime_ns INTEGER, image_sha256 TEXT, labels_sha256 TEXT,
    name TEXT, width INTEGER, height INTEGER, fingerprint BLOB, split TEXT, first_row INTEGER
);
CREATE INDEX by_path ON pages (path_hash);
CREATE INDEX by_content ON pages (image_sha256, labels_sha256);
"""


def recipe() -> str:
    """Return what else than image and labels decides about the bytes of a crop."""
    return f"2 {__version__} opencv {cv2.__version__}"


def hash_path(path: bytes) -> bytes:
    """Return a short hash of where a file lies.

    Args:
        path: As the file system spells it.
    """
    return blake2b(path, digest_size=16).digest()


@dataclass(frozen=True)
class OldPage:
    """A page as it was cut before.

    Attributes:
        size: Bytes of the image file.
        mtime_ns: When the image file was changed last.
        image_sha256: Hash of the image file.
        labels_sha256: Hash of its boxes.
        name: Name in the old data set.
        width: Of the image as shown, pixels.
        height: Of the image as shown, pixels.
        fingerprint: Its perceptual hash, None where none was wanted.
        split: Where it went.
        first_row: Number of its first row in the LMDB of that split, from 1.
    """

    size: int
    mtime_ns: int
    image_sha256: str
    labels_sha256: str
    name: str
    width: int
    height: int
    fingerprint: bytes | None
    split: Split
    first_row: int

    @property
    def page_hash(self) -> str:
        """The part of the name that stands for image and boxes."""
        return self.name.rpartition("-")[2]


@dataclass(frozen=True)
class OldDataset:
    """The data set that a build will take the place of.

    Attributes:
        folder: The data set.
        images: How its page images are kept, ``copy`` or ``link``; None without any.
        image_folder: Where it has them, below ``folder``; of several such folders the first.
        crops: How its crops are kept, ``files`` or ``lmdb``; None without any.
        started_ns: When its build began.
        finished_ns: When its build ended.
    """

    folder: Path
    images: str | None
    image_folder: str
    crops: str | None
    started_ns: int
    finished_ns: int

    def is_settled(self, mtime_ns: int) -> bool:
        """Tell whether a file of this age cannot have been changed since without another time stamp."""
        return mtime_ns < self.started_ns - _COARSEST_TICK_NS

    def is_untouched(self, path: str) -> bool:
        """Tell whether a file of the data set is there and not younger than the build."""
        try:
            return os.stat(path).st_mtime_ns <= self.finished_ns  # noqa: PTH116 - a string, for each crop
        except OSError:
            return False


def find_old_dataset(folder: Path) -> OldDataset | None:
    """Return what can be used again of a data set, None when it has no index that belongs to it."""
    path = folder / INDEX_NAME
    try:
        if not path.is_file():
            return None
        with closing(_connect(path)) as database:
            facts = dict(database.execute("SELECT name, value FROM facts"))
        if facts["recipe"] != recipe() or facts["manifest_sha256"] != sha256_of(folder / MANIFEST_NAME):
            return None
        old = OldDataset(
            folder,
            facts["images"] or None,
            f"{Task(facts['images_of'])}/{IMAGE_FOLDER}" if facts["images"] else "",
            facts["crops"] or None,
            int(facts["started_ns"]),
            int(facts["finished_ns"]),
        )
        lmdbs = [folder / lmdb_folder(split) / LMDB_FILE for split in Split] if old.crops == LMDB else []
        return old if all(old.is_untouched(str(path)) for path in lmdbs) else replace(old, crops=None)
    except (sqlite3.Error, OSError, DataError, KeyError, TypeError, ValueError):
        return None


class OldPages:
    """Looks pages up in the index of an old data set; made where it is used, for it does not pickle.

    Args:
        dataset: The old data set.
    """

    def __init__(self, dataset: OldDataset) -> None:
        self._database = _connect(dataset.folder / INDEX_NAME)

    def at_path(self, path: Path) -> OldPage | None:
        """Return the page that was cut from a file."""
        return self._find("path_hash = ?", (hash_path(os.fsencode(path)),))

    def of_content(self, image_sha256: str, labels_sha256: str) -> OldPage | None:
        """Return the page with this image and these boxes, wherever its file lay."""
        return self._find("image_sha256 = ? AND labels_sha256 = ?", (image_sha256, labels_sha256))

    def close(self) -> None:
        """Close the index."""
        self._database.close()

    def _find(self, where: str, values: tuple[Any, ...]) -> OldPage | None:
        try:
            rows = self._database.execute(f"SELECT {_COLUMNS} FROM pages WHERE {where} LIMIT 1", values)
            row = rows.fetchone()
        except sqlite3.Error:
            return None
        return None if row is None else _old_page(row)


_COLUMNS = "size, mtime_ns, image_sha256, labels_sha256, name, width, height, fingerprint, split, first_row"


def _connect(path: Path) -> sqlite3.Connection:
    """Open an index for reading."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)


def _old_page(row: tuple[Any, ...]) -> OldPage | None:
    """Return a row as a page, None when it is none: the name becomes part of paths."""
    size, mtime_ns, image_sha256, labels_sha256, name, width, height, fingerprint, split, first_row = row
    hashes = (image_sha256, labels_sha256)
    numbers = (size, mtime_ns, width, height, first_row)
    if not all(isinstance(value, str) and _SHA256.fullmatch(value) for value in hashes):
        return None
    if not all(isinstance(value, int) for value in numbers) or width < 1 or height < 1:
        return None
    if not isinstance(name, str) or _PLAIN_NAME.fullmatch(name) is None:
        return None
    if fingerprint is not None and (
        not isinstance(fingerprint, bytes) or len(fingerprint) != NUM_FREQUENCIES + 1
    ):
        return None
    if split not in {str(s) for s in Split}:
        return None
    return OldPage(
        size, mtime_ns, image_sha256, labels_sha256, name, width, height, fingerprint, Split(split), first_row
    )


def write_index(
    root: Path,
    index: PageIndex,
    *,
    images: str | None,
    images_of: Task | None = None,
    crops: str | None,
    started_ns: int,
) -> None:
    """Write what the next build can use of this one; the last file of a data set to be written.

    Args:
        root: The data set.
        index: Its pages.
        images: How page images are kept, ``copy`` or ``link``; None without any.
        images_of: The first task that has page images, None without any.
        crops: How crops are kept, ``files`` or ``lmdb``; None without any.
        started_ns: When the build began.

    Raises:
        OSError: Writing failed.
    """
    with closing(sqlite3.connect(root / INDEX_NAME, isolation_level=None)) as database:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("PRAGMA journal_mode = OFF")
        database.executescript(SCHEMA)
        database.execute("BEGIN")
        database.executemany(f"INSERT INTO pages VALUES ({', '.join('?' * 11)})", _index_rows(index))
        facts = {
            "recipe": recipe(),
            "manifest_sha256": sha256_of(root / MANIFEST_NAME),
            "images": images or "",
            "images_of": "" if images_of is None else str(images_of),
            "crops": crops or "",
            "started_ns": str(started_ns),
            "finished_ns": str(time.time_ns()),
        }
        database.executemany("INSERT INTO facts VALUES (?, ?)", facts.items())
        database.execute("COMMIT")


def _index_rows(index: PageIndex) -> Iterator[tuple[Any, ...]]:
    """Yield a row for each page, counting the rows for recognition that its split has so far."""
    for split in Split:
        row = 1
        for page in index.in_order(split):
            # what was found about an image is found again by opening it
            if page.plain:
                yield (
                    hash_path(page.image_path),
                    page.size,
                    page.mtime_ns,
                    page.image_sha256,
                    page.labels_sha256,
                    page.name,
                    page.width,
                    page.height,
                    page.fingerprint,
                    str(split),
                    row,
                )
            row += page.crops
