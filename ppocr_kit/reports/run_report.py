"""What a report says about a run, as values; None and empty mean that the run folder does not say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ppocr_kit.reports.evaluation import Measurement
from ppocr_kit.reports.history import History
from ppocr_kit.runs.rundir import RunFolder
from ppocr_kit.tasks import Task


@dataclass(frozen=True)
class DataFacts:
    """The data set of a run.

    Attributes:
        name: Its name.
        root: Its folder when the run was made.
        checksum: Checksum of its content when the run was made.
        state: ``unchanged``, ``changed`` or ``absent`` since then, or ``own`` for the lists of a user's own
            YAML; None where that cannot be told.
        samples: Rows per split, of an unchanged data set only.
        pages: Pages per split, of an unchanged data set only.
    """

    name: str | None = None
    root: str | None = None
    checksum: str | None = None
    state: str | None = None
    samples: Mapping[str, int] = field(default_factory=dict)
    pages: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainingFacts:
    """How a run was trained.

    Attributes:
        epochs: Passes over the training rows.
        steps_per_epoch: Optimizer steps per epoch.
        batch_size: Rows per step and process.
        processes: Data-parallel processes.
        optimizer: Its name.
        learning_rate: Peak of the schedule.
        device: As asked for: ``cpu``, ``gpu:0``.
        pretrained: Weights it started from.
        share_loaded: Share of the model that those weights filled, 0 to 1.
        parameters: Size of the model.
        rows_used: Training rows that trained.
        rows_total: Training rows in the lists.
        seed: Random seed.
        seconds: Training time, all sittings together.
        started: UTC time, ISO 8601.
        finished: UTC time, ISO 8601.
    """

    epochs: int | None = None
    steps_per_epoch: int | None = None
    batch_size: int | None = None
    processes: int | None = None
    optimizer: str | None = None
    learning_rate: float | None = None
    device: str | None = None
    pretrained: str | None = None
    share_loaded: float | None = None
    parameters: int | None = None
    rows_used: int | None = None
    rows_total: int | None = None
    seed: int | None = None
    seconds: float | None = None
    started: str | None = None
    finished: str | None = None

    @property
    def steps(self) -> int | None:
        """Optimizer steps of the whole run."""
        if self.epochs is None or self.steps_per_epoch is None:
            return None
        return self.epochs * self.steps_per_epoch


@dataclass(frozen=True)
class CheckpointFile:
    """Weights that the run folder holds: ``best`` or ``latest``, path within the run, size, checksum."""

    which: str
    file: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class ExportFacts:
    """An inference model made from a run.

    Attributes:
        folder: Where it lies.
        checkpoint_sha256: Checksum of the weights it was made from.
        same_as_checkpoint: Whether it gave the same results as the checkpoint; None if not compared.
        compared: Number of images that were compared.
        largest_score_gap: Largest difference of two scores in that comparison.
        notes: What the paddleocr runtime does otherwise than training did.
    """

    folder: str
    checkpoint_sha256: str | None
    same_as_checkpoint: bool | None
    compared: int | None
    largest_score_gap: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunReport:
    """All about one run.

    Attributes:
        folder: Where it lies.
        name: Its name.
        task: Its task.
        model: Its recipe.
        status: ``finished``, ``interrupted`` …
        data: Its data set.
        release: ``version`` and ``source`` of the PaddleOCR release.
        supplemented: Whether the kit's own network code stood in for what the archive lacks.
        versions: Packages of the environment that trained.
        training: How it was trained.
        best_epoch: The epoch whose weights were kept as the best.
        best_values: Their metrics on the validation split.
        history: How training went.
        measurements: What was measured.
        checkpoints: Weights there are.
        exports: Inference models made from it.
        command: The command line that made it.
    """

    folder: RunFolder
    name: str
    task: Task
    model: str
    status: str
    data: DataFacts
    release: Mapping[str, str]
    supplemented: bool | None
    versions: Mapping[str, str]
    training: TrainingFacts
    best_epoch: int | None
    best_values: Mapping[str, float]
    history: History
    measurements: tuple[Measurement, ...]
    checkpoints: tuple[CheckpointFile, ...]
    exports: tuple[ExportFacts, ...]
    command: tuple[str, ...]

    def measured(self, split: str) -> Measurement | None:
        """Return the measurement of the best weights on a split."""
        found = (one for one in self.measurements if one.split == split and one.weights == "best")
        return next(found, None)

    def checkpoint(self, which: str) -> CheckpointFile | None:
        """Return the ``best`` or ``latest`` weights."""
        return next((one for one in self.checkpoints if one.which == which), None)
