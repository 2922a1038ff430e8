"""The model that a user means by a run's name, a folder, or a name on the hub."""

from __future__ import annotations

from pathlib import Path

from ppocr_kit.errors import UsageError
from ppocr_kit.vl.finding import find_model
from ppocr_kit.vl.model_folder import ModelFolder, read_model_folder

_OUTPUT = "output"
_RECORD = "run.json"
_CHECKPOINTS = "checkpoints"


def find_run_model(name: str, checkpoint: str = "best") -> ModelFolder:
    """Find a model folder.

    Args:
        name: A run under ``output/`` or its folder, a model folder, or a name on the hub.
        checkpoint: Which one of a run: ``best``, ``latest`` or another folder in its ``checkpoints/``.

    Raises:
        UsageError: The run has no such checkpoint.
        DataError: There is no such model, or it lacks files.
        SetupError: It would have to be fetched, and cannot be.
    """
    folder = Path(name).expanduser()
    for run in (folder, Path(_OUTPUT) / name):
        if (run / _RECORD).is_file() and not (run / "config.json").is_file():
            return read_model_folder(_checkpoint(run, checkpoint))
    return find_model(name)


def _checkpoint(run: Path, checkpoint: str) -> Path:
    place = run / _CHECKPOINTS
    if (place / checkpoint).is_dir():
        return place / checkpoint
    have = sorted(entry.name for entry in place.iterdir() if entry.is_dir()) if place.is_dir() else []
    there = f"there is {', '.join(have)}" if have else "the run has no checkpoint at all"
    raise UsageError(
        f"no checkpoint '{checkpoint}': {there}",
        at=str(place),
        hint="train the run to its first evaluation (ppocr-kit vl train … --resume), or name another one",
    )
