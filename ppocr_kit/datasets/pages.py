"""All pages of all sources: cut by workers, freed of copies, kept in an index in an order of content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice

from ppocr_kit.datasets.cut_plan import Chunk, CutChunk, CutPlan
from ppocr_kit.datasets.cutting import cut_chunk
from ppocr_kit.datasets.page_index import PageIndex, PageRecord
from ppocr_kit.labels.codes import label_problem
from ppocr_kit.labels.links_file import LinksFile, PageLinks
from ppocr_kit.labels.parallel import map_in_order
from ppocr_kit.labels.processes import map_in_processes
from ppocr_kit.labels.sources import Source, gather_problems
from ppocr_kit.problems import Problem, ProblemLog
from ppocr_kit.progress import Track

_PAGES_PER_CHUNK = 32
# Below this many pages threads are done before processes have started.
_FEW_PAGES = 200
_PAGES_PER_CHUNK_OF_FEW = 4


def cut_sources(
    sources: Sequence[Source],
    people: Sequence[Mapping[str, PageLinks]],
    plan: CutPlan,
    index: PageIndex,
    workers: int,
    track: Track,
) -> ProblemLog:
    """Cut every page of every source.

    Args:
        sources: Labelled folders as read.
        people: What people linked in each, by ``LinksFile.name_page``.
        plan: What to do with each page.
        index: Takes the pages that can be used, one of each.
        workers: Number of processes.
        track: Progress.

    Returns:
        All findings, those about the sources too.

    Raises:
        OSError: Writing failed.
        SetupError: A worker was killed.
        DataError: A label file changed while it was read.
    """
    problems = gather_problems(sources)
    total = sum(len(source.pages) for source in sources)
    few = total < _FEW_PAGES or workers == 1
    chunks = _chunks(sources, people, _PAGES_PER_CHUNK_OF_FEW if total < _FEW_PAGES else _PAGES_PER_CHUNK)
    work = partial(cut_chunk, plan)
    results = map_in_order(work, chunks, workers) if few else map_in_processes(work, chunks, workers)
    for _ in track(_take_in(results, index, problems), "cutting pages", total):
        pass
    for copy, kept in index.drop_copies():
        problems.add(_problem(copy, "L018", f"as '{kept.shown_key}'"))
    for page, first in index.equal_images():
        problems.add(_problem(page, "L027", f"'{page.shown_key}' and '{first.shown_key}'"))
    return problems


def _chunks(
    sources: Sequence[Source], people: Sequence[Mapping[str, PageLinks]], size: int
) -> Iterator[Chunk]:
    """Deal the pages out, with what people linked on them."""
    number = 0
    for at, source in enumerate(sources):
        entries = iter(source.pages)
        links = LinksFile(source.folder)
        while True:
            some = tuple(islice(entries, size))
            if not some:
                break
            linked = (
                tuple(people[at].get(links.name_page(entry.path)) for entry in some) if people[at] else ()
            )
            yield Chunk(number, at, source.name, some, linked)
            number += 1


def _take_in(results: Iterable[CutChunk], index: PageIndex, problems: ProblemLog) -> Iterator[int]:
    """Put what the workers hand over where it is kept; yield once a page."""
    for result in results:
        index.add(result.records)
        for file, line, findings in result.findings:
            problems.extend(label_problem(code, file, line, box, detail) for code, box, detail in findings)
        yield from range(result.pages)


def _problem(page: PageRecord, code: str, detail: str) -> Problem:
    return label_problem(code, page.shown_file, page.line, None, detail)
