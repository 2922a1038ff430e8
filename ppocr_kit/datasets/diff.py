"""What changed from one built data set to another: pages, sides, rows, texts, boxes, dictionary.

Pages are known again by the bytes of their images; where a data set of an older version does not tell
them (recognition without detection), by their names without the hash at the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.datasets.contents import BuiltPage, Contents, read_contents
from ppocr_kit.datasets.kie_contents import BuiltEntity
from ppocr_kit.datasets.manifest import Dataset, read_dataset
from ppocr_kit.errors import DataError
from ppocr_kit.labels.parallel import map_in_order, usable_cores
from ppocr_kit.progress import Track, no_progress
from ppocr_kit.storage import sha256_of
from ppocr_kit.tasks import KIE_TASKS, Split, Task
from ppocr_kit.text import read_dictionary


@dataclass(frozen=True)
class MovedPage:
    """A page that is on another side: its name in the labels, and the sides."""

    page: str
    before: Split
    after: Split


@dataclass(frozen=True)
class ChangedPage:
    """A page whose labels changed.

    Attributes:
        page: Its name in the labels.
        texts: Texts that were taken away and that were added.
        boxes: Number of boxes that were taken away, and that were added; one that was moved counts as both.
        classes: Key information: number of boxes whose class changed.
        links: Key information: number of links that were taken away, and that were added.
    """

    page: str
    texts: tuple[tuple[str, ...], tuple[str, ...]]
    boxes: tuple[int, int]
    classes: int = 0
    links: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class RowCounts:
    """Rows and pages of one task and split, before and after."""

    task: Task
    split: Split
    rows: tuple[int, int]
    pages: tuple[int, int]


@dataclass(frozen=True)
class DatasetDiff:
    """What changed from one data set to another.

    Attributes:
        added: Pages that are new, with their side.
        removed: Pages that are gone, with the side they had.
        moved: Pages on another side.
        changed: Pages whose texts or boxes changed.
        characters: Characters that the dictionary lost and gained.
        counts: Rows and pages by task and split.
        same_training_data: Whether lists and dictionary are the same, byte for byte.
    """

    added: tuple[tuple[str, Split], ...]
    removed: tuple[tuple[str, Split], ...]
    moved: tuple[MovedPage, ...]
    changed: tuple[ChangedPage, ...]
    characters: tuple[tuple[str, ...], tuple[str, ...]]
    counts: tuple[RowCounts, ...]
    same_training_data: bool

    def to_json(self) -> dict[str, Any]:
        """Return the difference as a JSON object."""
        return {
            "same_training_data": self.same_training_data,
            "rows": [
                {
                    "task": str(count.task),
                    "split": str(count.split),
                    "rows": list(count.rows),
                    "pages": list(count.pages),
                }
                for count in self.counts
            ],
            "added": [{"page": page, "split": str(split)} for page, split in self.added],
            "removed": [{"page": page, "split": str(split)} for page, split in self.removed],
            "moved": [
                {"page": moved.page, "before": str(moved.before), "after": str(moved.after)}
                for moved in self.moved
            ],
            "changed": [
                {
                    "page": changed.page,
                    "texts": {"removed": list(changed.texts[0]), "added": list(changed.texts[1])},
                    "boxes": {"removed": changed.boxes[0], "added": changed.boxes[1]},
                    "classes": changed.classes,
                    "links": {"removed": changed.links[0], "added": changed.links[1]},
                }
                for changed in self.changed
            ],
            "dictionary": {"removed": list(self.characters[0]), "added": list(self.characters[1])},
        }


def diff_datasets(before: Path, after: Path, *, track: Track = no_progress) -> DatasetDiff:
    """Compare two built data sets.

    Args:
        before: The older one.
        after: The newer one.
        track: Progress.

    Raises:
        DataError: One is no data set or was changed by hand.
    """
    old, new = (_read(folder, track) for folder in (before, after))
    by_image = all(page.image_sha256 for contents in (old, new) for page in contents.pages.values())
    old_pages, new_pages = (_by_key(contents, by_image) for contents in (old, new))
    both = [(page, new_pages[key]) for key, page in old_pages.items() if key in new_pages]
    changes = [_compare(one, other) for one, other in both]
    return DatasetDiff(
        added=tuple(_sides(page for key, page in new_pages.items() if key not in old_pages)),
        removed=tuple(_sides(page for key, page in old_pages.items() if key not in new_pages)),
        moved=tuple(
            MovedPage(other.shown, one.split, other.split)
            for one, other in both
            if one.split is not other.split
        ),
        changed=tuple(change for change in changes if change is not None),
        characters=_compare_dictionaries(old.dataset, new.dataset),
        counts=tuple(_compare_counts(old.dataset, new.dataset)),
        same_training_data=old.dataset.checksum == new.dataset.checksum,
    )


def _read(folder: Path, track: Track) -> Contents:
    """Read a data set; where it does not tell the hashes of its images, hash them."""
    dataset = read_dataset(folder)
    contents = read_contents(dataset, _refuse)
    paths = [
        (page, dataset.tasks[task].data_dir / row[2])
        for page in contents.pages.values()
        for task, row in page.image_rows[:1]
        if not page.image_sha256
    ]
    hashes = map_in_order(sha256_of, [path for _, path in paths], usable_cores())
    for (page, _), image in zip(paths, track(hashes, f"reading {dataset.name}", len(paths))):
        page.image_sha256 = image
    return contents


def _refuse(path: Path, line: int, reason: str) -> None:
    raise DataError(
        f"a row of the data set cannot be read: {reason}",
        at=f"{path}:{line}",
        hint="ppocr-kit dataset verify lists everything that is wrong with it",
    )


def _by_key(contents: Contents, by_image: bool) -> dict[tuple[str, int], BuiltPage]:
    """Return the pages by what they are known by; equal ones are numbered in the order of their names."""
    seen: Counter[str] = Counter()
    pages = {}
    for name in sorted(contents.pages):
        page = contents.pages[name]
        key = page.image_sha256 if by_image else name.rpartition("-")[0]
        pages[key, seen[key]] = page
        seen[key] += 1
    return pages


def _sides(pages: Any) -> list[tuple[str, Split]]:
    return sorted((page.shown, page.split) for page in pages)


def _compare(before: BuiltPage, after: BuiltPage) -> ChangedPage | None:
    """Return what changed on a page, None when nothing did."""
    if _labels_of(before) == _labels_of(after):
        return None
    texts = _compare_counted(_all_texts(before), _all_texts(after))
    boxes: tuple[Sequence[Any], Sequence[Any]] = ((), ())
    if _has_boxes(before) and _has_boxes(after):
        boxes = _compare_counted(
            [points for _, points in before.boxes()], [points for _, points in after.boxes()]
        )
    classes, links = 0, (0, 0)
    if before.kie_rows and after.kie_rows:
        classes, links = _compare_entities(before.entities(), after.entities())
    if not any(texts) and not any(boxes) and not classes and not any(links):
        return None
    return ChangedPage(
        after.shown, (tuple(texts[0]), tuple(texts[1])), (len(boxes[0]), len(boxes[1])), classes, links
    )


def _labels_of(page: BuiltPage) -> list[Any]:
    """Return all that its rows say, without the names of its files."""
    rows = (page.det_rows, page.rec_rows, *(page.kie_rows.get(task, ()) for task in KIE_TASKS))
    return [[row[3] for row in some] for some in rows]


def _has_boxes(page: BuiltPage) -> bool:
    return page.det_row is not None or bool(page.kie_rows)


def _compare_entities(
    before: Sequence[BuiltEntity], after: Sequence[BuiltEntity]
) -> tuple[int, tuple[int, int]]:
    """Return how many boxes have another class, and how many links are gone and new.

    A box is known again by its text and corners: ids are places in the label line.
    """
    old, new = ({(entity.text, entity.points): entity for entity in some} for some in (before, after))
    classes = sum(old[key].key_cls != new[key].key_cls for key in old.keys() & new.keys())
    gone, added = _compare_counted(_named_links(before), _named_links(after))
    return classes, (len(gone), len(added))


def _named_links(entities: Sequence[BuiltEntity]) -> list[Any]:
    """Return the links by the text and corners of both ends, each once."""
    by_id = {entity.id: (entity.text, entity.points) for entity in entities}
    links = {link for entity in entities for link in entity.linking}
    return [(by_id[question], by_id[answer]) for question, answer in links]


def _all_texts(page: BuiltPage) -> list[str]:
    """Return the texts of both tasks' rows, each box counting once where detection has it too."""
    if _has_boxes(page):
        return [text for text, _ in page.boxes()]
    return page.texts()


