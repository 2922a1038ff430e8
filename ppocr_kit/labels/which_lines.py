"""Which lines of a labelled folder count: one for each image, and only those whose image is there."""

from __future__ import annotations

from collections import Counter

from ppocr_kit.labels.codes import label_problem
from ppocr_kit.labels.entries import judge_boxes
from ppocr_kit.labels.page_table import LineTable
from ppocr_kit.problems import ProblemLog

# How keys are written is a habit of the whole file: told once, not for each of its pages.
_ONCE_PER_FILE = ("L021", "L022", "L023")


def choose_lines(lines: LineTable, problems: ProblemLog) -> list[int]:
    """Return the lines that count, in file order, and tell why others do not.

    Copies of a line count once. Of several lines for one image the last counts, as in PPOCRLabel,
    unless it is broken; only for these lines the boxes are read here.
    """
    left_out = set()
    for row, first in lines.repeats():
        left_out.add(row)
        _tell(lines, problems, "L015", row, f"first in line {lines.line(first)}")
    for group in lines.same_image():
        rows = [row for row in group if row not in left_out]
        # automatic labels never take the place of what a person wrote
        unverified = [row for row in rows if lines.file(row) != lines.file(rows[0])]
        left_out.update(unverified)
        rows = [row for row in rows if row not in left_out]
        if len(rows) > 1:
            left_out.update(_all_but_one(lines, rows, problems))
    return [row for row in range(len(lines)) if row not in left_out]


def _all_but_one(lines: LineTable, rows: list[int], problems: ProblemLog) -> list[int]:
    """Return the lines for one image that do not count."""
    read = {row: judge_boxes(lines.boxes(row)) for row in rows}
    sound = [row for row in rows if read[row][0] is not None]
    kept = (sound or rows)[-1]
    for row in rows:
        if row == kept:
            continue
        for code, region, detail in read[row][1]:
            problems.add(label_problem(code, str(lines.file(row)), lines.line(row), region, detail))
        if row in sound:
            _tell(lines, problems, "L016", row, _again(lines, row, kept))
    return [row for row in rows if row != kept]


def _again(lines: LineTable, row: int, kept: int) -> str:
    """Say which later line labels the image of a line."""
    earlier, later = lines.key(row), lines.key(kept)
    spelt = "" if earlier == later else f" as '{later}'"
    return f"'{earlier}' is labelled again in line {lines.line(kept)}{spelt}"


def tell_of_keys(lines: LineTable, rows: list[int], problems: ProblemLog) -> None:
    """Tell how the images of the lines that count were found, or why not.

    A line without an image has its boxes read here, so that all that is wrong with it is told at once.
    """
    uses: Counter[str] = Counter()
    first: dict[str, int] = {}
    for row in rows:
        if lines.image_as_written(row):
            continue
        found = lines.locator.find(lines.key(row))
        if found.code in _ONCE_PER_FILE:
            uses[found.code] += 1
            first.setdefault(found.code, row)
        elif found.code is not None:
            _tell(lines, problems, found.code, row, found.detail)
        if not lines.image_found(row):
            for code, region, detail in judge_boxes(lines.boxes(row))[1]:
                problems.add(label_problem(code, str(lines.file(row)), lines.line(row), region, detail))
    for code, row in first.items():
        detail = f"{uses[code]} of {len(rows)} keys, the first is '{lines.key(row)}'"
        _tell(lines, problems, code, row, detail)


def _tell(lines: LineTable, problems: ProblemLog, code: str, row: int, detail: str) -> None:
    problems.add(label_problem(code, str(lines.file(row)), lines.line(row), detail=detail))
