"""Read back the rows of key information, and hold them against what the data set says of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.datasets.codes import dataset_problem
from ppocr_kit.datasets.kie_windows import WINDOWS_NAME, read_windows
from ppocr_kit.datasets.manifest import TaskData
from ppocr_kit.errors import DataError
from ppocr_kit.labels.boxes import parse_points
from ppocr_kit.labels.key_classes import class_name
from ppocr_kit.problems import Problem
from ppocr_kit.tasks import Split, Task


@dataclass(frozen=True)
class BuiltEntity:
    """An entity of a row.

    Attributes:
        id: Number that links name it by.
        text: Its transcription.
        points: Corners in pixels.
        label: What is learnt for it: its class (SER), its side (RE).
        key_cls: Its class, whatever the task.
        linking: Links that stand at it, question first.
    """

    id: int
    text: str
    points: tuple[tuple[float, float], ...]
    label: str
    key_cls: str
    linking: tuple[tuple[int, int], ...] = ()


def parse_entities(label: str) -> list[BuiltEntity]:
    """Read the entities of a row.

    Raises:
        ValueError: PaddleOCR could not use them, with the reason.
    """
    value = json.loads(label)
    if not isinstance(value, list) or not value:
        raise ValueError("its label is no list of entities")
    entities = [_parse_entity(item) for item in value]
    known = {entity.id for entity in entities}
    if len(known) < len(entities):
        raise ValueError("two entities have one id")
    for entity in entities:
        for link in entity.linking:
            if not known.issuperset(link):
                raise ValueError(f"a link names {list(link)}, and the row has not both")
    return entities


def _parse_entity(item: Any) -> BuiltEntity:
    if not isinstance(item, dict):
        raise ValueError("an entity is no object")
    text, label, number = item.get("transcription"), item.get("label"), item.get("id")
    points = parse_points(item.get("points"))
    if isinstance(points, str):
        raise ValueError(f"an entity's points: {points}")
    if not isinstance(text, str) or not text.strip():
        raise ValueError("an entity has no transcription")
    if not isinstance(label, str) or type(number) is not int:
        raise ValueError("an entity has no label or no id")
    links = item.get("linking")
    pairs = [tuple(link) if isinstance(link, list) else () for link in links or ()]
    if not isinstance(links, list) or not all(_is_pair(pair) for pair in pairs):
        raise ValueError("an entity's linking is no list of pairs of ids")
    key_cls = item.get("key_cls")
    named = key_cls if isinstance(key_cls, str) else label
    return BuiltEntity(number, text, points, label, named, tuple((one, other) for one, other in pairs))


def _is_pair(pair: tuple[Any, ...]) -> bool:
    return len(pair) == 2 and all(type(end) is int for end in pair)


def merge_windows(rows: Iterable[Sequence[BuiltEntity]]) -> list[BuiltEntity]:
    """Return the entities of a page from its rows, each once, with the links of all of them, by id."""
    found: dict[int, BuiltEntity] = {}
    links: dict[int, dict[tuple[int, int], None]] = {}
    for entities in rows:
        for entity in entities:
            found.setdefault(entity.id, entity)
            links.setdefault(entity.id, {}).update(dict.fromkeys(entity.linking))
    return [
        BuiltEntity(
            entity.id, entity.text, entity.points, entity.label, entity.key_cls, tuple(links[entity.id])
        )
        for _, entity in sorted(found.items())
    ]


def check_key_information(
    task: Task, data: TaskData, rows: Mapping[Split, Sequence[tuple[Path, int, str, str]]]
) -> Iterator[Problem]:
    """Hold the rows of a task against its classes and windows.

    Args:
        task: SER or RE.
        data: What the manifest says of it.
        rows: Its rows by split: list, number from 1, picture, entities as JSON.

    Yields:
        A class that the file lacks (D011), once each; windows that do not belong to the rows (D012).
    """
    known = _read_classes(data.classes)
    told: set[str] = set()
    for path, line, _, label in (row for split in Split for row in rows.get(split, ())):
        for entity in parse_entities(label):
            name = class_name(entity.label)
            if known is not None and name not in known and name not in told:
                told.add(name)
                yield dataset_problem("D011", str(path), line, f"'{entity.label}'")
    yield from _check_windows(data, rows)


def _read_classes(path: Path | None) -> frozenset[str] | None:
    """Return the classes as PaddleOCR reads them; None without such a file, which is told elsewhere."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n") if path is not None else None
    except (OSError, UnicodeDecodeError):
        return None
    return None if lines is None else frozenset(class_name(line) for line in lines)


def _check_windows(
    data: TaskData, rows: Mapping[Split, Sequence[tuple[Path, int, str, str]]]
) -> Iterator[Problem]:
    """Yield what does not fit between the list of windows and the rows."""
    path = data.data_dir / WINDOWS_NAME
    if data.windows is None:
        if path.is_file():
            yield dataset_problem("D012", str(path), None, "the manifest knows no such file")
        return
    try:
        windows = read_windows(data.data_dir)
    except DataError as error:
        yield dataset_problem("D012", str(path), None, error.message)
        return
    for split in Split:
        pictures = {line - 1: name for _, line, name, _ in rows.get(split, ())}
        for number, window in windows[split].items():
            if pictures.get(number) != window.page:
                yield dataset_problem(
                    "D012", str(path), None, f"row {number} of {split} is no '{window.page}'"
                )
                break
