"""All pages of a build, in a database instead of in memory.

Lists, splits and counts of a million rows are read from here, in the order they are written in; what
is held at a time is one page.
"""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ppocr_kit.datasets.rows import CropRow
from ppocr_kit.fingerprint import Fingerprint
from ppocr_kit.tasks import Split

_FAST = ("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", "PRAGMA cache_size = -16384")


class PageRecord(NamedTuple):
    """A page that can be used, as a worker hands it over and the index keeps it.

    Attributes:
        name: Name in the data set.
        image_name: File name of the image in the data set.
        folder: Name of its labelled folder.
        source: Index of its source.
        file: Label file as the user named it, bytes of the file system.
        line: Line in the label file.
        key: The image as the label file names it, UTF-8.
        image_path: The image file, bytes of the file system.
        size: Bytes of the image file.
        mtime_ns: When the image file was changed last.
        image_sha256: Hash of the image file.
        labels_sha256: Hash of the boxes.
        width: Of the image as shown, pixels.
        height: Of the image as shown, pixels.
        regions: Number of regions that remain.
        crops: Number of rows for recognition.
        texts: Number of regions with a text that recognition can learn, also where no crops are wanted.
        longest: Characters of the longest text.
        characters: The different characters of the texts.
        classes: The different values of ``key_cls``, a JSON list.
        group: Value that keeps pages together, None without one.
        fingerprint: Of the image, contrast and frequencies; None where none was made.
        signature: Of the texts, to compare pages by.
        plain: Whether nothing was found about the image that the next build would have to find again.
        rows: The rows, packed by ``pack_rows``.
        chunk: Number of the chunk whose spool file holds the crops.
        offset: Where in it they begin.
        old_split: Split of the old LMDB that holds the crops, None for fresh crops.
        old_row: Number of the first of its rows there, from 1.
        reused: Whether nothing had to be cut.
        copied: Whether a link was wanted and a copy was made.
        entities: What key information learns, packed by ``pack_kie_page``; empty where it is not wanted.
        links: Number of links between questions and answers.
        by_people: Whether people worked on these links.
    """

    name: str
    image_name: str
    folder: str
    source: int
    file: bytes
    line: int
    key: bytes
    image_path: bytes
    size: int
    mtime_ns: int
    image_sha256: str
    labels_sha256: str
    width: int
    height: int
    regions: int
    crops: int
    texts: int
    longest: int
    characters: str
    classes: str
    group: str | None
    fingerprint: bytes | None
    signature: bytes
    plain: bool
    rows: bytes
    chunk: int
    offset: int
    old_split: str | None
    old_row: int
    reused: bool
    copied: bool
    entities: bytes = b""
    links: int = 0
    by_people: bool = False

    @property
    def shown_file(self) -> str:
        """The label file as the user named it."""
        return os.fsdecode(self.file)

    @property
    def shown_key(self) -> str:
        """The image as the label file names it."""
        return self.key.decode("utf-8", "surrogatepass")

    def unpack_rows(self) -> tuple[str, tuple[CropRow, ...]]:
        """Return the row of a detection list and the rows for recognition."""
        det_row, crops = json.loads(zlib.decompress(self.rows))
        return det_row, tuple(CropRow(*crop) for crop in crops)


class SplitFacts(NamedTuple):
    """The parts of a ``PageRecord`` that decide where a page goes."""

    name: str
    key: bytes
    image_path: bytes
    image_sha256: str
    texts: int
    characters: str
    classes: str
    group: str | None
    fingerprint: bytes | None
    signature: bytes
    links: int


def pack_rows(det_row: str, crops: Sequence[CropRow]) -> bytes:
    """Return the rows of a page in a fifth of the space."""
    return zlib.compress(json.dumps([det_row, crops], ensure_ascii=False).encode("utf-8", "surrogatepass"), 1)


def pack_fingerprint(looks: Fingerprint) -> bytes:
    """Return a fingerprint as bytes: its contrast, then its frequencies."""
    return bytes([looks.contrast]) + looks.frequencies


def unpack_fingerprint(content: bytes) -> Fingerprint:
    """Return the fingerprint that ``pack_fingerprint`` packed."""
    return Fingerprint(content[1:], content[0])


