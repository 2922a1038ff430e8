"""Find and read text on pictures: ``predict_images.py JOB ANSWERS ANNOUNCEMENT``, run inside the lane.

Answers one object per picture, in the order of the job: ``image`` and ``regions``, or ``image``
and ``error`` for a picture that cannot be used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ppocr_kit.geometry import Image, as_points, crop_quad, polygon_to_quad
from ppocr_kit.labels.codes import LABEL_CODES
from ppocr_kit.labels.images import BadImage, read_page_image
from ppocr_kit.runs.reading_order import reading_order
from ppocr_kit.runs.workers.answers import Put, serve
from ppocr_kit.runs.workers.drawing import write_picture
from ppocr_kit.runs.workers.engines import Engine, require_device
from ppocr_kit.runs.workers.readers import Box, Detector, Recogniser, Text

_DIGITS = 6


def main(job: dict[str, Any], put: Put) -> None:
    """Load the models of a job, and answer its pictures one by one."""
    engine = Engine(gpu=job["gpu"], threads=job["threads"])
    require_device(engine)
    models = {model["task"]: model for model in job["models"]}
    detector = Detector(models["det"], engine) if "det" in models else None
    recogniser = Recogniser(models["rec"], engine, job["batch_size"]) if "rec" in models else None
    if detector is not None:
        for entry in job["images"]:
            put(_answer_page(entry, detector, recogniser))
    elif recogniser is not None:
        size = job["batch_size"]
        for start in range(0, len(job["images"]), size):
            _answer_crops(job["images"][start : start + size], recogniser, put)


def _answer_page(entry: Mapping[str, Any], detector: Detector, recogniser: Recogniser | None) -> Any:
    """Find the boxes of a page in reading order, and read them."""
    image = _read(entry["path"])
    if isinstance(image, str):
        return {"image": entry["path"], "error": image}
    try:
        found, _ = detector.find(image)
        boxes = [found[index] for index in reading_order([box.points for box in found])]
        texts = None if recogniser is None else _read_boxes(image, boxes, recogniser)
    except ValueError as error:
        return {"image": entry["path"], "error": str(error)}
    regions = [_region(box, None if texts is None else texts[index]) for index, box in enumerate(boxes)]
    return _finish(entry, image, regions)


def _read_boxes(image: Image, boxes: Sequence[Box], recogniser: Recogniser) -> list[Text]:
    """Read each box; one too thin to be cut out has no text."""
    crops: dict[int, Image] = {}
    for index, box in enumerate(boxes):
        try:
            quad = box.points if len(box.points) == 4 else polygon_to_quad(as_points(box.points))
            crops[index] = crop_quad(image, quad)
        except ValueError:
            continue
    texts = dict(zip(crops, recogniser.read(list(crops.values()))))
    return [texts.get(index, Text("", 0.0)) for index in range(len(boxes))]


def _answer_crops(entries: Sequence[Mapping[str, Any]], recogniser: Recogniser, put: Put) -> None:
    """Read pictures of one text each, a batch at a time."""
    images = [_read(entry["path"]) for entry in entries]
    good = [image for image in images if not isinstance(image, str)]
    texts = iter(_read_each(good, recogniser))
    for entry, image in zip(entries, images):
        if isinstance(image, str):
            put({"image": entry["path"], "error": image})
            continue
        text = next(texts)
        if isinstance(text, str):
            put({"image": entry["path"], "error": text})
        else:
            put(_finish(entry, image, [_region(None, text)]))


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


def _region(box: Box | None, text: Text | None) -> dict[str, Any]:
    region: dict[str, Any] = {}
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


def _finish(entry: Mapping[str, Any], image: Image, regions: list[dict[str, Any]]) -> dict[str, Any]:
    height, width = image.shape[:2]
    if entry["picture"] is not None:
        write_picture(Path(entry["picture"]), image, regions)
    return {"image": entry["path"], "width": width, "height": height, "regions": regions}


if __name__ == "__main__":
    serve(main)
