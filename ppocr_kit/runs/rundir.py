"""The run folder: where everything about one training lies, and its record ``run.json``.

``output/<run>/{run.json, config.yml, checkpoints/, logs/, lists/, reports/, predictions/}``;
``checkpoints/`` is upstream's ``Global.save_model_dir``. A recogniser keeps its ``dictionary.txt``; a
run that starts from weights which had to be fitted to its model keeps them as ``start.pdparams``, one of
key information as the folder ``start/``. Its checkpoints are folders too.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ppocr_kit.configs.key_information import START_FOLDER
from ppocr_kit.errors import ReportError, UsageError
from ppocr_kit.run_folders import FORMAT, OUTPUT_FOLDER, RECORD_NAME, find_run_folder, read_record_file
from ppocr_kit.storage import write_json_atomic
from ppocr_kit.tasks import KIE_TASKS, Task

# The weights in a folder that is a checkpoint of key information.
NETWORK_WEIGHTS = "model_state.pdparams"


@dataclass(frozen=True)
class RunFolder:
    """The paths of one run.

    Attributes:
        path: The run folder itself, absolute.
    """

    path: Path

    @property
    def name(self) -> str:
        """The run's name, which is its folder's name."""
        return self.path.name

    @property
    def record_file(self) -> Path:
        """What was run, from what, with which result."""
        return self.path / RECORD_NAME

    @property
    def config_file(self) -> Path:
        """The complete YAML that training ran with."""
        return self.path / "config.yml"

    @property
    def checkpoints(self) -> Path:
        """Upstream's ``save_model_dir``."""
        return self.path / "checkpoints"

    @property
    def logs(self) -> Path:
        """What the tools printed, one file per call."""
        return self.path / "logs"

    @property
    def start_file(self) -> Path:
        """Weights that training started from, where the given ones had to be fitted to the model."""
        return self.path / "start.pdparams"

    @property
    def start_folder(self) -> Path:
        """Key information: the network that training started from, with its tokenizer."""
        return self.path / START_FOLDER

    @property
    def lists(self) -> Path:
        """Label lists without the rows that the tool would have refused."""
        return self.path / "lists"

    @property
    def reports(self) -> Path:
        """Evaluations, curves and the report."""
        return self.path / "reports"

    def checkpoint(self, which: str = "best") -> Path:
        """Return the prefix of a checkpoint's files (``….pdparams`` without the suffix), or its folder.

        Args:
            which: ``best``, ``latest``, or the path of a ``.pdparams`` file or prefix.

        Raises:
            UsageError: There is no such checkpoint.
        """
        named = {"best": "best_accuracy", "latest": "latest"}
        if which in named:
            prefix = self.checkpoints / named[which]
        else:
            prefix = Path(which[: -len(".pdparams")] if which.endswith(".pdparams") else which).absolute()
        weights = prefix.parent / f"{prefix.name}.pdparams"
        if not weights.is_file() and not (prefix / NETWORK_WEIGHTS).is_file():
            have = sorted(
                {path.stem for path in self.checkpoints.glob("*.pdparams")}
                | {path.parent.name for path in self.checkpoints.glob(f"*/{NETWORK_WEIGHTS}")}
            )
            there = f"there is {', '.join(have)}" if have else "the run has no checkpoint at all"
            raise UsageError(
                f"no {which} checkpoint: {there}",
                at=str(weights),
                hint="train the run to the end of an epoch (ppocr-kit train … --resume), or name another "
                "checkpoint with --checkpoint",
            )
        return prefix


@dataclass(frozen=True)
class RunRecord:
    """The content of ``run.json``.

    Attributes:
        name: Name of the run.
        task: Its task.
        model: Name of the recipe in ``configs/``.
        status: ``created``, ``running``, ``finished``, ``interrupted`` or ``failed``.
        dataset: ``name``, ``root`` and ``checksum`` of the data set; None for a run by the user's own
            YAML, whose lists ``config.yml`` names.
        release: ``version``, ``source`` and ``complete`` of the PaddleOCR release.
        spec: What the user asked for (:class:`ppocr_kit.configs.spec.RunSpec` as JSON).
        plan: What was foretold before training: rows, steps, evaluations, weights loaded.
        changes: How the configuration differs from the recipe: ``what``, ``from``, ``to``, ``why``.
        versions: Package versions of the environment that trained.
        seed: Random seed.
        command: The command line that made the run.
        started: UTC time, ISO 8601.
        finished: UTC time, ISO 8601, or None while not finished.
        seconds: Training time, all sittings together.
        final: Best metrics that training logged.
    """

    name: str
    task: Task
    model: str
    status: str
    dataset: Mapping[str, Any] | None = field(default_factory=dict)
    release: Mapping[str, Any] = field(default_factory=dict)
    spec: Mapping[str, Any] = field(default_factory=dict)
    plan: Mapping[str, Any] = field(default_factory=dict)
    changes: tuple[Mapping[str, Any], ...] = ()
    versions: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    command: tuple[str, ...] = ()
    started: str | None = None
    finished: str | None = None
    seconds: float = 0.0
    final: Mapping[str, Any] = field(default_factory=dict)


def weights_file(prefix: Path, task: Task) -> Path:
    """Return the file that holds the weights of a checkpoint: beside its prefix, or in its folder."""
    return prefix / NETWORK_WEIGHTS if task in KIE_TASKS else prefix.with_name(f"{prefix.name}.pdparams")


def find_run(name_or_path: str, output: Path | None = None) -> RunFolder:
    """Find a run by its name under ``output/`` or by its path.

    Raises:
        UsageError: There is no such run; the nearest name is given.
    """
    base = output if output is not None else Path(OUTPUT_FOLDER)
    return RunFolder(find_run_folder(name_or_path, base, "ppocr-kit train --help"))


def record_to_json(record: RunRecord) -> dict[str, Any]:
    """Return the document of ``run.json``."""
    return {"format": FORMAT, **dataclasses.asdict(record), "task": str(record.task)}


def write_run(folder: RunFolder, record: RunRecord) -> None:
    """Write ``run.json`` atomically."""
    write_json_atomic(folder.record_file, record_to_json(record))


def read_run(folder: RunFolder) -> RunRecord:
    """Read ``run.json``.

    Raises:
        ReportError: The file is absent, not JSON, of a newer format, or has wrong types.
    """
    at = str(folder.record_file)
    body = read_record_file(folder.record_file)
    kinds: dict[str, Any] = {
        "name": str, "model": str, "status": str, "dataset": (dict, type(None)), "release": dict,
        "spec": dict, "plan": dict, "versions": dict, "seed": int, "started": (str, type(None)),
        "finished": (str, type(None)), "seconds": (int, float), "final": dict, "command": list,
        "changes": list,
    }  # fmt: skip
    known = {key: body[key] for key in kinds if key in body}
    wrong = [key for key, value in known.items() if not isinstance(value, kinds[key])]
    if wrong or not {"name", "model", "status"} <= known.keys():
        raise ReportError(f"the run's record has missing or wrong fields: {wrong}", at=at)
    try:
        task = Task(body.get("task"))
    except ValueError as error:
        raise ReportError(f"the run's record names an unknown task {body.get('task')!r}", at=at) from error
    known["changes"] = tuple(known.get("changes", []))
    known["command"] = tuple(str(word) for word in known.get("command", []))
    return RunRecord(task=task, **known)


def update_run(folder: RunFolder, **changes: Any) -> RunRecord:
    """Read the record, change some fields, write it back, and return it."""
    record = dataclasses.replace(read_run(folder), **changes)
    write_run(folder, record)
    return record
