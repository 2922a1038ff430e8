"""Answers for whole pages, to be scored: ``measure_kie.py JOB ANSWERS ANNOUNCEMENT``, in the kie lane.

The job names the network (``model``) and a file of pages (``pages``), one JSON object a line: ``picture``
and ``entities``. Answers one object a page, in their order: for SER ``tags``, the id, the tags and the
class of each entity in reading order; for RE ``links``, pairs of ids, between labelled questions and answers.
With a network for SER (``reader``), and ``roles``, which of its classes are questions and answers, an answer
has besides, under ``read``, the ``classes`` that it reads and the ``links`` between these.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ppocr_kit.runs.workers.kie_network import KieNetwork, one_question_each
from ppocr_kit.runs.workers.kie_windows import Page
from ppocr_kit.vendor.answers import Put, serve

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
            labelled = [{each["id"]: each["label"] for each in page.entities} for page in pages]
            links = network.links_of_pages(zip(pages, labelled))
            read = _read(pages, reader, network, job["roles"]) if reader else [None] * len(pages)
            for found, told in zip(links, read):
                put({"links": [link[:2] for link in found], "read": told})


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


def _read(
    pages: Sequence[Page], reader: KieNetwork, network: KieNetwork, roles: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Find links as a prediction does: between what is read, one question for each answer."""
    classes = [{each.entity["id"]: each.kind for each in tags} for tags in reader.tags_of(pages)]
    kinds = [{key: roles.get(kind, kind) for key, kind in page.items()} for page in classes]
    return [
        {"links": [link[:2] for link in one_question_each(links)], "classes": list(told.items())}
        for told, links in zip(classes, network.links_of_pages(zip(pages, kinds)))
    ]


if __name__ == "__main__":
    serve(main)
