"""The OCR tasks the kit knows and the facts about each that other modules look up."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Task(str, Enum):
    """A task of PaddleOCR, by the name used in paths, options and files."""

    DET = "det"
    REC = "rec"
    SER = "ser"
    RE = "re"

    def __str__(self) -> str:
        """Return the plain name, so that formatted paths read ``train_data/x/det``."""
        return self.value


# The tasks that find and read text; the others tell what a text that was read means.
TEXT_TASKS = (Task.DET, Task.REC)
KIE_TASKS = (Task.SER, Task.RE)


class Split(str, Enum):
    """A part of a data set; rendered YAML calls ``val`` ``Eval``."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"

    def __str__(self) -> str:
        """Return the plain name, as in ``det/train.txt``."""
        return self.value


@dataclass(frozen=True)
class TaskFacts:
    """What is fixed about a task.

    Attributes:
        title: Name for people.
        main_indicator: The metric by which PaddleOCR chooses ``best_accuracy``.
        metric_names: Metrics that ``tools/eval.py`` logs, in the order we show them.
        lane: The environment the task's tools run in.
    """

    title: str
    main_indicator: str
    metric_names: tuple[str, ...]
    lane: str


TASK_FACTS: dict[Task, TaskFacts] = {
    Task.DET: TaskFacts("text detection", "hmean", ("precision", "recall", "hmean"), "paddle"),
    Task.REC: TaskFacts("text recognition", "acc", ("acc", "norm_edit_dis"), "paddle"),
    Task.SER: TaskFacts("semantic entity recognition", "hmean", ("precision", "recall", "hmean"), "kie"),
    Task.RE: TaskFacts("relation extraction", "hmean", ("precision", "recall", "hmean"), "kie"),
}
