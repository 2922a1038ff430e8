"""``vl merge`` on the side of the command: which checkpoint, which base model, and where it goes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.vendor.answers import OnAnswer
from ppocr_kit.vl.lane import run_engine
from ppocr_kit.vl.model_folder import ModelFolder, read_model_folder
from ppocr_kit.vl.record import find_vl_run, read_vl_run
from ppocr_kit.vl.run_models import find_run_model

ADAPTER_FILE = "adapter_config.json"
# The adapters' own folder inside a complete checkpoint.
ADAPTER_FOLDER = "adapter"
DTYPES = ("auto", "float32", "bfloat16", "float16")


@dataclass(frozen=True)
class MergeRequest:
    """What the user asks for.

    Attributes:
        run: Name or folder of a run, or a folder with adapters.
        out: Folder to make.
        checkpoint: Of a run: ``best`` or ``latest``.
        model: Base model, where it is not where it was; None for what the run or the adapters say.
        dtype: One of ``DTYPES``.
        force: Whether a folder that is there may be replaced.
    """

    run: str
    out: Path
    checkpoint: str = "best"
    model: str | None = None
    dtype: str = "auto"
    force: bool = False


@dataclass(frozen=True)
class Merged:
    """A folder that was made and compared.

    Attributes:
        folder: The model folder.
        base: The base model.
        checkpoint: What was merged into it.
        facts: ``files``, ``dtype``, ``adapters``, ``difference``, ``changed`` of the worker.
    """

    folder: ModelFolder
    base: Path
    checkpoint: Path
    facts: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "folder": str(self.folder.path),
            "base": str(self.base),
            "checkpoint": str(self.checkpoint),
            **self.facts,
        }


def merge_run(request: MergeRequest, *, on_event: OnAnswer | None = None) -> Merged:
    """Make a complete model folder of a run, reload it and compare.

    Raises:
        UsageError: There is no such run or checkpoint, or the folder exists.
        DataError: The base model is not where it was, or does not fit.
        ReportError: What was written does not read as what was in memory.
        SetupError: There is no lane, or the disk is full.
        ToolError: The worker died.
    """
    if request.out.exists() and not request.force:
        raise UsageError(
            "the folder exists", at=str(request.out), hint="name another --out, or replace it with --force"
        )
    checkpoint, base_name = _find(request)
    base = _base(request.model or base_name, checkpoint)
    _require_apart(request.out, base.path, checkpoint)
    spec = {
        "base": str(base.path.absolute()),
        "checkpoint": str(checkpoint.absolute()),
        "out": str(request.out.absolute()),
        "dtype": request.dtype,
    }
    facts = run_engine("merging", spec, on_event=on_event)
    facts = {name: value for name, value in facts.items() if name != "event"}
    return Merged(read_model_folder(request.out), base.path, checkpoint, facts)


def _find(request: MergeRequest) -> tuple[Path, str]:
    """Return the folder of the checkpoint, and the base model that it names."""
    folder = Path(request.run)
    if (folder / ADAPTER_FILE).is_file():
        return folder, _base_of_adapters(folder)
    run = find_vl_run(request.run)
    return run.checkpoint(request.checkpoint), str(read_vl_run(run).model.get("path", ""))


def _base_of_adapters(folder: Path) -> str:
    """Return the base model that adapters name.

    Raises:
        DataError: Their configuration is damaged or names none.
    """
    file = folder / ADAPTER_FILE
    try:
        name = json.loads(file.read_text(encoding="utf-8"))["base_model_name_or_path"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError("the adapters' configuration is damaged", at=str(file)) from error
    if not isinstance(name, str) or not name:
        raise DataError("the adapters name no base model", at=str(file), hint="--model DIR")
    return name


def _base(name: str, checkpoint: Path) -> ModelFolder:
    """Find the base model.

    Raises:
        DataError: It is not there any more, or lacks files.
    """
    try:
        return find_run_model(name)
    except DataError as error:
        raise DataError(
            f"the base model cannot be used: {error.message}",
            at=error.at,
            hint=f"say where it lies now with --model DIR ({checkpoint} holds only what was trained on it)",
        ) from error


def _require_apart(out: Path, *used: Path) -> None:
    """Refuse a target that would replace, or lie around, what is read.

    Raises:
        UsageError: It does.
    """
    target = out.resolve()
    for path in used:
        if target in (path.resolve(), *path.resolve().parents):
            raise UsageError(
                "the merged model would replace what it is made of", at=str(out), hint="name another --out"
            )
