"""What is in a built data set, page by page: its rows of both tasks and the facts that were kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath

from ppocr_kit.datasets.kie_contents import BuiltEntity, merge_windows, parse_entities
from ppocr_kit.datasets.manifest import Dataset, SplitData
from ppocr_kit.datasets.page_facts import PageFact, read_page_facts
from ppocr_kit.datasets.rows import IGNORE
from ppocr_kit.errors import DataError
from ppocr_kit.labels.text_evidence import text_signature
from ppocr_kit.tasks import KIE_TASKS, Split, Task

Boxes = list[tuple[str, tuple[tuple[float, float], ...]]]

# A row: the list, the row in it from 1, the picture below ``data_dir``, and what stands after the tab.
Row = tuple[Path, int, str, str]

# What a row is refused for: the list, the row from 1, why.
Refuse = Callable[[Path, int, str], None]


@dataclass
class BuiltPage:
    """A page of a data set.

    Attributes:
        name: Name in the data set, stem of its image and crops.
        fact: What was kept of it, None in a data set of an older version.
        sides: The splits of its rows, in the order they were read.
        det_rows: Its rows for detection, one when all is well: list, row from 1, path below ``data_dir``,
            boxes as JSON.
        rec_rows: Its rows for recognition: list, row from 1, path below ``data_dir``, text.
        kie_rows: Its rows for SER and RE by task, several where it is cut into windows: list, row from 1,
            path below ``data_dir``, entities as JSON.
        image_sha256: Hash of its image, empty when it is not known.
    """

    name: str
    fact: PageFact | None = None
    sides: list[tuple[Task, Split]] = field(default_factory=list)
    det_rows: list[Row] = field(default_factory=list)
    rec_rows: list[Row] = field(default_factory=list)
    kie_rows: dict[Task, list[Row]] = field(default_factory=dict)
    image_sha256: str = ""

    def add_side(self, task: Task, split: Split) -> None:
        """Note a split that it has a row in."""
        if (task, split) not in self.sides:
            self.sides.append((task, split))

    @property
    def split(self) -> Split:
        """Where its rows are; the first side when it is on two."""
        return self.sides[0][1] if self.sides or self.fact is None else self.fact.split

    @property
    def det_row(self) -> Row | None:
        """Its first row for detection, None without one."""
        return self.det_rows[0] if self.det_rows else None

    @property
    def where(self) -> tuple[str, int | None]:
        """The first list that names it, and the row there."""
        rows = [*self.det_rows[:1], *self.rec_rows[:1], *(rows[0] for rows in self.kie_rows.values())]
        return (str(rows[0][0]), rows[0][1]) if rows else ("", None)

    @property
    def image_rows(self) -> list[tuple[Task, Row]]:
        """One row of each task whose rows name the page's image."""
        det = [(Task.DET, self.det_rows[0])] if self.det_rows else []
        return [*det, *((task, rows[0]) for task, rows in self.kie_rows.items())]

    @property
    def shown(self) -> str:
        """What the label file called it, or its name here."""
        return self.fact.image if self.fact is not None else self.name

    @property
    def file_name(self) -> str:
        """The name of its image, as far as it is known: a page's own name ends with a hash."""
        return PurePosixPath(self.fact.image).name if self.fact is not None else self.name.rpartition("-")[0]

    def entities(self) -> list[BuiltEntity]:
        """Return its entities by id, with the links between them."""
        # RE has no row for a window with neither a question nor an answer
        rows = [row for task in KIE_TASKS for row in self.kie_rows.get(task, ())]
        return merge_windows(parse_entities(label) for _, _, _, label in rows)

    def boxes(self) -> Boxes:
        """Return its boxes."""
        if self.det_row is None:
            return [(entity.text, entity.points) for entity in self.entities()]
        return parse_boxes(self.det_row[3])

    def texts(self) -> list[str]:
        """Return the texts that can be read on it."""
        if self.det_row is not None or self.kie_rows:
            return [text for text, _ in self.boxes() if text != IGNORE]
        return [text for _, _, _, text in self.rec_rows]

    def signature(self) -> bytes:
        """Return what its texts are recognised by."""
        return text_signature(self.texts())


@dataclass(frozen=True)
class Contents:
    """The rows of a data set.

    Attributes:
        dataset: The data set.
        pages: Its pages by name.
        unplaced: Rows for recognition of which no page is known (an LMDB of an older version).
    """

    dataset: Dataset
    pages: dict[str, BuiltPage]
    unplaced: list[Row]


