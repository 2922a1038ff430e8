"""A page before its boxes are read: small, cheap to hand to another process, parsed when it is needed.

A label file may hold a million boxes. What all its lines must be known for (copies, keys, image
files) is found in one pass that keeps a few bytes of each line; the JSON of a line is parsed by
``PageEntry.read()``, in whatever thread or process works on the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Optional, Protocol

from ppocr_kit.errors import DataError
from ppocr_kit.labels.boxes import Finding, parse_boxes
from ppocr_kit.labels.lines import split_line
from ppocr_kit.labels.region import LabeledImage, TextRegion

# Regions, or None when there is no list of boxes to use; and all findings.
Boxes = tuple[Optional[tuple[TextRegion, ...]], tuple[Finding, ...]]

DIGEST_SIZE = 16


class BoxReader(Protocol):
    """Where the boxes of a page are, and how to read them. Must pickle small."""

    def read(self) -> Boxes:
        """Return the usable regions, or None when there is no list of boxes; and all findings."""
        ...


@dataclass(frozen=True)
class GivenBoxes:
    """Boxes that were read already, of a format that is one document."""

    regions: tuple[TextRegion, ...] | None
    findings: tuple[Finding, ...] = ()

    def read(self) -> Boxes:
        """Return the boxes."""
        return self.regions, self.findings


@dataclass(frozen=True)
class LineBoxes:
    """The boxes of one line of a label file.

    Attributes:
        file: The label file.
        offset: First byte of the line.
        size: Bytes of the line without its end.
        encoding: What the line is decoded with.
        digest: Hash of the text, to notice a file that changed since.
    """

    file: Path
    offset: int
    size: int
    encoding: str
    digest: bytes

    def read(self) -> Boxes:
        """Read and parse the line.

        Raises:
            DataError: The file changed since its lines were looked up.
        """
        parts = split_line(self.load())
        if parts is None:
            raise self._changed()
        regions, findings = parse_boxes(parts.boxes)
        return None if regions is None else tuple(regions), tuple(findings)

    def load(self) -> str:
        """Return the line as text.

        Raises:
            DataError: The file changed since its lines were looked up.
        """
        try:
            with self.file.open("rb") as stream:
                stream.seek(self.offset)
                text = stream.read(self.size).decode(self.encoding)
        except OSError as error:
            raise DataError(f"the label file cannot be read ({error.strerror})", at=str(self.file)) from error
        except UnicodeDecodeError as error:
            raise self._changed() from error
        if line_digest(text) != self.digest:
            raise self._changed()
        return text

    def _changed(self) -> DataError:
        return DataError(
            "the label file was changed while it was read",
            at=str(self.file),
            hint="save it in PPOCRLabel, then run the command again",
        )


def line_digest(text: str) -> bytes:
    """Return a short hash of a line, the same whatever the encoding of the file."""
    return blake2b(text.encode(), digest_size=DIGEST_SIZE).digest()


@dataclass(frozen=True)
class ReadPage:
    """A page whose boxes were read.

    Attributes:
        page: The page; without regions when it is not usable.
        usable: False when the list of boxes is broken, or has boxes of which none can be used.
        findings: What is wrong with the list and its boxes.
    """

    page: LabeledImage
    usable: bool
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class PageEntry:
    """A page whose image was found and whose boxes are not read yet.

    Attributes:
        key: The image as the label file names it.
        path: The image file that was found for the key.
        file: The label file as the user named it, for findings.
        line: Line number in it from 1.
        boxes: Reads the boxes.
    """

    key: str
    path: Path
    file: str
    line: int
    boxes: BoxReader

    def read(self) -> ReadPage:
        """Read the boxes of the page.

        Raises:
            DataError: The label file changed since its lines were looked up.
        """
        regions, findings = judge_boxes(self.boxes)
        page = LabeledImage(self.key, self.path, regions or (), self.line, self.file)
        return ReadPage(page, regions is not None, findings)


def judge_boxes(boxes: BoxReader) -> Boxes:
    """Read boxes; None when the page must not be used, with the reason among the findings."""
    regions, findings = boxes.read()
    if regions is None or regions:
        return regions, findings
    if findings:
        # every box is broken: that is no page without text
        return None, (*findings, ("L019", None, ""))
    return regions, (("L017", None, ""),)
