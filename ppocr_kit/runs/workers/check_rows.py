"""Look at rows of a data set that is not built yet with the release's own transforms.

Run inside the lane through ``answers.serve``. The job names, by task, a configuration and a file of
rows. A det row is what ``dataset build`` writes, then width and height of the page, by how much it is
resized at its smallest, and the numbers of its boxes; a rec row is a text.
Answers are ``{"done", "findings"}``, the rows since the last answer and lists of ``{"task", "row", "kind",
"boxes", "detail"}`` with rows from 0 and boxes as ``[number, shorter side]``; then one ``{"task", "rows",
"pasteable"}`` per task.

Pictures are blank: none of these transforms looks at what is on them. Source: ppocr/data/imaug/
label_ops.py, random_crop_data.py, make_border_map.py, make_shrink_map.py @3.7.0.
"""

from __future__ import annotations

import copy
import functools
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Optional

import numpy as np
import yaml

from ppocr_kit.runs.workers.inspect_config import explain, has_four_points_each, label_encoders
from ppocr_kit.vendor.answers import Put, serve

_CUTTING = ("EastRandomCropData", "RandomCrop")
_SHRINKING = "MakeShrinkMap"
# What comes after a row's label is read and before its picture is: cutting, and the targets to learn.
_TARGETS = (*_CUTTING, "MakeBorderMap", _SHRINKING)
# Whether a transform raises does not depend on the size of the square it cuts, nor on how often it tries;
# its time does: a page of large boxes takes MakeBorderMap 40 ms in 640 pixels, 2 ms in these.
_QUICK = {"size": [160, 160], "max_tries": 2}
# Plain quadrilaterals that went well so often go well: of further pages only the others are cut.
_PLAIN_PAGES = 1000
# What a label encoder hands through without a look.
_NO_PICTURE = {"image": None, "img_path": ""}
_ANSWERED_TOGETHER = {"det": 100, "rec": 5000}
_KNOWN_TEXTS = 100_000

# The number of a box, and its shorter side in pixels at training scale.
SmallBox = tuple[int, float]
# Kind, boxes or None for the whole row, and the reason.
Refusal = tuple[str, Optional[list[SmallBox]], str]


def check(job: dict[str, Any], put: Put) -> None:
    """Look at the rows of each task and put what is found."""
    looks: dict[str, Callable[[dict[str, Any]], _PageLook | _TextLook]]
    looks = {"det": _PageLook, "rec": _TextLook}
    for task, entry in job.items():
        config = yaml.safe_load(Path(entry["config"]).read_text(encoding="utf-8"))
        look = looks[task](config)
        number, done = 0, 0
        findings: list[dict[str, Any]] = []
        with Path(entry["rows"]).open(encoding="utf-8", newline="\n") as rows:
            for number, row in enumerate(rows, start=1):
                for kind, boxes, detail in look.findings(row.rstrip("\n")):
                    found = {"task": task, "row": number - 1, "kind": kind}
                    findings.append({**found, "boxes": boxes, "detail": detail})
                # each answer costs a line of the worker's output
                if number - done >= _ANSWERED_TOGETHER[task]:
                    put({"done": number - done, "findings": findings})
                    done, findings = number, []
        put({"done": number - done, "findings": findings})
        put({"task": task, "rows": number, "pasteable": look.pasteable})


class _TextLook:
    """Passes texts through the label encoders of a recogniser.

    Args:
        config: A training configuration.
    """

    pasteable = True

    def __init__(self, config: dict[str, Any]) -> None:
        encoders = label_encoders(config["Train"]["dataset"]["transforms"], config["Global"])
        # texts repeat
        self._refusal = functools.lru_cache(maxsize=_KNOWN_TEXTS)(lambda text: refused_text(text, encoders))

    def findings(self, row: str) -> Iterator[Refusal]:
        """Yield why the encoders refuse a text."""
        refusal = self._refusal(row)
        if refusal is not None:
            yield refusal[0], None, refusal[1]


def refused_text(text: str, encoders: list[Any]) -> tuple[str, str] | None:
    """Say why label encoders refuse a text: ``length``, ``characters`` or ``row``, and the reason."""
    data: Any = {"label": text, **_NO_PICTURE}
    for encoder in encoders:
        data, reason = _pass_through([encoder], data)
        if reason is not None:
            return "row", reason
        if data is None:
            known = getattr(encoder, "dict", {})
            reason = explain(encoder, text)
            if reason.startswith("longer than"):
                return "length", reason
            return ("row" if any(char in known for char in text) else "characters"), reason
    return None


