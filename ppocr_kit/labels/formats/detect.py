"""Which format a folder or a file of labels has, by what is in its files."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.labels.formats.lists import LIST_SUFFIXES
from ppocr_kit.labels.formats.pairing import walk_files
from ppocr_kit.labels.formats.registry import PPOCRLABEL
from ppocr_kit.labels.formats.sniffing import Kind, kind_of_file
from ppocr_kit.labels.ppocrlabel import CACHE_FILE_NAME, LABEL_FILE_NAME

# So many files of each folder are looked into.
_LOOKED_AT = 12

_EXAMPLES = 2


def detect_format(path: Path) -> str:
    """Tell the format of labels.

    Args:
        path: A folder or a file. A folder with a Label.txt is PPOCRLabel's, whatever else it holds;
            so is what looks like nothing that is known, for its errors say what was looked for.

    Returns:
        A name of ``FORMAT_NAMES``.

    Raises:
        UsageError: There are labels of several formats.
        DataError: There are the values of SROIE's keys, and no lines for them.
    """
    try:
        if path.is_file():
            return _format_of_file(path)
        if not path.is_dir() or _is_ppocrlabel_folder(path):
            return PPOCRLABEL
    except OSError:
        return PPOCRLABEL
    found = _look_into(path)
    if {Kind.ICDAR, Kind.ENTITIES} == set(found):
        return "sroie"
    if set(found) == {Kind.DET, Kind.KIE}:
        return str(Kind.KIE)
    if set(found) == {Kind.ENTITIES}:
        raise DataError(
            "the values of receipts are here, but not their lines",
            at=str(path),
            hint="name the folder that holds both, or put the text files of the boxes beside them",
        )
    if len(found) > 1:
        raise _ambiguous(path, found)
    return str(next(iter(found))) if found else PPOCRLABEL


def _format_of_file(path: Path) -> str:
    """Tell the format of one file; a list of boxes in PPOCRLabel's folder is an older Label.txt."""
    if path.name.lower() == LABEL_FILE_NAME.lower() or path.name == CACHE_FILE_NAME:
        return PPOCRLABEL
    kind = kind_of_file(path)
    if kind is Kind.DET and _is_ppocrlabel_folder(path.resolve().parent):
        return PPOCRLABEL
    if kind is Kind.ENTITIES:
        raise DataError(
            "the file holds the values of a receipt, not its lines",
            at=str(path),
            hint="name the folder that holds both",
        )
    return str(kind) if kind is not None else PPOCRLABEL


def _is_ppocrlabel_folder(path: Path) -> bool:
    with os.scandir(path) as entries:
        return any(
            entry.name == CACHE_FILE_NAME or entry.name.lower() == LABEL_FILE_NAME.lower()
            for entry in entries
        )


def _look_into(folder: Path) -> dict[Kind, list[Path]]:
    """Return the kinds of label files below a folder, with some files of each."""
    by_place: dict[tuple[Path, str], list[Path]] = defaultdict(list)
    for file in walk_files(folder):
        if file.suffix.lower() in LIST_SUFFIXES:
            by_place[file.parent, file.suffix.lower()].append(file)
    kinds: dict[Kind, list[Path]] = defaultdict(list)
    for files in by_place.values():
        for kind, examples in _kinds_in(files).items():
            kinds[kind].extend(examples)
    return dict(kinds)


def _kinds_in(files: Sequence[Path]) -> dict[Kind, list[Path]]:
    """Look into some of the files of one folder, from all over it."""
    step = max(1, len(files) // _LOOKED_AT)
    kinds: dict[Kind, list[Path]] = defaultdict(list)
    for file in files[::step]:
        kind = kind_of_file(file)
        if kind is not None:
            kinds[kind].append(file)
    return kinds


def _ambiguous(path: Path, found: dict[Kind, list[Path]]) -> UsageError:
    """Say which formats were seen, and where."""
    counts = Counter({kind: len(files) for kind, files in found.items()})
    shown = "; ".join(
        f"{kind} ({', '.join(str(file) for file in found[kind][:_EXAMPLES])})"
        for kind, _ in counts.most_common()
    )
    names = [str(kind) for kind, _ in counts.most_common() if kind is not Kind.ENTITIES]
    return UsageError(
        f"the folder has labels of several formats: {shown}",
        at=str(path),
        hint=f"say which is meant with --from {' or --from '.join(names)}, or name the file or folder of one",
    )
