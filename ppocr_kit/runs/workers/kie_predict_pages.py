"""Classes, links and fields of pages: ``kie_predict_pages.py JOB ANSWERS ANNOUNCEMENT``, in the kie lane.

The job names the networks ``ser`` and ``re`` (or None), the ``roles`` of classes, the user's ``pairs``, and
a file of ``pages``, one JSON object a line: ``image``, ``entities`` in reading order (``id``,
``transcription``, ``points`` and what else is known of them), and ``picture``, where to draw, or None.
Answers one object a page, in their order: ``image``, ``width``, ``height``, ``entities`` with their class,
``links`` and ``fields``; or ``image`` and ``error``.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ppocr_kit.errors import PpocrKitError
from ppocr_kit.labels.codes import LABEL_CODES
from ppocr_kit.labels.images import BadImage, read_page_image
from ppocr_kit.runs.kie_outputs import fields_of
from ppocr_kit.runs.workers.inspect_kie import size_of
from ppocr_kit.runs.workers.kie_drawing import write_kie_picture
from ppocr_kit.runs.workers.kie_network import KieNetwork, one_question_each
from ppocr_kit.runs.workers.kie_windows import Page
from ppocr_kit.vendor.answers import Put, serve

# Pages that share batches.
_TOGETHER = 8
_DIGITS = 6

Body = Mapping[str, Any]
Answer = dict[str, Any]


def main(job: dict[str, Any], put: Put) -> None:
    """Load the networks of a job, and answer its pages."""
    reader = _Reader(job)
    with Path(job["pages"]).open(encoding="utf-8") as lines:
        for pages in _portions(lines):
            for answer in reader.answer(pages):
                put(answer)


class _Reader:
    """The networks and what is known of their classes."""

    def __init__(self, job: Body) -> None:
        self._ser = KieNetwork(job["ser"])
        self._re = KieNetwork(job["re"]) if job["re"] else None
        self._roles: Mapping[str, str] = job["roles"]
        self._pairs = tuple((question, answer) for question, answer in job["pairs"])

    def answer(self, bodies: Sequence[Body]) -> list[Answer]:
        """Answer pages together, or one by one where one among them cannot be answered."""
        try:
            return self._together(bodies)
        except PpocrKitError as error:
            if len(bodies) == 1:
                return [{"image": bodies[0]["image"], "error": error.message}]
        except Exception as error:
            # one page must not end a batch; what happened goes to the log
            traceback.print_exc(file=sys.stderr)
            if len(bodies) == 1:
                return [{"image": bodies[0]["image"], "error": f"{type(error).__name__}: {error}"}]
        return [answer for body in bodies for answer in self.answer([body])]

    def _together(self, bodies: Sequence[Body]) -> list[Answer]:
        sized = [(body, size_of(Path(body["image"]))) for body in bodies]
        good = [(body, size) for body, size in sized if size is not None]
        pages = [_page(body, size) for body, size in good]
        found = [
            {each.entity["id"]: (each.kind, each.score) for each in tags} for tags in self._ser.tags_of(pages)
        ]
        kinds = [
            {key: self._roles.get(kind, kind) for key, (kind, _) in classes.items()} for classes in found
        ]
        linked = list(self._re.links_of_pages(zip(pages, kinds))) if self._re else [[] for _ in pages]
        answers = {
            id(body): self._finish(body, size, classes, one_question_each(links))
            for (body, size), classes, links in zip(good, found, linked)
        }
        unread = "the picture cannot be read"
        return [answers.get(id(body)) or {"image": body["image"], "error": unread} for body in bodies]

    def _finish(
        self,
        body: Body,
        size: tuple[int, int],
        classes: Mapping[int, tuple[str, float]],
        links: Sequence[Any],
    ) -> Answer:
        entities = []
        for entity in body["entities"]:
            kind, score = classes.get(entity["id"], ("OTHER", 0.0))
            entities.append({**entity, "key_cls": kind, "key_score": round(score, _DIGITS)})
        told = [
            {
                "question": question,
                "answer": answer,
                "score": None if score is None else round(score, _DIGITS),
            }
            for question, answer, score in links
        ]
        page = {
            "image": body["image"],
            "width": size[0],
            "height": size[1],
            "fields": fields_of(entities, told, self._roles, self._pairs),
            "entities": entities,
            "links": told,
        }
        return _draw(page, body["picture"])


def _draw(page: Answer, picture: str | None) -> Answer:
    """Draw a page where it is asked for; one that cannot be decoded is told."""
    if picture is None:
        return page
    image = read_page_image(Path(page["image"]))
    if isinstance(image, BadImage):
        return {"image": page["image"], "error": f"{LABEL_CODES[image.code].meaning}: {image.detail}"}
    write_kie_picture(Path(picture), image.pixels, page)
    return page


def _page(body: Body, size: tuple[int, int]) -> Page:
    """Return a page with its boxes inside the picture: the network knows no place beyond it."""
    width, height = size
    entities = [
        {
            "id": entity["id"],
            "transcription": entity["transcription"],
            "points": [[min(max(x, 0), width), min(max(y, 0), height)] for x, y in entity["points"]],
        }
        for entity in body["entities"]
    ]
    return Page(body["image"], tuple(entities))


def _portions(lines: Iterator[str]) -> Iterator[list[Body]]:
    bodies: list[Body] = []
    for line in lines:
        bodies.append(json.loads(line))
        if len(bodies) == _TOGETHER:
            yield bodies
            bodies = []
    if bodies:
        yield bodies


if __name__ == "__main__":
    serve(main)
