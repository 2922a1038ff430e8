"""Pages of a check that are there twice: the same bytes, or the same page turned, rescanned or trimmed."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from ppocr_kit.fingerprint import Fingerprint
from ppocr_kit.labels.boxes import Finding
from ppocr_kit.labels.codes import label_problem
from ppocr_kit.labels.near_duplicates import FingerprintedPage, find_near_duplicates
from ppocr_kit.problems import Problem

# Two different images share so many bytes of their hash once in 10^26 pairs.
_HASH_BYTES = 12
# Some 60 MB.
_MOST_PAGES = 100_000


class CopiedPages:
    """Keeps a few hundred bytes of each page.

    Args:
        most: Number of pages that are compared by their looks.
    """

    def __init__(self, most: int = _MOST_PAGES) -> None:
        self._most = most
        self._first: dict[bytes, str] = {}
        self._pages: list[FingerprintedPage] = []
        self._keys: list[str] = []
        self._files: list[str] = []
        self._lines = array("i")
        self._left_out = 0
        self._crowded = 0

    def add(
        self, file: str, line: int, key: str, image_sha256: str, looks: Fingerprint, signature: bytes
    ) -> Iterator[Finding]:
        """Take in a page, and yield a finding when an earlier one has an image of the same bytes.

        Args:
            file: Its label file, as the user named it.
            line: Its line there.
            key: Its image, as the label file names it.
            image_sha256: Hash of the image file.
            looks: Fingerprint of its image.
            signature: Of its texts.
        """
        first = self._first.setdefault(bytes.fromhex(image_sha256)[:_HASH_BYTES], key)
        if first is not key:
            yield ("L027", None, f"'{key}' and '{first}'")
        elif len(self._pages) < self._most:
            name = key.replace("\\", "/").rsplit("/", 1)[-1]
            self._pages.append(FingerprintedPage(name, image_sha256, looks, signature))
            self._keys.append(key)
            self._files.append(file)
            self._lines.append(line)
        else:
            self._left_out += 1

    def near_copies(self) -> Iterator[Problem]:
        """Yield a finding for each page that is a copy of an earlier one though its file differs."""
        found = find_near_duplicates(self._pages)
        self._crowded = found.crowded
        for group in found.groups:
            first = group[0]
            for copy in group[1:]:
                model = f"'{self._keys[first]}' ({self._files[first]}:{self._lines[first]})"
                detail = f"'{self._keys[copy]}' and {model}"
                yield label_problem("L089", self._files[copy], self._lines[copy], detail=detail)

    def notes(self) -> list[str]:
        """Say which pages were not compared, once :meth:`near_copies` has run."""
        notes = []
        if self._left_out:
            notes.append(
                f"{self._left_out} pages beyond the first {self._most} were not compared by their looks"
            )
        if self._crowded:
            notes.append(
                f"{self._crowded} pages without texts look like many others (one form, one kind of picture), "
                "so that their looks do not tell whether they are copies"
            )
        return notes
