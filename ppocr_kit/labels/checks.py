"""Everything that is wrong in labelled folders, at once, and what is in them.

Pages pass by one at a time: what is kept of them is counters, a few bytes per image, and findings in a
database on disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ppocr_kit.fingerprint import Fingerprint, fingerprint
from ppocr_kit.labels.boxes import Finding
from ppocr_kit.labels.codes import label_problem
from ppocr_kit.labels.copied_pages import CopiedPages
from ppocr_kit.labels.counting import LabelCounter
from ppocr_kit.labels.distinct_texts import DistinctTexts
from ppocr_kit.labels.entries import PageEntry
from ppocr_kit.labels.near_texts import find_near_texts
from ppocr_kit.labels.parallel import map_in_order, usable_cores
from ppocr_kit.labels.placement import PlacedRegion, place_page
from ppocr_kit.labels.region import LabeledImage
from ppocr_kit.labels.sources import ReadOptions, Source, gather_problems, read_sources
from ppocr_kit.labels.statistics import LabelStatistics, TrainingScale
from ppocr_kit.labels.text_evidence import text_signature
from ppocr_kit.problems import Problem, ProblemLog
from ppocr_kit.progress import Track, no_progress


@dataclass(frozen=True)
class CheckedPage:
    """A page as the check saw it; its pixels are gone.

    Attributes:
        file: Its label file, as the user named it.
        line: Its line there.
        key: Its image, as the label file names it.
        usable: Whether it can go into a data set.
        size: Width and height of its image, pixels.
        regions: The boxes that can be used.
        findings: What was found about it.
        image_sha256: Hash of the image file; empty when the page cannot be used.
        source: Number of its folder from 0.
        labelled: The page with all its boxes, also those that cannot be used.
        looks: Fingerprint of the image; None when the page cannot be used.
    """

    file: str
    line: int
    key: str
    usable: bool
    size: tuple[int, int]
    regions: tuple[PlacedRegion, ...]
    findings: tuple[Finding, ...]
    image_sha256: str
    source: int
    labelled: LabeledImage
    looks: Fingerprint | None = None


# Looks at a usable page in passing, and may find more.
Look = Callable[[CheckedPage], Iterable[Finding]]


@dataclass(frozen=True)
class CheckOptions:
    """What is looked at besides the labels themselves.

    Attributes:
        reading: What is read of the folders.
        dictionary: Entries of a dictionary to hold the texts against; None for what they make.
        dictionary_name: Its file.
        scale: How large a page is when a detector trains on it.
    """

    reading: ReadOptions = ReadOptions()
    dictionary: tuple[str, ...] | None = None
    dictionary_name: str | None = None
    scale: TrainingScale | None = None


@dataclass(frozen=True)
class LabelCheck:
    """The result of a check.

    Attributes:
        sources: The folders.
        problems: All findings, by folder, line and box.
        statistics: What can be used.
        notes: What was not looked at, for people.
    """

    sources: tuple[Source, ...]
    problems: ProblemLog
    statistics: LabelStatistics
    notes: tuple[str, ...] = ()

    @property
    def errors(self) -> int:
        """Number of findings that are errors."""
        return self.problems.errors


def check_sources(
    paths: Sequence[Path],
    options: CheckOptions = CheckOptions(),  # noqa: B008
    *,
    look: Look | None = None,
    threads: int | None = None,
    track: Track = no_progress,
) -> LabelCheck:
    """Read labelled folders and their images, and collect every finding.

    Args:
        paths: Folders that hold a Label.txt, or label files.
        options: What is looked at.
        look: Called with each usable page, in order; what it finds is added.
        threads: Threads to open images with; None takes one per core.
        track: Progress.

    Raises:
        DataError: A folder is missing or has no label file.
        UsageError: A folder is given twice.
    """
    sources = read_sources(paths, options.reading)
    return check_read(sources, options, look=look, threads=threads, track=track)


def check_read(
    sources: Sequence[Source],
    options: CheckOptions,
    *,
    look: Look | None = None,
    threads: int | None = None,
    track: Track = no_progress,
) -> LabelCheck:
    """Do what ``check_sources`` does, with folders that were read; the arguments are the same."""
    problems = gather_problems(sources)
    counter = LabelCounter(options.dictionary, options.dictionary_name, options.scale)
    copies = CopiedPages()
    results = map_in_order(_look_at, _entries(sources), threads or usable_cores())
    for page in track(results, "checking pages", sum(len(source.pages) for source in sources)):
        problems.extend(_page_problems(page, page.findings))
        if page.usable:
            counter.add(page.file, page.line, page.size, page.regions)
            problems.extend(_page_problems(page, _equal_image(page, copies)))
            problems.extend(_page_problems(page, look(page) if look is not None else ()))
    problems.extend(copies.near_copies())
    problems.extend(_near_texts(counter.distinct))
    notes = (*copies.notes(), *counter.distinct.notes())
    return LabelCheck(tuple(sources), problems, counter.finish(), notes)


def _entries(sources: Iterable[Source]) -> Iterator[tuple[int, PageEntry]]:
    """Yield the pages of all sources with the number of their source."""
    for number, source in enumerate(sources):
        for entry in source.pages:
            yield number, entry


def _look_at(numbered: tuple[int, PageEntry]) -> CheckedPage:
    """Open one page and keep what the check needs."""
    source, entry = numbered
    placed = place_page(entry)
    image = placed.image
    return CheckedPage(
        file=entry.file,
        line=entry.line,
        key=entry.key,
        usable=image is not None,
        size=(image.pixels.shape[1], image.pixels.shape[0]) if image else (0, 0),
        regions=placed.regions,
        findings=placed.findings,
        image_sha256=sha256(image.content).hexdigest() if image else "",
        source=source,
        labelled=placed.page,
        looks=fingerprint(image.pixels) if image else None,
    )


def _page_problems(page: CheckedPage, findings: Iterable[Finding]) -> Iterator[Problem]:
    """Give findings about a page their place."""
    return (label_problem(code, page.file, page.line, box, detail) for code, box, detail in findings)


def _equal_image(page: CheckedPage, copies: CopiedPages) -> Iterator[Finding]:
    """Take a page in and tell of an earlier one with the same image."""
    assert page.looks is not None
    signature = text_signature(placed.rec_text for placed in page.regions if placed.rec_text is not None)
    return copies.add(page.file, page.line, page.key, page.image_sha256, page.looks, signature)


def _near_texts(distinct: DistinctTexts) -> Iterator[Problem]:
    """Tell of texts that differ from a more frequent one in spelling only."""
    counts = {text: distinct.count(text) for text in distinct}
    for near in find_near_texts(counts):
        place, model = distinct.first(near.text), distinct.first(near.other)
        detail = (
            f"'{near.text}' ({_times(counts[near.text])}) beside '{near.other}' "
            f"({_times(counts[near.other])}, first at {model.where}): {near.difference}"
        )
        yield label_problem("L088", place.file, place.line, place.box, detail)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
