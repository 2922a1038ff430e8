"""What key information can make of labels: findings as a build has them, and what there is to learn.

Pages wait on disk until all were seen: only then is it known whether the labels have classes or links at
all, and the tokens of all texts can be counted together.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from ppocr_kit.datasets.kie_gathering import PeoplesLinks, absence_notes, spelling_notes, token_count
from ppocr_kit.datasets.kie_request import KieRequest
from ppocr_kit.labels.boxes import Finding
from ppocr_kit.labels.checks import CheckedPage
from ppocr_kit.labels.codes import label_problem
from ppocr_kit.labels.key_classes import OTHER, ClassFile, order_classes, read_class_file
from ppocr_kit.labels.kie_checks import check_order, check_pairs, check_texts, has_pair, links_within
from ppocr_kit.labels.kie_pages import KiePage, make_kie_page, pack_kie_page, unpack_kie_page
from ppocr_kit.labels.kie_window_plan import PlannedPage, plan_page
from ppocr_kit.labels.links import FoundLinks, LinkOptions
from ppocr_kit.labels.links_file import LinksFile, find_links_with_people
from ppocr_kit.labels.sources import Source
from ppocr_kit.labels.statistics import Distribution
from ppocr_kit.problems import Problem, ProblemLog
from ppocr_kit.tasks import Task


@dataclass(frozen=True)
class KieNumbers:
    """What key information could learn.

    Attributes:
        tasks: What was looked at: SER, RE or both.
        pages: Pages with a text.
        classes: Boxes by class, OTHER first.
        linked_pages: Pages with a question and an answer; RE learns from these.
        links: Links that can be learnt, by origin.
        tokens: Tokens per page.
        counted_by: ``tokenizer`` or ``estimate``.
        window: Tokens of the network's window.
        long_pages: Pages that are longer than it.
        notes: What else there is to tell, for people.
    """

    tasks: tuple[Task, ...]
    pages: int
    classes: Mapping[str, int]
    linked_pages: int
    links: Mapping[str, int]
    tokens: Distribution
    counted_by: str
    window: int
    long_pages: int
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as a JSON object."""
        return {
            "tasks": [str(task) for task in self.tasks],
            "pages": self.pages,
            "classes": dict(self.classes),
            "linked_pages": self.linked_pages,
            "links": dict(self.links),
            "tokens_per_page": self.tokens.to_json(),
            "counted_by": self.counted_by,
            "window": self.window,
            "long_pages": self.long_pages,
            "notes": list(self.notes),
        }


