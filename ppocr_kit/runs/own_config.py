"""Training by a user's own YAML: checked, changed only where it must be, then run like any other.

Paths in it start from the current folder, as they do for the release's tools.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.configs import patches
from ppocr_kit.configs.changes import Change, Draft, changes_from_json
from ppocr_kit.configs.device import Device, parse_device
from ppocr_kit.configs.evaluations import count_evaluations
from ppocr_kit.configs.key_information import with_network
from ppocr_kit.configs.keys import value_at
from ppocr_kit.configs.lint.codes import REPAIRED_BY_TRAINING
from ppocr_kit.configs.lint.parts import DISTILLATION, unsupplied_parts
from ppocr_kit.configs.lint.subject import MODES, ROW_DATA_SETS, Subject
from ppocr_kit.configs.lint.yaml_file import lint_source
from ppocr_kit.configs.machine import with_mixed_precision
from ppocr_kit.configs.overrides import apply_overrides
from ppocr_kit.configs.sampling import with_batch_size
from ppocr_kit.configs.source import ConfigSource, read_source
from ppocr_kit.configs.spec import RunSpec
from ppocr_kit.errors import ConfigError, UsageError
from ppocr_kit.problems import Problem, Severity, count_errors
from ppocr_kit.runs.kie_plan import find_start, plan_key_information
from ppocr_kit.runs.plan import TrainingPlan, plan_training
from ppocr_kit.runs.rundir import RunFolder, read_run
from ppocr_kit.runs.start import StartChoice
from ppocr_kit.runs.train import PreparedTraining, require_free, resumed_config
from ppocr_kit.tasks import KIE_TASKS, TASK_FACTS, TEXT_TASKS, Task
from ppocr_kit.vendor.environment import find_interpreter
from ppocr_kit.vendor.release import PinnedRelease, find_release

# What tools/train.py seeds itself with where the file says nothing.
_DEFAULT_SEED = 1024
# Other devices than the ones that --device can name.
_OTHER_DEVICES = ("use_xpu", "use_npu", "use_mlu", "use_gcu", "use_metax_gpu", "use_iluvatar_gpu")
# Where a YAML for key information names the network that it starts from.
_NETWORK = ("Architecture", "Backbone", "checkpoints")
_GIT = "ppocr-kit vendor sync --source git brings the complete release"


@dataclass(frozen=True)
class OwnConfig:
    """A user's YAML that has been read and checked.

    Attributes:
        source: Its values and lines.
        problems: Findings that matter for a training; notes are left out, and what training mends
            is a warning.
    """

    source: ConfigSource
    problems: tuple[Problem, ...]

    @property
    def task(self) -> Task:
        """What it trains.

        Raises:
            ConfigError: Nothing that the kit trains.
        """
        name = value_at(self.source.config, ("Architecture", "model_type"))
        backbone = value_at(self.source.config, ("Architecture", "Backbone", "name"))
        if name in TEXT_TASKS or (name == patches.KIE and backbone in patches.KIE_BACKBONES):
            return patches.task_of(self.source.config)
        what = f"{name} model" if name != patches.KIE else f"{name} model of {backbone}"
        raise ConfigError(
            f"the kit trains {', '.join(Task)} by a YAML of your own, and this is a {what}",
            at=_place(self.source, ("Architecture", "model_type")),
            hint="ppocr-kit vendor exec -- tools/train.py -c FILE runs it by a complete release "
            "(ppocr-kit vendor sync --source git)",
        )

    @property
    def seed(self) -> int:
        """The seed that the file gives, or that the tool takes."""
        seed = value_at(self.source.config, ("Global", "seed"))
        return seed if isinstance(seed, int) else _DEFAULT_SEED


def check_own_config(file: Path) -> OwnConfig:
    """Read and check a user's YAML; see :func:`ppocr_kit.configs.lint.yaml_file.lint_file`.

    Raises:
        UsageError: There is no such file.
    """
    if not file.is_file():
        raise UsageError("there is no such file", at=str(file))
    source = read_source(file)
    return OwnConfig(
        source,
        tuple(_mended(problem) for problem in lint_source(source) if problem.severity is not Severity.NOTE),
    )


def require_sound(own: OwnConfig) -> None:
    """Refuse a YAML with errors.

    Raises:
        ConfigError: It has errors; the findings themselves are in ``own.problems``.
    """
    errors = count_errors(own.problems)
    if errors:
        first = next(problem for problem in own.problems if problem.severity is Severity.ERROR)
        raise ConfigError(
            f"{errors} {'error' if errors == 1 else 'errors'} in the configuration, first: {first.message}",
            at=first.where,
            hint=f"mend them; ppocr-kit config lint {own.source.file} lists them all",
        )


def prepare_own_training(
    own: OwnConfig, spec: RunSpec, *, resume: bool = False, overwrite: bool = False
) -> PreparedTraining:
    """Change a user's YAML where it must be, inspect and plan; nothing is written to the run folder.

    Args:
        own: The checked YAML.
        spec: What the user asked for beside it; ``dataset_root`` is None.
        resume: Go on from the run's latest checkpoint with the run's own configuration.
        overwrite: Whether an existing run of that name may be replaced.

    Raises:
        UsageError: The run exists, or there is nothing to resume.
        ConfigError: The YAML has errors, or names what neither release nor kit has.
        DataError: Its lists cannot train; see :func:`ppocr_kit.runs.plan.plan_training`.
        SetupError: No release or no environment.
    """
    folder = RunFolder(spec.output_dir.absolute())
    require_free(folder, resume=resume, overwrite=overwrite)
    require_sound(own)
    device = parse_device(spec.device)
    release, interpreter = find_release(), find_interpreter(TASK_FACTS[spec.task].lane)
    _require_supplied(own.source, release)
    _require_rows(own.source)
    first_epoch, spent = 1, 0.0
    if resume:
        config, first_epoch, spent = resumed_config(folder, spec, None)
        draft = Draft(config)
    else:
        draft = _draft(own, spec, device)
    network, size = None, {"processes": device.processes, "first_epoch": first_epoch}
    if spec.task in KIE_TASKS:
        network = find_start(folder, _network(own, spec), resume=resume)
        plan = plan_key_information(draft.config, release, interpreter.python, network, **size)
    else:
        choice = StartChoice(spec.transplant_head, spec.pretrained_dict)
        plan = plan_training(draft.config, spec.task, release, interpreter.python, choice=choice, **size)
    plan = _with_evaluations(draft, plan)
    changes = draft.changes() if not resume else (*_earlier_changes(folder), *draft.changes())
    return PreparedTraining(folder, spec, None, plan, release, interpreter, device, changes, spent, network)


def _network(own: OwnConfig, spec: RunSpec) -> Path | None:
    """Return the folder of the network that key information starts from, None for the hub's."""
    named = value_at(own.source.config, _NETWORK)
    return spec.pretrained if spec.pretrained is not None else Path(named) if named else None


