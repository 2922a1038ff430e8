"""Exporting a run of key information: a folder that answers alone, put in place only when it answers right.

Beside network and weights it holds the list of classes and the tokenizer, and its ``inference.yml`` names
the list without a path, so that the folder can be moved.

Source: ppocr/utils/export_model.py@3.7.0 (``dynamic_to_static``: pages of 512 tokens, whatever the window).
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ppocr_kit.configs.device import parse_device
from ppocr_kit.configs.key_information import window_of
from ppocr_kit.configs.patches import with_checkpoint, with_device
from ppocr_kit.configs.render import dump_config
from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.progress import Track, no_progress
from ppocr_kit.runs.engines import PADDLE
from ppocr_kit.runs.export import (
    CONFIG_FILE,
    FORMAT,
    IDLE_TIMEOUT_S,
    inside,
    require_replaceable,
    require_same,
)
from ppocr_kit.runs.kie_parity import check_kie_parity, pages_to_compare
from ppocr_kit.runs.kie_source import (
    CLASSES_FILE,
    KieSource,
    class_file_of,
    kie_run_source,
    name_class_file,
    read_kie_export,
)
from ppocr_kit.runs.model_source import PROGRAM_FILES, RECORD_FILE, SETTINGS_FILE, WEIGHTS_FILE
from ppocr_kit.runs.networks import copy_tokenizer, tokenizer_environment
from ppocr_kit.runs.parity import EngineParity
from ppocr_kit.runs.rundir import RunFolder, read_run
from ppocr_kit.runs.train import read_config
from ppocr_kit.storage import atomic_folder, sha256_of, write_json_atomic, write_text_atomic
from ppocr_kit.tasks import TASK_FACTS, Task
from ppocr_kit.vendor.checkpoints import read_weights
from ppocr_kit.vendor.compat_kie import TOKENIZER_VARIABLE
from ppocr_kit.vendor.environment import find_interpreter
from ppocr_kit.vendor.process import run_tool
from ppocr_kit.vendor.release import PinnedRelease, find_release
from ppocr_kit.vendor.tools import tool_invocation


@dataclass(frozen=True)
class KieExport:
    """An exported network for key information; the content of its ``export.json``.

    Attributes:
        folder: Where it lies.
        run: Name of the run.
        task: SER or RE.
        model: The run's recipe.
        checkpoint: The weights' path in the run folder.
        checkpoint_sha256: Their checksum.
        release: Version and source of the PaddleOCR release that exported it.
        classes: SER: its classes, ``OTHER`` first.
        roles: RE: which classes its data set counts as questions and as answers.
        window: Tokens of a page that it was trained to read at once.
        engine: The comparison with the checkpoint.
        files: sha256 by file name.
    """

    folder: Path
    run: str
    task: Task
    model: str
    checkpoint: str
    checkpoint_sha256: str
    release: Mapping[str, str]
    classes: tuple[str, ...]
    roles: Mapping[str, str]
    window: int
    engine: EngineParity
    files: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Return the document of ``export.json`` and ``ppocr-kit export --json``."""
        told = {"classes": list(self.classes)} if self.task is Task.SER else {"roles": dict(self.roles)}
        return {
            "format": FORMAT,
            "run": self.run,
            "task": str(self.task),
            "model": self.model,
            "checkpoint": self.checkpoint,
            "checkpoint_sha256": self.checkpoint_sha256,
            "release": dict(self.release),
            "formats": ["paddle"],
            **told,
            "window": self.window,
            "parity": self.engine.parity.to_json(),
            "engines": {PADDLE: self.engine.to_json()},
            "files": dict(self.files),
        }


