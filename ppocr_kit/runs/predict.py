"""Finding and reading text on pictures with an exported model or a run's checkpoint."""

from __future__ import annotations

import glob
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.configs.device import Device, parse_device
from ppocr_kit.errors import UsageError
from ppocr_kit.progress import Track, no_progress
from ppocr_kit.runs.answering import ask
from ppocr_kit.runs.engines import AUTO, PADDLE, Choice, choose_engines, texts_together
from ppocr_kit.runs.model_source import ModelSource

# What OpenCV decodes everywhere; a file that is named is tried whatever its suffix.
IMAGE_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".pbm", ".pgm", ".ppm", ".tif", ".tiff", ".webp")

Prediction = dict[str, Any]
# Each thread loads the models once; more are for whoever asks for them.
_MOST_THREADS = 8


@dataclass(frozen=True)
class EngineUsed:
    """What ran a model.

    Attributes:
        model: The model's name.
        task: ``det`` or ``rec``.
        engine: The engine, or ``checkpoint`` for training code.
        version: Its version.
        why: Why it was taken, for people.
    """

    model: str
    task: str
    engine: str
    version: str
    why: str


def collect_images(names: Sequence[str]) -> list[Path]:
    """Gather pictures from files, folders (with their subfolders) and patterns.

    Args:
        names: Paths; ``*``, ``?``, ``[…]`` and ``**`` are expanded where no file has that name.

    Returns:
        The pictures in the order of ``names``, those of a folder sorted, none twice. A named file
        that is not there is kept, so that it is reported like other bad pictures.

    Raises:
        UsageError: There is no picture at all.
    """
    found: dict[Path, None] = {}
    for name in names:
        found.update(dict.fromkeys(_expand(name)))
    if not found:
        raise UsageError(
            "there are no pictures to predict on",
            at=", ".join(names[:5]),
            hint=f"name pictures, or a folder that holds some ({', '.join(IMAGE_SUFFIXES)})",
        )
    return list(found)


def default_threads() -> int:
    """Return how many CPU threads are used where nobody says: one for each core, at most 8."""
    return min(len(os.sched_getaffinity(0)), _MOST_THREADS)


def predict_images(
    sources: Sequence[ModelSource],
    images: Sequence[Path],
    on_prediction: Callable[[Prediction], None],
    *,
    engine: str = AUTO,
    on_engine: Callable[[EngineUsed], None] = lambda used: None,
    batch_size: int | None = None,
    threads: int | None = None,
    device: str = "cpu",
    pictures: Path | None = None,
    track: Track = no_progress,
) -> None:
    """Predict on pictures: boxes with a detector, texts with a recogniser, both with both.

    Args:
        sources: A detector, a recogniser, or one of each.
        images: The pictures; of one text each when there is no detector.
        on_prediction: Called with each answer as it comes, in the order of ``images``: ``image``,
            ``width``, ``height`` and ``regions``, or ``image`` and ``error``.
        engine: What runs exports: an engine, or ``auto`` for the fastest one that is installed and
            answered as the checkpoint does when the model was exported.
        on_engine: Called for each model with what runs it, before the first answer.
        batch_size: Texts read at a time; None for what suits the device.
        threads: CPU threads. With exports each works on pictures of its own, from reading to
            decoding; None for as many as there are cores, at most 8 (1 for a checkpoint).
        device: ``cpu`` or ``gpu:N``.
        pictures: Folder for pictures with the boxes drawn in, or None.
        track: Shows progress.

    Raises:
        UsageError: The device is not a single one, or the engine cannot run a model.
        SetupError: The engine is not installed.
        DataError: A model is damaged.
        ToolError: The models could not be run.
    """
    place = single_device(parse_device(device))
    choices = [_choice(source, engine, place.is_gpu) for source in sources]
    side_by_side, per_network = _share(sources, len(images), threads, place.is_gpu)
    progress = iter(track(range(len(images)), "predicting", len(images)))

    def take(answer: Prediction) -> None:
        if "engines" in answer:
            for source, choice, found in zip(sources, choices, answer["engines"]):
                on_engine(_used(source, choice, found))
            return
        on_prediction(answer)
        next(progress, None)

    with tempfile.TemporaryDirectory(prefix="ppocr-kit-") as folder:
        scratch = Path(folder)
        job = {
            "models": [source.to_job(scratch, choice.engines) for source, choice in zip(sources, choices)],
            "images": [
                {"path": str(path), "picture": str(picture) if picture else None}
                for path, picture in zip(images, picture_files(images, pictures))
            ],
            "batch_size": batch_size or texts_together(place.is_gpu),
            "side_by_side": side_by_side,
            "threads": per_network,
            "gpu": place.is_gpu,
        }
        ask("predict_images.py", job, scratch, take, device=place, threads=per_network)


def _choice(source: ModelSource, engine: str, gpu: bool) -> Choice:
    """Say what may run a model.

    Raises:
        UsageError: The wanted engine runs exports only, and this is a checkpoint.
    """
    if source.export is not None:
        return choose_engines(engine, source.checks, has_onnx=source.has_onnx, gpu=gpu)
    if engine in (AUTO, PADDLE):
        return Choice((), "a checkpoint runs on training code; an export is faster")
    raise UsageError(
        f"{engine} runs exports, and '{source.name}' is a run's checkpoint",
        at="--engine",
        hint=f"ppocr-kit export {source.name} --format onnx, then predict with inference/{source.name}",
    )


def _share(sources: Sequence[ModelSource], images: int, threads: int | None, gpu: bool) -> tuple[int, int]:
    """Share threads out: how many pictures are worked on side by side, and threads per network.

    Training code keeps state of its own and a GPU is one: these take one picture after the other.
    """
    alone = gpu or any(source.export is None for source in sources)
    if threads is None:
        threads = 1 if alone else default_threads()
    side_by_side = 1 if alone else max(1, min(threads, images))
    return side_by_side, max(1, threads // side_by_side)


def _used(source: ModelSource, choice: Choice, found: dict[str, str]) -> EngineUsed:
    passed = (
        [name for name in choice.engines[: choice.engines.index(found["name"])]] if choice.engines else []
    )
    missing = f" (not installed: {', '.join(passed)})" if passed else ""
    return EngineUsed(source.name, str(source.task), found["name"], found["version"], choice.why + missing)


def _expand(name: str) -> Iterator[Path]:
    path = Path(name)
    if path.is_dir():
        yield from sorted(file for file in path.rglob("*") if _is_image(file))
    elif path.exists() or not glob.has_magic(name):
        yield path
    else:
        # Path.glob takes relative patterns only
        for match in sorted(glob.glob(name, recursive=True)):  # noqa: PTH207
            if Path(match).is_file():
                yield Path(match)


def _is_image(path: Path) -> bool:
    """Tell whether a file of a folder is a picture; hidden files are somebody's housekeeping."""
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".") and path.is_file()


def picture_files(images: Sequence[Path], folder: Path | None) -> Iterator[Path | None]:
    """Name the drawn picture of each image after it, told apart by a number where names meet."""
    taken: set[str] = set()
    for image in images:
        if folder is None:
            yield None
            continue
        name, number = image.stem, 1
        while name.lower() in taken:
            number += 1
            name = f"{image.stem}-{number}"
        taken.add(name.lower())
        yield folder / f"{name}.jpg"


def single_device(device: Device) -> Device:
    """Return a device that one process runs on.

    Raises:
        UsageError: It is of several.
    """
    if device.processes == 1:
        return device
    raise UsageError(
        f"prediction runs on one device, not on {device}",
        at="--device",
        hint="cpu or gpu:0; --threads N uses several CPU cores",
    )
