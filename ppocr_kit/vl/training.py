"""``vl train`` on the side of the command: what is trained, where it goes, and how it ended.

The training itself is ``engine/training.py`` in the lane; here it is described, started, watched and put
on record, whatever happens to it.
"""

from __future__ import annotations

import dataclasses
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ppocr_kit.configs.device import Device
from ppocr_kit.errors import DataError, PpocrKitError, ToolError, UsageError
from ppocr_kit.run_folders import OUTPUT_FOLDER, check_run_name, move_aside
from ppocr_kit.tasks import Split
from ppocr_kit.vendor.answers import OnAnswer
from ppocr_kit.vendor.environment import find_interpreter
from ppocr_kit.vl.dataset import VlDataset, find_vl_dataset, read_vl_dataset
from ppocr_kit.vl.lane import LANE, run_engine
from ppocr_kit.vl.model_folder import ModelFolder
from ppocr_kit.vl.record import VlRun, VlRunFolder, read_vl_run, write_vl_run
from ppocr_kit.vl.run_models import find_run_model
from ppocr_kit.vl.train_settings import TrainSettings

# A first step on a CPU, or an evaluation of long tables, may take this long without a word.
_IDLE_TIMEOUT_S = 4 * 3600.0
# What is written when somebody stops a training: 0.9 billion weights and twice as much of the optimizer.
SAVING_S = 600.0


@dataclass(frozen=True)
class TrainRequest:
    """What the user asks for.

    Attributes:
        model: Folder or name of the base model.
        dataset: Folder or name of the data set.
        name: Of the run.
        settings: Numbers of the training.
        device: Where it runs.
        resume: Go on from the run's latest checkpoint.
        overwrite: Replace an existing run of that name.
        output: Folder that runs lie in.
    """

    model: str
    dataset: Path
    name: str
    settings: TrainSettings
    device: Device
    resume: bool = False
    overwrite: bool = False
    output: Path = Path(OUTPUT_FOLDER)


@dataclass(frozen=True)
class PreparedVlTraining:
    """A training whose model and data set were found.

    Attributes:
        folder: Its run folder, not yet made.
        request: What the user asked for.
        model: The base model.
        dataset: The data set.
        earlier: Record of the run that is gone on with, or None.
    """

    folder: VlRunFolder
    request: TrainRequest
    model: ModelFolder
    dataset: VlDataset
    earlier: VlRun | None

    def job(self, *, dry_run: bool = False) -> dict[str, Any]:
        """Return what the worker is told."""
        splits = self.dataset.splits
        return {
            "model": str(self.model.path.absolute()),
            "version": self.model.version,
            "version_from": self.model.version_from,
            "root": str(self.dataset.root.absolute()),
            "train": str(splits[Split.TRAIN].list_path.absolute()),
            "val": str(splits[Split.VAL].list_path.absolute()),
            "run": str(self.folder.path),
            "device": "cuda" if self.request.device.is_gpu else "cpu",
            "settings": self.request.settings.to_json(),
            "resume": self.earlier is not None,
            "dry_run": dry_run,
        }


def prepare_vl_training(request: TrainRequest) -> PreparedVlTraining:
    """Find model, data set and run folder; nothing is written.

    Raises:
        UsageError: The run exists, or there is nothing to go on with, or the settings differ from its own.
        DataError: Model or data set are missing or damaged.
        SetupError: The model's name cannot be fetched, or there is no lane.
    """
    folder = VlRunFolder((request.output / check_run_name(request.name)).absolute())
    if folder.path.exists() and not (request.resume or request.overwrite):
        raise UsageError(
            f"a run named '{folder.name}' exists",
            at=str(folder.path),
            hint="choose another --name, go on with --resume, or replace it with --overwrite",
        )
    dataset = read_vl_dataset(find_vl_dataset(request.dataset))
    model = find_run_model(request.model)
    earlier = _earlier(folder, request, dataset, model) if request.resume else None
    if folder.path in (model.path.absolute(), *model.path.absolute().parents):
        raise UsageError(
            "the base model lies in the folder of the run itself",
            at=str(model.path),
            hint="train it further under another --name",
        )
    return PreparedVlTraining(folder, request, model, dataset, earlier)


def plan_vl_training(prepared: PreparedVlTraining) -> dict[str, Any]:
    """Check all rows and return what training would do.

    Raises:
        DataError: Rows cannot be used.
        SetupError, ToolError: As :func:`run_vl_training`.
    """
    answer = run_engine("training", prepared.job(dry_run=True))
    return dict(answer["plan"])


def run_vl_training(
    prepared: PreparedVlTraining, *, command: Sequence[str] = (), on_event: OnAnswer | None = None
) -> VlRun:
    """Train, and leave a run folder whose record says how it ended.

    An older run of the name is moved aside, deleted when the new one is finished, and named in the
    error otherwise.

    Args:
        prepared: What :func:`prepare_vl_training` returned.
        command: The command line, for the record.
        on_event: Called with each event of ``engine/training.py``.

    Raises:
        DataError: Rows or model cannot be used.
        SetupError: There is no lane, no such device, or the disk is full.
        ToolError: The worker died, or the loss is no number.
        KeyboardInterrupt: After the run was saved.
    """
    folder = prepared.folder
    watch = _Watch(_first_record(prepared, command), folder, on_event)
    aside = None if prepared.earlier else move_aside(folder.path)
    write_vl_run(folder, watch.run)
    try:
        answer = run_engine(
            "training",
            prepared.job(),
            on_event=watch.take,
            log=folder.log_file,
            device=prepared.request.device,
            idle_timeout_s=_IDLE_TIMEOUT_S,
            grace_s=SAVING_S,
        )
    except BaseException as error:
        watch.end("interrupted" if isinstance(error, KeyboardInterrupt) else "failed")
        if isinstance(error, PpocrKitError) and prepared.earlier is None:
            _put_back(error, watch.run, folder, aside)
        raise
    if aside is not None:
        shutil.rmtree(aside, ignore_errors=True)
    return watch.end(str(answer["status"]), answer)