def export_kie_run(
    folder: RunFolder, target: Path, *, checkpoint: str = "best", track: Track = no_progress
) -> KieExport:
    """Export a run's checkpoint with the release's own ``tools/export_model.py``.

    Args:
        folder: A run of SER or RE.
        target: The folder to write; an export that is there is replaced.
        checkpoint: ``best``, ``latest`` or a path.
        track: Shows progress of the comparison.

    Raises:
        UsageError: No such checkpoint, no tokenizer is known, or ``target`` holds something else.
        DataError: The checkpoint is damaged, the classes are not its own, or there is nothing to compare on.
        ToolError: The release could not export it.
        ReportError: The export answers otherwise than the checkpoint; it was not put in place.
    """
    record, config = read_run(folder), read_config(folder)
    source = kie_run_source(folder, checkpoint=checkpoint)
    _require_numbers(source.weights)
    tokenizer = _require_tokenizer(source)
    require_replaceable(target)
    pages = pages_to_compare(config)
    release, log = find_release(), folder.logs / "export.log"
    with atomic_folder(target) as work:
        _write_network(config, source, work, release, log)
        write_text_atomic(folder.path / CONFIG_FILE, dump_config(_export_config(config, source, target)))
        shutil.copyfile(class_file_of(config), work / CLASSES_FILE)
        copy_tokenizer(tokenizer, work)
        engine = check_kie_parity(source, read_kie_export(work), pages, log=log, track=track)
        require_same({PADDLE: engine}, target)
        made = KieExport(
            folder=target,
            run=folder.name,
            task=record.task,
            model=record.model,
            checkpoint=inside(source.weights, folder.path),
            checkpoint_sha256=sha256_of(source.weights),
            release={"version": release.version, "source": release.source},
            classes=source.classes,
            roles=source.roles,
            window=window_of(config),
            engine=engine,
            files={path.name: sha256_of(path) for path in sorted(work.iterdir())},
        )
        write_json_atomic(work / RECORD_FILE, made.to_json())
    return made


def _require_numbers(file: Path) -> None:
    """Refuse weights of a training that went astray: every answer would be NaN."""
    broken = [name for name, value in read_weights(file).items() if not np.isfinite(value).all()]
    if broken:
        raise DataError(
            f"{len(broken)} tensors of the checkpoint are not numbers any more, such as {broken[0]}",
            at=str(file),
            hint="train again with a lower --lr",
        )


def _require_tokenizer(source: KieSource) -> Path:
    if source.tokenizer is not None:
        return source.tokenizer
    raise UsageError(
        "the run keeps no tokenizer, which an export needs",
        at=str(source.checkpoint),
        hint=f"{TOKENIZER_VARIABLE}=FOLDER names the one that it was trained with",
    )


def _export_config(config: Mapping[str, Any], source: KieSource, target: Path) -> dict[str, Any]:
    """Return the configuration that ``tools/export_model.py`` is given."""
    assert source.checkpoint is not None
    changed = with_device(with_checkpoint(config, source.checkpoint), parse_device("cpu"))
    changed["Global"]["save_inference_dir"] = target.absolute().as_posix()
    return changed


def _write_network(
    config: Mapping[str, Any], source: KieSource, work: Path, release: PinnedRelease, log: Path
) -> None:
    """Let the release write the inference model into ``work``; name its list of classes without a path."""
    with tempfile.TemporaryDirectory(prefix="ppocr-kit-") as scratch:
        config_file = Path(scratch) / CONFIG_FILE
        write_text_atomic(config_file, dump_config(_export_config(config, source, work)))
        call = tool_invocation(
            release,
            find_interpreter(TASK_FACTS[source.task].lane).python,
            "tools/export_model.py",
            ["-c", str(config_file)],
            cwd=Path.cwd(),
            log=log,
            env=tokenizer_environment(source.tokenizer),
            idle_timeout_s=IDLE_TIMEOUT_S,
            expects=tuple(work / name for name in (PROGRAM_FILES[0], WEIGHTS_FILE, SETTINGS_FILE)),
        )
        run_tool(call)
    file = work / SETTINGS_FILE
    body = yaml.safe_load(file.read_text(encoding="utf-8"))
    steps, decoder = name_class_file(body["PreProcess"]["transform_ops"], body["PostProcess"], CLASSES_FILE)
    body["PreProcess"]["transform_ops"], body["PostProcess"] = steps, decoder
    write_text_atomic(file, yaml.safe_dump(body, allow_unicode=True, sort_keys=False))
