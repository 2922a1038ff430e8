"""What is asked of ``vl prepare``, and whether it can be, before anything is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ppocr_kit.datasets.request import check_apart, check_dataset_name
from ppocr_kit.datasets.split import DEFAULT_RATIO, parse_ratio
from ppocr_kit.errors import UsageError
from ppocr_kit.labels.sources import ReadOptions
from ppocr_kit.vl.dataset import MANIFEST_NAME
from ppocr_kit.vl.sources.detecting import detect_kind


@dataclass(frozen=True)
class PrepareRequest:
    """What to make of what.

    Attributes:
        sources: Folders, files or names on the hub.
        name: Name of the data set.
        out: Folder that holds data sets.
        ratio: ``train:val:test`` of what has no split yet.
        seed: Of the split.
        prompt: Asked where rows have no prompt; None for ``OCR:`` where a source never has one.
        group_by: Column or regular expression of pages or books.
        groups: Table of groups.
        resplit: Divide anew what a source has divided.
        same_rows: Put every row into every split.
        max_length: Most tokens of a row with ``model``, else most characters of its text; None for any.
        model: Model folder to count tokens with.
        min_pixels: As in training, for the tokens of small pictures.
        max_pixels: As in training, for the tokens of large ones.
        reading: What to read of labelled folders.
    """

    sources: tuple[str, ...]
    name: str
    out: Path = Path("train_data")
    ratio: str = DEFAULT_RATIO
    seed: int = 0
    prompt: str | None = None
    group_by: str | None = None
    groups: Path | None = None
    resplit: bool = False
    same_rows: bool = False
    max_length: int | None = None
    model: Path | None = None
    min_pixels: int | None = None
    max_pixels: int | None = None
    reading: ReadOptions = ReadOptions()

    @property
    def target(self) -> Path:
        """The folder of the data set."""
        return self.out / self.name


def check_request(request: PrepareRequest) -> list[str]:
    """Refuse what cannot be met before anything is read.

    Returns:
        What each source is.

    Raises:
        UsageError: A name, ratio, group or place cannot be.
        DataError: A source is not there.
    """
    check_dataset_name(request.name)
    if not request.sources:
        raise UsageError("no source is given", hint="ppocr-kit vl prepare SRC --name NAME")
    if request.groups is not None and request.group_by is None:
        raise UsageError(
            "a table of groups is given, but not which of its columns counts",
            at=str(request.groups),
            hint="name the column with --group-by COLUMN",
        )
    parse_ratio(request.ratio)
    kinds = [detect_kind(source) for source in request.sources]
    target = request.target
    for source in request.sources:
        _check_source(Path(source), target)
    ours = (target / MANIFEST_NAME).is_file() or (target.is_dir() and not any(target.iterdir()))
    if target.exists() and not ours:
        raise UsageError(
            "there is something here that 'vl prepare' did not write; it is not replaced",
            at=str(target),
            hint="choose another --name or --out, such as --name " + request.name + "-vl",
        )
    return kinds


def _check_source(source: Path, target: Path) -> None:
    """Refuse to write over a source or into one."""
    if not source.exists():
        return
    place = source.resolve()
    if place == target.resolve():
        raise UsageError(
            "the data set would take the place of its own source",
            at=str(target),
            hint=f"choose another name: --name {target.name}-vl",
        )
    check_apart(target, place)
