"""What kind of source a name on the command line is, by what lies there."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ppocr_kit.datasets.manifest import MANIFEST_NAME as REC_MANIFEST
from ppocr_kit.errors import DataError
from ppocr_kit.vl.dataset import MANIFEST_NAME as VL_MANIFEST
from ppocr_kit.vl.sources.jsonl import SUFFIXES, jsonl_files
from ppocr_kit.vl.sources.rec_sets import DATA_SET
from ppocr_kit.vl.sources.tables import DATASETS, HUB, PARQUET

REC_SET, VL_SET, LABELS, JSONL = DATA_SET, "vl", "labels", "jsonl"
_SAVED = ("dataset_dict.json", "dataset_info.json", "state.json")
_HUB_NAME = re.compile(r"[\w.\-]+/[\w.\-]+")
_KINDS = (
    "a data set of this kit, a labelled folder, images with labels.txt, a JSONL or parquet file, a folder "
    "that datasets.save_to_disk wrote, or a name on the hub (owner/name)"
)


def detect_kind(source: str) -> str:
    """Tell what a source is.

    Raises:
        DataError: There is nothing of this name.
    """
    path = Path(source)
    try:
        if path.is_file():
            return _kind_of_file(path)
        if path.is_dir():
            return _kind_of_folder(path)
    except (OSError, ValueError) as error:
        raise DataError(f"the source cannot be read ({error})", at=repr(source)) from error
    if _HUB_NAME.fullmatch(source) and not source.startswith("."):
        return HUB
    raise DataError("there is nothing of this name", at=source, hint=f"name {_KINDS}")


def _kind_of_file(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix in SUFFIXES:
        return JSONL
    return PARQUET if suffix == ".parquet" else LABELS


def _kind_of_folder(path: Path) -> str:
    if (path / VL_MANIFEST).is_file():
        return VL_SET
    if (path / REC_MANIFEST).is_file():
        return REC_SET
    with os.scandir(path) as entries:
        names = [entry.name.lower() for entry in entries]
    if any(name in names for name in _SAVED) and _holds_arrow(path):
        return DATASETS
    if "label.txt" in names:
        return LABELS
    if jsonl_files(path):
        return JSONL
    return PARQUET if next(path.rglob("*.parquet"), None) is not None else LABELS


def _holds_arrow(path: Path) -> bool:
    return (path / "dataset_dict.json").is_file() or next(path.glob("*.arrow"), None) is not None