def _mended(problem: Problem) -> Problem:
    """Make a warning of what training puts right by itself."""
    if problem.code not in REPAIRED_BY_TRAINING:
        return problem
    hint = "this run will evaluate in epochs instead"
    return dataclasses.replace(problem, severity=Severity.WARNING, hint=hint)


def _draft(own: OwnConfig, spec: RunSpec, device: Device) -> Draft:
    """Change what the machine and the run folder ask for, then what the user did."""
    draft = Draft(copy.deepcopy(dict(own.source.config)))
    draft.take(_with_lists(draft.config), "the kit looks at the lists one by one")
    draft.take(_with_device(draft.config, device), f"it runs on {device}")
    if spec.mixed_precision:
        draft.take(with_mixed_precision(draft.config, device, True), "of --amp")
    elif not device.is_gpu:
        draft.take(with_mixed_precision(draft.config, device, False), "a CPU has no mixed precision")
    draft.take(patches.with_run_folder(draft.config, spec.output_dir), "it belongs to this run")
    if spec.seed != own.seed:
        draft.take(patches.with_seed(draft.config, spec.seed), f"of --seed {spec.seed}")
    if spec.pretrained is not None:
        start_from = with_network if spec.task in KIE_TASKS else patches.with_pretrained
        draft.take(start_from(draft.config, spec.pretrained), "of --pretrained")
    if spec.batch_size is not None:
        draft.take(with_batch_size(draft.config, spec.batch_size), f"of --batch-size {spec.batch_size}")
    if spec.learning_rate is not None:
        draft.take(patches.with_learning_rate(draft.config, spec.learning_rate), "of --lr")
    if spec.epochs is not None:
        draft.take(_with_epochs(draft.config, spec.epochs), f"of --epochs {spec.epochs}")
    if spec.eval_every_epochs is not None:
        why = f"of --eval-every {spec.eval_every_epochs}"
        draft.take(_with_evaluation(draft.config, spec.eval_every_epochs), why)
    draft.take(apply_overrides(draft.config, spec.overrides), "of -o")
    return draft


def _with_lists(config: Mapping[str, Any]) -> dict[str, Any]:
    """Write a single label list as a list of one, which the tools take for the same."""
    changed = copy.deepcopy(dict(config))
    for mode in MODES:
        dataset = changed[mode]["dataset"]
        if isinstance(dataset.get("label_file_list"), str):
            dataset["label_file_list"] = [dataset["label_file_list"]]
    return changed


