"""All pages of all sources: cut, freed of copies, and put into an order that depends on content only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ppocr_kit.datasets.cutting import CutPage, CutPlace, cut_page
from ppocr_kit.labels.codes import label_problem
from ppocr_kit.labels.entries import PageEntry
from ppocr_kit.labels.parallel import map_in_order
from ppocr_kit.labels.sources import Source, gather_problems
from ppocr_kit.problems import Problem, ProblemLog
from ppocr_kit.progress import Track


@dataclass(frozen=True)
class PageSet:
    """What the sources gave.

    Attributes:
        sources: The labelled folders.
        pages: Usable pages, by name.
        problems: All findings, by folder, line and box.
    """

    sources: tuple[Source, ...]
    pages: tuple[CutPage, ...]
    problems: ProblemLog

    def where(self, page: CutPage, region: int | None = None) -> str:
        """Return ``file:line box n`` for people."""
        place = f"{page.page.file}:{page.page.line}"
        return place if region is None else f"{place} box {region}"


def cut_sources(sources: Sequence[Source], place: CutPlace, threads: int, track: Track) -> PageSet:
    """Cut every page of every source.

    Args:
        sources: Labelled folders as read.
        place: Where images and crops go.
        threads: Number of threads.
        track: Progress.

    Raises:
        OSError: Writing failed.
    """
    jobs = ((entry, number) for number, source in enumerate(sources) for entry in source.pages)

    def work(job: tuple[PageEntry, int]) -> CutPage:
        return cut_page(job[0], job[1], place)

    results = map_in_order(work, jobs, threads)
    cut = list(track(results, "cutting pages", sum(len(source.pages) for source in sources)))
    problems = gather_problems(sources)
    for page in cut:
        problems.extend(_page_problem(page, *finding) for finding in page.findings)
    pages, copies = _drop_copies(sources, [page for page in cut if page.usable])
    problems.extend(copies)
    return PageSet(tuple(sources), tuple(pages), problems)


def _page_problem(page: CutPage, code: str, region: int | None, detail: str) -> Problem:
    return label_problem(code, page.page.file, page.page.line, region, detail)


def _drop_copies(sources: Sequence[Source], pages: list[CutPage]) -> tuple[list[CutPage], list[Problem]]:
    """Keep one of pages that are the same in all; tell of equal images under different names."""
    kept: dict[str, CutPage] = {}
    by_image: dict[str, CutPage] = {}
    problems = []
    for page in sorted(pages, key=lambda page: (page.name, sources[page.source].name, page.page.key)):
        if page.name in kept:
            problems.append(_page_problem(page, "L018", None, f"as '{kept[page.name].page.key}'"))
            continue
        kept[page.name] = page
        first = by_image.setdefault(page.image_sha256, page)
        if first is not page:
            detail = f"'{page.page.key}' and '{first.page.key}'"
            problems.append(_page_problem(page, "L027", None, detail))
    return list(kept.values()), problems
