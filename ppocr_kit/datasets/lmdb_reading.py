"""LMDBs of line pictures, as PaddleOCR's ``LMDBDataSet`` keeps them.

Keys: ``num-samples`` (a number in decimal digits), and for every row, counted from 1,
``image-%09d`` (the encoded picture) and ``label-%09d`` (its text in UTF-8). A ``data_dir`` is one, or
has several below it; a picture is named by its path from there: ``image-000000001``,
``receipts/image-000000001``.

Source: ppocr/data/lmdb_dataset.py@3.7.0, ``LMDBDataSet``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ppocr_kit.errors import DataError, SetupError

LMDB_FILE = "data.mdb"
# The name of PaddleOCR's class for them in a configuration.
LMDB_DATA_SET = "LMDBDataSet"
COUNT_KEY = b"num-samples"
IMAGE_KEY = "image-{:09d}"
LABEL_KEY = "label-{:09d}"
_BUILD_AGAIN = "build the data set again: ppocr-kit dataset build SRC --name NAME --format lmdb"


def is_lmdb(folder: Path) -> bool:
    """Tell a folder that holds an LMDB; whether it can be read is not looked at."""
    try:
        return (folder / LMDB_FILE).is_file()
    except (OSError, ValueError):
        return False


def find_lmdbs(folder: Path) -> list[Path]:
    """List the LMDBs at and below a folder, by path; upstream takes them in whatever order the disk has."""
    found = []
    for parent, folders, _ in os.walk(folder):
        folders.sort()
        if is_lmdb(Path(parent)):
            found.append(Path(parent))
    return found


class LmdbRows:
    """The LMDBs of a ``data_dir``, open for reading until they are closed.

    A process can open an LMDB once at a time, so close it, or use it in ``with``. It is opened without a
    lock: it may lie on a disk that cannot be written, and processes forked later can go on reading.
    """

    def __init__(self, folder: Path) -> None:
        """Open them.

        Args:
            folder: An LMDB, or a folder above some.

        Raises:
            DataError: There is none, or one is damaged or none of PaddleOCR's.
            SetupError: The package lmdb is not installed.
        """
        # by path from the folder, with a slash behind it; nothing for the folder itself
        self._opened: dict[str, Any] = {}
        self._counts: dict[str, int] = {}
        places = find_lmdbs(folder)
        if not places:
            raise DataError(f"there is no LMDB here ({LMDB_FILE})", at=str(folder), hint=_BUILD_AGAIN)
        try:
            for place in places:
                inside = "" if place == folder else f"{place.relative_to(folder).as_posix()}/"
                self._opened[inside] = _open(place)
                self._counts[inside] = _count(self._opened[inside], place)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> LmdbRows:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all; nothing can be read any more."""
        while self._opened:
            self._opened.popitem()[1].close()

    def __len__(self) -> int:
        """Return the number of rows that the LMDBs say they have."""
        return sum(self._counts.values())

    def __iter__(self) -> Iterator[tuple[str, bytes | None]]:
        """Yield every row in order: its picture's name, and its label, None where there is none."""
        for inside, environment in self._opened.items():
            with environment.begin() as transaction:
                for number in range(1, self._counts[inside] + 1):
                    label = transaction.get(LABEL_KEY.format(number).encode("ascii"))
                    yield inside + IMAGE_KEY.format(number), label

    def has(self, name: str) -> bool:
        """Tell whether a picture is there, without reading it."""
        return bool(self._look(name, len))

    def read(self, name: str) -> bytes | None:
        """Return an encoded picture, or None where there is none."""
        return self._look(name, bytes) or None

    def label_of(self, name: str) -> bytes:
        """Return the label of the row that a picture belongs to; empty where there is none."""
        inside, slash, key = name.rpartition("/")
        return bytes(self._look(f"{inside}{slash}{key.replace('image-', 'label-', 1)}", bytes))

    def _look(self, name: str, take: Any) -> Any:
        inside, slash, key = name.rpartition("/")
        environment = self._opened.get(inside + slash)
        if environment is None:
            return take(b"")
        with environment.begin(buffers=True) as transaction:
            return take(transaction.get(key.encode("utf-8"), b""))


def list_line(name: str, label: bytes | None, delimiter: str = "\t") -> bytes:
    """Write a row of an LMDB as a line of a list, without its end.

    A label that no line can hold (absent, or with a tab or a line break) is left out together with the
    delimiter, so that the row is refused like any line without one.
    """
    picture = name.encode("utf-8")
    if label is None or any(sign in label for sign in (b"\n", b"\r", delimiter.encode("utf-8"))):
        return picture
    return picture + delimiter.encode("utf-8") + label


def _open(folder: Path) -> Any:
    """Open one LMDB."""
    try:
        import lmdb
    except ModuleNotFoundError:
        raise SetupError(
            "the package lmdb is not installed, which the data set's pictures are kept with",
            hint="pip install lmdb, or run the kit from its environment",
        ) from None
    try:
        return lmdb.open(str(folder), readonly=True, lock=False, readahead=False, meminit=False)
    except lmdb.Error as error:
        raise DataError(f"the LMDB cannot be read ({error})", at=str(folder), hint=_BUILD_AGAIN) from error


def _count(environment: Any, folder: Path) -> int:
    """Return how many rows an LMDB says that it has."""
    with environment.begin() as transaction:
        value = transaction.get(COUNT_KEY, b"")
    if not value.isdigit():
        raise DataError(
            "the LMDB does not say how many rows it has (num-samples), so it is none of PaddleOCR's",
            at=str(folder),
            hint=_BUILD_AGAIN,
        )
    return int(value)
