"""Rows of JSONL files, and of data sets that ``vl prepare`` wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ppocr_kit.errors import DataError
from ppocr_kit.problems import Problem
from ppocr_kit.tasks import Split
from ppocr_kit.vl.candidates import Candidate, PicturePlace, SourceRows
from ppocr_kit.vl.codes import vl_problem
from ppocr_kit.vl.dataset import read_vl_dataset
from ppocr_kit.vl.rows import read_rows
from ppocr_kit.vl.sources.row_fields import read_fields
from ppocr_kit.vl.sources.split_names import splits_of_names

SUFFIXES = (".jsonl", ".ndjson")


def read_jsonl(place: Path) -> SourceRows:
    """Read a JSONL file, or those of a folder; pictures are relative to the folder of the file.

    Raises:
        DataError: A file cannot be read.
    """
    files = [place] if place.is_file() else jsonl_files(place)
    splits = splits_of_names([file.stem for file in files])
    rows = RowTable()
    for file, split in zip(files, splits):
        for number, body in _objects(file, rows.problems):
            rows.add(body, file.parent, str(file), number, split)
    return rows.source(place.name, "jsonl")


def jsonl_files(folder: Path) -> list[Path]:
    """Return the JSONL files of a folder by name."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())


def read_vl_rows(folder: Path) -> SourceRows:
    """Read a data set that ``vl prepare`` wrote, with its split.

    Raises:
        DataError: It is damaged.
    """
    dataset = read_vl_dataset(folder)
    candidates = []
    for split, entry in dataset.splits.items():
        for number, row in enumerate(read_rows(entry.list_path), 1):
            place = PicturePlace(folder / row.image, name=Path(row.image).stem)
            where = (str(entry.list_path), number)
            group = f"{dataset.name}/{row.group}"
            candidates.append(
                Candidate(place, row.prompt, row.completion, group, split, *where, key=row.group)
            )
    return SourceRows(dataset.name, "vl", candidates, prompts=True)


class RowTable:
    """Gathers rows of other people's files.

    Attributes:
        candidates: Rows that can be looked into further.
        problems: Those that cannot.
    """

    def __init__(self) -> None:
        self.candidates: list[Candidate] = []
        self.problems: list[Problem] = []

    def add(self, body: Mapping[str, Any], folder: Path, file: str, line: int, split: Split | None) -> None:
        """Take in one row.

        Args:
            body: The row.
            folder: What its pictures are relative to.
            file: The file it stands in.
            line: Line there, from 1.
            split: Where the file has it.
        """
        fields = read_fields(body)
        images = [image for image in fields.images if isinstance(image, str) and image.strip()]
        if len(images) != 1 or len(fields.images) != 1:
            code = "V003" if len(fields.images) > 1 else "V002"
            self.problems.append(vl_problem(code, file, line))
            return
        path = folder / images[0].replace("\\", "/")
        self.candidates.append(
            Candidate(
                PicturePlace(path, name=path.stem),
                fields.prompt,
                fields.completion,
                fields.group,
                split,
                file,
                line,
                fields.columns,
                images[0],
            )
        )

    def source(self, name: str, kind: str, notes: Sequence[str] = ()) -> SourceRows:
        """Return what was gathered."""
        return SourceRows(name, kind, self.candidates, self.problems, tuple(notes), prompts=True)


def _objects(file: Path, problems: list[Problem]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the objects of a file with their lines; what is none is a finding."""
    try:
        with file.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if not line.strip(b"\xef\xbb\xbf \t\r\n"):
                    continue
                try:
                    body = json.loads(line.decode("utf-8-sig"))
                except (ValueError, RecursionError) as error:
                    problems.append(vl_problem("V001", str(file), number, type(error).__name__))
                    continue
                if isinstance(body, dict):
                    yield number, body
                else:
                    problems.append(vl_problem("V001", str(file), number, type(body).__name__))
    except OSError as error:
        raise DataError(f"cannot read the rows ({error.strerror})", at=str(file)) from error
