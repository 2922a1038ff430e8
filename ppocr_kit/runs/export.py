"""Exporting a run: an inference model that is put in place only when it answers as the checkpoint does."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ppocr_kit.configs.render import dump_config
from ppocr_kit.errors import ReportError, UsageError
from ppocr_kit.progress import Track, no_progress
from ppocr_kit.runs.answering import ask
from ppocr_kit.runs.compared_pictures import pictures_to_compare
from ppocr_kit.runs.engines import (
    ONNX_FILE,
    ONNXRUNTIME,
    OPENVINO,
    PADDLE,
    PADDLE_PLAIN,
    require_converter,
)
from ppocr_kit.runs.inference import Deployment, deployment_of, export_config, settings_of
from ppocr_kit.runs.model_source import (
    PROGRAM_FILES,
    RECORD_FILE,
    SETTINGS_FILE,
    WEIGHTS_FILE,
    read_export,
    run_source,
)
from ppocr_kit.runs.parity import EngineParity, Parity, check_parity
from ppocr_kit.runs.rundir import RunFolder, read_run
from ppocr_kit.runs.train import read_config
from ppocr_kit.storage import atomic_folder, sha256_of, write_json_atomic, write_text_atomic
from ppocr_kit.tasks import TASK_FACTS, TEXT_TASKS, Task
from ppocr_kit.vendor.checkpoints import read_weights
from ppocr_kit.vendor.environment import find_interpreter
from ppocr_kit.vendor.process import run_tool
from ppocr_kit.vendor.release import PinnedRelease, find_release
from ppocr_kit.vendor.tools import tool_invocation

FORMAT = 1
EXPORT_FOLDER = "inference"
DICTIONARY_FILE = "dict.txt"
CONFIG_FILE = "export.yml"
FORMATS = ("paddle", "onnx")
IDLE_TIMEOUT_S = 1800.0


@dataclass(frozen=True)
class Export:
    """An inference model and what is known about it; the content of ``export.json``.

    Attributes:
        folder: Where it lies.
        run: Name of the run.
        task: Its task.
        model: The run's recipe.
        model_name: The name that the paddleocr runtime knows it by.
        checkpoint: The weights' path in the run folder.
        checkpoint_sha256: Their checksum.
        release: Version and source of the PaddleOCR release that exported it.
        engines: The comparisons with the checkpoint, by engine.
        notes: What the paddleocr runtime does otherwise.
        files: sha256 by file name.
    """

    folder: Path
    run: str
    task: Task
    model: str
    model_name: str
    checkpoint: str
    checkpoint_sha256: str
    release: Mapping[str, str]
    engines: Mapping[str, EngineParity]
    notes: tuple[str, ...]
    files: Mapping[str, str]

    @property
    def parity(self) -> Parity:
        """The comparison on Paddle's own engine, which every export has."""
        return self.engines[PADDLE].parity

    @property
    def formats(self) -> tuple[str, ...]:
        """What it can be loaded as."""
        return FORMATS if ONNX_FILE in self.files else FORMATS[:1]

    def to_json(self) -> dict[str, Any]:
        """Return the document of ``export.json`` and ``ppocr-kit export --json``."""
        return {
            "format": FORMAT,
            "run": self.run,
            "task": str(self.task),
            "model": self.model,
            "model_name": self.model_name,
            "checkpoint": self.checkpoint,
            "checkpoint_sha256": self.checkpoint_sha256,
            "release": dict(self.release),
            "formats": list(self.formats),
            "parity": self.parity.to_json(),
            "engines": {name: found.to_json() for name, found in self.engines.items()},
            "notes": list(self.notes),
            "files": dict(self.files),
        }


def export_run(
    folder: RunFolder,
    target: Path,
    *,
    checkpoint: str = "best",
    images: Sequence[Path] = (),
    onnx: bool = False,
    track: Track = no_progress,
) -> Export:
    """Export a run's checkpoint with the release's own ``tools/export_model.py``.

    The model is in Paddle's format in any case, and as ONNX beside it when that is asked for.

    Args:
        folder: The run.
        target: The folder to write; an export that is there is replaced.
        checkpoint: ``best``, ``latest`` or a path.
        images: Pictures to compare checkpoint and export on; by default up to 20 of the run's
            validation rows.
        onnx: Whether to write it as ONNX too.
        track: Shows progress of the comparison.

    Returns:
        The export, in place.

    Raises:
        UsageError: No such checkpoint, or ``target`` holds something else.
        ConfigError: The model cannot be exported for the runtime.
        DataError: The checkpoint is damaged or of another model, or there is nothing to compare on.
        SetupError: The ONNX converter is not installed.
        ToolError: The release could not export it, or it cannot be written as ONNX.
        ReportError: The export answers otherwise than the checkpoint; it was not put in place.
    """
    record, config = read_run(folder), read_config(folder)
    assert record.task in TEXT_TASKS, "key information is exported by kie_export"
    prefix = folder.checkpoint(checkpoint)
    weights = prefix.parent / f"{prefix.name}.pdparams"
    read_weights(weights)
    deployment = deployment_of(config, record.model)
    require_replaceable(target)
    log = folder.logs / "export.log"
    release = find_release()
    if onnx:
        require_converter(find_interpreter(TASK_FACTS[record.task].lane).python)
    with pictures_to_compare(config, images) as pictures, atomic_folder(target) as work:
        _write_model(config, deployment, prefix, work, release, log)
        _copy_dictionary(config, work)
        kept = export_config(config, deployment, prefix, target)
        write_text_atomic(folder.path / CONFIG_FILE, dump_config(kept))
        if onnx:
            _write_onnx(deployment, work, log)
        engines = check_parity(
            run_source(folder, checkpoint=checkpoint),
            read_export(work),
            pictures,
            engines=(PADDLE, PADDLE_PLAIN, *((ONNXRUNTIME, OPENVINO) if onnx else ())),
            log=log,
            track=track,
        )
        require_same(engines, target)
        export = Export(
            folder=target,
            run=folder.name,
            task=record.task,
            model=record.model,
            model_name=deployment.model_name,
            checkpoint=inside(weights, folder.path),
            checkpoint_sha256=sha256_of(weights),
            release={"version": release.version, "source": release.source},
            engines=engines,
            notes=(
                *deployment.notes,
                *_width_note(deployment, engines[PADDLE].parity),
                *_engine_notes(engines),
            ),
            files={path.name: sha256_of(path) for path in sorted(work.iterdir())},
        )
        write_json_atomic(work / RECORD_FILE, export.to_json())
    return export


