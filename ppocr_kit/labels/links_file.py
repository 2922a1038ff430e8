"""People's links: ``links.json`` beside Label.txt, read, merged, and written whole at every change.

Label.txt is never written: PPOCRLabel drops fields that it does not know. A page is known by the path of
its image from the folder, so that a renamed folder or repaired keys lose no link; each box by its place,
text and rectangle (``link_boxes``), so that labels may be edited afterwards.

Several programs may write: each change is applied to what the file holds at that moment, under a lock.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ppocr_kit.errors import DataError
from ppocr_kit.labels.link_boxes import BoxName, digest_boxes, find_box, name_box
from ppocr_kit.labels.links import FoundLinks, Link, LinkFinding, LinkOptions, Origin, find_links
from ppocr_kit.labels.region import TextRegion
from ppocr_kit.storage import disk_error, write_json_atomic

LINKS_FILE_NAME = "links.json"
FORMAT = 1


@dataclass(frozen=True)
class StoredLink:
    """A link as the file has it."""

    question: BoxName
    answer: BoxName
    origin: Origin


@dataclass(frozen=True)
class PageLinks:
    """What people left of a page.

    Attributes:
        revision: Number of times it was written; 0 for a page that nobody worked on.
        done: Somebody said that the page needs no more work.
        boxes: ``link_boxes.digest_boxes`` of the boxes that were linked.
        links: All links of the page, also those of the file or of classes that people let stand.
    """

    revision: int = 0
    done: bool = False
    boxes: str = ""
    links: tuple[StoredLink, ...] = ()

    def on(self, regions: Sequence[TextRegion]) -> tuple[tuple[Link, ...], tuple[LinkFinding, ...]]:
        """Return the links between boxes of the page as they are now, and what changed (L093)."""
        links: dict[tuple[int, int], Link] = {}
        findings: list[LinkFinding] = []
        for stored in self.links:
            question, answer = find_box(stored.question, regions), find_box(stored.answer, regions)
            if question is None or answer is None or question == answer:
                gone = stored.question if question is None else stored.answer
                findings.append(("L093", None, f"the link of '{gone.text:.60}' was left out: no such box"))
            else:
                links[question, answer] = Link(question, answer, stored.origin)
        if not findings and self.boxes != digest_boxes(regions):
            findings.append(("L093", None, "all links still hold"))
        return tuple(links[ends] for ends in sorted(links)), tuple(findings)


class LinksFile:
    """The ``links.json`` of a labelled folder.

    Args:
        folder: The folder that holds Label.txt.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / LINKS_FILE_NAME

    def name_page(self, image: Path) -> str:
        """Return what the file calls the page of an image: its path from the folder, with ``/``."""
        name = Path(os.path.relpath(image, self.folder)).as_posix()
        # a name that is no UTF-8 cannot be written
        return name.encode("utf-8", "backslashreplace").decode()

    def read(self) -> dict[str, PageLinks]:
        """Return the pages that people worked on; none when there is no file.

        Raises:
            DataError: The file cannot be read or is no such file.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise DataError(f"the links cannot be read ({error.strerror})", at=str(self.path)) from error
        return parse_links_file(content, self.path)

    def change(self, page: str, change: Callable[[PageLinks], PageLinks]) -> PageLinks:
        """Write one page anew, from what the file holds at this moment.

        Args:
            page: As :meth:`name_page` says.
            change: Makes the new state of the page from the present one; may be called once. When it returns
                the same state, nothing is written.

        Returns:
            What was written, with its revision.

        Raises:
            DataError: The file cannot be read; it is left as it is.
            SetupError: The disk is full or the folder cannot be written.
        """
        with self._locked():
            pages = self.read()
            old = pages.get(page, PageLinks())
            new = change(old)
            if new == old and page in pages:
                return old
            pages[page] = replace(new, revision=old.revision + 1)
            write_json_atomic(self.path, render_links_file(pages))
            return pages[page]

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock of the file; it lies on the file itself, which writing replaces."""
        while True:
            try:
                handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
            except OSError as error:
                raise disk_error(error, self.path) from error
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                if self._is_current(handle):
                    yield
                    return
            finally:
                os.close(handle)

    def _is_current(self, handle: int) -> bool:
        """Tell whether an open file is the one that has the name now."""
        try:
            return os.path.samestat(os.fstat(handle), self.path.stat())
        except FileNotFoundError:
            return False


def find_links_with_people(
    regions: Sequence[TextRegion],
    stored: PageLinks | None,
    options: LinkOptions = LinkOptions(),  # noqa: B008
) -> FoundLinks:
    """Find the links of a page; where people worked on it, theirs are all that count.

    Args:
        regions: Boxes of the page.
        stored: What ``LinksFile.read()`` has of the page, None when it has nothing.
        options: How to look for the others.
    """
    if stored is None:
        return find_links(regions, options)
    people, changed = stored.on(regions)
    found = find_links(regions, options, people)
    return FoundLinks(found.links, (*changed, *found.findings))


def name_links(links: Sequence[Link], regions: Sequence[TextRegion]) -> tuple[StoredLink, ...]:
    """Return links of a page with the names of their boxes, as the file holds them."""
    names = {region.index: name_box(region) for region in regions}
    return tuple(
        StoredLink(names[link.question], names[link.answer], link.origin)
        for link in sorted(links, key=lambda link: link.ends)
    )


def render_links_file(pages: Mapping[str, PageLinks]) -> dict[str, Any]:
    """Return the file as JSON, pages by name."""
    return {"format": FORMAT, "pages": {name: _render_page(pages[name]) for name in sorted(pages)}}


def _render_page(page: PageLinks) -> dict[str, Any]:
    links = [
        {"question": link.question.to_json(), "answer": link.answer.to_json(), "origin": str(link.origin)}
        for link in page.links
    ]
    return {"revision": page.revision, "done": page.done, "boxes": page.boxes, "links": links}


def parse_links_file(content: bytes, path: Path) -> dict[str, PageLinks]:
    """Read the bytes of a file; an empty one is one that nothing was written to yet.

    Raises:
        DataError: It is no file of links, or of a later version.
    """
    if not content.strip():
        return {}
    try:
        document = json.loads(content)
        if document["format"] != FORMAT:
            raise DataError(
                f"the links are in format {document['format']!r:.20}, this version reads {FORMAT}",
                at=str(path),
                hint="use the version of ppocr-kit that wrote them",
            )
        return {str(name): _parse_page(page) for name, page in document["pages"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DataError(
            f"this is no file of links ({type(error).__name__}: {error!s:.80})",
            at=str(path),
            hint="mend it, or put it away: links are then made anew",
        ) from error


def _parse_page(page: Any) -> PageLinks:
    links = tuple(
        StoredLink(_parse_name(link["question"]), _parse_name(link["answer"]), Origin(link["origin"]))
        for link in page["links"]
    )
    if any(link.origin is Origin.PROPOSAL for link in links):
        raise ValueError("a proposal is no link")
    return PageLinks(_whole(page["revision"]), page["done"] is True, str(page["boxes"]), links)


def _parse_name(box: Any) -> BoxName:
    left, top, right, bottom = (_whole(edge) for edge in box["box"])
    if not isinstance(box["text"], str):
        raise TypeError("a text is no text")
    return BoxName(_whole(box["index"]), box["text"], (left, top, right, bottom))


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise TypeError("a number is no whole number")
    return value
