"""What is asked of a build, and whether it can be, before anything is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ppocr_kit.datasets.groups import GroupBy, parse_group_by
from ppocr_kit.datasets.kie_request import KieRequest, check_kie_request
from ppocr_kit.datasets.manifest import FILES, MANIFEST_NAME
from ppocr_kit.datasets.split import DEFAULT_RATIO, parse_ratio
from ppocr_kit.errors import UsageError
from ppocr_kit.labels.sources import ReadOptions
from ppocr_kit.tasks import Task

COPY, LINK = "copy", "link"

_NAME = re.compile(r"[\w][\w.\-]*")


@dataclass(frozen=True)
class BuildRequest:
    """What to build.

    Attributes:
        sources: Labelled folders or label files.
        name: Name of the data set.
        out: Folder that holds data sets.
        tasks: Tasks to write for.
        ratio: ``train:val:test``.
        seed: Seed of the split.
        dictionary: Dictionary to hold the texts against, None makes one from them.
        reading: What to read of the labelled folders.
        format: How crops are kept: ``files`` or ``lmdb``.
        images: How page images are kept: ``copy``, or ``link`` for hard links where the disk has them.
        rebuild: Take nothing from the older data set.
        group_by: Regular expression for keys, or a column of ``groups``: pages with one value stay together.
        groups: CSV or TSV file with the column.
        keep_test: Data set whose test pages stay test pages.
        near_duplicates: Keep pages that look alike together.
        stratify: Spread rare characters and classes over the splits.
        kie: What SER and RE are built from.
        upright: Whether tall crops stay as they stand; recognition wants them turned by a quarter.
    """

    sources: tuple[Path, ...]
    name: str
    out: Path = Path("train_data")
    tasks: tuple[Task, ...] = (Task.DET, Task.REC)
    ratio: str = DEFAULT_RATIO
    seed: int = 0
    dictionary: Path | None = None
    reading: ReadOptions = ReadOptions()
    format: str = FILES
    images: str = COPY
    rebuild: bool = False
    group_by: str | None = None
    groups: Path | None = None
    keep_test: Path | None = None
    near_duplicates: bool = True
    stratify: bool = True
    kie: KieRequest = KieRequest()
    upright: bool = False

    @property
    def target(self) -> Path:
        """The folder of the data set."""
        return self.out / self.name


def check_dataset_name(name: str) -> None:
    """Refuse names of data sets that are not a plain folder name.

    Raises:
        UsageError: The name has separators, or a dot or dash in front.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"'{name}' cannot be the name of a data set",
            at="--name",
            hint="use letters, digits, '-', '_' and '.', without a dot or dash in front",
        )


def check_request(request: BuildRequest) -> None:
    """Raise UsageError for a request that cannot be met, before anything is read."""
    check_dataset_name(request.name)
    if not request.sources:
        raise UsageError("no labelled folder is given", hint="ppocr-kit dataset build FOLDER --name NAME")
    if not request.tasks:
        raise UsageError("no task is given", at="--tasks", hint="--tasks det,rec")
    check_kie_request(request.kie, request.tasks)
    parse_ratio(request.ratio)
    target = request.target
    if target.exists() and not (target / MANIFEST_NAME).is_file() and not _is_empty_folder(target):
        raise UsageError(
            "there is something here that is no data set; it is not replaced",
            at=str(target),
            hint="choose another --name or --out, or remove it yourself",
        )


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def check_apart(target: Path, folder: Path) -> None:
    """Raise UsageError when the data set and a labelled folder lie in one another."""
    place = target.resolve()
    if place == folder or folder in place.parents or place in folder.parents:
        raise UsageError(
            "the data set would be written into a labelled folder, or over one",
            at=f"{target} and {folder}",
            hint="choose another place with --out",
        )


def read_group_by(request: BuildRequest) -> GroupBy | None:
    """Return how pages are grouped, None when they are not."""
    if request.group_by is not None:
        return parse_group_by(request.group_by, request.groups)
    if request.groups is not None:
        raise UsageError(
            "a table of groups is given, but not which of its columns counts",
            at=str(request.groups),
            hint="name the column with --group-by COLUMN",
        )
    return None
