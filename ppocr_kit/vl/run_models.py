"""The model that a user means by a run's name, a folder, or a name on the hub."""

from __future__ import annotations

from pathlib import Path

from ppocr_kit.run_folders import OUTPUT_FOLDER
from ppocr_kit.vl.finding import find_model
from ppocr_kit.vl.model_folder import ModelFolder, read_model_folder
from ppocr_kit.vl.record import find_vl_run


def find_run_model(name: str, checkpoint: str = "best") -> ModelFolder:
    """Find a model folder.

    Args:
        name: A run under ``output/`` or its folder, a model folder, or a name on the hub.
        checkpoint: Which one of a run: ``best`` or ``latest``.

    Raises:
        UsageError: The run has no such checkpoint.
        ReportError: The run is of another kind, or its record is damaged.
        DataError: There is no such model, or it lacks files.
        SetupError: It would have to be fetched, and cannot be.
    """
    for run in (Path(OUTPUT_FOLDER) / name, Path(name)):
        # a model folder may hold a file of that name too
        if (run / "run.json").is_file() and not (run / "config.json").is_file():
            return read_model_folder(find_vl_run(str(run)).checkpoint(checkpoint))
    return find_model(name)
