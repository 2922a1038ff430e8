"""Rows on their way into a data set: what a source says of a picture, nothing of it checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ppocr_kit.problems import Problem
from ppocr_kit.tasks import Split


@dataclass(frozen=True)
class PicturePlace:
    """Where the bytes of a picture are.

    Attributes:
        path: The file, or the folder of an LMDB.
        key: Name of the picture in the LMDB; None for a file.
        name: What the picture is called in the data set, a file name without its ending.
    """

    path: Path
    key: str | None = None
    name: str = ""


@dataclass(frozen=True)
class Candidate:
    """A row as a source has it.

    Attributes:
        place: Its picture.
        prompt: What is asked, None where the source has no prompt for it.
        completion: The answer; anything that JSON can hold.
        group: Page or book that the picture is of, None when the source does not say.
        split: Where the source has it, None when the source has no split.
        file: The file that names it, for findings.
        line: Line there from 1, 0 for a file without lines.
        columns: What else the source says of it, by the name of the column.
        key: What the source calls the picture, or the page that it was cut from.
    """

    place: PicturePlace
    prompt: str | None
    completion: Any
    group: str | None
    split: Split | None
    file: str
    line: int = 0
    columns: Mapping[str, str] = field(default_factory=dict)
    key: str = ""

    @property
    def shown(self) -> str:
        """Where the row came from, for people."""
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True)
class SourceRows:
    """What one source gave.

    Attributes:
        name: Name of its folder or file.
        kind: What it is: ``data set``, ``labels``, ``jsonl``, ``parquet``, ``datasets``, ``hub`` or ``vl``.
        candidates: Its rows.
        problems: Rows that it has and that cannot be read.
        notes: What people should know of it.
        pages: Whether its split keeps the rows of a page together, and pages that are copies.
        prompts: Whether its rows have prompts of their own, so that one without is a fault.
    """

    name: str
    kind: str
    candidates: Sequence[Candidate]
    problems: Sequence[Problem] = ()
    notes: tuple[str, ...] = ()
    pages: bool = False
    prompts: bool = False
