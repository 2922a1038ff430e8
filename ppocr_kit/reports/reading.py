"""From a run folder to a :class:`RunReport`: reads only, and invents nothing."""

from __future__ import annotations

import math
from pathlib import Path

from ppocr_kit.datasets.manifest import read_dataset
from ppocr_kit.errors import DataError
from ppocr_kit.reports.evaluation import read_measurements
from ppocr_kit.reports.exports import read_exports
from ppocr_kit.reports.fields import Fields, read_fields
from ppocr_kit.reports.history import metrics_only, read_history
from ppocr_kit.reports.run_report import CheckpointFile, DataFacts, RunReport, TrainingFacts
from ppocr_kit.runs.export import EXPORT_FOLDER
from ppocr_kit.runs.rundir import RunFolder, read_run, weights_file
from ppocr_kit.runs.train import read_config
from ppocr_kit.storage import sha256_of
from ppocr_kit.tasks import Task

_CHECKPOINTS = {"best": "best_accuracy", "latest": "latest"}


def read_run_report(folder: RunFolder, inference: Path | None = None) -> RunReport:
    """Read everything that a run folder says.

    Args:
        folder: The run.
        inference: Where exported models lie; ``inference/`` of the current folder by default.

    Raises:
        ReportError: The record or a measurement is damaged or has wrong types.
        ConfigError: The run's configuration is damaged.
    """
    fields = read_fields(folder.record_file)
    record = read_run(folder)
    training = _training(fields, folder)
    history = read_history(folder, training.steps_per_epoch)
    final = fields.numbers("final") or dict(history.best)
    best_epoch = final.get("best_epoch")
    checkpoints = _checkpoints(folder, record.task)
    return RunReport(
        folder=folder,
        name=folder.name,
        task=record.task,
        model=record.model,
        status=record.status,
        data=_data(fields, record.task),
        release={key: text for key in ("version", "source") if (text := fields.text("release", key))},
        supplemented=_opposite(fields.flag("release", "complete")),
        versions=fields.texts("versions"),
        training=training,
        best_epoch=int(best_epoch) if best_epoch is not None and math.isfinite(best_epoch) else None,
        best_values=metrics_only(final),
        history=history,
        measurements=read_measurements(folder, record.task),
        checkpoints=checkpoints,
        exports=read_exports(inference or Path(EXPORT_FOLDER), folder.name),
        command=record.command,
    )


def _training(fields: Fields, folder: RunFolder) -> TrainingFacts:
    """Join what the record foretold and what the configuration set."""
    config = Fields({}, str(folder.config_file))
    if folder.config_file.is_file():
        config = Fields(read_config(folder), str(folder.config_file))
    return TrainingFacts(
        epochs=config.count("Global", "epoch_num") or fields.count("plan", "epochs"),
        steps_per_epoch=fields.count("plan", "steps_per_epoch"),
        batch_size=fields.count("plan", "batch_size"),
        processes=fields.count("plan", "processes"),
        optimizer=config.text("Optimizer", "name"),
        learning_rate=config.number("Optimizer", "lr", "learning_rate"),
        device=fields.text("spec", "device"),
        pretrained=fields.text("plan", "weights", "file")
        or config.text("Global", "pretrained_model")
        or fields.text("spec", "pretrained"),
        share_loaded=fields.number("plan", "weights", "share_of_all"),
        parameters=fields.count("plan", "parameters"),
        rows_used=fields.count("plan", "rows", "train", "usable"),
        rows_total=fields.count("plan", "rows", "train", "total"),
        seed=fields.count("seed"),
        seconds=fields.number("seconds"),
        started=fields.text("started"),
        finished=fields.text("finished"),
    )


def _data(fields: Fields, task: Task) -> DataFacts:
    """Tell the data set, and its rows where it is still what the run was trained on."""
    if fields.body.get("dataset", {}) is None:
        return DataFacts(None, None, None, "own")
    name, root = fields.text("dataset", "name"), fields.text("dataset", "root")
    checksum = fields.text("dataset", "checksum")
    if root is None or checksum is None:
        return DataFacts(name, root, checksum)
    try:
        dataset = read_dataset(Path(root))
    except DataError:
        return DataFacts(name, root, checksum, "absent")
    if dataset.checksum != checksum or task not in dataset.tasks:
        return DataFacts(name, root, checksum, "changed")
    splits = dataset.tasks[task].splits
    return DataFacts(
        name,
        root,
        checksum,
        "unchanged",
        samples={str(split): data.samples for split, data in splits.items()},
        pages={str(split): data.pages for split, data in splits.items()},
    )


def _checkpoints(folder: RunFolder, task: Task) -> tuple[CheckpointFile, ...]:
    found = []
    for which, name in _CHECKPOINTS.items():
        path = weights_file(folder.checkpoints / name, task)
        if path.is_file():
            said = path.relative_to(folder.path).as_posix()
            found.append(CheckpointFile(which, said, path.stat().st_size, sha256_of(path)))
    return tuple(found)


def _opposite(value: bool | None) -> bool | None:
    return None if value is None else not value
