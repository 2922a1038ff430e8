"""A labelled folder while people link it: what its pages show, and what becomes of each click.

Clicks come as links to add and to remove, never as a whole page. They are applied to what links.json holds
at that moment, so that two windows on one page keep each other's work.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.labels.codes import LABEL_CODES, label_problem
from ppocr_kit.labels.entries import PageEntry
from ppocr_kit.labels.formats.registry import PPOCRLABEL
from ppocr_kit.labels.link_boxes import digest_boxes
from ppocr_kit.labels.link_naming import Role
from ppocr_kit.labels.links import FoundLinks, Link, LinkOptions, Origin, find_links, roles_of
from ppocr_kit.labels.links_file import LinksFile, PageLinks, find_links_with_people, name_links
from ppocr_kit.labels.region import TextRegion
from ppocr_kit.labels.sources import Source, read_sources
from ppocr_kit.problems import Problem


class StaleLabelsError(DataError):
    """The labels of the page are others than those that the browser shows."""


@dataclass(frozen=True)
class Click:
    """What was done on a page.

    Attributes:
        boxes: ``digest_boxes`` of the boxes that were shown.
        revision: Of the page as it was shown.
        add: Links to add, with their origin.
        remove: Questions and answers whose links go.
        done: Whether the page is ready; None leaves it as it is.
    """

    boxes: str
    revision: int
    add: tuple[Link, ...] = ()
    remove: frozenset[tuple[int, int]] = frozenset()
    done: bool | None = None


@dataclass(frozen=True)
class LinkCounts:
    """How many links a folder has.

    Attributes:
        pages: Number of pages.
        done: Pages that somebody called ready.
        by_origin: Links by where they came from, proposals too.
        problems: What is odd about them.
    """

    pages: int
    done: int
    by_origin: Mapping[Origin, int]
    problems: Sequence[Problem] = field(default_factory=tuple)

    def to_json(self) -> dict[str, Any]:
        """Return the counts as a JSON object."""
        return {
            "pages": self.pages,
            "done": self.done,
            "links": {str(origin): count for origin, count in self.by_origin.items()},
            "problems": [problem.to_json() for problem in self.problems],
        }


class LinkSession:
    """Pages of one PPOCRLabel folder and their links; used by several threads.

    Args:
        path: The folder, or its Label.txt.
        options: How links are looked for where people have made none.

    Raises:
        DataError: The folder has no labels or no usable page, or its links.json is damaged.
        UsageError: The labels are of another program.
    """

    def __init__(self, path: Path, options: LinkOptions) -> None:
        self.options = LinkOptions(options.pairs, proposals=True)
        self._path = path
        self._lock = threading.Lock()
        self._source = _read_source(path)
        self._stamp = _stamp(self._source.label_file)
        self.file = LinksFile(self._source.folder)
        self._entries = self._by_name(self._source)
        if not self._entries:
            raise DataError(
                "the folder has no page to link",
                at=str(path),
                hint=f"ppocr-kit labels check {path} says what is wrong",
            )
        self.file.read()

    @property
    def folder(self) -> Path:
        """The labelled folder."""
        return self._source.folder

    def list_pages(self) -> list[dict[str, Any]]:
        """Return name and state of every page, in the order of the label file."""
        kept = self.file.read()
        return [{"name": name, **_state(kept.get(name))} for name in self._current()]

    def show_page(self, name: str) -> dict[str, Any]:
        """Return boxes, links, proposals and findings of a page.

        Raises:
            KeyError: There is no such page.
            DataError: The labels or links cannot be read.
        """
        entry = self._current()[name]
        return self._describe(name, entry, _regions_of(entry), self.file.read().get(name))

    def change_page(self, name: str, click: Click) -> dict[str, Any]:
        """Write what was done on a page; return it as it is now, ``merged`` when others had changed it too.

        Raises:
            KeyError: There is no such page.
            StaleLabelsError: The labels changed since the page was shown; nothing is written.
            DataError: A link is to a box that is not there, or a file cannot be read.
            SetupError: The links cannot be written.
        """
        entry = self._current()[name]
        regions = _regions_of(entry)
        if click.boxes != digest_boxes(regions):
            raise StaleLabelsError("the labels of this page were changed meanwhile", at=name)
        _check_ends(click, regions)
        merged = False

        def apply(old: PageLinks) -> PageLinks:
            nonlocal merged
            merged = old.revision != click.revision
            before = old.on(regions)[0] if old.revision else find_links(regions, self._settled).links
            return _apply(click, old, before, regions)

        new = self.file.change(name, apply)
        return {**self._describe(name, entry, regions, new), "merged": merged}

    def image_of(self, name: str) -> Path:
        """Return the image of a page; KeyError when there is no such page."""
        return self._current()[name].path

    def count(self) -> LinkCounts:
        """Count the links of all pages."""
        kept = self.file.read()
        found = dict.fromkeys(Origin, 0)
        problems = []
        file = str(self._source.label_file)
        for name, entry in self._current().items():
            links = find_links_with_people(_regions_of(entry), kept.get(name), self.options)
            for link in _shown(links, kept.get(name)):
                found[link.origin] += 1
            problems += [
                label_problem(code, file, entry.line, box, detail) for code, box, detail in links.findings
            ]
        strange = sorted(kept.keys() - self._entries.keys())
        problems += [label_problem("L094", str(self.file.path), detail=name) for name in strange]
        done = sum(kept[name].done for name in self._entries if name in kept)
        return LinkCounts(len(self._entries), done, found, problems)

    @property
    def _settled(self) -> LinkOptions:
        return LinkOptions(self.options.pairs)

    def _current(self) -> dict[str, PageEntry]:
        """Return the pages, read again when the label file was saved meanwhile."""
        with self._lock:
            stamp = _stamp(self._source.label_file)
            if stamp != self._stamp:
                self._source = _read_source(self._path)
                self._entries = self._by_name(self._source)
                self._stamp = stamp
            return self._entries

    def _by_name(self, source: Source) -> dict[str, PageEntry]:
        return {self.file.name_page(entry.path): entry for entry in source.pages}

    def _describe(
        self, name: str, entry: PageEntry, regions: Sequence[TextRegion], stored: PageLinks | None
    ) -> dict[str, Any]:
        found = find_links_with_people(regions, stored, self.options)
        roles = roles_of(regions, self.options.pairs)
        return {
            "name": name,
            "boxes": digest_boxes(regions),
            "image": str(_stamp(entry.path)[0]),
            "regions": [_describe_region(region, roles.get(region.index)) for region in regions],
            "links": [_describe_link(link) for link in found.settled],
            "proposals": [link.ends for link in _shown(found, stored) if link.origin is Origin.PROPOSAL],
            "findings": [_describe_finding(*finding) for finding in found.findings],
            **_state(stored),
        }


def _read_source(path: Path) -> Source:
    (source,) = read_sources([path])
    if source.format != PPOCRLABEL:
        raise UsageError(
            f"the labels are in format {source.format}; links are made in a PPOCRLabel folder",
            at=str(path),
            hint=f"ppocr-kit labels convert {path} --out NEW_FOLDER keeps the links that they have",
        )
    return source


def _stamp(path: Path) -> tuple[int, int]:
    """Return time and size of a file, zeros when it is not there at this moment."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _regions_of(entry: PageEntry) -> tuple[TextRegion, ...]:
    return entry.read().page.regions


