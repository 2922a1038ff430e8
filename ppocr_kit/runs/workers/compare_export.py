"""Answer the same pictures with a checkpoint and with its export, run inside the lane.

``compare_export.py JOB ANSWERS ANNOUNCEMENT``. The checkpoint side goes by the run's configuration,
the export side by its ``inference.yml``: what differs there differs in the answers. Answers one
object per picture: ``image``, ``pixel`` (see :meth:`Detector.find`), ``ratio`` (width / height),
``checkpoint`` and ``export``, each a list of regions; pictures that cannot be read are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ppocr_kit.geometry import Image
from ppocr_kit.labels.images import PageImage, read_page_image
from ppocr_kit.runs.workers.answers import Put, serve
from ppocr_kit.runs.workers.engines import Engine
from ppocr_kit.runs.workers.readers import Detector, Recogniser


def main(job: dict[str, Any], put: Put) -> None:
    """Load both models, and answer each picture with both."""
    sides = {side: _load(job[side]) for side in ("checkpoint", "export")}
    for path in job["images"]:
        page = read_page_image(Path(path))
        if not isinstance(page, PageImage):
            continue
        height, width = page.pixels.shape[:2]
        answer: dict[str, Any] = {"image": path, "pixel": 1.0, "ratio": width / height}
        for side, model in sides.items():
            answer[side], answer["pixel"] = _ask(model, page.pixels)
        put(answer)


def _load(model: Mapping[str, Any]) -> Detector | Recogniser:
    engine = Engine()
    return Detector(model, engine) if model["task"] == "det" else Recogniser(model, engine, batch_size=1)


def _ask(model: Detector | Recogniser, image: Image) -> tuple[list[dict[str, Any]], float]:
    if isinstance(model, Recogniser):
        (text,) = model.read([image])
        return [{"transcription": text.transcription, "score": text.score}], 1.0
    boxes, pixel = model.find(image)
    return [{"points": box.points, "score": box.score} for box in boxes], pixel


if __name__ == "__main__":
    serve(main)
