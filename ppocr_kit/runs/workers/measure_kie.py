"""Answers for whole pages, to be scored: ``measure_kie.py JOB ANSWERS ANNOUNCEMENT``, in the kie lane.

The job names the network (``model``) and a file of pages (``pages``), one JSON object a line: ``picture``
and ``entities``. Answers one object a page, in their order: for SER ``tags``, the id, the tags and the
class of each entity in reading order; for RE ``links``, pairs of ids. With ``reader``, a network for SER,
and ``roles``, which of its classes are questions and answers, links are found between what it reads,
which ``classes`` tells.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ppocr_kit.runs.workers.answers import Put, serve
from ppocr_kit.runs.workers.kie_network import KieNetwork
from ppocr_kit.runs.workers.kie_windows import Page

# Pages that share batches; what is held in memory of a page is some megabytes.
_TOGETHER = 16


def main(job: dict[str, Any], put: Put) -> None:
    """Load the networks of a job, and answer its pages."""
    reader = KieNetwork(job["reader"]) if job.get("reader") else None
    network = KieNetwork(job["model"])
    with Path(job["pages"]).open(encoding="utf-8") as lines:
        for pages in _portions(lines):
            if not network.finds_links:
                for tags in network.tags_of(pages):
                    put({"tags": [[each.entity["id"], each.tags, each.kind] for each in tags]})
                continue
            told = [_classes(page, reader) for page in pages]
            kinds = [_roles(classes, job.get("roles")) for classes in told]
            for classes, links in zip(told, network.links_of_pages(zip(pages, kinds))):
                read = list(classes.items()) if reader is not None else None
                put({"links": [link[:2] for link in links], "classes": read})


def _portions(lines: Iterator[str]) -> Iterator[list[Page]]:
    pages: list[Page] = []
    for line in lines:
        body = json.loads(line)
        pages.append(Page(body["picture"], tuple(body["entities"])))
        if len(pages) == _TOGETHER:
            yield pages
            pages = []
    if pages:
        yield pages


def _classes(page: Page, reader: KieNetwork | None) -> dict[int, str]:
    """Return the classes of a page's entities: as labelled, or as read."""
    if reader is None:
        return {entity["id"]: entity["label"] for entity in page.entities}
    return {key: kind for key, (kind, _) in reader.classes_of(page).items()}


def _roles(classes: Mapping[int, str], roles: Mapping[str, str] | None) -> Mapping[int, str]:
    """Return what is a question and what an answer; ``roles`` is by class."""
    if roles is None:
        return classes
    return {key: roles.get(kind.upper(), kind) for key, kind in classes.items()}


if __name__ == "__main__":
    serve(main)