def _made_quick(step: dict[str, Any]) -> dict[str, Any]:
    """Let a transform that cuts do so in the least time."""
    return {name: {**settings, **_QUICK} if name in _CUTTING else settings for name, settings in step.items()}


class _Page(NamedTuple):
    """A page as its row says: label, pixels, resizing, and the number of each box; none of a page without."""

    label: str
    width: int
    height: int
    factor: float
    boxes: list[int]


class _PageLook:
    """Passes pages through the label encoder and the target makers of a detector.

    Args:
        config: A training configuration.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        from ppocr.data.imaug import create_operators

        transforms = copy.deepcopy(config["Train"]["dataset"]["transforms"])
        names = [next(iter(step)) for step in transforms]
        self._encoders = label_encoders(transforms, config["Global"])
        chosen = [_made_quick(step) for step, name in zip(transforms, names) if name in _TARGETS]
        makers = list(create_operators(chosen, config["Global"]))
        self._shrinking = [maker for maker in makers if type(maker).__name__ == _SHRINKING]
        self._others = [maker for maker in makers if maker not in self._shrinking]
        self._pastes = "CopyPaste" in names
        self._has_source = False
        self._cut_pages = 0

    @property
    def pasteable(self) -> bool:
        """Whether ``CopyPaste``, if there is one, has a page to copy from."""
        return self._has_source or not self._pastes

    def findings(self, row: str) -> Iterator[Refusal]:
        """Yield what the transforms refuse: ``row`` for the page, ``small`` for boxes that do not count."""
        _, label, width, height, factor, boxes = row.split("\t")
        page = _Page(label, int(width), int(height), float(factor), json.loads(boxes))
        data, reason = _pass_through(self._encoders, {"label": label, **_NO_PICTURE})
        if data is None:
            yield "row", None, reason or explain(self._encoders[0], label)
            return
        self._has_source = self._has_source or (self._pastes and has_four_points_each(f"\t{label}".encode()))
        reason = self._refusal_when_cut(data, page) if self._is_worth_cutting(data) else None
        if reason is None:
            small, reason = self._not_counted(data, page)
            if small:
                yield "small", small, ""
        if reason is not None:
            yield "row", None, reason

    def _is_worth_cutting(self, data: Any) -> bool:
        """Tell whether a page is among the first, or has a box of more than four corners."""
        self._cut_pages += 1
        return self._cut_pages <= _PLAIN_PAGES or data["polys"].shape[1] != 4

    def _refusal_when_cut(self, data: Any, page: _Page) -> str | None:
        """Cut the page as training does, from a seed that is the same each time."""
        random.seed(0)
        np.random.seed(0)
        data = {**copy.deepcopy(data), "image": _blank(page.width, page.height)}
        return _pass_through(self._others, data)[1]

    def _not_counted(self, data: Any, page: _Page) -> tuple[list[SmallBox], str | None]:
        """Return the boxes that make no target where the page is at its smallest; or why none can be made."""
        width, height = (max(1, round(side * page.factor)) for side in (page.width, page.height))
        before = list(data["ignore_tags"])
        small = {"image": _blank(width, height), "polys": data["polys"] * page.factor}
        shrunk, reason = _pass_through(self._shrinking, {**data, **small, "ignore_tags": list(before)})
        if shrunk is None:
            return [], reason
        # a page without boxes has a speck in its row, which has no number
        tags = zip(page.boxes, before, shrunk["ignore_tags"], small["polys"])
        return [(box, _shorter_side(points)) for box, was, now, points in tags if now and not was], None


def _shorter_side(points: Any) -> float:
    """Return the shorter side of the upright rectangle around (N, 2) corners."""
    return float(np.ptp(points, axis=0).min())


def _pass_through(transforms: list[Any], data: Any) -> tuple[Any, str | None]:
    """Return what transforms make of the data, or None and the reason why one of them refused it.

    A label encoder that answers None gives no reason; ``explain`` knows.
    """
    for transform in transforms:
        name = type(transform).__name__
        try:
            data = transform(data)
        except Exception as error:
            return None, f"{name} raised {type(error).__name__}: {error}"
        if data is None:
            return None, None if name.endswith("LabelEncode") else f"refused by {name}"
    return data, None


@functools.lru_cache(maxsize=4)
def _blank(width: int, height: int) -> Any:
    """Return an empty picture (H, W, 3) uint8; nobody writes to it."""
    return np.zeros((height, width, 3), dtype=np.uint8)


if __name__ == "__main__":
    serve(check)
