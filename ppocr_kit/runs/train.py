"""Training: from what the user asked for to a run folder with a best checkpoint.

``prepare_training`` renders the configuration and plans; ``run_training`` starts the release's
``tools/train.py`` on exactly that file and keeps the run's record true whatever happens.
"""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import yaml

from ppocr_kit.configs.changes import Change, changes_from_json, with_reasons
from ppocr_kit.configs.device import Device, parse_device
from ppocr_kit.configs.key_information import with_network
from ppocr_kit.configs.patches import with_checkpoint, with_epoch_number, with_epochs, with_pretrained
from ppocr_kit.configs.render import dump_config, render, rendered_text
from ppocr_kit.configs.spec import RunSpec
from ppocr_kit.datasets.manifest import Dataset, read_dataset
from ppocr_kit.errors import ConfigError, DataError, PpocrKitError, ToolError, UsageError
from ppocr_kit.run_folders import move_aside
from ppocr_kit.runs.kie_plan import NetworkStart, find_start, keep_start, plan_key_information
from ppocr_kit.runs.networks import tokenizer_environment
from ppocr_kit.runs.old_dictionary import DICTIONARY_COPY
from ppocr_kit.runs.plan import TrainingPlan, plan_training, write_lists
from ppocr_kit.runs.rundir import RunFolder, RunRecord, read_run, update_run, weights_file, write_run
from ppocr_kit.runs.start import StartChoice, write_start
from ppocr_kit.runs.weights_table import render_fates
from ppocr_kit.storage import write_bytes_atomic, write_json_atomic, write_text_atomic
from ppocr_kit.tasks import KIE_TASKS, TASK_FACTS, Task
from ppocr_kit.vendor.checkpoints import read_checkpoint_file
from ppocr_kit.vendor.environment import Interpreter, find_interpreter
from ppocr_kit.vendor.logs import BestMetric, LogEvent, TrainStep, parse_line
from ppocr_kit.vendor.process import ToolInvocation, run_tool
from ppocr_kit.vendor.release import PinnedRelease, find_release
from ppocr_kit.vendor.tools import tool_invocation

OnEvent = Callable[[LogEvent], None]
# A step, an evaluation or a start-up never takes this long without a line of output.
IDLE_TIMEOUT_S = 3600.0


@dataclass(frozen=True)
class PreparedTraining:
    """A training that has been checked and is ready to start.

    Attributes:
        folder: Its run folder; not yet made.
        spec: What the user asked for.
        dataset: The data set, or None for a run by the user's own YAML.
        plan: What will happen.
        release: The PaddleOCR release.
        interpreter: The Python of the lane.
        device: Where it runs.
        changes: How the configuration differs from the recipe, and why.
        spent_s: Seconds of earlier sittings, when it resumes.
        network: Key information: the network that it starts with.
    """

    folder: RunFolder
    spec: RunSpec
    dataset: Dataset | None
    plan: TrainingPlan
    release: PinnedRelease
    interpreter: Interpreter
    device: Device
    changes: tuple[Change, ...] = ()
    spent_s: float = 0.0
    network: NetworkStart | None = None

    @property
    def resumes(self) -> bool:
        """Whether the run goes on from its latest checkpoint."""
        return self.plan.first_epoch > 1

    @property
    def log_file(self) -> Path:
        """Everything the tool printed, all sittings one after the other."""
        return self.folder.logs / "train.log"

    def config_text(self, config: dict[str, Any]) -> str:
        """Return the run's YAML file, with what was changed and why in a comment above it."""
        if self.spec.config_file is None:
            return rendered_text(config, self.changes, self.spec.model)
        heading = f"Changed from {self.spec.config_file.as_posix()}:"
        return with_reasons(dump_config(config), self.changes, heading)

    def invocation(self) -> ToolInvocation:
        """The process that will train, as a printable value."""
        return tool_invocation(
            self.release,
            self.interpreter.python,
            "tools/train.py",
            ["-c", str(self.folder.config_file)],
            cwd=Path.cwd(),
            log=self.log_file,
            device=self.device,
            env=self._environment(),
            idle_timeout_s=IDLE_TIMEOUT_S,
            expects=(weights_file(self.folder.checkpoints / "latest", self.spec.task),),
        )

    def _environment(self) -> dict[str, str]:
        """Return where the tokenizer lies, which the run keeps a copy of."""
        has_one = self.network is not None and self.network.tokenizer is not None
        return tokenizer_environment(self.folder.start_folder if has_one else None)


