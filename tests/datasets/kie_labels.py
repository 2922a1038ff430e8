"""Labelled folders for key information, made as tests need them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ppocr_kit.datasets.build import BuildRequest, BuildResult, build_dataset
from ppocr_kit.datasets.kie_request import KieRequest
from ppocr_kit.tasks import KIE_TASKS, Split, Task

Box = dict[str, Any]


def box(text: str, key_cls: str | None = None, row: int = 0, column: int = 0, **more: Any) -> Box:
    """Return a box of a grid of two columns and five rows on a picture of 100 x 60 pixels."""
    left, top = 2 + 48 * column, 1 + 12 * row
    points = [[left, top], [left + 44, top], [left + 44, top + 9], [left, top + 9]]
    classed = {} if key_cls is None else {"key_cls": key_cls}
    return {"transcription": text, "points": points, "difficult": False, **classed, **more}


def line(key: str, *boxes: Box) -> str:
    return f"{key}\t{json.dumps(boxes, ensure_ascii=False)}\n"


def field(name: str, answer: str, row: int = 0) -> list[Box]:
    """Return a question and its answer, which their classes link."""
    return [box(f"{name}:", f"{name}_q", row, 0), box(answer, f"{name}_a", row, 1)]


def build(tmp_path: Path, *sources: Path, tasks: Sequence[Task] = KIE_TASKS, **settings: Any) -> BuildResult:
    """Build a data set; settings of key information are given by their own names."""
    own = {key: settings.pop(key) for key in ("pairs", "classes", "tokens", "windows") if key in settings}
    name = settings.pop("name", "set")
    settings.setdefault("ratio", "1:0:0")
    settings.setdefault("near_duplicates", False)
    request = BuildRequest(
        sources, name, tmp_path / settings.pop("out", "out"), tuple(tasks), kie=KieRequest(**own), **settings
    )
    return build_dataset(request)


def rows(result: BuildResult, task: str, split: Split = Split.TRAIN) -> list[tuple[str, list[Box]]]:
    """Read a list as PaddleOCR splits it."""
    raw = (result.folder / task / f"{split}.txt").read_bytes().decode("utf-8").split("\n")[:-1]
    pairs = [row.split("\t") for row in raw]
    assert all(len(pair) == 2 for pair in pairs)
    return [(image, json.loads(label)) for image, label in pairs]


def by_text(entities: Sequence[Box], key: str) -> Mapping[str, Any]:
    return {entity["transcription"]: entity[key] for entity in entities}
