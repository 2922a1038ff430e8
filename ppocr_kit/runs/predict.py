"""Finding and reading text on pictures with an exported model or a run's checkpoint."""

from __future__ import annotations

import glob
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ppocr_kit.configs.device import Device, parse_device
from ppocr_kit.errors import UsageError
from ppocr_kit.progress import Track, no_progress
from ppocr_kit.runs.answering import ask
from ppocr_kit.runs.model_source import ModelSource

# What OpenCV decodes everywhere; a file that is named is tried whatever its suffix.
IMAGE_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".pbm", ".pgm", ".ppm", ".tif", ".tiff", ".webp")

Prediction = dict[str, Any]


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


def predict_images(
    sources: Sequence[ModelSource],
    images: Sequence[Path],
    on_prediction: Callable[[Prediction], None],
    *,
    batch_size: int = 16,
    threads: int = 1,
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
        batch_size: Texts read at a time.
        threads: CPU threads of the network.
        device: ``cpu`` or ``gpu:N``.
        pictures: Folder for pictures with the boxes drawn in, or None.
        track: Shows progress.

    Raises:
        UsageError: The device is not a single one.
        DataError: A model is damaged.
        ToolError: The models could not be run.
    """
    place = _single(parse_device(device))
    progress = iter(track(range(len(images)), "predicting", len(images)))

    def take(answer: Prediction) -> None:
        on_prediction(answer)
        next(progress, None)

    with tempfile.TemporaryDirectory(prefix="ppocr-kit-") as folder:
        scratch = Path(folder)
        job = {
            "models": [source.to_job(scratch) for source in sources],
            "images": [
                {"path": str(path), "picture": str(picture) if picture else None}
                for path, picture in zip(images, _picture_files(images, pictures))
            ],
            "batch_size": batch_size,
            "threads": threads,
            "gpu": place.is_gpu,
        }
        ask("predict_images.py", job, scratch, take, device=place, threads=threads)


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


def _picture_files(images: Sequence[Path], folder: Path | None) -> Iterator[Path | None]:
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


def _single(device: Device) -> Device:
    if device.processes == 1:
        return device
    raise UsageError(
        f"prediction runs on one device, not on {device}",
        at="--device",
        hint="cpu or gpu:0; --threads N uses several CPU cores",
    )
