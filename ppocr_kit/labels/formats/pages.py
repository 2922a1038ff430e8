"""What reading a source in another format than PPOCRLabel's gives: its pages, with their images found."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ppocr_kit.labels.codes import label_problem
from ppocr_kit.labels.entries import BoxReader, PageEntry
from ppocr_kit.problems import ProblemLog


@dataclass(frozen=True)
class FormatRequest:
    """What to read.

    Attributes:
        path: The folder or file, as the user named it.
        image_folder: Where the pictures are, None to look for them.
        embedded_to: Folder that pictures inside label files are taken out to, None leaves them there.
    """

    path: Path
    image_folder: Path | None = None
    embedded_to: Path | None = None

    @property
    def folder(self) -> Path:
        """The folder of the labels, absolute."""
        path = self.path.resolve()
        return path if path.is_dir() else path.parent

    def shown(self, path: Path) -> str:
        """Return a path below the folder as the user would name it."""
        if not self.path.is_dir():
            return str(self.path if path == self.path.resolve() else path)
        try:
            return str(self.path / path.relative_to(self.folder))
        except ValueError:
            return str(path)


@dataclass(frozen=True)
class FormatPages:
    """The pages of a source.

    Attributes:
        folder: The folder of the labels, absolute.
        pages: Pages whose image was found.
        problems: What was found before any boxes were read.
        named: Number of pages that the labels name, with an image or without.
        labels_sha256: Hash of the labels, whatever the order of files and records.
    """

    folder: Path
    pages: Sequence[PageEntry]
    problems: ProblemLog
    named: int
    labels_sha256: str


class PageCollector:
    """Takes pages one by one; of several for one image the last counts, as in PPOCRLabel.

    Args:
        request: What is read.
    """

    def __init__(self, request: FormatRequest) -> None:
        self.request = request
        self.problems = ProblemLog()
        self.named = 0
        self._pages: dict[Path, PageEntry] = {}
        self._digests: list[bytes] = []

    def tell(self, code: str, file: str, detail: str = "", region: int | None = None) -> None:
        """Take in a finding."""
        self.problems.add(label_problem(code, file, None, region, detail))

    def lose(self, code: str, file: str, detail: str = "") -> None:
        """Take in a finding that costs a page."""
        self.named += 1
        self.tell(code, file, detail)

    def add(self, image: Path, file: str, boxes: BoxReader, digest: bytes) -> None:
        """Take in a page.

        Args:
            image: Its picture.
            file: Its label file as the user would name it.
            boxes: Reads its boxes.
            digest: Hash of its labels.
        """
        self.named += 1
        key = self._key(image)
        earlier = self._pages.pop(image, None)
        if earlier is not None:
            self.tell("L016", earlier.file, f"'{key}' is labelled again in {file}")
        self._pages[image] = PageEntry(key, image, file, 0, boxes)
        self._digests.append(digest + os.fsencode(key))

    def finish(self) -> FormatPages:
        """Return what was taken in."""
        if not self.named and not len(self.problems):
            self.tell("L002", str(self.request.path))
        return FormatPages(
            folder=self.request.folder,
            pages=tuple(self._pages.values()),
            problems=self.problems,
            named=self.named,
            labels_sha256=sha256(b"".join(sorted(self._digests))).hexdigest(),
        )

    def _key(self, image: Path) -> str:
        """Return the path of an image from the parent of the labels' folder, as PPOCRLabel's keys are."""
        return Path(os.path.relpath(image, self.request.folder.parent)).as_posix()