def _with_device(config: Mapping[str, Any], device: Device) -> dict[str, Any]:
    """Run on a device; loaders and everything else stay as the user wrote them."""
    changed = copy.deepcopy(dict(config))
    settings = changed["Global"]
    settings["use_gpu"] = device.is_gpu
    settings["distributed"] = device.processes > 1
    for key in _OTHER_DEVICES:
        if settings.get(key):
            settings[key] = False
    return changed


def _with_epochs(config: Mapping[str, Any], epochs: int) -> dict[str, Any]:
    """Train for another number of epochs than the file says.

    A warm-up still ends, and target maps that grow over the whole run do so over this one.
    """
    changed = patches.with_epoch_number(config, epochs)
    before = config["Global"]["epoch_num"]
    for step in changed["Train"]["dataset"]["transforms"]:
        for settings in step.values():
            if isinstance(settings, dict) and settings.get("total_epoch") == before:
                settings["total_epoch"] = epochs
    schedule = changed["Optimizer"]["lr"]
    if schedule.get("warmup_epoch") and schedule["warmup_epoch"] >= epochs:
        schedule["warmup_epoch"] = epochs / 10
    return changed


def _with_evaluation(config: Mapping[str, Any], every: int | None) -> dict[str, Any]:
    """Evaluate in epochs; the steps stay in the file where they are the list that upstream wants then."""
    steps = config["Global"]["eval_batch_step"]
    changed = patches.with_evaluation(config, every)
    if isinstance(steps, list) and len(steps) >= 2:
        changed["Global"]["eval_batch_step"] = steps
    return changed


def _with_evaluations(draft: Draft, plan: TrainingPlan) -> TrainingPlan:
    """Evaluate in epochs where no evaluation, and with it no best model, falls inside the run."""
    if plan.evaluations:
        return plan
    first = f"{plan.steps_per_epoch * plan.epochs} steps are fewer than the first evaluation waits for"
    draft.take(_with_evaluation(draft.config, None), f"{first}, and there would be no best model")
    count = count_evaluations(draft.config, plan.steps_per_epoch, plan.first_epoch)
    return dataclasses.replace(plan, config=draft.config, evaluations=count)


def _earlier_changes(folder: RunFolder) -> tuple[Change, ...]:
    """Return the changes that the run was started with."""
    return changes_from_json(list(read_run(folder).changes))


def _require_supplied(source: ConfigSource, release: PinnedRelease) -> None:
    """Refuse parts that neither the release nor the kit has.

    Raises:
        ConfigError: The first of them, with its line and where to get it.
    """
    subject = Subject(source, Path.cwd())
    parts = list(unsupplied_parts(subject))
    if parts and parts[0][1] == DISTILLATION and release.complete:
        raise ConfigError(
            "the kit plans no training of several models (distillation)",
            at=_place(source, parts[0][0]),
            hint="run it without the kit's checks: ppocr-kit vendor exec -- tools/train.py -c FILE",
        )
    if not parts or release.complete:
        return
    names = ", ".join(name for _, name in parts)
    raise ConfigError(
        f"{names}: neither the published archive nor the kit has {'it' if len(parts) == 1 else 'them'}",
        at=_place(source, parts[0][0]),
        hint=f"{_GIT}; or train a model of ppocr-kit config list",
    )


def _require_rows(source: ConfigSource) -> None:
    """Refuse data sets whose rows cannot be looked at before training, and foreign checkpoints.

    Raises:
        ConfigError: A data set of neither label lists nor LMDBs, or ``Global.checkpoints``.
    """
    for mode in MODES:
        path = (mode, "dataset", "name")
        name = value_at(source.config, path)
        if name not in ROW_DATA_SETS:
            raise ConfigError(
                f"{name} has no list of rows that could be checked before training",
                at=_place(source, path),
                hint=f"use {ROW_DATA_SETS[0]} with a label_file_list, or run it without the kit: "
                "ppocr-kit vendor exec -- tools/train.py -c FILE",
            )
    if value_at(source.config, ("Global", "checkpoints")):
        raise ConfigError(
            "Global.checkpoints goes on with another run",
            at=_place(source, ("Global", "checkpoints")),
            hint="name the weights as Global.pretrained_model (of key information the folder as "
            "Architecture.Backbone.checkpoints), which starts a new run from them, or go on with a run of "
            "the kit by --resume",
        )


def _place(source: ConfigSource, path: tuple[Any, ...]) -> str:
    line = source.line(path)
    return source.file if line is None else f"{source.file}:{line}"
