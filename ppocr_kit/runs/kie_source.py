"""Where a network for key information comes from: an exported folder, or a run with its checkpoint.

Both are brought to one form, with the evaluation's own transforms and decoder, which
``workers/kie_network.py`` loads. An export holds all that it needs: the list of classes and the
tokenizer lie in its folder.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ppocr_kit.errors import ConfigError, DataError, UsageError
from ppocr_kit.labels.key_classes import RE_CLASSES, read_class_file
from ppocr_kit.labels.link_naming import ClassPair, Side, role_of
from ppocr_kit.runs.kie_plan import checkpoint_start
from ppocr_kit.runs.model_source import (
    RECORD_FILE,
    SETTINGS_FILE,
    WEIGHTS_FILE,
    find_named_run,
    read_record,
    read_settings,
    require_files,
)
from ppocr_kit.runs.networks import has_tokenizer
from ppocr_kit.runs.rundir import NETWORK_WEIGHTS, RunFolder, read_run
from ppocr_kit.runs.train import read_config
from ppocr_kit.storage import sha256_of
from ppocr_kit.tasks import KIE_TASKS, Task
from ppocr_kit.vendor.compat_kie import TOKENIZER_FILE

CLASSES_FILE = "classes.txt"
_DIGITS = 16
_ENCODER = "VQATokenLabelEncode"

# Classes to ``QUESTION`` or ``ANSWER``.
Roles = Mapping[str, str]


@dataclass(frozen=True)
class KieSource:
    """A network for key information that can be loaded.

    Attributes:
        task: SER or RE.
        name: What people call it.
        transforms: Those of its evaluation.
        postprocess: Its decoder.
        settings: The section ``Global`` of its configuration.
        classes: SER: its classes, ``OTHER`` first. RE: ``OTHER``, ``QUESTION``, ``ANSWER``.
        roles: RE: which classes its data set counts as questions and as answers; empty where unknown.
        tokenizer: Folder of its tokenizer; None where paddlenlp fetches it.
        export: Folder of the inference model, or None for a checkpoint.
        checkpoint: Folder of the training weights, or None for an export.
        architecture: The network of a checkpoint.
    """

    task: Task
    name: str
    transforms: tuple[Mapping[str, Any], ...]
    postprocess: Mapping[str, Any]
    settings: Mapping[str, Any]
    classes: tuple[str, ...]
    roles: Roles = field(default_factory=dict)
    tokenizer: Path | None = None
    export: Path | None = None
    checkpoint: Path | None = None
    architecture: Mapping[str, Any] = field(default_factory=dict)

    @property
    def weights(self) -> Path:
        """The file of its weights."""
        if self.export is not None:
            return self.export / WEIGHTS_FILE
        assert self.checkpoint is not None
        return self.checkpoint / NETWORK_WEIGHTS

    def to_job(self, *, gpu: bool = False, threads: int = 1, batch_size: int = 8) -> dict[str, Any]:
        """Return what ``workers/kie_network.py`` loads."""
        return {
            "name": self.name,
            "transforms": [dict(step) for step in self.transforms],
            "postprocess": dict(self.postprocess),
            "settings": dict(self.settings),
            "architecture": dict(self.architecture),
            "checkpoint": str(self.checkpoint) if self.checkpoint else None,
            "export": str(self.export) if self.export else None,
            "tokenizer": str(self.tokenizer) if self.tokenizer else None,
            "batch_size": batch_size,
            "gpu": gpu,
            "threads": threads,
        }

    def digest(self) -> str:
        """Return what tells this network, with its classes, from a retrained one of the same name."""
        named = ",".join(self.classes)
        return f"{self.name} {sha256_of(self.weights)[:_DIGITS]} {named}"


def find_kie_source(name: str, task: Task, *, checkpoint: str = "best") -> KieSource:
    """Find a network for key information by the path of an export, or by the name or path of a run.

    Args:
        name: A folder with ``inference.yml``, a run under ``output/`` or a run folder.
        task: SER or RE, which it must be for.
        checkpoint: Which checkpoint of a run: ``best``, ``latest`` or a path.

    Raises:
        UsageError: There is no such network, or it is for another task.
        DataError: Its files are damaged, or its classes are not those that it was trained with.
        ConfigError: The run's configuration is damaged.
    """
    folder = Path(name)
    if (folder / SETTINGS_FILE).is_file() and not (folder / "run.json").is_file():
        found = read_kie_export(folder)
    else:
        run = find_named_run(name)
        kind = read_run(run).task
        if kind is not task:
            raise _other_task(name, kind, task)
        found = kie_run_source(run, checkpoint=checkpoint)
    if found.task is not task:
        raise _other_task(name, found.task, task)
    return found


def kie_run_source(folder: RunFolder, *, checkpoint: str = "best") -> KieSource:
    """Return a run's checkpoint with what its evaluation uses.

    Raises:
        UsageError: The run is of another task, or has no such checkpoint.
        DataError: The list of classes is gone, or is not the one it was trained with.
    """
    config, task = read_config(folder), read_run(folder).task
    assert task in KIE_TASKS, "only runs of key information have networks in folders"
    place = folder.checkpoint(checkpoint)
    file = class_file_of(config)
    classes = read_class_file(file).names
    if task is Task.SER:
        _require_classes(classes, int(config["Architecture"]["Backbone"]["num_classes"]), file)
    return KieSource(
        task=task,
        name=folder.name,
        transforms=tuple(config["Eval"]["dataset"]["transforms"]),
        postprocess=dict(config["PostProcess"]),
        settings=dict(config["Global"]),
        classes=classes if task is Task.SER else RE_CLASSES,
        roles=roles_of_rows(config) if task is Task.RE else {},
        tokenizer=checkpoint_start(place).tokenizer,
        checkpoint=place.absolute(),
        architecture=dict(config["Architecture"]),
    )


def read_kie_export(folder: Path) -> KieSource:
    """Read an exported network for key information.

    Raises:
        DataError: A file is missing or damaged, or it is a network of another kind.
        UsageError: It finds or reads text.
    """
    body = read_settings(folder / SETTINGS_FILE)
    transforms = body["PreProcess"]["transform_ops"]
    encoder = next((step[_ENCODER] for step in transforms if _ENCODER in step), None)
    if not isinstance(encoder, dict):
        raise UsageError(
            "the exported model is not for key information",
            at=str(folder),
            hint="give text models as --det and --rec",
        )
    require_files(folder)
    task = Task.RE if encoder.get("contains_re") else Task.SER
    file = folder / CLASSES_FILE
    classes = read_class_file(file).names
    record = read_record(folder / RECORD_FILE) or {}
    files = record.get("files")
    if isinstance(files, dict) and files.get(CLASSES_FILE) not in (None, sha256_of(file)):
        raise DataError(
            "the list of classes is not the one that the network was exported with",
            at=str(file),
            hint="put the file back, or export the run again: ppocr-kit export RUN",
        )
    if not has_tokenizer(folder):
        raise DataError(
            f"the exported network has no {TOKENIZER_FILE}", at=str(folder), hint="ppocr-kit export RUN"
        )
    steps, decoder = name_class_file(transforms, body["PostProcess"], file.absolute().as_posix())
    return KieSource(
        task=task,
        name=folder.absolute().name,
        transforms=tuple(steps),
        postprocess=decoder,
        settings={},
        classes=classes if task is Task.SER else RE_CLASSES,
        roles=_read_roles(record.get("roles")),
        tokenizer=folder.absolute(),
        export=folder.absolute(),
    )


def name_class_file(
    transforms: Sequence[Mapping[str, Any]], postprocess: Mapping[str, Any], named: str
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return transforms and decoder of an evaluation with another path of the list of classes."""
    steps, decoder = copy.deepcopy([dict(step) for step in transforms]), dict(postprocess)
    for step in steps:
        if _ENCODER in step:
            step[_ENCODER]["class_path"] = named
    if "class_path" in decoder:
        decoder["class_path"] = named
    return steps, decoder


