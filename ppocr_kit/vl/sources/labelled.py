"""Rows of labelled folders in any format the kit reads: cut and split by ``dataset build``.

The crops stand upright: recognition wants text in lines and turns a tall crop by a quarter, but
PaddleOCR-VL reads columns of Chinese and Japanese as they stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ppocr_kit.datasets.build import build_dataset
from ppocr_kit.datasets.request import BuildRequest
from ppocr_kit.datasets.writing import skipped_codes
from ppocr_kit.labels.sources import ReadOptions
from ppocr_kit.progress import Track
from ppocr_kit.tasks import Task
from ppocr_kit.vl.candidates import SourceRows
from ppocr_kit.vl.sources.rec_sets import read_rec_set


def read_labelled(
    folders: Sequence[Path],
    work: Path,
    *,
    ratio: str,
    seed: int,
    group_by: str | None,
    groups: Path | None,
    reading: ReadOptions,
    workers: int | None,
    track: Track,
) -> SourceRows:
    """Cut the texts out of labelled folders.

    Args:
        folders: Labelled folders or label files.
        work: Folder that the crops may be written to; they are needed until the rows are.
        ratio: Shares of train, val and test.
        seed: Of the split.
        group_by: As in :class:`BuildRequest`.
        groups: As there.
        reading: What to read of the folders.
        workers: Processes to cut with.
        track: Progress.

    Raises:
        PpocrKitError: As ``build_dataset``.
    """
    request = BuildRequest(
        sources=tuple(folders),
        name="labels",
        out=work,
        tasks=(Task.REC,),
        ratio=ratio,
        seed=seed,
        reading=reading,
        rebuild=True,
        group_by=group_by,
        groups=groups,
        upright=True,
    )
    built = build_dataset(request, workers=workers, track=track)
    rows = read_rec_set(built.folder, kind="labels")
    left_out = tuple(built.problems.only(skipped_codes(built.problems)))
    name = ", ".join(folder.name for folder in folders)
    return replace(rows, name=name, problems=(*rows.problems, *left_out), notes=built.notes)
