"""What a model is asked: the same about each picture, or what the rows of a data set say."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ppocr_kit.errors import DataError
from ppocr_kit.tasks import Split
from ppocr_kit.vl.dataset import find_vl_dataset, read_vl_dataset
from ppocr_kit.vl.predictions import Question
from ppocr_kit.vl.rows import VlRow, read_rows


def questions_of_files(paths: Iterable[Path], prompt: str) -> list[Question]:
    """Ask the same about each picture."""
    return [Question(str(path), path, prompt) for path in paths]


def questions_of_dataset(name: Path, split: str, prompt: str | None = None) -> list[Question]:
    """Ask what the rows of one split of a data set ask.

    Args:
        name: The data set's folder, or its name under ``train_data``.
        split: ``train``, ``val`` or ``test``.
        prompt: As for :func:`questions_of_rows`.

    Raises:
        DataError: There is no such data set, it was changed, or the split has no rows.
    """
    dataset = read_vl_dataset(find_vl_dataset(name))
    found = dataset.splits[Split(split)]
    questions = questions_of_rows(dataset.root, read_rows(found.list_path), prompt)
    if not questions:
        raise DataError(
            f"the split {split} has no rows", at=str(found.list_path), hint="name another --split"
        )
    return questions


def questions_of_rows(folder: Path, rows: Iterable[VlRow], prompt: str | None = None) -> list[Question]:
    """Ask what the rows of a data set ask.

    Args:
        folder: The data set's folder, which the rows' pictures are relative to.
        rows: Of one split.
        prompt: Asked in place of the rows' own prompts.
    """
    return [
        Question(row.image, folder / row.image, prompt or row.prompt, row.completion, (row.width, row.height))
        for row in rows
    ]
