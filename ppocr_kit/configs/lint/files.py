"""Checks of what a configuration names on the disk: weights, folders, lists, the dictionary."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path, PureWindowsPath
from typing import Any

from ppocr_kit.configs.keys import KeyPath, dotted
from ppocr_kit.configs.lint.rows import ListFacts, first_pictures, read_list
from ppocr_kit.configs.lint.subject import (
    MODES,
    Subject,
    is_file,
    is_folder,
    is_number,
    is_there,
    is_url,
    is_windows_path,
    real_path,
)
from ppocr_kit.datasets.lmdb_reading import LMDB_DATA_SET, LMDB_FILE, find_lmdbs
from ppocr_kit.problems import Problem

# Keys whose value is a path, wherever they stand.
_PATH_KEYS = {
    "pretrained_model", "checkpoints", "pretrained", "save_model_dir", "save_inference_dir", "save_res_path",
    "character_dict_path", "rec_char_dict_path", "class_path", "infer_img", "infer_list", "data_dir",
    "label_file_list", "label_file_path", "data", "center_file_path", "confuse_dict_path", "gt_mat_dir",
    "kie_rec_model_dir", "kie_det_model_dir",
}  # fmt: skip
_WEIGHTS = ("pretrained_model", "checkpoints", "pretrained")
# How the addresses of official training weights end.
_OFFICIAL = "_pretrained.pdparams"
_DICTIONARIES = ("character_dict_path", "rec_char_dict_path")


def check_paths(subject: Subject) -> Iterator[Problem]:
    """C017: paths of Windows; C018: absolute ones."""
    for path, value in _paths(subject.config, ()):
        if is_url(value):
            continue
        if is_windows_path(value) and os.name != "nt":
            hint = f"write {_relative(value)}, relative to the current folder"
            yield subject.problem("C017", path, f"{dotted(path)} is a path of Windows: {value}", hint)
        elif Path(value).is_absolute():
            yield subject.problem("C018", path, f"{dotted(path)} is an absolute path: {value}")


def check_weights(subject: Subject) -> Iterator[Problem]:
    """C009: weights from the web, which fail offline and change unseen; C010: absent ones."""
    for path, value in _paths(subject.config, ()):
        if _key(path) not in _WEIGHTS:
            continue
        file = subject.file(value)
        if is_url(value):
            yield subject.problem("C009", path, f"{dotted(path)} is fetched from the web", _fetching(value))
        elif file is not None and not _weights_at(file):
            hint = "name a .pdparams file, with or without its ending"
            yield subject.problem("C010", path, f"there are no weights at {value}", hint)


def _fetching(url: str) -> str:
    """Say how to have weights from the web on this machine."""
    file = url.rsplit("/", 1)[-1]
    if file.endswith(_OFFICIAL):
        name = file[: -len(_OFFICIAL)]
        return f"ppocr-kit models fetch {name}, then write the path that models path {name} says"
    return f"fetch {file or 'the file'} once and give its path; ppocr-kit models list names official weights"


def check_data(subject: Subject) -> Iterator[Problem]:
    """C010: absent folders, lists and pictures; C024: shares; C034: lists that are none."""
    for mode in MODES:
        value = subject.at(mode, "dataset", "data_dir")
        folder = subject.file(value)
        if folder is not None and not is_folder(folder):
            yield subject.problem("C010", (mode, "dataset", "data_dir"), f"there is no folder {value}")
        elif folder is not None and _reads_lmdb(subject, mode) and not find_lmdbs(folder):
            message = f"there is no LMDB in {value}, nor below it"
            hint = f"name the folder that holds {LMDB_FILE}"
            yield subject.problem("C010", (mode, "dataset", "data_dir"), message, hint)
        yield from _check_shares(subject, mode)
        for path, name in subject.lists(mode):
            file = subject.file(name)
            if file is not None and not is_there(file):
                yield subject.problem("C010", path, f"there is no list {name}")
            elif file is not None and subject.has_rows(mode):
                yield from _check_list(subject, mode, path, file, folder)


def _check_shares(subject: Subject, mode: str) -> Iterator[Problem]:
    shares, lists = subject.at(mode, "dataset", "ratio_list"), subject.lists(mode)
    path: KeyPath = (mode, "dataset", "ratio_list")
    each = shares if isinstance(shares, list) else [shares]
    if any(is_number(share) and not 0 <= share <= 1 for share in each):
        yield subject.problem("C024", path, f"a share of {mode}.ratio_list is not from 0 to 1")
    if isinstance(shares, list) and lists and len(shares) != len(lists):
        message = f"{mode} has {len(lists)} lists and {len(shares)} shares in ratio_list"
        yield subject.problem("C024", path, message)


def _check_list(
    subject: Subject, mode: str, path: KeyPath, file: Path, folder: Path | None
) -> Iterator[Problem]:
    """C034: a list without rows; C010: one whose pictures lie elsewhere."""
    facts = list_facts(file)
    if facts is None or facts.rows is None:
        return
    delimiter = subject.at(mode, "dataset", "delimiter")
    separator = delimiter if isinstance(delimiter, str) and delimiter else "\t"
    if not facts.rows:
        yield subject.problem(
            "C034", path, f"{file.name} has no row in UTF-8", "name the list of the pictures"
        )
    elif not any(separator in text for _, text in facts.rows):
        shown = facts.rows[0][1][:60]
        message = (
            f"no row of {file.name} has a {'tab' if separator == chr(9) else repr(separator)}: {shown!r}"
        )
        yield subject.problem("C034", path, message)
    elif folder is not None and is_folder(folder) and not _reads_lmdb(subject, mode):
        # several pictures of one text stand as a JSON list
        names = [name for name in first_pictures(facts, separator) if not name.startswith("[")]
        if names and not any(is_file(folder / name) for name in names):
            message = f"none of the first {len(names)} pictures of {file.name} is there: {folder / names[0]}"
            hint = f"rows are relative to {mode}.dataset.data_dir"
            yield subject.problem("C010", path, message, hint)


def check_overlap(subject: Subject) -> Iterator[Problem]:
    """C012: the same list or LMDB trains and chooses the best model; C035: some of its rows do."""
    train = {real_path(file): file for _, name in subject.lists("Train") if (file := subject.file(name))}
    known = {facts.digest for file in train.values() if (facts := list_facts(file)) and facts.count}
    # the rows of every LMDB have the same names
    known = known if _picture_folder(subject, "Train") == _picture_folder(subject, "Eval") else set()
    trained: set[tuple[str, str]] = set()
    for file in train.values():
        trained |= _rows_of(subject, "Train", list_facts(file))
    yield from _check_same_lmdb(subject)
    for path, name in subject.lists("Eval"):
        eval_file = subject.file(name)
        if eval_file is None:
            continue
        facts = list_facts(eval_file)
        if real_path(eval_file) in train:
            yield subject.problem("C012", path, f"Eval reads {name}, which Train reads too")
        elif facts is not None and facts.digest in known:
            yield subject.problem("C012", path, f"{name} has the same rows as a list of Train")
        else:
            rows = _rows_of(subject, "Eval", facts)
            shared = len(rows & trained)
            if shared:
                message = f"{shared} of the {len(rows)} rows of {name} stand in the lists of Train too"
                yield subject.problem("C035", path, message)


def _check_same_lmdb(subject: Subject) -> Iterator[Problem]:
    """C012: an LMDB of which all rows train and choose the best model."""
    whole = [
        _picture_folder(subject, mode)
        for mode in MODES
        if _reads_lmdb(subject, mode) and not subject.lists(mode)
    ]
    if len(whole) == len(MODES) and whole[0] == whole[1] is not None:
        path: KeyPath = ("Eval", "dataset", "data_dir")
        yield subject.problem("C012", path, f"Eval reads the LMDB {subject.at(*path)}, which Train reads too")


def _reads_lmdb(subject: Subject, mode: str) -> bool:
    return subject.name(mode, "dataset") == LMDB_DATA_SET


def check_dictionaries(subject: Subject) -> Iterator[Problem]:
    """C011: an absent dictionary."""
    for path, value in _paths(subject.config, ()):
        file = subject.file(value)
        if _key(path) in _DICTIONARIES and file is not None and not is_there(file):
            hint = _inside_release(subject.root, value)
            yield subject.problem("C011", path, f"there is no dictionary {value}", hint)


def _inside_release(root: Path, value: str) -> str | None:
    """Return where the dictionary lies in the project's release, as upstream's paths start there."""
    inside = value[2:] if value.startswith("./") else value
    if not inside.startswith("ppocr/"):
        return None
    found = sorted(root.glob(f"vendor/PaddleOCR-*/{inside}")) if ".." not in inside else []
    if found:
        return f"write {found[-1].relative_to(root).as_posix()}"
    return "the path is inside the release: name it in full (ppocr-kit vendor sync brings one)"


def list_facts(file: Path) -> ListFacts | None:
    """Read a label list, once per state of the file."""
    try:
        state = file.stat()
    except (OSError, ValueError):
        return None
    return _list_facts(file, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=16)
def _list_facts(file: Path, modified_ns: int, size: int) -> ListFacts | None:
    return read_list(file)


def count_rows(subject: Subject) -> int | None:
    """Count the rows that train, as the release counts them; None when a list is absent."""
    total = 0
    shares = subject.at("Train", "dataset", "ratio_list")
    lists = subject.lists("Train") if subject.has_rows("Train") else []
    for index, (_, name) in enumerate(lists):
        file = subject.file(name)
        facts = list_facts(file) if file is not None else None
        if facts is None:
            return None
        share = shares[index] if isinstance(shares, list) and index < len(shares) else shares
        total += round(facts.count * share) if is_number(share) and 0 <= share < 1 else facts.count
    return total if lists else None


def _rows_of(subject: Subject, mode: str, facts: ListFacts | None) -> set[tuple[str, str]]:
    """Return the rows of a list, with the folder that their pictures lie in."""
    folder = _picture_folder(subject, mode)
    if facts is None or facts.rows is None or folder is None:
        return set()
    return {(str(folder), text) for _, text in facts.rows}


def _picture_folder(subject: Subject, mode: str) -> Path | None:
    """Return what the rows of a mode are relative to, by the path that all spellings share."""
    folder = subject.file(subject.at(mode, "dataset", "data_dir"))
    return None if folder is None else real_path(folder)


def _paths(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Walk the values that are paths."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _paths(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _paths(inner, (*path, index))
    elif (
        isinstance(value, str)
        and value
        and value != "None"
        and "\0" not in value
        and _key(path) in _PATH_KEYS
    ):
        yield path, value


def _key(path: KeyPath) -> str:
    """Return the last key of a path; the items of a list have the key of the list."""
    return next((part for part in reversed(path) if isinstance(part, str)), "")


def _weights_at(file: Path) -> bool:
    """Tell weights with or without their ending, and the folder that key information writes."""
    return is_there(file) or (bool(file.name) and is_file(file.with_name(f"{file.name}.pdparams")))


def _relative(value: str) -> str:
    """Suggest what a path of Windows may be in a project: without drive, with forward slashes."""
    parts = PureWindowsPath(value)
    return PureWindowsPath(*parts.parts[1:]).as_posix() if parts.anchor else parts.as_posix()
