"""What is asked of a worker and what it answers: both cross from process to process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ppocr_kit.datasets.page_index import PageRecord
from ppocr_kit.datasets.reuse import OldDataset
from ppocr_kit.datasets.rows import CROP_FOLDER, IMAGE_FOLDER
from ppocr_kit.labels.boxes import Finding
from ppocr_kit.labels.entries import PageEntry
from ppocr_kit.tasks import Task


@dataclass(frozen=True)
class CutPlan:
    """What is done with each page, and where what comes of it goes.

    Attributes:
        det: Whether rows for detection are wanted.
        rec: Whether crops are wanted.
        root: The folder of the new data set; None writes nothing.
        link: Whether page images are linked rather than copied.
        spool: Folder for crops on their way into an LMDB; None writes them as files.
        old: The data set that pages may be taken from.
        fingerprints: Whether pages are fingerprinted whose pixels are at hand.
    """

    det: bool
    rec: bool
    root: Path | None
    link: bool = False
    spool: Path | None = None
    old: OldDataset | None = None
    fingerprints: bool = False

    @property
    def images(self) -> Path | None:
        """Folder of page images, None when none are written."""
        return self.root / str(Task.DET) / IMAGE_FOLDER if self.root is not None and self.det else None

    @property
    def crops(self) -> Path | None:
        """Folder of crop files, None when none are written."""
        wanted = self.root is not None and self.rec and self.spool is None
        return self.root / str(Task.REC) / CROP_FOLDER if wanted and self.root is not None else None


@dataclass(frozen=True)
class Chunk:
    """Some pages that one worker works on.

    Attributes:
        number: Number of the chunk from 0.
        source: Index of their source.
        folder: Name of the folder of their source.
        entries: The pages.
    """

    number: int
    source: int
    folder: str
    entries: tuple[PageEntry, ...]


@dataclass(frozen=True)
class CutChunk:
    """What became of a chunk.

    Attributes:
        pages: Number of pages.
        records: Those that can be used.
        findings: File, line and what was found there, of every page that something was found about.
    """

    pages: int
    records: tuple[PageRecord, ...]
    findings: tuple[tuple[str, int, tuple[Finding, ...]], ...]