def _state(stored: PageLinks | None) -> dict[str, Any]:
    return {
        "revision": 0 if stored is None else stored.revision,
        "done": stored is not None and stored.done,
    }


def _shown(found: FoundLinks, stored: PageLinks | None) -> Sequence[Link]:
    """Return the links; on a page that is ready what was proposed is declined."""
    return found.settled if stored is not None and stored.done else found.links


def _check_ends(click: Click, regions: Iterable[TextRegion]) -> None:
    places = {region.index for region in regions}
    for link in click.add:
        if link.question == link.answer or not places.issuperset(link.ends):
            raise DataError(f"boxes {link.question} and {link.answer} cannot be linked")


def _apply(click: Click, old: PageLinks, before: Sequence[Link], regions: Sequence[TextRegion]) -> PageLinks:
    links = {link.ends: link for link in before if link.ends not in click.remove}
    for link in click.add:
        links.setdefault(link.ends, link)
    return PageLinks(
        revision=old.revision,
        done=old.done if click.done is None else click.done,
        boxes=digest_boxes(regions),
        links=name_links(list(links.values()), regions),
    )


def _describe_region(region: TextRegion, role: Role | None) -> dict[str, Any]:
    return {
        "index": region.index,
        "text": region.transcription,
        "points": region.points,
        "class": region.key_cls,
        "side": None if role is None else str(role.side),
        "field": "" if role is None else role.field,
        "ignored": region.ignored,
    }


def _describe_link(link: Link) -> dict[str, Any]:
    return {"question": link.question, "answer": link.answer, "origin": str(link.origin)}


def _describe_finding(code: str, box: int | None, detail: str) -> dict[str, Any]:
    return {"code": code, "box": box, "text": f"{LABEL_CODES[code].meaning}: {detail}"}


def click_from_json(value: Any) -> Click:
    """Read what a browser sent.

    Raises:
        ValueError: It is no such thing.
    """
    if not isinstance(value, dict):
        raise ValueError("not an object")
    boxes, revision, done = value.get("boxes"), value.get("revision"), value.get("done")
    if not isinstance(boxes, str) or type(revision) is not int or not (done is None or type(done) is bool):
        raise ValueError("boxes, revision or done")
    add = tuple(Link(*_ends(item[:2]), _settled_origin(item[2])) for item in _lists(value, "add", 3))
    remove = frozenset(_ends(item) for item in _lists(value, "remove", 2))
    return Click(boxes, revision, add, remove, done)


def _lists(value: dict[str, Any], name: str, length: int) -> list[list[Any]]:
    items = value.get(name, [])
    if not isinstance(items, list) or not all(isinstance(one, list) and len(one) == length for one in items):
        raise ValueError(name)
    return items


def _ends(item: list[Any]) -> tuple[int, int]:
    question, answer = item
    if type(question) is not int or type(answer) is not int:
        raise ValueError("a box is no number")
    return question, answer


def _settled_origin(value: Any) -> Origin:
    if Origin(value) is Origin.PROPOSAL:
        raise ValueError("a proposal is no link")
    return Origin(value)


def refuse_unwritable(folder: Path) -> None:
    """Refuse a folder in which links could not be saved, before anybody clicks.

    Raises:
        UsageError: It cannot be written.
    """
    if not os.access(folder, os.W_OK):
        raise UsageError(
            "links are saved in this folder, and it cannot be written",
            at=str(folder),
            hint="change its permissions, or copy it",
        )
