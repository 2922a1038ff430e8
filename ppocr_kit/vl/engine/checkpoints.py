"""Checkpoints of a run: complete model folders that take their place in one rename.

``latest`` has the optimizer's state beside its weights, so that training goes on from it; ``best`` has what
is needed to use the model. Every file of the base model that is no weight is copied byte for byte: what
loads the base loads the tuned model (a tuned model without its processor files is ERNIE issue 1349).
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

from ppocr_kit.errors import SetupError, UsageError

# Least and most pixels of a picture; None for what the base model has.
PixelBounds = tuple[Optional[int], Optional[int]]
LATEST, BEST = "latest", "best"
# ``Trainer`` makes checkpoint-<step> and writes this file last.
UNFINISHED = "checkpoint-"
STATE_FILE = "trainer_state.json"
# Marks a checkpoint on its way out: there only while the new one takes its place.
_LEAVING = ".latest.leaving"
_KEPT = (".json", ".jinja", ".model", ".txt", ".py", ".yml", ".yaml", ".tiktoken")
_NOT_THE_MODEL = (STATE_FILE, "adapter_config.json", "optimizer.pt", "training_args.bin")
_LARGEST = 64 << 20


def model_files(folder: Path) -> Iterator[Path]:
    """Yield the files of a model folder that are no weights: configuration, processor, template, code."""
    for path in sorted(folder.iterdir()):
        named = path.suffix in _KEPT and path.name not in _NOT_THE_MODEL
        index = path.name.endswith(".index.json")
        if named and not index and path.is_file() and path.stat().st_size <= _LARGEST:
            yield path


def copy_model_files(base: Path, folder: Path) -> None:
    """Copy what makes weights a model folder, byte for byte, over what a library wrote in its place."""
    for path in model_files(base):
        shutil.copyfile(path, folder / path.name)


def finish_folder(base: Path, folder: Path, bounds: PixelBounds = (None, None)) -> None:
    """Make a complete model folder of one that a library saved weights into.

    Args:
        base: The base model's folder.
        folder: The new one; what is no part of a model is taken away: pickled arguments, peft's page
            about nothing.
        bounds: Least and most pixels of a picture in training, where they are not those of the base: the
            model is asked about pictures of the size that it has learnt from, wherever it is loaded.
    """
    copy_model_files(base, folder)
    for name in ("training_args.bin", "README.md"):
        (folder / name).unlink(missing_ok=True)
    if bounds != (None, None):
        for name in ("preprocessor_config.json", "processor_config.json"):
            if (folder / name).is_file():
                _write_bounds(folder / name, bounds)


def _write_bounds(file: Path, bounds: PixelBounds) -> None:
    """Change the bounds in a file of the image processor, where it has them, and nothing else."""
    body = json.loads(file.read_text(encoding="utf-8"))
    for part in (body, body.get("image_processor", {})):
        sizes = part.get("size", {})
        for edge, name, value in zip(("shortest_edge", "longest_edge"), ("min_pixels", "max_pixels"), bounds):
            if value is not None and edge in sizes:
                sizes[edge] = value
            # folders of the hub have them beside, where they win over the size
            if value is not None and name in part:
                part[name] = value
    file.write_text(json.dumps(body, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def put_latest(checkpoints: Path, made: Path) -> Path:
    """Let a finished folder take the place of ``latest``.

    Whenever the process is killed, one whole checkpoint is there: before the second rename the old
    one under the name that :func:`find_latest` looks for too.

    Args:
        checkpoints: Folder of the run's checkpoints.
        made: The new one, in the same folder.
    """
    latest, leaving = checkpoints / LATEST, checkpoints / _LEAVING
    shutil.rmtree(leaving, ignore_errors=True)
    if latest.exists():
        os.replace(latest, leaving)
    os.replace(made, latest)
    shutil.rmtree(leaving, ignore_errors=True)
    return latest


def find_latest(checkpoints: Path) -> Path | None:
    """Return the checkpoint to go on from, after taking away what a killed process left half written."""
    latest, leaving = checkpoints / LATEST, checkpoints / _LEAVING
    if not latest.exists() and leaving.exists():
        os.replace(leaving, latest)
    # where storage.atomic_folder puts the old one while the new one takes its place
    old = next(checkpoints.glob(f".{BEST}.*.tmp.old"), None)
    if old is not None and not (checkpoints / BEST).exists():
        os.replace(old, checkpoints / BEST)
    for path in [leaving, *checkpoints.glob(f"{UNFINISHED}*"), *checkpoints.glob(".*.tmp*")]:
        shutil.rmtree(path, ignore_errors=True)
    return latest if (latest / STATE_FILE).is_file() else None


def require_space(checkpoints: Path, weights: int, trained: int) -> None:
    """Refuse a disk that the checkpoints will not fit on; a new one is written before the old one goes.

    Args:
        checkpoints: Where they go.
        weights: Bytes of the whole model.
        trained: Bytes of the weights that are trained; the optimizer keeps twice as much.

    Raises:
        SetupError: Too little is free.
    """
    latest = 3 * trained
    needed = max(2 * latest + weights, latest + 2 * weights)
    place = next(path for path in (checkpoints, *checkpoints.parents) if path.exists())
    there = sum(path.stat().st_size for path in checkpoints.rglob("*") if path.is_file())
    free = shutil.disk_usage(place).free + there
    if free < needed:
        raise SetupError(
            f"the checkpoints take up to {needed / 2**30:.1f} GiB, and {free / 2**30:.1f} GiB are free",
            at=str(checkpoints),
            hint="free some space, train from a folder on a larger disk, or train adapters (--lora)",
        )


def step_of(checkpoint: Path) -> int:
    """Return how many steps a checkpoint has behind it.

    Raises:
        UsageError: Its state cannot be read.
    """
    try:
        return int(json.loads((checkpoint / STATE_FILE).read_text(encoding="utf-8"))["global_step"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            "the checkpoint has no readable trainer_state.json, so training cannot go on from it",
            at=str(checkpoint),
            hint="start the run anew with --overwrite",
        ) from error