def class_file_of(config: Mapping[str, Any]) -> Path:
    """Return the list of classes that a configuration names.

    Raises:
        ConfigError: It is not for key information.
    """
    for step in config["Eval"]["dataset"]["transforms"]:
        if _ENCODER in step:
            return Path(step[_ENCODER]["class_path"])
    raise ConfigError(f"the evaluation has no {_ENCODER}", at="Eval.dataset.transforms")


def roles_of_rows(config: Mapping[str, Any]) -> dict[str, str]:
    """Tell which classes the rows of an RE configuration count as questions and as answers.

    Returns:
        Empty where the rows are gone or do not keep the classes (``key_cls``).
    """
    roles: dict[str, str] = {}
    for mode in ("Train", "Eval"):
        for name in config[mode]["dataset"]["label_file_list"]:
            try:
                rows = Path(name).read_text(encoding="utf-8").split("\n")
                for row in filter(None, rows):
                    named = [box for box in json.loads(row.split("\t", 1)[1]) if "key_cls" in box]
                    roles.update({str(box["key_cls"]).upper(): str(box["label"]).upper() for box in named})
            except (OSError, ValueError, IndexError, TypeError, KeyError):
                continue
    return {name: role for name, role in sorted(roles.items()) if role in RE_CLASSES[1:]}


def roles_of_classes(classes: Sequence[str], known: Roles, pairs: Sequence[ClassPair] = ()) -> dict[str, str]:
    """Tell which classes are questions and which answers.

    Args:
        classes: Classes of a SER network.
        known: What the data set of an RE network says.
        pairs: What the user says, which goes before it; names (``total_q``) come last.
    """
    roles: dict[str, str] = {}
    for name in classes:
        given = role_of(name, pairs)
        if given is not None and given.given:
            roles[name] = str(given.side).upper()
        elif name in known:
            roles[name] = known[name]
        elif given is not None and given.side is not Side.OTHER:
            roles[name] = str(given.side).upper()
    return roles


def _require_classes(classes: tuple[str, ...], outputs: int, file: Path) -> None:
    """Refuse a list of classes that the network was not trained with."""
    if 2 * len(classes) - 1 == outputs:
        return
    raise DataError(
        f"the list has {len(classes)} classes, and the network tells {(outputs + 1) // 2} apart",
        at=str(file),
        hint="the data set was built again with other classes: train again, or put the list back",
    )


def _read_roles(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {str(name): role for name, role in value.items() if role in RE_CLASSES[1:]}


def _other_task(name: str, found: Task, wanted: Task) -> UsageError:
    hint = "ppocr-kit predict --ser SER_MODEL --re RE_MODEL --det DET_MODEL --rec REC_MODEL IMAGES…"
    return UsageError(f"'{name}' is a {found} model, not a {wanted} model", at=f"--{wanted}", hint=hint)