def _write_model(
    config: Mapping[str, Any],
    deployment: Deployment,
    prefix: Path,
    work: Path,
    release: PinnedRelease,
    log: Path,
) -> None:
    """Let the release write the inference model into ``work``."""
    with tempfile.TemporaryDirectory(prefix="ppocr-kit-") as scratch:
        config_file = Path(scratch) / CONFIG_FILE
        write_text_atomic(config_file, dump_config(export_config(config, deployment, prefix, work)))
        interpreter = find_interpreter(TASK_FACTS[deployment.task].lane)
        call = tool_invocation(
            release,
            interpreter.python,
            "tools/export_model.py",
            ["-c", str(config_file)],
            cwd=Path.cwd(),
            log=log,
            idle_timeout_s=IDLE_TIMEOUT_S,
            expects=tuple(work / name for name in (PROGRAM_FILES[0], WEIGHTS_FILE, SETTINGS_FILE)),
        )
        run_tool(call)
    if deployment.exporter_transforms is not None:
        _name_resizing(work / SETTINGS_FILE, deployment)


def _name_resizing(file: Path, deployment: Deployment) -> None:
    """Write the transforms by the names that the runtime knows."""
    settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    settings["PreProcess"]["transform_ops"] = [dict(step) for step in deployment.transforms]
    text = yaml.safe_dump(settings, default_flow_style=False, allow_unicode=True, sort_keys=False)
    write_text_atomic(file, text)


def _write_onnx(deployment: Deployment, work: Path, log: Path) -> None:
    """Write the ONNX file into ``work``, with what it is and which characters it knows inside."""
    entries = {"model_name": deployment.model_name, "task": str(deployment.task)}
    dictionary = work / DICTIONARY_FILE
    if dictionary.is_file():
        entries["character"] = dictionary.read_text(encoding="utf-8").rstrip("\n")
    with tempfile.TemporaryDirectory(prefix="ppocr-kit-") as scratch:
        job = {"export": str(work.absolute()), "metadata": entries}
        ask("convert_onnx.py", job, Path(scratch), lambda answer: None, log=log)


def _copy_dictionary(config: Mapping[str, Any], work: Path) -> None:
    """Put the dictionary beside the model, for programs that want it as a file."""
    dictionary = config["Global"].get("character_dict_path")
    if dictionary:
        shutil.copyfile(dictionary, work / DICTIONARY_FILE)


def require_replaceable(target: Path) -> None:
    """Refuse to replace a folder that holds anything but an export."""
    if not target.exists():
        return
    if target.is_dir() and ((target / SETTINGS_FILE).is_file() or not any(target.iterdir())):
        return
    raise UsageError(
        "the target is there and is not an exported model",
        at=str(target),
        hint=f"choose another folder: --out {EXPORT_FOLDER}/NAME",
    )


def require_same(engines: Mapping[str, EngineParity], target: Path) -> None:
    """Refuse an export that answers otherwise on an engine that it was made for."""
    for name, found in engines.items():
        parity = found.parity
        if parity.same or name == OPENVINO:
            continue
        shown = "; ".join(parity.differences[:3])
        raise ReportError(
            f"the export answers {len(parity.differences)} of {parity.images} pictures otherwise than the "
            f"checkpoint on {name} ({shown}); it was not put in place",
            at=str(target),
            hint="this is a fault of the exporter or of a changed release; ppocr-kit vendor verify",
        )


def _engine_notes(engines: Mapping[str, EngineParity]) -> list[str]:
    """Say where OpenVINO, which an export is not made for, answers otherwise."""
    found = engines.get(OPENVINO)
    if found is None or found.parity.same:
        return []
    return [
        f"{OPENVINO} answers otherwise than the checkpoint and is not chosen by itself: "
        f"{found.parity.differences[0]}"
    ]


def _width_note(deployment: Deployment, parity: Parity) -> list[str]:
    """Warn where the runtime gives a long text more width than evaluation does."""
    if deployment.task is not Task.REC:
        return []
    resize = settings_of(deployment.transforms, "RecResizeImg")
    _, height, width = resize["image_shape"]
    # without padding all texts are brought to that width, and another note speaks of it
    if parity.widest_ratio <= width / height or resize.get("padding") is False:
        return []
    return [
        f"texts more than {width / height:g} times as wide as high are squeezed to {width} pixels in "
        "evaluation and by ppocr-kit predict; the paddleocr runtime gives them more width and may read "
        "them otherwise"
    ]


def inside(path: Path, folder: Path) -> str:
    """Return a path relative to the run folder where it lies there."""
    try:
        return path.relative_to(folder).as_posix()
    except ValueError:
        return path.as_posix()