class _Watch:
    """Keeps the record true while events come in."""

    def __init__(self, run: VlRun, folder: VlRunFolder, on_event: OnAnswer | None) -> None:
        self.run = run
        self.folder = folder
        self.on_event = on_event
        self.spent = run.seconds
        self.started = time.monotonic()

    def take(self, event: dict[str, Any]) -> None:
        """Take one event of the worker."""
        kind = event.get("event")
        body = {name: value for name, value in event.items() if name != "event"}
        if kind == "plan":
            self._change(plan=body)
        elif kind == "model":
            self._change(machine=body)
        elif kind == "step":
            self.run = dataclasses.replace(self.run, step=int(event["step"]))
        elif kind == "evaluation":
            self._take_evaluation(event)
        if self.on_event is not None and kind != "result":
            self.on_event(event)

    def end(self, status: str, answer: Mapping[str, Any] | None = None) -> VlRun:
        """Write how it ended."""
        result = {name: (answer or {}).get(name) for name in ("step", "base", "best")}
        known = {name: value for name, value in result.items() if value is not None}
        seconds = round(self.spent + time.monotonic() - self.started, 1)
        self._change(status=status, finished=_now(), seconds=seconds, **known)
        return self.run

    def _take_evaluation(self, event: Mapping[str, Any]) -> None:
        scores = dict(event["eval"])
        if event["step"] == 0:
            self._change(base=scores)
        elif event["best"]:
            self._change(best={"step": event["step"], **scores})

    def _change(self, **changes: Any) -> None:
        self.run = dataclasses.replace(self.run, **changes)
        write_vl_run(self.folder, self.run)


def _first_record(prepared: PreparedVlTraining, command: Sequence[str]) -> VlRun:
    """Return the record that a training starts with."""
    request, earlier = prepared.request, prepared.earlier
    return VlRun(
        name=prepared.folder.name,
        status="running",
        model={
            "name": request.model,
            "path": str(prepared.model.path.absolute()),
            "version": prepared.model.version,
        },
        dataset={
            "name": prepared.dataset.name,
            "root": str(prepared.dataset.root.absolute()),
            "checksum": prepared.dataset.checksum,
        },
        settings=request.settings.to_json(),
        device=str(request.device),
        versions=dict(find_interpreter(LANE).versions),
        command=tuple(command),
        started=earlier.started if earlier else _now(),
        seconds=earlier.seconds if earlier else 0.0,
        step=earlier.step if earlier else 0,
        base=earlier.base if earlier else None,
        best=earlier.best if earlier else None,
    )


# May differ between sittings: they change neither the steps nor what is learnt in them.
_FREE_ON_RESUME = frozenset(
    {
        "gradient_checkpointing",
        "patience",
        "save_steps",
        "eval_steps",
        "eval_rows",
        "max_new_tokens",
        "workers",
        "attention",
    }
)


def _earlier(folder: VlRunFolder, request: TrainRequest, dataset: VlDataset, model: ModelFolder) -> VlRun:
    """Return the record of the run that is gone on with.

    Raises:
        UsageError: There is none, it is finished, or model or settings differ.
        DataError: The data set has changed since.
    """
    if not folder.record_file.is_file():
        raise UsageError(
            f"there is no run '{folder.name}' to go on with", at=str(folder.path), hint="leave --resume out"
        )
    run = read_vl_run(folder)
    if run.status == "finished":
        raise UsageError(
            f"the run is finished: {run.step} steps are done",
            at=str(folder.path),
            hint=f"train its result further: --model {folder.checkpoints / 'best'} --name NEW",
        )
    if run.dataset.get("checksum") != dataset.checksum:
        raise DataError(
            "the data set is not the one that the run was started with",
            at=str(dataset.root),
            hint=f"it was {run.dataset.get('root')}; a new data set is trained under a new --name",
        )
    before, now = run.settings, request.settings.to_json()
    differs = {name for name in now if now[name] != before.get(name, now[name])} - _FREE_ON_RESUME
    wrong = [f"--{name.replace('_', '-')} was {before[name]} and is {now[name]}" for name in sorted(differs)]
    if run.model.get("path") != str(model.path.absolute()):
        wrong.insert(0, f"the model was {run.model.get('path')}")
    if wrong:
        raise UsageError(
            f"the run was started otherwise: {'; '.join(wrong)}",
            at=str(folder.record_file),
            hint="give what it was started with, or start another run under a new --name",
        )
    return run


def _put_back(error: PpocrKitError, run: VlRun, folder: VlRunFolder, aside: Path | None) -> None:
    """Leave nothing of a run that was refused before it began; name what it replaced otherwise."""
    if not run.machine and not isinstance(error, ToolError):
        shutil.rmtree(folder.path, ignore_errors=True)
        if aside is not None:
            aside.rename(folder.path)
    elif aside is not None:
        error.hint = f"{error.hint or 'see the log'}; the run that was replaced lies in {aside}"


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
