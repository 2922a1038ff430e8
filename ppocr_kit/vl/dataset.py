"""``vl.json``: what a data set for PaddleOCR-VL is made of, and the way back from the file to values.

``train_data/NAME`` holds ``vl.json``, the rows ``vl/{train,val,test}.jsonl``, the pictures ``vl/images/`` and
``vl/left_out.jsonl``, what was left out and why. The manifest has neither times nor absolute paths: the
same sources, options and seed give the same bytes. Everything read back is checked, because a data set may
come from anybody.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.datasets.manifest import content_checksum
from ppocr_kit.errors import DataError
from ppocr_kit.storage import sha256_of
from ppocr_kit.tasks import Split
from ppocr_kit.vl.rows import is_inside

MANIFEST_NAME = "vl.json"
FOLDER = "vl"
IMAGE_FOLDER = f"{FOLDER}/images"
LEFT_OUT = f"{FOLDER}/left_out.jsonl"
FORMAT = 1

_REBUILD_HINT = "write it again with: ppocr-kit vl prepare SRC --name NAME"


@dataclass(frozen=True)
class VlSplit:
    """The rows of one split.

    Attributes:
        list_path: The JSONL file.
        rows: Number of rows.
        groups: Number of pages or books that they are of.
        sha256: Hash of the file.
    """

    list_path: Path
    rows: int
    groups: int
    sha256: str


@dataclass(frozen=True)
class VlDataset:
    """A data set for PaddleOCR-VL.

    Attributes:
        name: Name it was written under.
        root: Its folder, which the rows' pictures are relative to.
        seed: Seed of the split.
        splits: Train, val and test; one may be empty.
        checksum: Hash over the rows of all splits: equal when pictures, prompts and texts are equal.
        same_rows: Whether every split holds the same rows, so that its scores say nothing of new pictures.
        document: The whole manifest.
    """

    name: str
    root: Path
    seed: int
    splits: Mapping[Split, VlSplit]
    checksum: str
    same_rows: bool
    document: Mapping[str, Any]


def rows_file(split: Split) -> str:
    """Return the file of a split's rows, below the data set."""
    return f"{FOLDER}/{split}.jsonl"


def splits_checksum(splits: Mapping[str, Any]) -> str:
    """Hash the ``splits`` part of a manifest, whose file hashes stand for the content."""
    return content_checksum(splits)


def find_vl_dataset(name: Path) -> Path:
    """Return the folder of a data set by its folder, or by its name under ``train_data``.

    Raises:
        DataError: There is none.
    """
    for place in (name, Path("train_data") / name):
        if (place / MANIFEST_NAME).is_file():
            return place
    hint = _REBUILD_HINT
    if (name / "dataset.json").is_file():
        hint = f"it is one for det or rec; make rows of it: ppocr-kit vl prepare {name} --name NAME"
    raise DataError(f"there is no data set for PaddleOCR-VL here ({MANIFEST_NAME})", at=str(name), hint=hint)


def read_vl_dataset(folder: Path, *, check_files: bool = True) -> VlDataset:
    """Read and check a data set.

    Args:
        folder: ``train_data/NAME``.
        check_files: Whether the files of the rows are looked at too.

    Raises:
        DataError: The folder is no such data set, its manifest is damaged, or a file of rows is missing or
            was changed since it was written.
    """
    path = folder / MANIFEST_NAME
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise DataError(
            f"there is no data set for PaddleOCR-VL here ({error.strerror})", at=str(path), hint=_REBUILD_HINT
        ) from error
    except (ValueError, RecursionError) as error:
        raise DataError("the data set's manifest is broken JSON", at=str(path), hint=_REBUILD_HINT) from error
    document = _is(dict, document, "the manifest", path)
    if document.get("format") != FORMAT:
        raise _fault("format", f"is {document.get('format')!r}, this kit reads {FORMAT}", path)
    entries = _get(dict, document, "splits", "", path)
    missing = [str(split) for split in Split if str(split) not in entries]
    if missing:
        raise _fault("splits", f"lacks {', '.join(missing)}", path)
    return VlDataset(
        name=_get(str, document, "name", "", path),
        root=folder,
        seed=_get(int, document, "seed", "", path),
        splits={split: _split(folder, entries, split, check_files, path) for split in Split},
        checksum=splits_checksum(entries),
        same_rows=document.get("same_rows") is True,
        document=document,
    )


def _split(
    folder: Path, entries: Mapping[str, Any], split: Split, check_file: bool, manifest: Path
) -> VlSplit:
    where = f"splits.{split}."
    entry = _get(dict, entries, str(split), "splits.", manifest)
    name = _get(str, entry, "list", where, manifest)
    if not is_inside(name):
        raise _fault(f"{where}list", f"is {name!r}, which is not a path inside the data set", manifest)
    checksum = _get(str, entry, "sha256", where, manifest)
    path = folder / name
    if check_file and not path.is_file():
        raise DataError("a file of the data set is missing", at=str(path), hint=_REBUILD_HINT)
    if check_file and sha256_of(path) != checksum:
        raise DataError(
            "a file of the data set was changed after it was written",
            at=str(path),
            hint="correct the source instead and " + _REBUILD_HINT,
        )
    rows, groups = (_get(int, entry, key, where, manifest) for key in ("rows", "groups"))
    return VlSplit(path, rows, groups, checksum)


def _get(kind: type, entry: Mapping[str, Any], key: str, where: str, manifest: Path) -> Any:
    if key not in entry:
        raise _fault(where + key, "is missing", manifest)
    return _is(kind, entry[key], where + key, manifest)


def _is(kind: type, value: Any, key: str, manifest: Path) -> Any:
    # bool is an int in Python, but never in a manifest
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise _fault(key, f"is {type(value).__name__}, not {kind.__name__}", manifest)
    return value


def _fault(key: str, what: str, manifest: Path) -> DataError:
    return DataError(
        f"the data set's manifest is damaged: {key} {what}", at=str(manifest), hint=_REBUILD_HINT
    )
