"""Several runs side by side, and whether their numbers may be compared at all.

Two measurements compare only when the same rows of the same data set were scored by the same
definition. Everything else is shown and marked, never ranked.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ppocr_kit.reports.evaluation import Measurement
from ppocr_kit.reports.run_report import RunReport
from ppocr_kit.tasks import TASK_FACTS, Split, Task


@dataclass(frozen=True)
class SplitComparison:
    """One split over several runs.

    Attributes:
        split: The split.
        measurements: One per run, in the order of the runs; None where it was not measured.
        differences: Why the numbers may not be compared; empty when they may.
        best: Indices of the runs with the best main indicator; empty unless they may be compared.
    """

    split: str
    measurements: tuple[Measurement | None, ...]
    differences: tuple[str, ...]
    best: tuple[int, ...]

    @property
    def comparable(self) -> bool:
        """Whether at least two runs were measured in the same way on the same rows."""
        return not self.differences and sum(one is not None for one in self.measurements) > 1


@dataclass(frozen=True)
class TaskComparison:
    """The runs of one task and their splits."""

    task: Task
    reports: tuple[RunReport, ...]
    splits: tuple[SplitComparison, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the comparison with the values by run name."""
        return {
            "task": str(self.task),
            "runs": [report.name for report in self.reports],
            "splits": [
                {
                    "split": one.split,
                    "comparable": one.comparable,
                    "differences": list(one.differences),
                    "best": [self.reports[index].name for index in one.best],
                    "values": [
                        None
                        if found is None
                        else {key: _finite(value) for key, value in found.values.items()}
                        for found in one.measurements
                    ],
                    **_classes(one.measurements),
                }
                for one in self.splits
            ],
        }


def compare_runs(reports: Sequence[RunReport]) -> tuple[TaskComparison, ...]:
    """Put runs side by side, by task: a detector's numbers say nothing about a recogniser's."""
    compared = []
    for task in Task:
        group = tuple(report for report in reports if report.task is task)
        if group:
            splits = (
                _compare_split(task, str(split), group) for split in (Split.TEST, Split.VAL, Split.TRAIN)
            )
            measured = tuple(one for one in splits if any(one.measurements))
            compared.append(TaskComparison(task, group, measured))
    return tuple(compared)


def _compare_split(task: Task, split: str, reports: Sequence[RunReport]) -> SplitComparison:
    found = tuple(report.measured(split) for report in reports)
    present = [one for one in found if one is not None]
    differences = _differences(present) if len(present) > 1 else ()
    best: tuple[int, ...] = ()
    if len(present) > 1 and not differences:
        best = _best(found, TASK_FACTS[task].main_indicator)
    return SplitComparison(split, found, differences, best)


def _differences(found: Sequence[Measurement]) -> tuple[str, ...]:
    """Say in what the measurements differ, besides the model."""
    questions = (
        ("data sets", [one.dataset_checksum for one in found]),
        ("rows", [one.split_sha256 for one in found]),
        ("definitions of the metric", [one.definition for one in found]),
        ("numbers of scored rows", [one.num_samples for one in found]),
        ("numbers of skipped rows", [one.num_skipped for one in found]),
    )
    said = []
    for what, answers in questions:
        known = {answer for answer in answers if answer is not None}
        if len(known) > 1:
            said.append(f"different {what}")
        elif None in answers:
            said.append(f"unknown {what}")
    return tuple(said)


def _best(found: Sequence[Measurement | None], indicator: str) -> tuple[int, ...]:
    """Return the indices of the highest values; higher is better in every indicator we have."""
    values = [math.nan if one is None else one.values.get(indicator, math.nan) for one in found]
    finite = [value for value in values if math.isfinite(value)]
    top = max(finite) if finite else math.nan
    return tuple(index for index, value in enumerate(values) if value == top)


def _classes(found: Sequence[Measurement | None]) -> dict[str, Any]:
    """Return ``per_class`` of each run, for tasks that have classes."""
    if not any(one is not None and one.per_class for one in found):
        return {}
    told = [None if one is None else one.per_class for one in found]
    return {
        "per_class": [
            None
            if classes is None
            else {
                name: {key: _finite(value) for key, value in scores.items()}
                for name, scores in classes.items()
            }
            for classes in told
        ]
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