class PageIndex:
    """The usable pages of a build.

    Args:
        path: Where the database lies; None keeps it in a temporary file.
    """

    def __init__(self, path: Path | None) -> None:
        self._database = sqlite3.connect("" if path is None else path, isolation_level=None)
        for pragma in _FAST:
            self._database.execute(pragma)
        columns = ", ".join(f'"{name}"' for name in PageRecord._fields)
        self._database.execute(f"CREATE TABLE pages ({columns}, split)")
        self._insert = f"INSERT INTO pages VALUES ({'?, ' * len(PageRecord._fields)}NULL)"

    def __len__(self) -> int:
        """Return the number of pages."""
        return int(self._value("SELECT COUNT(*) FROM pages"))

    def add(self, records: Iterable[PageRecord]) -> None:
        """Take in pages."""
        self._database.execute("BEGIN")
        self._database.executemany(self._insert, records)
        self._database.execute("COMMIT")

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def drop_copies(self) -> Iterator[tuple[PageRecord, PageRecord]]:
        """Keep one of pages that are the same in all; yield each dropped one with the one kept.

        It is the first by folder and key, but one that people linked before one that nobody did.
        """
        self._database.execute("CREATE INDEX by_name ON pages (name)")
        repeated = "SELECT name FROM pages GROUP BY name HAVING COUNT(*) > 1"
        names = [row[0] for row in self._database.execute(repeated)]
        for name in names:
            rows = self._database.execute(
                "SELECT rowid, * FROM pages WHERE name = ? ORDER BY by_people DESC, folder, key, file, line",
                (name,),
            ).fetchall()
            for row in rows[1:]:
                self._database.execute("DELETE FROM pages WHERE rowid = ?", (row[0],))
                yield _record(row[1:]), _record(rows[0][1:])

    def equal_images(self) -> Iterator[tuple[PageRecord, PageRecord]]:
        """Yield pages whose image has the same bytes as that of an earlier one, with that one."""
        self._database.execute("CREATE INDEX by_image ON pages (image_sha256)")
        repeated = "SELECT image_sha256 FROM pages GROUP BY image_sha256 HAVING COUNT(*) > 1"
        images = [row[0] for row in self._database.execute(repeated)]
        for image in images:
            rows = self._database.execute(
                "SELECT * FROM pages WHERE image_sha256 = ? ORDER BY name", (image,)
            ).fetchall()
            for row in rows[1:]:
                yield _record(row), _record(rows[0])

    def in_order(self, split: Split | None = None) -> Iterator[PageRecord]:
        """Yield all pages, or those of a split, by name."""
        if split is None:
            rows = self._database.execute("SELECT * FROM pages ORDER BY name")
        else:
            rows = self._database.execute("SELECT * FROM pages WHERE split = ? ORDER BY name", (str(split),))
        return map(_record, rows)

    def split_facts(self) -> Iterator[SplitFacts]:
        """Yield what the split has to know of each page, by name."""
        columns = ", ".join(f'"{name}"' for name in SplitFacts._fields)
        rows = self._database.execute(f"SELECT {columns} FROM pages ORDER BY name")
        return (SplitFacts(*row) for row in rows)

    def count_pages_with(self, column: str) -> Counter[str]:
        """Count on how many pages each character (``characters``) or class (``classes``) is."""
        counts: Counter[str] = Counter()
        for (value,) in self._database.execute(f"SELECT {column} FROM pages"):
            counts.update(json.loads(value) if column == "classes" else value)
        return counts

    def count_by_source(self) -> dict[int, tuple[int, int]]:
        """Return the number of pages and regions of each source."""
        rows = self._database.execute("SELECT source, COUNT(*), SUM(regions) FROM pages GROUP BY source")
        return {source: (pages, regions) for source, pages, regions in rows}

    def longest_text(self) -> int:
        """Return the number of characters of the longest text."""
        return int(self._value("SELECT COALESCE(MAX(longest), 0) FROM pages"))

    def count_pages(self, split: Split) -> int:
        """Return the number of pages of a split."""
        return int(self._value("SELECT COUNT(*) FROM pages WHERE split = ?", str(split)))

    def count_flagged(self, column: str) -> int:
        """Return the number of pages that are ``reused`` or ``copied``."""
        return int(self._value(f"SELECT COUNT(*) FROM pages WHERE {column}"))

    def set_splits(self, split_of: Mapping[str, Split]) -> None:
        """Assign every page by the hash of its image."""
        self._database.execute("BEGIN")
        self._database.executemany(
            "UPDATE pages SET split = ? WHERE image_sha256 = ?",
            ((str(split), image) for image, split in split_of.items()),
        )
        self._database.execute("COMMIT")
        self._database.execute("CREATE INDEX by_split ON pages (split, name)")

    def in_order_with_split(self) -> Iterator[tuple[PageRecord, Split]]:
        """Yield all pages with their splits, by name."""
        rows = self._database.execute("SELECT * FROM pages ORDER BY name")
        return ((_record(row), Split(row[-1])) for row in rows)

    def set_groups(self, groups: Iterable[tuple[str | None, str]]) -> None:
        """Put pages into groups: pairs of a group and the name of a page."""
        self._database.execute("BEGIN")
        self._database.executemany('UPDATE pages SET "group" = ? WHERE name = ?', list(groups))
        self._database.execute("COMMIT")

    def set_fingerprints(self, fingerprints: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Add fingerprints that were made later, by image file."""
        self._database.execute("BEGIN")
        self._database.executemany(
            "UPDATE pages SET fingerprint = ?2 WHERE image_path = ?1", list(fingerprints)
        )
        self._database.execute("COMMIT")

    def _value(self, query: str, *values: Any) -> Any:
        return self._database.execute(query, values).fetchone()[0]


def _record(row: tuple[Any, ...]) -> PageRecord:
    """Return a row as a record; its last column is the split."""
    return PageRecord(*row[:-1])