def _compare_counted(before: Sequence[Any], after: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Return what is gone and what is new, as often as it is."""
    old, new = Counter(before), Counter(after)
    return sorted((old - new).elements()), sorted((new - old).elements())


def _compare_dictionaries(before: Dataset, after: Dataset) -> tuple[tuple[str, ...], tuple[str, ...]]:
    old, new = (_characters(dataset.tasks) for dataset in (before, after))
    return tuple(sorted(old - new)), tuple(sorted(new - old))


def _characters(tasks: Mapping[Task, Any]) -> set[str]:
    data = tasks.get(Task.REC)
    if data is None or data.dictionary is None:
        return set()
    return set(read_dictionary(data.dictionary)) | ({" "} if data.use_space_char else set())


def _compare_counts(before: Dataset, after: Dataset) -> list[RowCounts]:
    """Return rows and pages of every list that one of the two has."""
    counts = []
    for task in Task:
        for split in Split:
            entries = [
                dataset.tasks[task].splits[split] if task in dataset.tasks else None
                for dataset in (before, after)
            ]
            rows = tuple(entry.samples if entry is not None else 0 for entry in entries)
            pages = tuple(entry.pages if entry is not None else 0 for entry in entries)
            if any(entry is not None for entry in entries):
                counts.append(RowCounts(task, split, (rows[0], rows[1]), (pages[0], pages[1])))
    return counts
