"""Measure one contender of a benchmark once: ``measure.py JOB ANSWERS ANNOUNCEMENT``, inside the lane.

Answers one object: ``images_per_s`` with all pictures given at once, the median of some passes;
``milliseconds`` of single pictures one at a time; and ``answers``: a text, or a number of boxes, for
each picture.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Union

import cv2

from ppocr_kit.runs.workers import peers
from ppocr_kit.runs.workers.engines import Engine, pick_engine
from ppocr_kit.runs.workers.ordered_map import ordered_map
from ppocr_kit.runs.workers.page_reader import Answer, PageReader, load_page_reader
from ppocr_kit.runs.workers.portions import portions
from ppocr_kit.vendor.answers import Put, serve

Reply = Union[str, int]
# Answers pictures that are all given at once.
Ask = Callable[[Sequence[str]], list[Reply]]

# All pictures are given again and again for so long, or a moment's disturbance decides.
_LEAST_S = 2.0


def main(job: dict[str, Any], put: Put) -> None:
    """Load the contender, warm it up, and measure it."""
    makers = {
        "script": peers.script,
        "script_no_onednn": peers.script_without_onednn,
        "runtime": peers.runtime,
    }
    make = makers.get(job["contender"])
    together, single = make(job) if make is not None else _kit(job)
    images = job["images"]
    together(images[: job["warm_up"]])
    replies: list[Reply] = []
    speeds: list[float] = []
    while sum(len(images) / speed for speed in speeds) < _LEAST_S:
        began = time.perf_counter()
        replies = together(images)
        speeds.append(len(images) / (time.perf_counter() - began))
    chosen = list(_spread(images, job["one_by_one"]))
    single(chosen[:2])
    times = []
    for image in chosen:
        began = time.perf_counter()
        single([image])
        times.append(1000 * (time.perf_counter() - began))
    put({"images_per_s": statistics.median(speeds), "milliseconds": times, "answers": replies})


def _kit(job: Mapping[str, Any]) -> tuple[Ask, Ask]:
    """Answer as ``ppocr-kit predict`` does: many pictures side by side, one with all threads."""
    cv2.setNumThreads(1)
    threads, task = job["threads"], job["model"]["task"]

    def load(count: int) -> PageReader:
        engine = pick_engine(job["model"], Engine(threads=count))
        return load_page_reader({task: (job["model"], engine)}, job["batch_size"])

    readers = [load(1) for _ in range(threads)]
    alone = load(threads)

    def together(images: Sequence[str]) -> list[Reply]:
        parts = portions(_entries(images), task, threads)
        return [_reply(answer) for part in ordered_map(PageReader.answer, parts, readers) for answer in part]

    def single(images: Sequence[str]) -> list[Reply]:
        return [_reply(answer) for answer in alone.answer(_entries(images))]

    return together, single


def _entries(images: Sequence[str]) -> list[dict[str, Any]]:
    return [{"path": image, "picture": None} for image in images]


def _reply(answer: Answer) -> Reply:
    regions = answer.get("regions", [])
    if regions and "points" not in regions[0]:
        return str(regions[0]["transcription"])
    return len(regions)


def _spread(images: Sequence[str], most: int) -> Iterator[str]:
    count = min(most, len(images))
    for index in range(count):
        yield images[index * len(images) // count]


if __name__ == "__main__":
    serve(main)
