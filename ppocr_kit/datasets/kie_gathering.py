"""What key information needs of all sources and pages together: people's links, classes, lengths of texts."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from ppocr_kit.datasets.kie_request import KieRequest
from ppocr_kit.datasets.kie_writing import KieContent
from ppocr_kit.datasets.page_index import PageIndex
from ppocr_kit.errors import DataError
from ppocr_kit.labels.codes import LABEL_CODES, label_problem
from ppocr_kit.labels.formats.registry import PPOCRLABEL
from ppocr_kit.labels.key_classes import OTHER, ClassFile, class_name, order_classes
from ppocr_kit.labels.kie_pages import KiePage, unpack_kie_page
from ppocr_kit.labels.kie_window_plan import TokenCount, estimate_tokens
from ppocr_kit.labels.links_file import LinksFile, PageLinks, parse_links_file
from ppocr_kit.labels.sources import Source
from ppocr_kit.problems import Problem
from ppocr_kit.tasks import KIE_TASKS, Task

TOKENIZER, ESTIMATE = "tokenizer", "estimate"

_SHOWN = 5


class PeoplesLinks:
    """What people linked in each source; nothing where links are not wanted.

    Args:
        sources: The labelled folders.
        wanted: Whether links are wanted.

    Raises:
        DataError: A links.json is damaged.
    """

    def __init__(self, sources: Sequence[Source], wanted: bool) -> None:
        self.pages: list[Mapping[str, PageLinks]] = []
        self.described: dict[int, Mapping[str, Any]] = {}
        self._sources = sources
        for number, source in enumerate(sources):
            self.pages.append(self._read(number, source) if wanted else {})

    def _read(self, number: int, source: Source) -> Mapping[str, PageLinks]:
        file = LinksFile(source.folder)
        # other formats have links of their own
        if source.format != PPOCRLABEL or not file.path.is_file():
            return {}
        try:
            content = file.path.read_bytes()
        except OSError as error:
            raise DataError(f"the links cannot be read ({error.strerror})", at=str(file.path)) from error
        pages = parse_links_file(content, file.path)
        links = {"file": file.path.name, "sha256": sha256(content).hexdigest(), "pages": len(pages)}
        self.described[number] = {"links": links}
        return pages

    def strangers(self) -> Iterator[Problem]:
        """Yield a finding (L094) for each page that people linked and the labels do not have."""
        for source, pages in zip(self._sources, self.pages):
            if pages:
                file = LinksFile(source.folder)
                there = {file.name_page(entry.path) for entry in source.pages}
                for name in sorted(pages.keys() - there):
                    yield label_problem("L094", str(source.given / file.path.name), detail=name)


def gather_kie(index: PageIndex, request: KieRequest, given: ClassFile | None) -> KieContent:
    """Work out the classes, and how tokens are counted.

    Args:
        index: The pages.
        request: What is built from them.
        given: The classes that the user gave.

    Raises:
        DataError: No box has a class.
        SetupError: The tokenizer cannot be used.
        ToolError: Counting failed.
    """
    found = set(index.count_pages_with("classes"))
    classes = given.names if given is not None else order_classes(found)
    pages = (unpack_kie_page(page.entities) for page in index.in_order())
    count, counted_by = token_count(request, pages)
    tokenizer = request.tokens.sha256 if request.tokens is not None else None
    return KieContent(classes, request.windows, count, counted_by, tokenizer)


def token_count(request: KieRequest, pages: Iterable[KiePage]) -> tuple[TokenCount, str]:
    """Return what counts the tokens of the texts of pages, and what to call it.

    Raises:
        SetupError: The tokenizer cannot be used.
        ToolError: Counting failed.
    """
    if request.tokens is None:
        return estimate_tokens, ESTIMATE
    texts = sorted({entity.text for page in pages for entity in page.entities})
    return dict(zip(texts, request.tokens.count(texts))).__getitem__, TOKENIZER


def check_kie_tasks(tasks: Mapping[str, Any]) -> None:
    """Raise DataError when the lists of key information have nothing to learn.

    Args:
        tasks: The tasks of a manifest.
    """
    ser, re = (tasks.get(str(task)) for task in (Task.SER, Task.RE))
    if ser is not None and ser["num_classes"] == 1:
        raise _nothing_for("L104")
    if re is not None and not any(sum(links.values()) for links in re["links"].values()):
        raise _nothing_for("L105")


def _nothing_for(code: str) -> DataError:
    """Say what ``labels check`` says as a finding."""
    kind = LABEL_CODES[code]
    return DataError(kind.meaning, hint=kind.remedy)


def kie_notes(tasks: Mapping[str, Any], given: ClassFile | None) -> tuple[str, ...]:
    """Return what there is to tell about classes and links of a manifest's tasks, for people."""
    notes = list(given.notes) if given is not None else []
    first = next((tasks[str(task)] for task in KIE_TASKS if str(task) in tasks), None)
    if first is None:
        return ()
    notes += spelling_notes(
        {name: count for counts in first["labelled_as"].values() for name, count in counts.items()}
    )
    notes += _nothing_to_measure(tasks)
    ser = tasks.get(str(Task.SER))
    if ser is not None and given is not None:
        notes += absence_notes(given, {name for c in ser["class_counts"].values() for name in c if c[name]})
    return tuple(notes)


def spelling_notes(labelled: Mapping[str, int]) -> list[str]:
    """Say which classes are written in several ways.

    Args:
        labelled: Boxes by class, as the label files spell it.
    """
    spellings: dict[str, dict[str, int]] = {}
    for spelling, count in labelled.items():
        spellings.setdefault(class_name(spelling), {})[spelling] = count
    notes = []
    for name in sorted(spellings.keys() - {OTHER}):
        several = spellings[name]
        if len(several) > 1:
            shown = ", ".join(f"'{spelling}' ({several[spelling]})" for spelling in sorted(several))
            notes.append(f"{name} is written in several ways, which are one class: {shown}")
    return notes


def absence_notes(given: ClassFile, found: Container[str]) -> list[str]:
    """Say which of the given classes no box has."""
    absent = [name for name in given.names[1:] if name not in found]
    if not absent:
        return []
    more = f" and {len(absent) - _SHOWN} more" if len(absent) > _SHOWN else ""
    return [f"no box has the class {', '.join(absent[:_SHOWN])}{more}"]


def _nothing_to_measure(tasks: Mapping[str, Any]) -> list[str]:
    """Say which lists have rows, and no class or no link in them."""
    notes = []
    for task in (str(task) for task in KIE_TASKS if str(task) in tasks):
        entry = tasks[task]
        for split, rows in entry["splits"].items():
            counts = entry["links"][split] if "links" in entry else {**entry["class_counts"][split], OTHER: 0}
            if rows["samples"] and not sum(counts.values()):
                what = "link" if "links" in entry else "box with a class"
                notes.append(f"{task} has no {what} in {split}: no score can be measured there")
    return notes