def prepare_training(spec: RunSpec, *, resume: bool = False, overwrite: bool = False) -> PreparedTraining:
    """Render, inspect and plan a training; nothing is written to the run folder.

    Args:
        spec: What the user asked for; with ``resume``, ``epochs`` may raise the number of epochs.
        resume: Go on from the run's latest checkpoint with the run's own configuration.
        overwrite: Whether an existing run of that name may be replaced.

    Raises:
        UsageError: The run exists, or there is nothing to resume.
        ConfigError: An override is unknown or of the wrong type.
        DataError: The data set cannot train; see :func:`ppocr_kit.runs.plan.plan_training`.
        SetupError: No release or no environment.
    """
    folder = RunFolder(spec.output_dir.absolute())
    require_free(folder, resume=resume, overwrite=overwrite)
    if spec.dataset_root is None:
        raise UsageError("no data set was named", at="--dataset", hint="ppocr-kit dataset build …")
    dataset = read_dataset(spec.dataset_root)
    device = parse_device(spec.device)
    release, interpreter = find_release(), find_interpreter(TASK_FACTS[spec.task].lane)
    first_epoch, spent = 1, 0.0
    if resume:
        config, first_epoch, spent = resumed_config(folder, spec, dataset)
        changes = changes_from_json(list(read_run(folder).changes))
    else:
        rendered = render(spec, dataset)
        config, changes = rendered.config, rendered.changes
    size = {"processes": device.processes, "first_epoch": first_epoch}
    network = find_start(folder, spec.pretrained, resume=resume) if spec.task in KIE_TASKS else None
    if network is not None:
        plan = plan_key_information(config, release, interpreter.python, network, **size)
    else:
        choice = StartChoice(spec.transplant_head, spec.pretrained_dict)
        plan = plan_training(config, spec.task, release, interpreter.python, choice=choice, **size)
    return PreparedTraining(
        folder, spec, dataset, plan, release, interpreter, device, changes, spent, network
    )


def require_free(folder: RunFolder, *, resume: bool, overwrite: bool) -> None:
    """Refuse a name that a run has, unless that run goes on or may go.

    Raises:
        UsageError: The run exists.
    """
    if not resume and folder.path.exists() and not overwrite:
        raise UsageError(
            f"a run named '{folder.name}' exists",
            at=str(folder.path),
            hint="choose another --name, go on with --resume, or replace it with --overwrite",
        )


def run_training(
    prepared: PreparedTraining, *, command: Sequence[str] = (), on_event: OnEvent | None = None
) -> RunRecord:
    """Train, and leave a run folder whose record says how it ended.

    An older run of the same name is kept until the new one has its first checkpoint's promise
    fulfilled: it is moved aside, deleted on success, and named in the error otherwise.

    Args:
        prepared: What :func:`prepare_training` returned.
        command: The command line, for the record.
        on_event: Called for every step, evaluation and best model.

    Returns:
        The record of the finished run.

    Raises:
        ToolError: The tool died, hung, or left no best model.
        KeyboardInterrupt: Passed on after the process group is gone and the record says so.
    """
    folder = prepared.folder
    aside = None if prepared.resumes else move_aside(folder.path)
    record = _start_record(prepared, command)
    watch = _Watch(on_event)
    started = time.monotonic()
    try:
        run_tool(prepared.invocation(), on_line=watch.line)
        watch.end()
        _require_best(folder, prepared.spec.task)
    except BaseException as error:
        status = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
        spent = record.seconds + time.monotonic() - started
        update_run(folder, status=status, seconds=round(spent, 1), final=watch.best)
        if aside is not None and isinstance(error, PpocrKitError):
            error.hint = f"{error.hint or 'see the log'}; the run that was replaced lies in {aside}"
        raise
    if aside is not None:
        shutil.rmtree(aside, ignore_errors=True)
    return update_run(
        folder,
        status="finished",
        finished=_now(),
        seconds=round(record.seconds + time.monotonic() - started, 1),
        final=watch.best,
    )


