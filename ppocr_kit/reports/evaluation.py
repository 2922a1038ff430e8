"""Measurements that a run folder keeps: ``reports/eval-<split>[-<weights>].json``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ppocr_kit.errors import ReportError
from ppocr_kit.reports.fields import Fields, read_fields
from ppocr_kit.runs.rundir import RunFolder
from ppocr_kit.tasks import Split, Task

_SPLIT_ORDER = {str(split): index for index, split in enumerate((Split.TEST, Split.VAL, Split.TRAIN))}


@dataclass(frozen=True)
class Figure:
    """One of several figures of a measurement, such as ``whole_page``; None where the file does not say.

    Attributes:
        name: Its name.
        values: Metric name to value.
        num_samples: Pages that were scored.
        definition: The formula in words.
        computed_by: Program and version.
    """

    name: str
    values: Mapping[str, float]
    num_samples: int | None
    definition: str | None
    computed_by: str | None


@dataclass(frozen=True)
class Measurement:
    """What was measured, on what, with what; None where the file does not say.

    Attributes:
        file: Name of the file in ``reports/``.
        split: The split that was scored.
        weights: ``best``, ``latest``, ``pretrained`` or a checkpoint's name.
        values: Metric name to value.
        num_samples: Rows that were scored.
        num_skipped: Rows that should have been scored and were not.
        skipped_reasons: Reason to number of rows, the most frequent first.
        definition: The formula in words.
        computed_by: Program and version.
        checkpoint_sha256: Checksum of the weights.
        dataset_name: Name of the data set.
        dataset_checksum: Its checksum.
        split_sha256: Checksum of the split's list.
        seconds: Wall time.
        figures: Of tasks that have several, the one that ``values`` are first.
        per_class: Scores and counts by class, for tasks that have classes.
    """

    file: str
    split: str
    weights: str
    values: Mapping[str, float]
    num_samples: int | None
    num_skipped: int | None
    skipped_reasons: Mapping[str, int]
    definition: str | None
    computed_by: str | None
    checkpoint_sha256: str | None
    dataset_name: str | None
    dataset_checksum: str | None
    split_sha256: str | None
    seconds: float | None
    figures: tuple[Figure, ...] = ()
    per_class: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def read_measurements(folder: RunFolder, task: Task) -> tuple[Measurement, ...]:
    """Read all measurements of a run, test before val before train, best weights first.

    Raises:
        ReportError: A file is damaged, or is of another task than the run.
    """
    found = [_read(path, task) for path in sorted(folder.reports.glob("eval-*.json"))]
    found.sort(key=lambda one: (_SPLIT_ORDER.get(one.split, 9), one.weights != "best", one.weights))
    return tuple(found)


def _read(path: Path, task: Task) -> Measurement:
    fields = read_fields(path)
    _require_task(fields, task)
    split = fields.text("split")
    weights = path.stem[len(f"eval-{split}") :]
    if split is None or not path.stem.startswith(f"eval-{split}") or weights[:1] not in ("", "-"):
        raise ReportError(
            f"the measurement says it is of split {split!r}, its file name says otherwise",
            at=str(path),
            hint="measure again with ppocr-kit eval",
        )
    return Measurement(
        file=path.name,
        split=split,
        weights=weights[1:] or "best",
        values=fields.numbers("values"),
        num_samples=fields.count("num_samples"),
        num_skipped=fields.count("num_skipped"),
        skipped_reasons=_reasons(fields),
        definition=fields.text("definition"),
        computed_by=fields.text("computed_by"),
        checkpoint_sha256=fields.text("checkpoint_sha256"),
        dataset_name=fields.text("dataset", "name"),
        dataset_checksum=fields.text("dataset", "checksum"),
        split_sha256=fields.text("split_sha256"),
        seconds=fields.number("seconds"),
        figures=tuple(_figure(fields, name) for name in fields.keys("figures")),
        per_class={name: fields.numbers("per_class", name) for name in fields.keys("per_class")},
    )


def _figure(fields: Fields, name: str) -> Figure:
    return Figure(
        name=name,
        values=fields.numbers("figures", name, "values"),
        num_samples=fields.count("figures", name, "num_samples"),
        definition=fields.text("figures", name, "definition"),
        computed_by=fields.text("figures", name, "computed_by"),
    )


def _require_task(fields: Fields, task: Task) -> None:
    name = fields.text("task")
    if name is not None and name != str(task):
        raise ReportError(
            f"this measurement is of task {name}, the run of task {task}",
            at=fields.at,
            hint="remove the file; it belongs to another run",
        )


def _reasons(fields: Fields) -> dict[str, int]:
    """Count the skipped rows by reason."""
    reasons: Counter[str] = Counter()
    for row in fields.items("skipped"):
        if not isinstance(row, dict):
            raise ReportError("'skipped' should hold objects with a reason", at=fields.at)
        reasons[Fields(row, fields.at).text("reason") or "no reason given"] += 1
    return dict(reasons.most_common())
