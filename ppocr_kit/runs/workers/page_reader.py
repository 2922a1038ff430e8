"""From picture files to what is found and read on them, several at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ppocr_kit.geometry import Image, as_points, crop_quad, polygon_to_quad
from ppocr_kit.labels.codes import LABEL_CODES
from ppocr_kit.labels.images import BadImage, read_page_image
from ppocr_kit.labels.reading_order import reading_order
from ppocr_kit.runs.workers.drawing import write_picture
from ppocr_kit.runs.workers.engines import Engine
from ppocr_kit.runs.workers.readers import Box, Detector, Recogniser, Text

Entry = Mapping[str, Any]
Answer = dict[str, Any]

_DIGITS = 6


class PageReader:
    """A detector, a recogniser, or both; used by one thread at a time."""

    def __init__(self, detector: Detector | None, recogniser: Recogniser | None) -> None:
        self._detector = detector
        self._recogniser = recogniser

    def answer(self, entries: Sequence[Entry]) -> list[Answer]:
        """Answer pictures in order.

        Args:
            entries: ``path``, and ``picture``: where to draw what was found, or None.

        Returns:
            For each ``image`` with its size and ``regions``, or with an ``error``.
        """
        images = [_read(entry["path"]) for entry in entries]
        good = {index: image for index, image in enumerate(images) if not isinstance(image, str)}
        if self._detector is None:
            assert self._recogniser is not None
            texts = dict(zip(good, _read_each(list(good.values()), self._recogniser)))
            regions = {
                index: text if isinstance(text, str) else [_region(None, text)]
                for index, text in texts.items()
            }
        else:
            regions = dict(zip(good, self._pages(list(good.values()), self._detector)))
        return [
            _finish(entry, image, regions.get(index, []))
            if not isinstance(image, str)
            else {"image": entry["path"], "error": image}
            for index, (entry, image) in enumerate(zip(entries, images))
        ]

    def _pages(self, images: Sequence[Image], detector: Detector) -> list[list[Answer] | str]:
        """Find the boxes of pages in reading order, and read those of all pages together."""
        pages: list[list[Box] | str] = []
        for found in detector.find_all(images):
            if not isinstance(found, str):
                found = [found[index] for index in reading_order([box.points for box in found])]
            pages.append(found)
        if self._recogniser is None:
            return [page if isinstance(page, str) else [_region(box, None) for box in page] for page in pages]
        texts = _read_boxes(images, pages, self._recogniser)
        return [
            page
            if isinstance(page, str)
            else [_region(box, texts.get((number, index), Text("", 0.0))) for index, box in enumerate(page)]
            for number, page in enumerate(pages)
        ]


def load_page_reader(models: Mapping[str, tuple[Mapping[str, Any], Engine]], batch_size: int) -> PageReader:
    """Load the models of a job.

    Args:
        models: By task: the model as a job describes it, and what runs it.
        batch_size: Texts read at a time.
    """
    return PageReader(
        Detector(*models["det"]) if "det" in models else None,
        Recogniser(*models["rec"], batch_size) if "rec" in models else None,
    )


def _read_boxes(
    images: Sequence[Image], pages: Sequence[list[Box] | str], recogniser: Recogniser
) -> dict[tuple[int, int], Text]:
    """Read each box of each page; one too thin to be cut out or read has no text."""
    crops: dict[tuple[int, int], Image] = {}
    for number, (image, page) in enumerate(zip(images, pages)):
        for index, box in enumerate(page if not isinstance(page, str) else ()):
            try:
                quad = box.points if len(box.points) == 4 else polygon_to_quad(as_points(box.points))
                crops[number, index] = crop_quad(image, quad)
            except ValueError:
                continue
    texts = zip(crops, _read_each(list(crops.values()), recogniser))
    return {place: text for place, text in texts if not isinstance(text, str)}


def _read_each(images: Sequence[Image], recogniser: Recogniser) -> list[Text | str]:
    """Read pictures together, or one by one when a picture among them cannot be taken."""
    try:
        return list(recogniser.read(images))
    except ValueError as error:
        if len(images) == 1:
            return [str(error)]
    return [answer for image in images for answer in _read_each([image], recogniser)]


def _read(path: str) -> Image | str:
    """Return a picture, or why it cannot be used."""
    page = read_page_image(Path(path))
    if isinstance(page, BadImage):
        return f"{LABEL_CODES[page.code].meaning}: {page.detail}"
    return page.pixels


def _region(box: Box | None, text: Text | None) -> Answer:
    region: Answer = {}
    if box is not None:
        region["points"] = [[_number(x), _number(y)] for x, y in box.points]
        region["score"] = round(box.score, _DIGITS)
    if text is not None:
        region["transcription"] = text.transcription
        region["rec_score"] = round(text.score, _DIGITS)
    return region


def _number(value: float) -> float:
    """Write whole pixels without a decimal point."""
    return int(value) if value == int(value) else value


def _finish(entry: Entry, image: Image, regions: list[Answer] | str) -> Answer:
    if isinstance(regions, str):
        return {"image": entry["path"], "error": regions}
    height, width = image.shape[:2]
    if entry["picture"] is not None:
        write_picture(Path(entry["picture"]), image, regions)
    return {"image": entry["path"], "width": width, "height": height, "regions": regions}
