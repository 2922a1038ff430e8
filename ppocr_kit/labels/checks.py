"""Everything that is wrong in labelled folders, at once, and what is in them."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from ppocr_kit.labels.boxes import Finding
from ppocr_kit.labels.codes import label_problem
from ppocr_kit.labels.parallel import map_in_order, usable_cores
from ppocr_kit.labels.placement import place_page
from ppocr_kit.labels.region import LabeledImage
from ppocr_kit.labels.sources import Source, read_sources, sort_problems
from ppocr_kit.problems import Problem, Severity
from ppocr_kit.progress import Track, no_progress


@dataclass(frozen=True)
class LabelStatistics:
    """What a data set could be made from.

    Attributes:
        pages: Pages whose image and boxes can be used.
        empty_pages: Those of them that have no box.
        boxes: Boxes that can be used.
        ignored_boxes: Those of them that are marked to be ignored.
        texts: Boxes with a text that recognition can learn.
        characters: Number of occurrences of each character of those texts, by code point.
        text_lengths: Shortest, median and longest text in characters; None without texts.
    """

    pages: int
    empty_pages: int
    boxes: int
    ignored_boxes: int
    texts: int
    characters: dict[str, int]
    text_lengths: tuple[int, float, int] | None

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as a JSON object."""
        lengths = self.text_lengths
        return {
            "pages": self.pages,
            "empty_pages": self.empty_pages,
            "boxes": self.boxes,
            "ignored_boxes": self.ignored_boxes,
            "texts": self.texts,
            "characters": self.characters,
            "text_lengths": dict(zip(("shortest", "median", "longest"), lengths)) if lengths else None,
        }


@dataclass(frozen=True)
class LabelCheck:
    """The result of a check.

    Attributes:
        sources: The folders.
        problems: All findings, by folder, line and box.
        statistics: What can be used.
    """

    sources: tuple[Source, ...]
    problems: tuple[Problem, ...]
    statistics: LabelStatistics

    @property
    def errors(self) -> int:
        """Number of findings that are errors."""
        return sum(1 for found in self.problems if found.severity is Severity.ERROR)


@dataclass(frozen=True)
class _PageFacts:
    """What is kept of a page; its pixels are not."""

    source: int
    line: int
    usable: bool
    boxes: int
    ignored_boxes: int
    texts: tuple[str, ...]
    findings: tuple[Finding, ...]
    key: str
    image_sha256: str


def check_sources(
    paths: Sequence[Path], *, threads: int | None = None, track: Track = no_progress
) -> LabelCheck:
    """Read labelled folders and their images, and collect every finding.

    Args:
        paths: Folders that hold a Label.txt, or label files.
        threads: Threads to open images with; None takes one per core.
        track: Progress.

    Raises:
        DataError: A folder is missing or has no label file.
        UsageError: A folder is given twice.
    """
    sources = read_sources(paths)
    jobs = [(page, number) for number, source in enumerate(sources) for page in source.pages]
    results = map_in_order(_look_at, jobs, threads or usable_cores())
    facts = list(track(results, "checking pages", len(jobs)))
    problems = [problem for source in sources for problem in source.problems]
    for page in facts:
        shown = str(sources[page.source].label_file)
        problems.extend(label_problem(code, shown, page.line, box, text) for code, box, text in page.findings)
    problems.extend(_find_equal_images(facts, sources))
    return LabelCheck(tuple(sources), tuple(sort_problems(sources, problems)), _summarise(facts))


def _look_at(job: tuple[LabeledImage, int]) -> _PageFacts:
    """Open one page and keep what the check needs."""
    page, source = job
    placed = place_page(page)
    return _PageFacts(
        source=source,
        line=page.line,
        usable=placed.image is not None,
        boxes=len(placed.regions),
        ignored_boxes=sum(1 for region in placed.regions if region.region.ignored),
        texts=tuple(region.rec_text for region in placed.regions if region.rec_text is not None),
        findings=placed.findings,
        key=page.key,
        image_sha256=sha256(placed.image.content).hexdigest() if placed.image else "",
    )


def _find_equal_images(facts: Iterable[_PageFacts], sources: Sequence[Source]) -> list[Problem]:
    """Tell of page images with the same bytes."""
    first_of: dict[str, _PageFacts] = {}
    problems = []
    for page in facts:
        first = first_of.setdefault(page.image_sha256, page)
        if page.usable and first is not page:
            shown = str(sources[page.source].label_file)
            detail = f"'{page.key}' and '{first.key}'"
            problems.append(label_problem("L027", shown, page.line, detail=detail))
    return problems


def _summarise(facts: Iterable[_PageFacts]) -> LabelStatistics:
    """Count what can be used."""
    usable = [page for page in facts if page.usable]
    texts = [text for page in usable for text in page.texts]
    characters: Counter[str] = Counter()
    for text in texts:
        characters.update(text)
    lengths = [len(text) for text in texts]
    return LabelStatistics(
        pages=len(usable),
        empty_pages=sum(1 for page in usable if not page.boxes),
        boxes=sum(page.boxes for page in usable),
        ignored_boxes=sum(page.ignored_boxes for page in usable),
        texts=len(texts),
        characters=dict(sorted(characters.items())),
        text_lengths=(min(lengths), statistics.median(lengths), max(lengths)) if lengths else None,
    )
