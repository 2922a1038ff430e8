"""Where a model to predict with comes from: an exported folder, or a run with its checkpoint.

Both are brought to one form, with the evaluation's own transforms and decoder, which
``workers/predict_images.py`` loads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ppocr_kit.errors import DataError, PpocrKitError, UsageError
from ppocr_kit.runs.engines import ONNX_FILE, EngineCheck, read_checks
from ppocr_kit.runs.inference import DECODERS, RECOGNISER_ARABIC, image_transforms
from ppocr_kit.runs.rundir import RunFolder, find_run, read_run
from ppocr_kit.runs.train import read_config
from ppocr_kit.tasks import KIE_TASKS, Task

SETTINGS_FILE = "inference.yml"
RECORD_FILE = "export.json"
WEIGHTS_FILE = "inference.pdiparams"
# the second is what releases before 3.0 wrote
PROGRAM_FILES = ("inference.json", "inference.pdmodel")
_KIE_DECODERS = ("VQASer", "VQARe")
_KIE_HINT = "ppocr-kit predict --ser SER_MODEL --re RE_MODEL --det DET_MODEL --rec REC_MODEL IMAGES…"


@dataclass(frozen=True)
class ModelSource:
    """A model that can be loaded.

    Attributes:
        task: What it does.
        name: What people call it.
        transforms: What happens to a picture before the network sees it.
        postprocess: The decoder of its output.
        settings: The decoder's ``Global`` section: dictionary and space character.
        export: Folder of the inference model, or None for a checkpoint.
        checkpoint: Prefix of the training weights, or None for an export.
        architecture: The network of a checkpoint.
        characters: Dictionary of an export, class by class; None where a file is named.
        checks: What was found of the engines when it was exported.
        has_onnx: Whether the export has an ONNX file.
    """

    task: Task
    name: str
    transforms: tuple[Mapping[str, Any], ...]
    postprocess: Mapping[str, Any]
    settings: Mapping[str, Any] = field(default_factory=dict)
    export: Path | None = None
    checkpoint: Path | None = None
    architecture: Mapping[str, Any] = field(default_factory=dict)
    characters: tuple[str, ...] | None = None
    checks: tuple[EngineCheck, ...] = ()
    has_onnx: bool = False

    def to_job(self, scratch: Path, engines: Sequence[str] = ()) -> dict[str, Any]:
        """Return what a worker needs, with the dictionary written to ``scratch``.

        Args:
            scratch: A folder of the worker's life.
            engines: Engines that may run an export, best first.
        """
        settings = dict(self.settings)
        if self.characters is not None:
            # the release turns text round by the word in the path
            kind = "arabic_" if settings.pop("reversed", False) else ""
            dictionary = scratch / f"{kind}{self.task}-{self.name}.txt"
            dictionary.write_text("".join(f"{entry}\n" for entry in self.characters), encoding="utf-8")
            settings["character_dict_path"] = str(dictionary)
        return {
            "task": str(self.task),
            "name": self.name,
            "transforms": [dict(step) for step in self.transforms],
            "postprocess": dict(self.postprocess),
            "settings": settings,
            "export": str(self.export) if self.export else None,
            "checkpoint": str(self.checkpoint) if self.checkpoint else None,
            "architecture": dict(self.architecture),
            "engines": list(engines),
        }


def find_source(name: str, task: Task | None = None, *, checkpoint: str = "best") -> ModelSource:
    """Find a model by the path of an export, or by the name or path of a run.

    Args:
        name: A folder with ``inference.yml``, a run under ``output/`` or a run folder.
        task: The task it must have, or None for any.
        checkpoint: Which checkpoint of a run: ``best``, ``latest`` or a path.

    Raises:
        UsageError: There is no such model, or it has another task.
        DataError: The export is damaged.
        ConfigError: The run's configuration is damaged.
    """
    folder = Path(name)
    if (folder / SETTINGS_FILE).is_file() and not (folder / "run.json").is_file():
        source = read_export(folder)
    else:
        source = run_source(find_named_run(name), checkpoint=checkpoint)
    if task is not None and source.task is not task:
        raise UsageError(
            f"'{name}' is a {source.task} model, not a {task} model",
            at="--rec" if task is Task.REC else "MODEL",
            hint="ppocr-kit predict DET_MODEL --rec REC_MODEL IMAGES…",
        )
    return source


def run_source(folder: RunFolder, *, checkpoint: str = "best") -> ModelSource:
    """Return a run's checkpoint with the settings that its evaluation uses.

    Raises:
        UsageError: It neither finds nor reads text.
    """
    config, task = read_config(folder), read_run(folder).task
    if task in KIE_TASKS:
        raise UsageError(
            f"'{folder.name}' is a {task} run; pictures are read by det and rec",
            at=folder.name,
            hint=_KIE_HINT,
        )
    return ModelSource(
        task=task,
        name=folder.name,
        transforms=tuple(image_transforms(config["Eval"]["dataset"]["transforms"])),
        postprocess=dict(config["PostProcess"]),
        settings=dict(config["Global"]),
        checkpoint=folder.checkpoint(checkpoint),
        architecture=dict(config["Architecture"]),
    )


def read_export(folder: Path) -> ModelSource:
    """Read an inference model's settings; also models that others exported.

    Raises:
        DataError: A file is missing or damaged, or it is a model of another kind.
    """
    at = str(folder / SETTINGS_FILE)
    body = read_settings(folder / SETTINGS_FILE)
    have = require_files(folder)
    postprocess = dict(body["PostProcess"])
    decoder = postprocess.get("name")
    tasks = [task for task, name in DECODERS.items() if name == decoder]
    if str(decoder).startswith(_KIE_DECODERS):
        raise UsageError(f"'{folder}' is a model for key information", at=at, hint=_KIE_HINT)
    if not tasks:
        known = ", ".join(DECODERS.values())
        raise DataError(f"the model's decoder {decoder} is not one of {known}", at=at)
    characters = postprocess.pop("character_dict", None)
    if characters is not None and not (isinstance(characters, list) and characters):
        raise DataError("PostProcess.character_dict is not a list of characters", at=at)
    name = str((body.get("Global") or {}).get("model_name") or "")
    return ModelSource(
        task=tasks[0],
        name=folder.absolute().name,
        transforms=tuple(image_transforms(body["PreProcess"]["transform_ops"])),
        postprocess=postprocess,
        # at the end of the dictionary a space that the model lacks is never chosen
        settings={"use_space_char": True, "reversed": name == RECOGNISER_ARABIC} if characters else {},
        export=folder.absolute(),
        characters=tuple(str(entry) for entry in characters) if characters else None,
        checks=read_checks(read_record(folder / RECORD_FILE), folder),
        has_onnx=ONNX_FILE in have,
    )


def require_files(folder: Path) -> set[str]:
    """Return the names of an export's files.

    Raises:
        DataError: The program or the weights are missing.
    """
    have = {path.name for path in folder.iterdir()}
    if WEIGHTS_FILE not in have or not have & set(PROGRAM_FILES):
        missing = WEIGHTS_FILE if WEIGHTS_FILE not in have else PROGRAM_FILES[0]
        raise DataError(f"the exported model has no {missing}", at=str(folder), hint="ppocr-kit export RUN")
    return have


def read_record(path: Path) -> dict[str, Any] | None:
    """Read ``export.json``; None for exports of others, which have none."""
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return body if isinstance(body, dict) else None


def read_settings(path: Path) -> dict[str, Any]:
    """Read ``inference.yml``.

    Raises:
        DataError: It is damaged, or has no list of transforms, or no decoder.
    """
    hint = "export the run again: ppocr-kit export RUN"
    try:
        body = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"cannot read the model's settings ({error.strerror})", at=str(path)) from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise DataError("the model's settings are not valid YAML", at=str(path), hint=hint) from error
    steps = _at(body, "PreProcess", "transform_ops")
    whole = isinstance(steps, list) and all(isinstance(step, dict) and len(step) == 1 for step in steps)
    if not whole or not steps or not isinstance(_at(body, "PostProcess"), dict):
        raise DataError(
            "the model's settings have no PreProcess.transform_ops or no PostProcess", at=str(path), hint=hint
        )
    assert isinstance(body, dict)
    return body


def _at(body: Any, *keys: str) -> Any:
    for key in keys:
        body = body.get(key) if isinstance(body, dict) else None
    return body


def find_named_run(name: str) -> RunFolder:
    """Find a run by name or path; says so where the path is of a folder that is none.

    Raises:
        UsageError: There is no such run.
    """
    try:
        return find_run(name)
    except PpocrKitError as error:
        folder = Path(name)
        if folder.is_dir():
            raise UsageError(
                "the folder holds neither an exported model (inference.yml) nor a run (run.json)",
                at=str(folder),
                hint="ppocr-kit export RUN, then name inference/RUN",
            ) from error
        raise
