"""Rows of the kit's own data sets for recognition: every crop with its text, in the split of its page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ppocr_kit.datasets.contents import BuiltPage, read_contents
from ppocr_kit.datasets.manifest import Dataset, read_dataset
from ppocr_kit.errors import DataError
from ppocr_kit.problems import Problem
from ppocr_kit.tasks import Split, Task
from ppocr_kit.vl.candidates import Candidate, PicturePlace, SourceRows
from ppocr_kit.vl.codes import vl_problem

DATA_SET = "data set"


def read_rec_set(folder: Path, *, kind: str = DATA_SET) -> SourceRows:
    """Read the rows of a data set for recognition.

    Args:
        folder: ``train_data/NAME`` with a ``dataset.json``; crops are files or in LMDBs.
        kind: What people know it as.

    Raises:
        DataError: It is none for recognition, or it is damaged.
    """
    dataset = read_dataset(folder)
    if Task.REC not in dataset.tasks:
        raise DataError(
            "the data set has nothing for recognition, so there are no crops with texts",
            at=str(folder),
            hint="build it with --tasks rec, or name the labelled folder itself",
        )
    problems: list[Problem] = []

    def refuse(path: Path, row: int, why: str) -> None:
        problems.append(vl_problem("V001", str(path), row, why))

    contents = read_contents(dataset, refuse)
    candidates: list[Candidate] = []
    for name in sorted(contents.pages):
        # labels that were cut a moment ago have no data set that people know
        prefix = f"{dataset.name}: " if kind == DATA_SET else ""
        candidates += _page_rows(dataset, contents.pages[name], prefix)
    for list_path, row, picture, text in contents.unplaced:
        split = _split_of_list(dataset, list_path)
        place = _place(dataset, split, picture, f"{split}-{row:06d}")
        candidates.append(Candidate(place, None, text, None, split, str(list_path), row))
    return SourceRows(dataset.name, kind, candidates, problems, pages=True)


def _page_rows(dataset: Dataset, page: BuiltPage, prefix: str) -> Iterator[Candidate]:
    """Yield the crops of a page."""
    group = page.fact.group if page.fact is not None and page.fact.group else page.name
    for number, (list_path, _, picture, text) in enumerate(page.rec_rows):
        split = _split_of_list(dataset, list_path)
        place = _place(dataset, split, picture, f"{page.name}_{number:03d}")
        # what was cut is named by its page, which people know; the lists are the kit's own
        where = f"{prefix}{page.shown} text {number + 1}"
        yield Candidate(place, None, text, group, split, where, key=page.shown)


def _split_of_list(dataset: Dataset, list_path: Path) -> Split:
    splits = dataset.tasks[Task.REC].splits
    return next(split for split, entry in splits.items() if entry.list_path == list_path)


def _place(dataset: Dataset, split: Split, picture: str, name: str) -> PicturePlace:
    data = dataset.tasks[Task.REC]
    lmdb = data.splits[split].lmdb
    if lmdb is not None:
        return PicturePlace(lmdb, picture, name)
    return PicturePlace(data.data_dir / PurePosixPath(picture), name=PurePosixPath(picture).stem)
