"""Look at rows of a data set that is not built yet with the release's own transforms.

Run inside the lane through ``answers.serve``. The job names, by task, a configuration and a file of
rows. A det row is what ``dataset build`` writes, then width and height of the page, by how much it is
resized at its smallest, and the numbers of its boxes; a rec row is a text.
Answers are lists of findings ``{"task", "row", "kind", "boxes", "detail"}`` with rows from 0, then one
``{"task", "rows", "pasteable"}`` per task.

Pictures are blank: none of these transforms looks at what is on them. Source: ppocr/data/imaug/
label_ops.py, random_crop_data.py, make_border_map.py, make_shrink_map.py @3.7.0.
"""

from __future__ import annotations

import copy
import functools
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml

from ppocr_kit.runs.workers.answers import Put, serve
from ppocr_kit.runs.workers.inspect_config import explain, has_four_points_each, label_encoders

# What comes after a row's label is read and before its picture is: cutting, and the targets to learn.
_CUTTING = ("EastRandomCropData", "RandomCrop")
_TARGETS = (*_CUTTING, "MakeBorderMap", "MakeShrinkMap")
# A page of large boxes takes MakeBorderMap 40 ms in a square of 640 pixels, 2 ms in this one.
_SMALL = [160, 160]
_SHRINKING = "MakeShrinkMap"
# What a label encoder hands through without a look.
_NO_PICTURE = {"image": None, "img_path": ""}
_ANSWERED_TOGETHER = 500
_KNOWN_TEXTS = 100_000


def check(job: dict[str, Any], put: Put) -> None:
    """Look at the rows of each task and put what is found."""
    looks = {"det": _look_at_pages, "rec": _look_at_texts}
    for task, entry in job.items():
        config = yaml.safe_load(Path(entry["config"]).read_text(encoding="utf-8"))
        summary: dict[str, Any] = {"task": task, "rows": 0, "pasteable": True}
        with Path(entry["rows"]).open(encoding="utf-8", newline="\n") as rows:
            findings = looks[task](config, entry, (line.rstrip("\n") for line in rows), summary)
            _put_together(task, findings, put)
        put(summary)


def _put_together(task: str, findings: Iterator[dict[str, Any]], put: Put) -> None:
    """Put many findings as one answer: each answer costs a line of the worker's output."""
    waiting: list[dict[str, Any]] = []
    for found in findings:
        waiting.append({"task": task, **found})
        if len(waiting) >= _ANSWERED_TOGETHER:
            put({"findings": waiting})
            waiting = []
    if waiting:
        put({"findings": waiting})