class _Watch:
    """Turn the tool's lines into events, and stop a training whose loss is lost."""

    # a spike recovers, a run of these does not
    NOT_A_NUMBER_LIMIT = 5

    def __init__(self, on_event: OnEvent | None) -> None:
        """Start with no best metric seen."""
        self.on_event = on_event
        self.best: Mapping[str, Any] = {}
        self.not_a_number = 0
        self.lost_at: TrainStep | None = None

    def line(self, text: str) -> None:
        """Take one line of the tool's output.

        Raises:
            ToolError: The loss has not been a number for several log lines.
        """
        event = parse_line(text)
        if event is None:
            return
        if isinstance(event, BestMetric):
            self.best = dict(event.values)
        if isinstance(event, TrainStep):
            self._watch_loss(event)
        if self.on_event is not None:
            self.on_event(event)

    def _watch_loss(self, step: TrainStep) -> None:
        self.not_a_number = 0 if math.isfinite(step.loss) else self.not_a_number + 1
        if self.not_a_number:
            self.lost_at = self.lost_at or step
        else:
            self.lost_at = None
        if self.not_a_number >= self.NOT_A_NUMBER_LIMIT:
            self.end()

    def end(self) -> None:
        """Take the end of the training.

        Raises:
            ToolError: The loss was no number then: the latest weights are none either.
        """
        if self.lost_at is not None:
            raise ToolError(
                f"the loss is not a number since about step {self.lost_at.step}; training was stopped",
                at=f"epoch {self.lost_at.epoch}",
                hint="lower the learning rate (--lr), or resume from latest with a lower one",
            )


def _start_record(prepared: PreparedTraining, command: Sequence[str]) -> RunRecord:
    """Make the run folder with its configuration, lists and record."""
    folder, plan = prepared.folder, prepared.plan
    config = write_lists(dict(plan.config), {"Train": plan.train, "Eval": plan.val}, folder.lists)
    config = _write_start(config, prepared)
    write_text_atomic(folder.config_file, prepared.config_text(config))
    folder.checkpoints.mkdir(parents=True, exist_ok=True)
    rejected = {"train": list(plan.train.rejected), "val": list(plan.val.rejected)}
    if any(rejected.values()):
        write_json_atomic(folder.reports / "rejected-rows.json", rejected)
    record = RunRecord(
        name=folder.name,
        task=prepared.spec.task,
        model=prepared.spec.model,
        status="running",
        dataset=_dataset_facts(prepared.dataset),
        release={
            "version": prepared.release.version,
            "source": prepared.release.source,
            "complete": prepared.release.complete,
        },
        spec=prepared.spec.to_json(),
        plan=plan.to_json(),
        changes=tuple(change.to_json() for change in prepared.changes),
        versions=dict(prepared.interpreter.versions),
        seed=prepared.spec.seed,
        command=tuple(command),
        started=_now() if not prepared.resumes else read_run(folder).started,
        seconds=prepared.spent_s,
    )
    write_run(folder, record)
    return record


def _dataset_facts(dataset: Dataset | None) -> dict[str, str] | None:
    """Return what the record says of the data set."""
    if dataset is None:
        return None
    return {"name": dataset.name, "root": str(dataset.root), "checksum": dataset.checksum}


