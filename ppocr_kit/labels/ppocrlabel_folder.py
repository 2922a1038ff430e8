"""A folder that PPOCRLabel exported, as a source: its label file, and what lies beside it."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np

from ppocr_kit.labels.codes import label_problem
from ppocr_kit.labels.file_state import find_unchecked
from ppocr_kit.labels.locate import ImageLocator
from ppocr_kit.labels.page_table import LineTable, PageTable
from ppocr_kit.labels.ppocrlabel import CACHE_FILE_NAME, scan_label_file
from ppocr_kit.labels.rec_gt import REC_GT_NAME, CropTexts, page_stem
from ppocr_kit.labels.sources import ReadOptions, Source
from ppocr_kit.labels.which_lines import choose_lines, tell_of_keys
from ppocr_kit.problems import ProblemLog


def read_ppocrlabel_folder(label_file: Path, options: ReadOptions) -> Source:
    """Go through the lines of a label file, find the image of each, and settle which of them count.

    Args:
        label_file: The label file, as the user named it.
        options: What else of the folder is read.

    Raises:
        DataError: Only checked pages are asked for and there is no fileState.txt.
    """
    folder = label_file.resolve().parent
    problems = ProblemLog()
    lines = LineTable(_label_files(label_file, options), ImageLocator(folder))
    for number, file in enumerate(lines.files):
        for line in scan_label_file(file, problems):
            lines.append(line, number, lines.locator.find(line.key))
    if not len(lines) and not problems:
        problems.add(label_problem("L002", str(label_file)))
    rows = choose_lines(lines, problems)
    if options.checked_only:
        rows = _only_checked(lines, rows, folder, problems)
    tell_of_keys(lines, rows, problems)
    _tell_of_unverified(lines, rows, problems)
    crops = _read_crop_texts(lines, rows, problems)
    labels_sha256 = lines.content_sha256(rows)
    crops_count = crops is not None and options.rec_text == "rec_gt"
    if crops is not None and crops_count:
        labels_sha256 = sha256((labels_sha256 + crops.content_sha256()).encode()).hexdigest()
    with_image = np.array([row for row in rows if lines.image_found(row)], dtype=np.intp)
    return Source(
        folder=folder,
        label_file=label_file,
        pages=PageTable(lines, with_image, crops, crops_count),
        problems=problems,
        lines=len(rows) + problems.by_code["L004"] + problems.by_code["L010"],
        labels_sha256=labels_sha256,
    )


def _label_files(label_file: Path, options: ReadOptions) -> list[Path]:
    """Return the files that lines are read from."""
    cache = label_file.with_name(CACHE_FILE_NAME)
    extra = options.with_unverified and label_file.name != CACHE_FILE_NAME and cache.is_file()
    return [label_file, cache] if extra else [label_file]


def _only_checked(lines: LineTable, rows: Sequence[int], folder: Path, problems: ProblemLog) -> list[int]:
    """Return the lines whose page is called checked, and tell of the others."""
    unchecked = set(find_unchecked(lines, rows, folder))
    for row in sorted(unchecked):
        detail = f"'{lines.key(row)}'"
        problems.add(label_problem("L061", str(lines.file(row)), lines.line(row), detail=detail))
    return [row for row in rows if row not in unchecked]


def _tell_of_unverified(lines: LineTable, rows: Sequence[int], problems: ProblemLog) -> None:
    """Tell how many pages have automatic labels only."""
    used = [row for row in rows if lines.file(row).name == CACHE_FILE_NAME]
    if used:
        detail = f"{len(used)} of {len(rows)} pages"
        first = used[0]
        problems.add(label_problem("L062", str(lines.file(first)), lines.line(first), detail=detail))


def _read_crop_texts(lines: LineTable, rows: Sequence[int], problems: ProblemLog) -> CropTexts | None:
    """Return the texts of the exported crops, None when there are none."""
    path = lines.files[0].with_name(REC_GT_NAME)
    if not path.is_file():
        return None
    try:
        crops = CropTexts(path)
    except OSError as error:
        problems.add(label_problem("L001", str(path), detail=error.strerror or str(error)))
        return None
    crops.set_pages(page_stem(lines.key(row)) for row in rows)
    crops.tell_of_rows(problems)
    return crops