def read_contents(dataset: Dataset, refuse: Refuse) -> Contents:
    """Read all rows of a data set.

    Args:
        dataset: The data set.
        refuse: Is told of rows that cannot be read; they are left out.

    Raises:
        DataError: The list of pages is damaged.
    """
    facts = read_page_facts(dataset.root)
    pages = {} if facts is None else {fact.name: _from_fact(fact) for fact in facts}
    contents = Contents(dataset, pages, [])
    for task, data in dataset.tasks.items():
        for split, entry in data.splits.items():
            if entry.list_path.is_file():
                _TASK_READERS[task](contents, split, entry, refuse)
    return contents


def parse_boxes(label: str) -> Boxes:
    """Read the boxes of a row for detection.

    Raises:
        ValueError: They are none.
    """
    boxes = json.loads(label)
    try:
        return [
            (str(box["transcription"]), tuple((float(x), float(y)) for x, y in box["points"]))
            for box in boxes
        ]
    except (TypeError, KeyError) as error:
        raise ValueError("the row is no list of boxes with transcription and points") from error


def read_rows(path: Path, refuse: Refuse) -> Iterator[tuple[int, str, str]]:
    """Yield number, path and label of each row of a list."""
    try:
        with path.open("rb") as stream:
            for number, raw in enumerate(stream, start=1):
                try:
                    name, tab, label = raw.decode("utf-8").rstrip("\r\n").partition("\t")
                except UnicodeDecodeError:
                    refuse(path, number, "it is not UTF-8")
                    continue
                if not tab or "\t" in label:
                    refuse(path, number, "it is not path, tab, label")
                elif not _is_inside(name):
                    refuse(path, number, f"'{name}' leads out of the data set")
                else:
                    yield number, name, label
    except OSError as error:
        raise DataError(f"the list cannot be read ({error.strerror})", at=str(path)) from error


def _is_inside(name: str) -> bool:
    return bool(name) and not name.startswith("/") and ".." not in name.split("/") and "\0" not in name


def _from_fact(fact: PageFact) -> BuiltPage:
    return BuiltPage(fact.name, fact, image_sha256=fact.image_sha256)


def _read_det(contents: Contents, split: Split, entry: SplitData, refuse: Refuse) -> None:
    for number, path, label in read_rows(entry.list_path, refuse):
        try:
            parse_boxes(label)
        except (ValueError, RecursionError):
            refuse(entry.list_path, number, "its label is no list of boxes")
            continue
        page = contents.pages.setdefault(PurePosixPath(path).stem, BuiltPage(PurePosixPath(path).stem))
        page.add_side(Task.DET, split)
        page.det_rows.append((entry.list_path, number, path, label))


def _read_rec(contents: Contents, split: Split, entry: SplitData, refuse: Refuse) -> None:
    rows = read_rows(entry.list_path, refuse)
    owners = _lmdb_owners(contents, split) if entry.lmdb is not None else None
    for number, path, text in rows:
        row = (entry.list_path, number, path, text)
        if owners is None:
            name: str | None = PurePosixPath(path).stem.rpartition("_")[0]
        else:
            name = next(owners, None)
        if name is None:
            contents.unplaced.append(row)
            continue
        page = contents.pages.setdefault(name, BuiltPage(name))
        page.add_side(Task.REC, split)
        page.rec_rows.append(row)


def _read_kie(task: Task, contents: Contents, split: Split, entry: SplitData, refuse: Refuse) -> None:
    for number, path, label in read_rows(entry.list_path, refuse):
        try:
            parse_entities(label)
        except RecursionError:
            refuse(entry.list_path, number, "it is nested too deeply")
            continue
        except ValueError as error:
            refuse(entry.list_path, number, str(error))
            continue
        page = contents.pages.setdefault(PurePosixPath(path).stem, BuiltPage(PurePosixPath(path).stem))
        page.add_side(task, split)
        page.kie_rows.setdefault(task, []).append((entry.list_path, number, path, label))


def _lmdb_owners(contents: Contents, split: Split) -> Iterator[str]:
    """Yield the page of each row of an LMDB: they follow one another in the order of the pages' names."""
    for name in sorted(contents.pages):
        fact = contents.pages[name].fact
        if fact is not None and fact.split is split:
            for _ in range(fact.crops):
                yield name


_TASK_READERS: dict[Task, Callable[[Contents, Split, SplitData, Refuse], None]] = {
    Task.DET: _read_det,
    Task.REC: _read_rec,
    Task.SER: partial(_read_kie, Task.SER),
    Task.RE: partial(_read_kie, Task.RE),
}
