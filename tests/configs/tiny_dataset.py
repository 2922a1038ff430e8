"""A data set that exists as values only: rendering opens no file."""

from __future__ import annotations

from pathlib import Path

from ppocr_kit.datasets.manifest import Dataset, SplitData, TaskData
from ppocr_kit.tasks import TEXT_TASKS, Split, Task

ROOT = Path("/data/tiny")
ROWS = {Split.TRAIN: 80, Split.VAL: 10, Split.TEST: 10}


def make_dataset(
    train: int = ROWS[Split.TRAIN], longest: int = 18, tasks: tuple[Task, ...] = TEXT_TASKS
) -> Dataset:
    """Describe a data set of ``train`` rows with a longest label of ``longest`` characters."""
    described = {}
    for task in tasks:
        splits = {
            split: SplitData(
                list_path=ROOT / str(task) / f"{split}.txt",
                samples=train if split is Split.TRAIN else rows,
                pages=rows,
                sha256="0" * 64,
            )
            for split, rows in ROWS.items()
        }
        text = task is Task.REC
        described[task] = TaskData(
            data_dir=ROOT / str(task),
            splits=splits,
            dictionary=ROOT / "rec" / "dict.txt" if text else None,
            use_space_char=text,
            max_text_length=longest if text else None,
        )
    return Dataset(name="tiny", root=ROOT, seed=0, tasks=described, checksum="1" * 64)
