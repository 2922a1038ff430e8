"""What is asked of a worker and what it answers: both cross from process to process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ppocr_kit.datasets.page_index import PageRecord
from ppocr_kit.datasets.reuse import OldDataset
from ppocr_kit.datasets.rows import CROP_FOLDER, IMAGE_FOLDER
from ppocr_kit.labels.boxes import Finding
from ppocr_kit.labels.entries import PageEntry
from ppocr_kit.labels.link_naming import ClassPair
from ppocr_kit.labels.links_file import PageLinks
from ppocr_kit.tasks import Task


@dataclass(frozen=True)
class KiePlan:
    """What key information wants of each page.

    Attributes:
        links: Whether links between questions and answers are wanted.
        pairs: Classes of questions and answers that the user paired.
        classes: The classes there are, None when all count.
    """

    links: bool
    pairs: tuple[ClassPair, ...] = ()
    classes: frozenset[str] | None = None


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
        kie: What key information wants, None without it.
        with_images: Tasks whose rows name page images.
        upright: Whether tall crops stay as they stand, which recognition turns by a quarter.
    """

    det: bool
    rec: bool
    root: Path | None
    link: bool = False
    spool: Path | None = None
    old: OldDataset | None = None
    fingerprints: bool = False
    kie: KiePlan | None = None
    with_images: tuple[Task, ...] = ()
    upright: bool = False

    @property
    def images(self) -> tuple[Path, ...]:
        """Folders of page images, one for each task that has rows of pages; none when nothing is written."""
        if self.root is None:
            return ()
        return tuple(self.root / str(task) / IMAGE_FOLDER for task in self.with_images)

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
        people: What people linked on each of them; empty where nobody did.
    """

    number: int
    source: int
    folder: str
    entries: tuple[PageEntry, ...]
    people: tuple[PageLinks | None, ...] = ()


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
