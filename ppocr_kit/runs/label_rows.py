"""The rows that a data set would get from labels: kept on disk for the release, with their places.

A row's number leads back to the line and the box it was made of.
"""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from ppocr_kit.configs.label_limits import LineLimits
from ppocr_kit.datasets.rows import render_det_row
from ppocr_kit.geometry import TALL_RATIO, crop_size, polygon_to_quad
from ppocr_kit.labels.boxes import Finding
from ppocr_kit.labels.checks import CheckedPage
from ppocr_kit.labels.codes import label_problem
from ppocr_kit.labels.placement import PlacedRegion
from ppocr_kit.labels.statistics import TrainingScale
from ppocr_kit.problems import Problem
from ppocr_kit.tasks import Task
from ppocr_kit.text import SPACE, describe_character, missing_characters

# A line squeezed to less than half its width is hard to read also for people.
_SQUEEZED = 2.0

_NO_CHARACTER = "L082"

# The kinds of findings that workers/check_rows.py answers with.
_CODES = {
    (Task.REC, "length"): "L080",
    (Task.REC, "characters"): _NO_CHARACTER,
    (Task.REC, "row"): "L086",
    (Task.DET, "row"): "L084",
    (Task.DET, "small"): "L085",
}


class LineLook:
    """Looks at the texts and crops of a page: can the recogniser take them?

    Args:
        limits: What it can take.
        dictionary: Entries of a given dictionary; None for one that has every character.
        told_by_release: Whether the release will tell of texts above ``limits.longest_text``.
    """

    def __init__(
        self, limits: LineLimits, dictionary: Sequence[str] | None, *, told_by_release: bool
    ) -> None:
        self._limits = limits
        self._known = frozenset(dictionary) | {SPACE} if dictionary is not None else None
        frames = limits.frames if limits.frames is not None else math.inf
        refused_above = frames if limits.longest_text is None else limits.longest_text
        self._frames = frames
        self._longest = refused_above if told_by_release else math.inf
        self._ratio = limits.ratio * _SQUEEZED if limits.ratio is not None else math.inf

    def look_at(self, placed: PlacedRegion) -> Iterator[Finding]:
        """Yield what is wrong with a region that has a text."""
        text, box = placed.rec_text, placed.region.index
        assert text is not None
        if self._known is not None and not self._known.issuperset(text):
            lacking = missing_characters(text, self._known)
            code = "L081" if any(char in self._known for char in text) else _NO_CHARACTER
            yield code, box, f"{', '.join(map(describe_character, lacking))} in '{text}'"
        if 2 * len(text) > self._frames and len(text) <= self._longest:
            needed = len(text) + sum(left == right for left, right in zip(text, text[1:]))
            if needed > self._frames:
                detail = f"'{text}' needs {needed} frames and there are {self._frames}"
                yield "L083", box, detail
        ratio = _aspect_ratio(placed.outline)
        if ratio > self._ratio:
            yield "L087", box, f"it is {ratio:.0f} times as long as high, the picture {self._limits.ratio:g}"


def _aspect_ratio(outline: Sequence[tuple[float, float]]) -> float:
    """Return width by height of the crop of a region, after a tall one is turned."""
    if len(outline) == 4:
        # most boxes are far from long: two sides tell
        first, second = math.dist(outline[0], outline[1]), math.dist(outline[1], outline[2])
        if max(first, second) < TALL_RATIO * min(first, second):
            return 1.0
    width, height = crop_size(polygon_to_quad(outline))
    return height / width if height >= TALL_RATIO * width else width / height


class LabelRows:
    """Writes the rows of pages that pass by, and leads back from a row to its place.

    Args:
        folder: Where the rows lie.
        tasks: Tasks that rows are written for.
        scale: How small a page gets in detection training; needed for det rows.
        line: Looks at the regions that have a text; None when recognition is not asked for.
    """

    def __init__(
        self, folder: Path, tasks: Sequence[Task], scale: TrainingScale | None, line: LineLook | None
    ) -> None:
        self._folder = folder
        self._scale = scale
        self._line = line
        self._files: dict[str, int] = {}
        # rec rows whose refusal was told while they were written
        self._refused: set[int] = set()
        self._places = {task: _Places() for task in tasks}
        self._streams: dict[Task, TextIO] = {
            task: self.file(task).open("w", encoding="utf-8", newline="\n") for task in tasks
        }

    def __enter__(self) -> LabelRows:
        """Take in pages."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what is left; all rows are on disk then."""
        for stream in self._streams.values():
            stream.close()

    def file(self, task: Task) -> Path:
        """Return the file of a task's rows."""
        return self._folder / f"{task}.txt"

    @property
    def counts(self) -> Mapping[Task, int]:
        """Rows by task."""
        return {task: len(places) for task, places in self._places.items()}

    def look_at(self, page: CheckedPage) -> Iterator[Finding]:
        """Write the rows of a page and yield what the recogniser cannot take of it."""
        file = self._files.setdefault(page.file, len(self._files))
        if Task.DET in self._streams:
            self._write_page(page, file)
        for placed in page.regions:
            if placed.rec_text is None:
                continue
            row = self._write_text(placed, page, file) if Task.REC in self._streams else None
            for finding in self._line.look_at(placed) if self._line is not None else ():
                if finding[0] == _NO_CHARACTER and row is not None:
                    self._refused.add(row)
                yield finding

    def problems(self, findings: Iterable[Mapping[str, Any]]) -> Iterator[Problem]:
        """Turn findings of the release into problems at the place of their row."""
        files = list(self._files)
        for found in findings:
            task = Task(found["task"])
            code = _CODES[task, found["kind"]]
            file, line, box = self._places[task].get(found["row"])
            if task is Task.REC and found["row"] not in self._refused:
                yield label_problem(code, files[file], line, box, found["detail"])
            for region, side in found["boxes"] or ():
                detail = f"its shorter side is {side:.1f} pixels there"
                yield label_problem(code, files[file], line, region, detail)
            if task is Task.DET and found["boxes"] is None:
                yield label_problem(code, files[file], line, None, found["detail"])

    def _write_text(self, placed: PlacedRegion, page: CheckedPage, file: int) -> int:
        """Write the row of a text and return its number."""
        self._streams[Task.REC].write(f"{placed.rec_text}\n")
        places = self._places[Task.REC]
        places.add(file, page.line, placed.region.index)
        return len(places) - 1

    def _write_page(self, page: CheckedPage, file: int) -> None:
        """Write the row of a page: as in a data set, then what the worker needs besides."""
        assert self._scale is not None
        width, height = page.size
        boxes = json.dumps([placed.region.index for placed in page.regions])
        row = render_det_row("page", page.regions).rstrip("\n")
        factor = self._scale.factor(width, height)
        self._streams[Task.DET].write(f"{row}\t{width}\t{height}\t{factor!r}\t{boxes}\n")
        self._places[Task.DET].add(file, page.line, 0)


class _Places:
    """Where rows come from, twelve bytes each."""

    def __init__(self) -> None:
        self._files, self._lines, self._boxes = array("i"), array("i"), array("i")

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, file: int, line: int, box: int) -> None:
        """Take in the place of the next row."""
        self._files.append(file)
        self._lines.append(line)
        self._boxes.append(box)

    def get(self, row: int) -> tuple[int, int, int]:
        """Return file, line and box of a row."""
        return self._files[row], self._lines[row], self._boxes[row]
