"""Where a model lies that a user names: a folder, or a name on the hub that is fetched once."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ppocr_kit.errors import DataError
from ppocr_kit.vl.lane import run_engine
from ppocr_kit.vl.model_folder import ModelFolder, read_model_folder

# The owner may be left out for the official models.
OWNER = "PaddlePaddle"
_NAME = re.compile(r"(?:[\w.-]+/)?[\w.-]+\Z")


def find_model(name: str, log: Path | None = None) -> ModelFolder:
    """Find a model by its folder, or by its name on the hub.

    Args:
        name: A folder, or ``PaddleOCR-VL-1.5``, or ``owner/name``.
        log: File for what a download prints.

    Returns:
        The folder, complete.

    Raises:
        DataError: There is no such folder or name, or the folder lacks files.
        SetupError: There is no environment for the lane, or the hub cannot be reached.
    """
    folder = Path(name).expanduser()
    if folder.exists():
        return read_model_folder(folder)
    official = "/" not in name and name.startswith("PaddleOCR-VL")
    if not _NAME.match(name) or name.startswith(".") or not ("/" in name or official):
        raise DataError(
            "there is no such model folder",
            at=name,
            hint="a folder, or a name on the hub: PaddleOCR-VL-1.5, owner/name",
        )
    answer = run_engine(
        "fetching",
        {"name": f"{OWNER}/{name}" if official else name},
        log=log,
        # as the user has it: the workers that load a model are offline, this one may fetch
        env={
            variable: os.environ.get(variable, "0") for variable in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
        },
    )
    return read_model_folder(Path(answer["folder"]))
