"""``dataset.json``: what a data set is made of, and the way back from the file to values.

The file holds neither times nor absolute paths: the same labels and seed give the same bytes.
Everything read back is checked, because a data set may come from anybody.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any, Callable, TypeVar

from ppocr_kit.datasets.lmdb_reading import is_lmdb
from ppocr_kit.errors import DataError
from ppocr_kit.storage import sha256_of
from ppocr_kit.tasks import Split, Task

MANIFEST_NAME = "dataset.json"
FORMAT = 1
# How a task's pictures are kept; FILES where the manifest does not say.
FILES = "files"
LMDB = "lmdb"

# The beginning and the inside of one class, and OTHER.
_FEWEST_TOKEN_CLASSES = 3

Value = TypeVar("Value")

_HINT = "build it with: ppocr-kit dataset build FOLDER --name NAME"
_REBUILD_HINT = "build the data set again with: ppocr-kit dataset build FOLDER --name NAME"


@dataclass(frozen=True)
class SplitData:
    """One list of one task.

    Attributes:
        list_path: The list file.
        samples: Number of rows.
        pages: Number of pages the rows come from.
        sha256: Hash of the list file.
        lmdb: Folder of the LMDB that holds the pictures of the rows by their keys, or None when they
            are files.
        lmdb_sha256: Hash of the sizes and bytes of those pictures.
    """

    list_path: Path
    samples: int
    pages: int
    sha256: str
    lmdb: Path | None = None
    lmdb_sha256: str | None = None


@dataclass(frozen=True)
class TaskData:
    """What a data set holds for one task.

    Attributes:
        data_dir: Folder that the rows are relative to.
        splits: Train, val and test; a list may be empty.
        dictionary: Dictionary file, None for detection.
        use_space_char: Whether PaddleOCR adds the space to the dictionary.
        max_text_length: Characters of the longest text, None for detection.
        num_characters: Classes without the CTC blank, None for detection.
        dictionary_sha256: Hash of the dictionary file, None for detection.
        classes: Key information: file of class names, OTHER first; None for det and rec.
        num_classes: Key information: classes of a token, twice the classes without OTHER and one more.
        classes_sha256: Hash of the file of class names.
        windows: Key information: file that says which rows are windows of one page; None where no page was
            split (``datasets.kie_windows`` reads it).
        windows_sha256: Hash of that file.
    """

    data_dir: Path
    splits: Mapping[Split, SplitData]
    dictionary: Path | None = None
    use_space_char: bool = False
    max_text_length: int | None = None
    num_characters: int | None = None
    dictionary_sha256: str | None = None
    classes: Path | None = None
    num_classes: int | None = None
    classes_sha256: str | None = None
    windows: Path | None = None
    windows_sha256: str | None = None


@dataclass(frozen=True)
class Dataset:
    """A built data set.

    Attributes:
        name: Name it was built under.
        root: Its folder.
        seed: Seed of the split.
        tasks: What it holds by task.
        checksum: Hash over all lists and the dictionary: equal when the training data are equal.
        pages_sha256: Hash of the list of pages, None where an older version of the kit kept none.
    """

    name: str
    root: Path
    seed: int
    tasks: Mapping[Task, TaskData]
    checksum: str
    pages_sha256: str | None = None


def content_checksum(tasks: Mapping[str, Any]) -> str:
    """Hash the ``tasks`` part of a manifest, whose file hashes stand for the content."""
    text = json.dumps(tasks, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return sha256(text.encode("ascii")).hexdigest()


def read_dataset(folder: Path, *, check_files: bool = True) -> Dataset:
    """Read and check a built data set.

    Args:
        folder: ``train_data/NAME``.
        check_files: Whether lists and dictionary are looked at too.

    Raises:
        DataError: The folder is no data set, its manifest is damaged, or a list or the dictionary is
            missing or was changed since the build.
    """
    path = folder / MANIFEST_NAME
    try:
        content = path.read_bytes()
    except OSError as error:
        what = "there is no data set here" if isinstance(error, FileNotFoundError) else "cannot be read"
        raise DataError(what, at=str(path), hint=_HINT) from error
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DataError("the data set's manifest is broken JSON", at=str(path), hint=_REBUILD_HINT) from error
    return _Manifest(folder, path, check_files).read(value)


class _Manifest:
    """Typed access to the JSON of one manifest; every fault names its key."""

    def __init__(self, root: Path, path: Path, check_files: bool) -> None:
        self.root = root
        self.path = path
        self.check_files = check_files

    def read(self, value: Any) -> Dataset:
        """Return the data set a manifest describes."""
        top = self._is(dict, value, "the manifest")
        if top.get("format") != FORMAT:
            raise self._fault("format", f"is {top.get('format')!r}, this kit reads {FORMAT}")
        tasks = self._get(dict, top, "tasks")
        return Dataset(
            name=self._get(str, top, "name"),
            root=self.root,
            seed=self._get(int, top, "seed"),
            tasks={self._member(Task, key): self._task(key, entry) for key, entry in tasks.items()},
            checksum=content_checksum(tasks),
            pages_sha256=self._get(str, top["pages"], "sha256", "pages.")
            if isinstance(top.get("pages"), dict)
            else None,
        )

    def _task(self, name: str, value: Any) -> TaskData:
        entry = self._is(dict, value, f"tasks.{name}")
        where = f"tasks.{name}."
        keeping = entry.get("format", FILES)
        if keeping not in (FILES, LMDB):
            raise self._fault(f"{where}format", f"is {keeping!r}, this kit reads {FILES} and {LMDB}")
        splits = {
            self._member(Split, key): self._split(f"{where}splits.{key}.", split, keeping == LMDB)
            for key, split in self._get(dict, entry, "splits", where).items()
        }
        missing = [str(split) for split in Split if split not in splits]
        if missing:
            raise self._fault(f"{where}splits", f"lacks {', '.join(missing)}")
        data_dir = self._inside(self._get(str, entry, "data_dir", where), f"{where}data_dir")
        if "classes" in entry:
            return self._key_information(entry, where, data_dir, splits)
        if "dictionary" not in entry:
            return TaskData(data_dir, splits)
        dictionary = self._inside(self._get(str, entry, "dictionary", where), f"{where}dictionary")
        checksum = self._get(str, entry, "dictionary_sha256", where)
        self._check_file(dictionary, checksum)
        return TaskData(
            data_dir,
            splits,
            dictionary,
            self._get(bool, entry, "use_space_char", where),
            self._get(int, entry, "max_text_length", where),
            self._get(int, entry, "num_characters", where),
            checksum,
        )

    def _key_information(
        self, entry: Mapping[str, Any], where: str, data_dir: Path, splits: Mapping[Split, SplitData]
    ) -> TaskData:
        classes = self._inside(self._get(str, entry, "classes", where), f"{where}classes")
        checksum = self._get(str, entry, "classes_sha256", where)
        self._check_file(classes, checksum)
        number = self._get(int, entry, "num_classes", where)
        if number < _FEWEST_TOKEN_CLASSES or number % 2 == 0:
            raise self._fault(f"{where}num_classes", f"is {number}, not twice the classes and one")
        data = TaskData(data_dir, splits, classes=classes, num_classes=number, classes_sha256=checksum)
        if "windows" not in entry:
            return data
        windows = self._inside(self._get(str, entry, "windows", where), f"{where}windows")
        windows_sha256 = self._get(str, entry, "windows_sha256", where)
        self._check_file(windows, windows_sha256)
        return replace(data, windows=windows, windows_sha256=windows_sha256)

    def _split(self, where: str, value: Any, in_lmdb: bool) -> SplitData:
        entry = self._is(dict, value, where.rstrip("."))
        list_path = self._inside(self._get(str, entry, "list", where), f"{where}list")
        checksum = self._get(str, entry, "sha256", where)
        self._check_file(list_path, checksum)
        samples = self._get(int, entry, "samples", where)
        pages = self._get(int, entry, "pages", where)
        if not in_lmdb:
            return SplitData(list_path, samples, pages, checksum)
        pictures = entry.get("lmdb_sha256")
        return SplitData(
            list_path,
            samples,
            pages,
            checksum,
            self._lmdb(entry, where),
            pictures if isinstance(pictures, str) else None,
        )

    def _lmdb(self, entry: Mapping[str, Any], where: str) -> Path:
        """Return the folder of a split's LMDB; what is in it is looked at when a run is planned."""
        folder = self._inside(self._get(str, entry, "lmdb", where), f"{where}lmdb")
        if self.check_files and not is_lmdb(folder):
            raise DataError("an LMDB of the data set is missing", at=str(folder), hint=_REBUILD_HINT)
        return folder

    def _check_file(self, path: Path, checksum: str) -> None:
        """Raise DataError when a file is missing or not as it was built."""
        if not self.check_files:
            return
        if not path.is_file():
            raise DataError("a file of the data set is missing", at=str(path), hint=_REBUILD_HINT)
        if sha256_of(path) != checksum:
            raise DataError(
                "a file of the data set was changed after it was built",
                at=str(path),
                hint="correct the labels instead and " + _REBUILD_HINT,
            )

    def _inside(self, text: str, key: str) -> Path:
        """Return a path below the data set; anything that could lead elsewhere is refused."""
        parts = PurePosixPath(text).parts
        if not parts or text.startswith("/") or ".." in parts or "\\" in text or ":" in text or "\0" in text:
            raise self._fault(key, f"is {text!r}, which is not a path inside the data set")
        return self.root.joinpath(*parts)

    def _get(self, kind: type[Value], entry: Mapping[str, Any], key: str, where: str = "") -> Value:
        if key not in entry:
            raise self._fault(where + key, "is missing")
        return self._is(kind, entry[key], where + key)

    def _is(self, kind: type[Value], value: Any, key: str) -> Value:
        # bool is an int in Python, but never in a manifest
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self._fault(key, f"is {type(value).__name__}, not {kind.__name__}")
        return value

    def _member(self, kind: Callable[[str], Value], key: str) -> Value:
        try:
            return kind(key)
        except ValueError:
            raise self._fault(key, "is not known to this version of the kit") from None

    def _fault(self, key: str, what: str) -> DataError:
        return DataError(
            f"the data set's manifest is damaged: {key} {what}", at=str(self.path), hint=_REBUILD_HINT
        )
