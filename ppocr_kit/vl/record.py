"""The record of a training of PaddleOCR-VL: ``output/<run>/run.json`` with task ``vl``, and finding a run.

A run folder is ``{run.json, checkpoints/{best,latest}, logs/, predictions/, reports/}``. Paths are kept
absolute: the base model lies where the user put it.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ppocr_kit.errors import ReportError, UsageError
from ppocr_kit.run_folders import FORMAT, OUTPUT_FOLDER, RECORD_NAME, find_run_folder, read_record_file
from ppocr_kit.storage import write_json_atomic
from ppocr_kit.vl.history import HISTORY_FILE

TASK = "vl"
CHECKPOINTS = ("best", "latest")


@dataclass(frozen=True)
class VlRun:
    """A training of PaddleOCR-VL and what came of it.

    Attributes:
        name: Of the run.
        status: ``running``, ``finished``, ``interrupted`` or ``failed``.
        model: ``path`` and ``version`` of the base model, and the ``name`` it was called by.
        dataset: ``name``, ``root`` and ``checksum``.
        settings: :class:`~ppocr_kit.vl.train_settings.TrainSettings` as JSON.
        device: Where it ran.
        plan: What was counted before the first step.
        machine: ``parameters``, ``trained``, ``precision``, ``attention``, ``device``.
        versions: Packages of the lane.
        command: The command line.
        started: UTC time, ISO 8601.
        finished: UTC time, ISO 8601, or None.
        seconds: All sittings together.
        step: Steps done.
        base: Scores of the base model on the validation rows, or None.
        best: Scores of the best checkpoint, with its ``step``, or None.
    """

    name: str
    status: str
    model: Mapping[str, Any] = field(default_factory=dict)
    dataset: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    device: str = "cpu"
    plan: Mapping[str, Any] = field(default_factory=dict)
    machine: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, Any] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    started: str | None = None
    finished: str | None = None
    seconds: float = 0.0
    step: int = 0
    base: Mapping[str, Any] | None = None
    best: Mapping[str, Any] | None = None

    @property
    def tuned_is_worse(self) -> bool:
        """Whether the best checkpoint reads no better than the base model."""
        return bool(self.base and self.best and self.best["cer"] >= self.base["cer"] > 0)


@dataclass(frozen=True)
class VlRunFolder:
    """The paths of one run.

    Attributes:
        path: The run folder, absolute.
    """

    path: Path

    @property
    def name(self) -> str:
        """Name of the run."""
        return self.path.name

    @property
    def record_file(self) -> Path:
        """What was trained, from what, with which result."""
        return self.path / RECORD_NAME

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints."""
        return self.path / "checkpoints"

    @property
    def log_file(self) -> Path:
        """What training printed."""
        return self.path / "logs" / "train.log"

    @property
    def history_file(self) -> Path:
        """Loss of every step, and every evaluation."""
        return self.path / "logs" / HISTORY_FILE

    @property
    def reports(self) -> Path:
        """Curves and measurements."""
        return self.path / "reports"

    def checkpoint(self, which: str = "best") -> Path:
        """Return the folder of a checkpoint, ``best`` or ``latest``.

        Raises:
            UsageError: There is no such checkpoint.
        """
        folder = self.checkpoints / which
        if which in CHECKPOINTS and folder.is_dir():
            return folder
        have = sorted(path.name for path in self.checkpoints.glob("[!.]*") if path.name in CHECKPOINTS)
        there = f"there is {' and '.join(have)}" if have else "the run has none at all"
        raise UsageError(
            f"no checkpoint '{which}': {there}",
            at=str(folder),
            hint="go on with the training: ppocr-kit vl train … --resume",
        )


def find_vl_run(name_or_path: str, output: Path = Path(OUTPUT_FOLDER)) -> VlRunFolder:
    """Find a run by its name under ``output/`` or by its path.

    Raises:
        UsageError: There is none; the nearest name is given.
        ReportError: It is a run of another kind, or its record is damaged.
    """
    folder = VlRunFolder(find_run_folder(name_or_path, output, "ppocr-kit vl train --help"))
    read_vl_run(folder)
    return folder


def is_vl_run(path: Path) -> bool:
    """Tell whether a run folder is one of PaddleOCR-VL, by its record."""
    try:
        body = json.loads((path / RECORD_NAME).read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(body, dict) and body.get("task") == TASK


def write_vl_run(folder: VlRunFolder, run: VlRun) -> None:
    """Write ``run.json`` atomically."""
    write_json_atomic(folder.record_file, run_to_json(run))


def run_to_json(run: VlRun) -> dict[str, Any]:
    """Return the document of ``run.json``."""
    return {"format": FORMAT, "task": TASK, **dataclasses.asdict(run)}


def read_vl_run(folder: VlRunFolder) -> VlRun:
    """Read ``run.json``.

    Raises:
        ReportError: It is absent, damaged, of a newer format, or of a run of another kind.
    """
    at = str(folder.record_file)
    body = read_record_file(folder.record_file)
    if body.get("task") != TASK:
        raise ReportError(
            f"this run is not of PaddleOCR-VL but of {body.get('task')}",
            at=at,
            hint="the verbs without vl are for it: ppocr-kit eval, report, predict",
        )
    return VlRun(**_known(body, at))


def _known(body: Mapping[str, Any], at: str) -> dict[str, Any]:
    """Return the fields that a record has, checked."""
    kinds: dict[str, Any] = {
        "name": str, "status": str, "model": dict, "dataset": dict, "settings": dict, "device": str,
        "plan": dict, "machine": dict, "versions": dict, "command": list, "started": (str, type(None)),
        "finished": (str, type(None)), "seconds": (int, float), "step": int,
        "base": (dict, type(None)), "best": (dict, type(None)),
    }  # fmt: skip
    known = {key: body[key] for key in kinds if key in body}
    wrong = [key for key, value in known.items() if not isinstance(value, kinds[key])]
    if wrong or not {"name", "status"} <= known.keys():
        raise ReportError(f"the run's record has missing or wrong fields: {wrong}", at=at)
    known["command"] = tuple(str(word) for word in known.get("command", []))
    return known