class KieLook:
    """Looks at pages as key information takes them.

    Args:
        sources: The labelled folders.
        tasks: SER, RE or both; None for those that the labels or the options have something for, () for
            none.
        request: As for a build.
        folder: Where pages wait.

    Raises:
        DataError: The list of classes or a ``links.json`` cannot be used.
    """

    def __init__(
        self, sources: Sequence[Source], tasks: tuple[Task, ...] | None, request: KieRequest, folder: Path
    ) -> None:
        self._sources = sources
        self._asked = tasks
        self._request = request
        self._given = read_class_file(request.classes) if request.classes is not None else None
        self._wants_links = tasks is None or Task.RE in tasks
        self._people = PeoplesLinks(sources, self._wants_links)
        self._pages = _WaitingPages(folder / "kie.bin") if tasks is None or tasks else None
        self._classes: Counter[str] = Counter()
        self._labelled: Counter[str] = Counter()
        self._linked = False

    def __enter__(self) -> KieLook:
        """Take in pages."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the pages."""
        if self._pages is not None:
            self._pages.close()

    def look_at(self, page: CheckedPage) -> Iterator[Finding]:
        """Take in a page and yield what is odd about its classes and links."""
        if self._pages is None:
            return
        found = self._find_links(page) if self._wants_links else FoundLinks(())
        known = self._given.names if self._given is not None else None
        learnt, findings = make_kie_page(page.regions, found, self._request.pairs, known)
        self._classes.update(entity.key_cls for entity in learnt.entities)
        self._labelled.update(entity.labelled for entity in learnt.entities if entity.labelled is not None)
        self._linked |= bool(learnt.links)
        self._pages.add(page.file, page.line, learnt)
        yield from (*found.findings, *findings)

    def _find_links(self, page: CheckedPage) -> FoundLinks:
        """Return the links of a page, by people where they worked on it."""
        people = self._people.pages[page.source]
        file = LinksFile(self._sources[page.source].folder)
        stored = people.get(file.name_page(page.labelled.path)) if people else None
        return find_links_with_people(page.labelled.regions, stored, LinkOptions(self._request.pairs))

    def finish(self, problems: ProblemLog) -> KieNumbers | None:
        """Tell what is not learnt of the pages.

        Args:
            problems: Takes the findings.

        Returns:
            What there is to learn; None when the labels have neither classes nor links and nobody asked.

        Raises:
            SetupError: The tokenizer cannot be used.
            ToolError: Counting failed.
        """
        tasks = self._tasks()
        if self._pages is None or not tasks:
            return None
        problems.extend(self._people.strangers() if Task.RE in tasks else ())
        if self._classes:
            problems.extend(self._nothing_to_learn(tasks))
        count, counted_by = token_count(self._request, (page for _, _, page in self._pages))
        counts = _Counts()
        for file, line, page in self._pages:
            planned = plan_page(page, count, self._request.windows)
            counts.add(page, planned)
            problems.extend(
                label_problem(code, file, line, box, detail)
                for code, box, detail in _findings(page, planned, tasks)
            )
        return KieNumbers(
            tasks,
            counts.pages,
            {name: self._classes[name] for name in self._names()},
            counts.linked_pages,
            dict(sorted(counts.links.items())),
            Distribution(dict(sorted(counts.tokens.items()))),
            counted_by,
            self._request.windows.tokens,
            counts.long_pages,
            self._notes(),
        )

    def _tasks(self) -> tuple[Task, ...]:
        """Return what is asked for, or else what the labels or the options have something for."""
        if self._asked is not None:
            return self._asked
        there = {
            Task.SER: bool(self._classes.keys() - {OTHER}) or self._request != KieRequest(),
            Task.RE: self._linked or bool(self._request.pairs),
        }
        return tuple(task for task in there if there[task])

    def _nothing_to_learn(self, tasks: Sequence[Task]) -> Iterator[Problem]:
        """Tell of each source that there is nothing to learn in all of them."""
        missing = {Task.SER: len(self._names()) == 1, Task.RE: not self._linked}
        codes = {Task.SER: "L104", Task.RE: "L105"}
        for task in tasks:
            for source in self._sources if missing[task] else ():
                yield label_problem(codes[task], str(source.given))

    def _names(self) -> tuple[str, ...]:
        return self._given.names if self._given is not None else order_classes(set(self._classes))

    def _notes(self) -> tuple[str, ...]:
        given: ClassFile | None = self._given
        notes = [*given.notes, *absence_notes(given, self._classes)] if given is not None else []
        return (*notes, *spelling_notes(self._labelled))


def _findings(page: KiePage, planned: PlannedPage, tasks: Sequence[Task]) -> Iterator[Finding]:
    """Yield what is not learnt of a page."""
    yield from check_texts(page, planned)
    yield from check_order(page)
    if Task.RE in tasks:
        yield from check_pairs(page, planned)


@dataclass
class _Counts:
    """What is counted when the tokens of the texts are known."""

    pages: int = 0
    linked_pages: int = 0
    long_pages: int = 0
    tokens: Counter[int] = field(default_factory=Counter)
    links: Counter[str] = field(default_factory=Counter)

    def add(self, page: KiePage, planned: PlannedPage) -> None:
        """Count a page."""
        self.pages += bool(page.entities)
        self.linked_pages += has_pair(page)
        self.long_pages += len(planned.windows) > 1
        self.tokens[sum(planned.lengths)] += 1
        learnt = {link for window in planned.windows for link in links_within(page, window)}
        self.links.update(str(link.origin) for link in learnt)


class _WaitingPages:
    """Pages on disk, in order, with their places.

    Args:
        path: The file that they wait in.
    """

    def __init__(self, path: Path) -> None:
        self._stream: BinaryIO = path.open("w+b")
        self._files: dict[str, int] = {}
        self._places, self._lines, self._sizes = array("i"), array("i"), array("q")

    def add(self, file: str, line: int, page: KiePage) -> None:
        """Take in the next page."""
        self._places.append(self._files.setdefault(file, len(self._files)))
        self._lines.append(line)
        self._sizes.append(self._stream.write(pack_kie_page(page)))

    def __iter__(self) -> Iterator[tuple[str, int, KiePage]]:
        """Yield label file, line and page."""
        files = list(self._files)
        self._stream.seek(0)
        for file, line, size in zip(self._places, self._lines, self._sizes):
            yield files[file], line, unpack_kie_page(self._stream.read(size))

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