def _write_start(config: dict[str, Any], prepared: PreparedTraining) -> dict[str, Any]:
    """Keep what the run starts from, and return the configuration that starts from it."""
    folder, plan = prepared.folder, prepared.plan
    if prepared.network is not None:
        keep_start(prepared.network, plan, folder)
        return config if prepared.network.network is None else with_network(config, folder.start_folder)
    dictionary = config["Global"].get("character_dict_path")
    if dictionary and Path(dictionary).is_file() and plan.first_epoch == 1:
        write_bytes_atomic(folder.path / DICTIONARY_COPY, Path(dictionary).read_bytes())
    if plan.start is None:
        return config
    write_text_atomic(folder.logs / "weights.txt", render_fates(plan.start.match))
    if not plan.start.is_rewritten:
        return config
    write_start(plan.start, folder.start_file)
    return with_pretrained(config, folder.start_file)


def resumed_config(
    folder: RunFolder, spec: RunSpec, dataset: Dataset | None
) -> tuple[dict[str, Any], int, float]:
    """Return the run's configuration set to go on, the next epoch, and the seconds spent.

    Raises:
        UsageError: There is no such run, it is of another kind, or it is finished.
        DataError: The data set has changed since.
    """
    record = read_run(folder)
    if record.task is not spec.task:
        raise UsageError(f"'{folder.name}' is a {record.task} run", at=str(folder.path))
    _require_same_data(folder, record, dataset)
    prefix = folder.checkpoint("latest")
    is_folder = spec.task in KIE_TASKS
    states = read_checkpoint_file(prefix / "metric.states" if is_folder else prefix.with_suffix(".states"))
    done = int(states.get("epoch", 0)) if isinstance(states, Mapping) else 0
    config = read_config(folder)
    epochs = spec.epochs if spec.epochs is not None else int(config["Global"]["epoch_num"])
    if done >= epochs:
        raise UsageError(
            f"the run is finished: {done} of {epochs} epochs are done",
            at=str(folder.path),
            hint=f"--epochs {done + max(1, epochs // 2)} --resume to train longer",
        )
    longer = with_epochs(config, epochs) if dataset is not None else with_epoch_number(config, epochs)
    return with_checkpoint(longer, prefix), done + 1, record.seconds


def _require_same_data(folder: RunFolder, record: RunRecord, dataset: Dataset | None) -> None:
    """Refuse to go on with other data than a run was started with."""
    if (dataset is None) != (record.dataset is None):
        what = "was trained by a YAML of your own" if record.dataset is None else "was trained on a data set"
        hint = "--config FILE --resume" if record.dataset is None else "TASK --dataset … --resume"
        raise UsageError(f"'{folder.name}' {what}", at=str(folder.path), hint=f"ppocr-kit train {hint}")
    if dataset is None or record.dataset is None or record.dataset.get("checksum") == dataset.checksum:
        return
    raise DataError(
        "the data set has changed since the run started, so going on would mix two splits",
        at=str(dataset.root),
        hint="start a new run: --name NEW --pretrained " + str(folder.checkpoints / "latest.pdparams"),
    )


def read_config(folder: RunFolder) -> dict[str, Any]:
    """Read the configuration that a run was trained with.

    Raises:
        ConfigError: The file is absent or not a mapping.
    """
    at = str(folder.config_file)
    try:
        config = yaml.safe_load(folder.config_file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read the run's configuration ({error.strerror})", at=at) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"the run's configuration is damaged ({error})", at=at) from error
    if not isinstance(config, dict) or not isinstance(config.get("Global"), dict):
        raise ConfigError("the run's configuration has no Global section", at=at)
    return config


def _require_best(folder: RunFolder, task: Task) -> None:
    """Hold a finished training to its promise of a best model."""
    if not weights_file(folder.checkpoints / "best_accuracy", task).is_file():
        raise ToolError(
            "training ended without a best model: no evaluation fell inside the run",
            at=str(folder.checkpoints),
            hint="let it evaluate every epoch (-o Global.eval_batch_epoch=1)",
        )


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
