"""Find and read text on pictures: ``predict_images.py JOB ANSWERS ANNOUNCEMENT``, run inside the lane.

First answers ``engines``, the ``name`` and ``version`` of what runs each model. Then one object per
picture, in the order of the job: ``image`` and ``regions``, or ``image`` and ``error`` for a picture
that cannot be used.
"""

from __future__ import annotations

from typing import Any

import cv2

from ppocr_kit.runs.workers.engines import Engine, pick_engine, version_of
from ppocr_kit.runs.workers.ordered_map import ordered_map
from ppocr_kit.runs.workers.paddle_networks import require_gpu
from ppocr_kit.runs.workers.page_reader import PageReader, load_page_reader
from ppocr_kit.runs.workers.portions import portions
from ppocr_kit.vendor.answers import Put, serve


def main(job: dict[str, Any], put: Put) -> None:
    """Load the models of a job, and answer its pictures."""
    engine = Engine(gpu=job["gpu"], threads=job["threads"])
    if engine.gpu:
        require_gpu()
    if job["side_by_side"] > 1:
        # each of our threads decodes and resizes alone
        cv2.setNumThreads(1)
    models = {model["task"]: (model, pick_engine(model, engine)) for model in job["models"]}
    put({"engines": [_told(models[model["task"]][1]) for model in job["models"]]})
    readers = [load_page_reader(models, job["batch_size"]) for _ in range(job["side_by_side"])]
    for answers in ordered_map(
        PageReader.answer, portions(job["images"], "det" if "det" in models else "rec", len(readers)), readers
    ):
        for answer in answers:
            put(answer)


def _told(engine: Engine) -> dict[str, str]:
    return {"name": engine.name, "version": version_of(engine.name)}


if __name__ == "__main__":
    serve(main)