def _look_at_texts(
    config: dict[str, Any], entry: dict[str, Any], rows: Iterator[str], summary: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Pass every text through the label encoders of a recogniser."""
    encoders = label_encoders(config["Train"]["dataset"]["transforms"], config["Global"])

    @functools.lru_cache(maxsize=_KNOWN_TEXTS)
    def judge(text: str) -> tuple[str, str] | None:
        return refused_text(text, encoders)

    for number, text in enumerate(rows):
        summary["rows"] += 1
        refusal = judge(text)
        if refusal is not None:
            yield {"row": number, "kind": refusal[0], "boxes": None, "detail": refusal[1]}


def refused_text(text: str, encoders: list[Any]) -> tuple[str, str] | None:
    """Say why label encoders refuse a text: ``length``, ``characters`` or ``row``, and the reason."""
    data: Any = {"label": text, **_NO_PICTURE}
    for encoder in encoders:
        data, reason = _pass_through(encoder, data)
        if reason is not None:
            return "row", reason
        if data is None:
            known = getattr(encoder, "dict", {})
            reason = explain(encoder, text)
            if reason.startswith("longer than"):
                return "length", reason
            return ("row" if any(char in known for char in text) else "characters"), reason
    return None


def _look_at_pages(
    config: dict[str, Any], entry: dict[str, Any], rows: Iterator[str], summary: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Pass every page through the label encoder and the target makers of a detector."""
    transforms = config["Train"]["dataset"]["transforms"]
    pastes = any("CopyPaste" in step for step in transforms)
    checker = _PageChecker(config)
    pasteable = False
    for number, row in enumerate(rows):
        summary["rows"] += 1
        _, label, width, height, factor, boxes = row.split("\t")
        pasteable = pasteable or (pastes and has_four_points_each(f"\t{label}".encode()))
        page = _Page(label, int(width), int(height), float(factor), json.loads(boxes))
        for kind, found, detail in checker.look_at(page):
            yield {"row": number, "kind": kind, "boxes": found, "detail": detail}
    summary["pasteable"] = pasteable or not pastes


def _made_small(step: dict[str, Any]) -> dict[str, Any]:
    """Let a transform cut a small square: whether it raises does not depend on the size, its time does."""
    return {
        name: {**settings, "size": _SMALL} if name in _CUTTING else settings
        for name, settings in step.items()
    }


class _Page(NamedTuple):
    """A page as its row says: label, pixels, resizing, and the number of each box; none of a page without."""

    label: str
    width: int
    height: int
    factor: float
    boxes: list[int]


class _PageChecker:
    """The transforms of a detector that a page has to pass.

    Args:
        config: A training configuration.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        from ppocr.data.imaug import create_operators

        transforms = copy.deepcopy(config["Train"]["dataset"]["transforms"])
        self._encoders = label_encoders(transforms, config["Global"])
        chosen = [_made_small(step) for step in transforms if next(iter(step)) in _TARGETS]
        self._makers = list(create_operators(chosen, config["Global"]))
        self._shrinking = [maker for maker in self._makers if type(maker).__name__ == _SHRINKING]

    def look_at(self, page: _Page) -> Iterator[tuple[str, list[int] | None, str]]:
        """Yield what the transforms refuse: ``row`` for the page, ``small`` for boxes that do not count."""
        data: Any = {"label": page.label, **_NO_PICTURE}
        for encoder in self._encoders:
            data, reason = _pass_through(encoder, data)
            if data is None:
                yield "row", None, reason or explain(encoder, page.label)
                return
        reason = self._refusal(copy.deepcopy(data), page)
        if reason is not None:
            yield "row", None, reason
            return
        small = self._not_counted(data, page)
        if small:
            yield "small", small, ""

    def _refusal(self, data: Any, page: _Page) -> str | None:
        """Run the transforms as training does once, from a seed that is the same each time."""
        random.seed(0)
        np.random.seed(0)
        data["image"] = _blank(page.width, page.height)
        for maker in self._makers:
            data, reason = _pass_through(maker, data)
            if data is None:
                return reason or f"refused by {type(maker).__name__}"
        return None

    def _not_counted(self, data: Any, page: _Page) -> list[int]:
        """Return the boxes that make no target where the page is at its smallest."""
        width, height = (max(1, round(side * page.factor)) for side in (page.width, page.height))
        before = list(data["ignore_tags"])
        data = {**data, "image": _blank(width, height), "polys": data["polys"] * page.factor}
        data["ignore_tags"] = list(before)
        for maker in self._shrinking:
            data, _ = _pass_through(maker, data)
            if data is None:
                return []
        # a page without boxes has a speck in its row, which has no number
        return [box for box, was, now in zip(page.boxes, before, data["ignore_tags"]) if now and not was]


def _pass_through(transform: Any, data: Any) -> tuple[Any, str | None]:
    """Return what a transform makes of the data, or None; and the reason where it raised."""
    try:
        return transform(data), None
    except Exception as error:
        return None, f"{type(transform).__name__} raised {type(error).__name__}: {error}"


@functools.lru_cache(maxsize=4)
def _blank(width: int, height: int) -> Any:
    """Return an empty picture (H, W, 3) uint8; nobody writes to it."""
    return np.zeros((height, width, 3), dtype=np.uint8)


if __name__ == "__main__":
    serve(check)
