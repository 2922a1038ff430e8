"""Everything that is wrong in labelled folders, at once, and what is in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ppocr_kit.labels.boxes import Finding
from ppocr_kit.labels.codes import label_problem
from ppocr_kit.labels.counting import LabelCounter
from ppocr_kit.labels.entries import PageEntry
from ppocr_kit.labels.parallel import map_in_order, usable_cores
from ppocr_kit.labels.placement import PlacedRegion, place_page
from ppocr_kit.labels.sources import ReadOptions, Source, gather_problems, read_sources
from ppocr_kit.labels.statistics import LabelStatistics
from ppocr_kit.problems import Problem, ProblemLog
from ppocr_kit.progress import Track, no_progress


@dataclass(frozen=True)
class LabelCheck:
    """The result of a check.

    Attributes:
        sources: The folders.
        problems: All findings, by folder, line and box.
        statistics: What can be used.
    """

    sources: tuple[Source, ...]
    problems: ProblemLog
    statistics: LabelStatistics

    @property
    def errors(self) -> int:
        """Number of findings that are errors."""
        return self.problems.errors


@dataclass(frozen=True)
class _PageFacts:
    """What is kept of a page; its pixels are not."""

    source: int
    file: str
    line: int
    usable: bool
    size: tuple[int, int]
    regions: tuple[PlacedRegion, ...]
    findings: tuple[Finding, ...]
    key: str
    image_sha256: str


def check_sources(
    paths: Sequence[Path],
    *,
    options: ReadOptions = ReadOptions(),  # noqa: B008
    threads: int | None = None,
    track: Track = no_progress,
) -> LabelCheck:
    """Read labelled folders and their images, and collect every finding.

    Args:
        paths: Folders that hold a Label.txt, or label files.
        options: What to read of them.
        threads: Threads to open images with; None takes one per core.
        track: Progress.

    Raises:
        DataError: A folder is missing or has no label file.
        UsageError: A folder is given twice.
    """
    sources = read_sources(paths, options)
    jobs = ((entry, number) for number, source in enumerate(sources) for entry in source.pages)
    results = map_in_order(_look_at, jobs, threads or usable_cores())
    facts = list(track(results, "checking pages", sum(len(source.pages) for source in sources)))
    problems = gather_problems(sources)
    for page in facts:
        problems.extend(
            label_problem(code, page.file, page.line, box, text) for code, box, text in page.findings
        )
    problems.extend(_find_equal_images(facts))
    return LabelCheck(tuple(sources), problems, _count(facts, sources))


def _look_at(job: tuple[PageEntry, int]) -> _PageFacts:
    """Open one page and keep what the check needs."""
    entry, source = job
    placed = place_page(entry)
    return _PageFacts(
        source=source,
        file=entry.file,
        line=entry.line,
        usable=placed.image is not None,
        size=(placed.image.pixels.shape[1], placed.image.pixels.shape[0]) if placed.image else (0, 0),
        regions=placed.regions,
        findings=placed.findings,
        key=entry.key,
        image_sha256=sha256(placed.image.content).hexdigest() if placed.image else "",
    )


def _find_equal_images(facts: Iterable[_PageFacts]) -> list[Problem]:
    """Tell of page images with the same bytes."""
    first_of: dict[str, _PageFacts] = {}
    problems = []
    for page in facts:
        first = first_of.setdefault(page.image_sha256, page)
        if page.usable and first is not page:
            detail = f"'{page.key}' and '{first.key}'"
            problems.append(label_problem("L027", page.file, page.line, detail=detail))
    return problems


def _count(facts: Iterable[_PageFacts], sources: Sequence[Source]) -> LabelStatistics:
    """Count what can be used."""
    counter = LabelCounter([str(source.label_file) for source in sources])
    for page in facts:
        if page.usable:
            counter.add(page.source, page.line, page.size, page.regions)
    return counter.finish()
