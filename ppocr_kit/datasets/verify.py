"""Verify built data sets: everything is still as it was built, and nothing is on two sides of the split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from ppocr_kit.datasets.codes import dataset_problem
from ppocr_kit.datasets.contents import BuiltPage, Contents, Row, read_contents
from ppocr_kit.datasets.kie_contents import check_key_information
from ppocr_kit.datasets.leaks import PlacedPage, find_leaks
from ppocr_kit.datasets.lmdb_reading import LmdbRows, is_lmdb
from ppocr_kit.datasets.manifest import MANIFEST_NAME, Dataset, SplitData, read_dataset
from ppocr_kit.datasets.page_facts import PAGES_NAME
from ppocr_kit.errors import DataError
from ppocr_kit.fingerprint import Fingerprint, fingerprint
from ppocr_kit.labels.images import decode_image, is_cut_short
from ppocr_kit.labels.near_duplicates import pages_to_open
from ppocr_kit.labels.parallel import map_in_order, usable_cores
from ppocr_kit.problems import Problem, ProblemLog
from ppocr_kit.progress import Track, no_progress
from ppocr_kit.storage import sha256_of
from ppocr_kit.tasks import KIE_TASKS, Split, Task
from ppocr_kit.text import SPACE, describe_character, missing_characters, read_dictionary

_SHOWN_CHARACTERS = 8


@dataclass(frozen=True)
class VerifiedDataset:
    """What was looked at in one data set.

    Attributes:
        folder: The data set as the user named it.
        name: The name it was built under, empty when the manifest cannot be read.
        pages: Number of its pages.
        rows: Number of its rows by task.
    """

    folder: Path
    name: str
    pages: int
    rows: Mapping[Task, int]


@dataclass(frozen=True)
class Verification:
    """The result of verifying.

    Attributes:
        datasets: The data sets.
        problems: All findings.
    """

    datasets: tuple[VerifiedDataset, ...]
    problems: ProblemLog

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems.errors


def verify_datasets(
    folders: Sequence[Path], *, threads: int | None = None, track: Track = no_progress
) -> Verification:
    """Verify data sets, each by itself and all together for leaks.

    Args:
        folders: Data sets; of several, those that are used together (detection here, recognition there).
        threads: Threads to read files with; None takes one per core.
        track: Progress.

    Raises:
        SetupError: A data set keeps its crops in LMDBs and the package lmdb is not installed.
    """
    problems = ProblemLog()
    verifier = _Verifier(problems, threads or usable_cores(), track)
    done = [verifier.verify(folder) for folder in folders]
    placed = [
        PlacedPage(contents, page) for contents in verifier.contents for page in contents.pages.values()
    ]
    looks = verifier.look_at(placed)
    problems.extend(find_leaks([page for page in placed if page.page.sides], looks))
    return Verification(tuple(done), problems)


class _Verifier:
    """Verifies one data set after another and keeps what the search for leaks needs."""

    def __init__(self, problems: ProblemLog, threads: int, track: Track) -> None:
        self.problems = problems
        self.threads = threads
        self.track = track
        self.contents: list[Contents] = []

    def verify(self, folder: Path) -> VerifiedDataset:
        """Look at the files and rows of one data set."""
        try:
            dataset = read_dataset(folder, check_files=False)
            self._check_files(dataset)
            contents = read_contents(dataset, self._refuse)
        except DataError as error:
            self._tell("D001", folder / MANIFEST_NAME, detail=f"{error.message} ({error.at})")
            return VerifiedDataset(folder, "", 0, {})
        self.contents.append(contents)
        rows = {task: _count_rows(contents, task) for task in dataset.tasks}
        self._check_counts(contents)
        self._check_pictures(contents)
        self._check_lmdbs(contents)
        self._check_characters(contents)
        self._check_key_information(contents)
        if contents.unplaced:
            self._tell("D030", folder)
        return VerifiedDataset(folder, dataset.name, len(contents.pages), rows)

    def look_at(self, placed: Sequence[PlacedPage]) -> dict[str, Fingerprint]:
        """Return the fingerprints of the pages that may be copies; open those that have none yet."""
        looks = {
            page.image_sha256: page.fact.fingerprint
            for _, page in placed
            if page.fact is not None and page.fact.fingerprint is not None
        }
        signatures = [page.page.signature() for page in placed]
        wanted = pages_to_open([page.page.file_name for page in placed], signatures)
        paths = {}
        for number in wanted.tolist():
            contents, page = placed[number]
            if page.image_rows and page.image_sha256 and page.image_sha256 not in looks:
                task, row = page.image_rows[0]
                paths[page.image_sha256] = contents.dataset.tasks[task].data_dir / row[2]
        found = map_in_order(_fingerprint_of, paths.values(), self.threads)
        for image, look in zip(paths, self.track(found, "looking for copies", len(paths))):
            if look is not None:
                looks[image] = look
        return looks

    def _tell(self, code: str, path: Path, line: int | None = None, detail: str = "") -> None:
        self.problems.add(dataset_problem(code, str(path), line, detail))

    def _refuse(self, path: Path, line: int, reason: str) -> None:
        self._tell("D005", path, line, reason)

    def _check_files(self, dataset: Dataset) -> None:
        """Compare lists and dictionary with their checksums."""
        files: list[tuple[Path, str | None]] = [(dataset.root / PAGES_NAME, dataset.pages_sha256)]
        for data in dataset.tasks.values():
            files += [(entry.list_path, entry.sha256) for entry in data.splits.values()]
            others = (
                (data.dictionary, data.dictionary_sha256),
                (data.classes, data.classes_sha256),
                (data.windows, data.windows_sha256),
            )
            files += [(path, checksum) for path, checksum in others if path is not None]
        for path, checksum in files:
            if checksum is None:
                continue
            if not path.is_file():
                self._tell("D003", path)
            elif sha256_of(path) != checksum:
                self._tell("D002", path)

    def _check_counts(self, contents: Contents) -> None:
        """Compare the number of rows with the manifest; rows that were refused are told already."""
        counted: Counter[Path] = Counter()
        for page in contents.pages.values():
            counted.update(row[0] for row in _rows_of(page))
        counted.update(row[0] for row in contents.unplaced)
        refused = Counter(found.file for found in self.problems.only(["D005"]))
        for data in contents.dataset.tasks.values():
            for entry in data.splits.values():
                there = counted[entry.list_path] + refused[str(entry.list_path)]
                if entry.list_path.is_file() and there != entry.samples:
                    self._tell("D004", entry.list_path, detail=f"{there}, not {entry.samples}")

    def _check_pictures(self, contents: Contents) -> None:
        """Look at every image and crop file, and hash the images."""
        dataset = contents.dataset
        folders = {task: data.data_dir for task, data in dataset.tasks.items()}
        in_files = {
            task for task, data in dataset.tasks.items() if all(e.lmdb is None for e in data.splits.values())
        }

        def work(page: BuiltPage) -> tuple[str, list[Problem]]:
            return _inspect(page, folders, in_files)

        pages = list(contents.pages.values())
        results = map_in_order(work, pages, self.threads)
        named = self.track(results, f"verifying {dataset.name}", len(pages))
        for page, (image_sha256, found) in zip(pages, named):
            page.image_sha256 = page.image_sha256 or image_sha256
            self.problems.extend(found)

    def _check_lmdbs(self, contents: Contents) -> None:
        """Compare LMDBs with their checksum and with their lists."""
        for data in contents.dataset.tasks.values():
            for entry in data.splits.values():
                if entry.lmdb is None:
                    continue
                if not is_lmdb(entry.lmdb):
                    self._tell("D003", entry.lmdb)
                    continue
                try:
                    self._check_lmdb(contents, entry, entry.lmdb)
                except DataError as error:
                    self._tell("D002", entry.lmdb, detail=error.message)

    def _check_lmdb(self, contents: Contents, entry: SplitData, folder: Path) -> None:
        rows = sorted(
            (row[1:] for row in _all_rec_rows(contents) if row[0] == entry.list_path), key=lambda row: row[0]
        )
        digest = sha256()
        with LmdbRows(folder) as lmdb:
            if len(lmdb) != entry.samples:
                self._tell("D004", folder, detail=f"{len(lmdb)}, not {entry.samples}")
            for line, name, text in self.track(rows, f"verifying {folder.name}", len(rows)):
                picture = lmdb.read(name)
                if picture is None:
                    self._tell("D006", entry.list_path, line, name)
                    continue
                if is_cut_short(picture):
                    self._tell("D007", entry.list_path, line, name)
                digest.update(len(picture).to_bytes(8, "big"))
                digest.update(picture)
                if lmdb.label_of(name) != text.encode("utf-8"):
                    self._tell("D009", entry.list_path, line, name)
        if entry.lmdb_sha256 is not None and digest.hexdigest() != entry.lmdb_sha256:
            self._tell("D002", folder)

    def _check_characters(self, contents: Contents) -> None:
        """Hold the texts against the dictionary."""
        data = contents.dataset.tasks.get(Task.REC)
        if data is None or data.dictionary is None or not data.dictionary.is_file():
            return
        try:
            entries = read_dictionary(data.dictionary)
        except DataError as error:
            self._tell("D002", data.dictionary, detail=error.message)
            return
        known = frozenset(entries) | ({SPACE} if data.use_space_char else frozenset())
        lacking: dict[str, tuple[Path, int]] = {}
        for path, line, _, text in _all_rec_rows(contents):
            for char in missing_characters(text, known):
                lacking.setdefault(char, (path, line))
        if lacking:
            path, line = next(iter(lacking.values()))
            shown = ", ".join(describe_character(char) for char in list(lacking)[:_SHOWN_CHARACTERS])
            self._tell("D010", path, line, f"{len(lacking)} of them, such as {shown}")

    def _check_key_information(self, contents: Contents) -> None:
        """Hold the rows of SER and RE against their classes and windows."""
        for task, data in contents.dataset.tasks.items():
            if task not in KIE_TASKS:
                continue
            rows = {split: _kie_rows(contents, task, data.splits[split].list_path) for split in Split}
            self.problems.extend(check_key_information(task, data, rows))


def _kie_rows(contents: Contents, task: Task, list_path: Path) -> list[Row]:
    """Return the rows of one list in their order."""
    rows = [row for page in contents.pages.values() for row in page.kie_rows.get(task, ())]
    return sorted((row for row in rows if row[0] == list_path), key=lambda row: row[1])


def _rows_of(page: BuiltPage) -> Iterator[Row]:
    yield from page.det_rows
    yield from page.rec_rows
    for rows in page.kie_rows.values():
        yield from rows


def _all_rec_rows(contents: Contents) -> Iterator[Row]:
    for page in contents.pages.values():
        yield from page.rec_rows
    yield from contents.unplaced


def _count_rows(contents: Contents, task: Task) -> int:
    return sum(entry.samples for entry in contents.dataset.tasks[task].splits.values())


def _inspect(
    page: BuiltPage, folders: Mapping[Task, Path], in_files: Iterable[Task]
) -> tuple[str, list[Problem]]:
    """Look at the files of a page; return the hash of its image, if it has one, and what is wrong."""
    found: list[Problem] = []
    image_sha256 = ""
    for task, row in page.image_rows:
        content = _read_picture(folders[task], row, found)
        image_sha256 = sha256(content).hexdigest() if content else image_sha256
        if content and page.fact is not None and image_sha256 != page.fact.image_sha256:
            list_path, line, name, _ = row
            found.append(dataset_problem("D008", str(list_path), line, name))
    if Task.REC in in_files:
        for row in page.rec_rows:
            _read_picture(folders[Task.REC], row, found)
    return image_sha256, found


def _read_picture(folder: Path, row: Row, found: list[Problem]) -> bytes:
    """Read the picture of a row and add to ``found`` what is wrong with it."""
    list_path, line, name, _ = row
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        found.append(dataset_problem("D006", str(list_path), line, f"{name} ({error.strerror})"))
        return b""
    if not content or is_cut_short(content):
        found.append(dataset_problem("D007", str(list_path), line, name))
    return content


def _fingerprint_of(path: Path) -> Fingerprint | None:
    try:
        pixels = decode_image(path.read_bytes())
    except OSError:
        return None
    return None if pixels is None else fingerprint(pixels)


def describe_verification(result: Verification) -> dict[str, Any]:
    """Return the result as a JSON object."""
    return {
        "ok": result.passed,
        "datasets": [
            {
                "folder": str(dataset.folder),
                "name": dataset.name,
                "pages": dataset.pages,
                "rows": {str(task): count for task, count in dataset.rows.items()},
            }
            for dataset in result.datasets
        ],
        "by_code": dict(sorted(result.problems.by_code.items())),
        "problems": [found.to_json() for found in result.problems],
    }
