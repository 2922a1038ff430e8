r"""Which pages an annotator called checked: PPOCRLabel's fileState.txt.

PPOCRLabel 3.1.6 writes one line ``<path>\t1`` for each checked page (PPOCRLabel.py, saveFilestate).
The path is absolute, of the machine it was labelled on, or the two last parts of it that keys have.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ppocr_kit.errors import DataError
from ppocr_kit.labels.lines import decode_line, iter_lines
from ppocr_kit.labels.page_table import LineTable

FILE_STATE_NAME = "fileState.txt"

Hashes = npt.NDArray[np.uint64]

# path, gap, state; a file moved by hand may have spaces for the tab, or no state at all
_ROW = re.compile(r"(?P<path>.+?)(?:\s+(?P<state>\d+))?\s*")
_SEPARATORS = re.compile(r"[\\/]+")


def find_unchecked(lines: LineTable, rows: Sequence[int], folder: Path) -> list[int]:
    """Return the lines among ``rows`` whose page fileState.txt does not call checked.

    A page is known by the two last parts of its path, as in PPOCRLabel. Where the folder was renamed
    since, the name of the image must do; a name that belongs to another page of the list does not.

    Raises:
        DataError: The folder has no fileState.txt, or it cannot be read.
    """
    listed = _hash_paths(_read_checked(folder / FILE_STATE_NAME))
    pages = _hash_paths(lines.key(row) for row in rows)
    checked = np.isin(pages[:, 0], listed[:, 0])
    elsewhere = ~np.isin(listed[:, 0], pages[:, 0])
    checked |= np.isin(pages[:, 1], listed[elsewhere, 1])
    return [row for row, found in zip(rows, checked.tolist()) if not found]


def _read_checked(path: Path) -> Iterator[str]:
    """Yield the paths that are called checked."""
    try:
        with path.open("rb") as stream:
            for line in iter_lines(stream):
                decoded = decode_line(line)
                row = _ROW.fullmatch(decoded[0].lstrip("\ufeff")) if decoded else None
                if row is not None and row["state"] != "0":
                    yield row["path"]
    except FileNotFoundError as error:
        raise DataError(
            f"the folder has no {FILE_STATE_NAME}, so nothing says which pages were checked",
            at=str(path.parent),
            hint="leave out --checked-only, or check the pages in PPOCRLabel",
        ) from error
    except OSError as error:
        raise DataError(f"the file cannot be read ({error.strerror})", at=str(path)) from error


def _hash_paths(paths: Iterator[str]) -> Hashes:
    """Return hashes of the two last parts and of the last part of each path, (N, 2)."""
    hashes = array("Q")
    for path in paths:
        parts = _SEPARATORS.split(unicodedata.normalize("NFC", path))[-2:]
        for name in ("/".join(parts), parts[-1]):
            hashes.frombytes(blake2b(name.encode(), digest_size=8).digest())
    return np.array(hashes, dtype=np.uint64).reshape(-1, 2)
