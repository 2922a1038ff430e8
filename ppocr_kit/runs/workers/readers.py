"""Detectors and recognisers: the release's own transforms, a network, the release's own decoder.

What evaluation does with a row is done here with a picture, by the same code, so that a prediction
is what was measured.

Source: tools/eval.py and tools/program.py@3.7.0 (order of the parts).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import cv2
import numpy as np

from ppocr_kit.errors import ConfigError, DataError
from ppocr_kit.geometry import Image
from ppocr_kit.runs.workers.engines import Batch, Engine, open_network

T = TypeVar("T")

# Pages of one size share a batch up to this many pixels, so that memory stays bounded.
_DET_BATCH_PIXELS = 1 << 20


@dataclass(frozen=True)
class Box:
    """A found box.

    Attributes:
        points: Corners in pixels of the picture, from the top left, clockwise.
        score: Mean probability inside it.
    """

    points: tuple[tuple[float, float], ...]
    score: float


@dataclass(frozen=True)
class Text:
    """A text that was read, and the mean probability of its characters; 0 for an empty one."""

    transcription: str
    score: float


class Detector:
    """Finds boxes on pictures, those of one size together.

    Attributes:
        network: What answers the batches.
    """

    def __init__(self, job: Mapping[str, Any], engine: Engine) -> None:
        """Load the model that a job describes."""
        self._transforms = _build_transforms(job)
        self._decoder = _build_decoder(job)
        self._scores: list[list[float]] = []
        for name in ("boxes_from_bitmap", "polygons_from_bitmap"):
            self._keep_scores(name)
        self.network = open_network(job, engine, classes=None)

    def _keep_scores(self, name: str) -> None:
        """Note the scores, which the release's decoder computes and then leaves out."""
        original = getattr(self._decoder, name)

        def recorded(*args: Any) -> Any:
            boxes, scores = original(*args)
            self._scores.append([float(score) for score in scores])
            return boxes, scores

        setattr(self._decoder, name, recorded)

    def find(self, image: Image) -> tuple[list[Box], float]:
        """Find the boxes on one picture; see :meth:`find_all`.

        Returns:
            The boxes in the decoder's order, and how many pixels of the picture one pixel of the
            network's map covers.

        Raises:
            ValueError: The transforms cannot make an input of it.
        """
        data = _transform(self._transforms, image)
        (found,) = self._decode(self.network(data["image"][np.newaxis]), [data["shape"]])
        return found, float(1.0 / min(float(data["shape"][2]), float(data["shape"][3])))

    def find_all(self, images: Sequence[Image]) -> list[list[Box] | str]:
        """Find the boxes on pictures.

        Args:
            images: Each (H, W, 3) uint8, BGR.

        Returns:
            For each picture its boxes in the decoder's order, or why no input can be made of it.
        """
        answers: dict[int, list[Box] | str] = {}
        groups: dict[tuple[int, ...], list[tuple[int, dict[str, Any]]]] = {}
        for index, image in enumerate(images):
            try:
                data = _transform(self._transforms, image)
            except ValueError as error:
                answers[index] = str(error)
                continue
            groups.setdefault(data["image"].shape, []).append((index, data))
        for shape, members in groups.items():
            for group in _batches(members, max(1, _DET_BATCH_PIXELS // (shape[1] * shape[2]))):
                maps = self.network(np.stack([data["image"] for _, data in group]))
                found = self._decode(maps, [data["shape"] for _, data in group])
                answers.update(zip((index for index, _ in group), found))
        return [answers[index] for index in range(len(images))]

    def _decode(self, maps: Batch, shapes: Sequence[Any]) -> list[list[Box]]:
        """Make boxes of the network's maps, with the scores that go with them."""
        self._scores.clear()
        decoded = self._decoder({"maps": maps}, np.asarray(shapes, dtype=np.float64))
        return [
            [
                Box(tuple((float(x), float(y)) for x, y in points), score)
                for points, score in zip(page["points"], scores)
            ]
            for page, scores in zip(decoded, self._scores)
        ]


class Recogniser:
    """Reads pictures of one text each, in batches of similar width.

    Attributes:
        network: What answers the batches.
    """

    def __init__(self, job: Mapping[str, Any], engine: Engine, batch_size: int) -> None:
        """Load the model that a job describes."""
        self._transforms = _build_transforms(job)
        self._decoder = _build_decoder(job)
        self._batch_size = batch_size
        self._name = str(job["name"])
        self._classes = len(self._decoder.character)
        self.network = open_network(job, engine, classes=self._classes)

    def read(self, images: Sequence[Image]) -> list[Text]:
        """Read pictures, each (H, W, 3) uint8, BGR.

        Raises:
            ValueError: The transforms cannot make an input of one.
            DataError: The dictionary is not the network's.
        """
        inputs = [_transform(self._transforms, image)["image"] for image in images]
        order = sorted(range(len(inputs)), key=lambda index: (inputs[index].shape[2], index))
        texts: dict[int, Text] = {}
        for group in _batches(order, self._batch_size):
            answers = self.network(_side_by_side([inputs[index] for index in group]))
            self._require_classes(answers.shape[-1])
            for index, (text, score) in zip(group, self._decoder(answers)):
                texts[index] = Text(text, float(score) if text else 0.0)
        return [texts[index] for index in range(len(inputs))]

    def _require_classes(self, answered: int) -> None:
        """Refuse a dictionary of another length; one class more is the space that a model may lack."""
        if answered in (self._classes, self._classes - 1):
            return
        raise DataError(
            f"the model tells {answered} classes apart and its dictionary names {self._classes}",
            at=self._name,
            hint="the dictionary is not the one the model was trained with; export the run again",
        )


def _batches(members: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(members), size):
        yield members[start : start + size]


def _side_by_side(inputs: Sequence[Batch]) -> Batch:
    """Make one batch of inputs (C, H, W), with zeros on the right of narrower ones as the runtime has."""
    channels, height = inputs[0].shape[:2]
    batch = np.zeros((len(inputs), channels, height, max(each.shape[2] for each in inputs)), np.float32)
    for place, each in zip(batch, inputs):
        place[:, :, : each.shape[2]] = each
    return batch


def _build_transforms(job: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Build the release's transforms.

    Returns:
        The colour order they expect (``BGR``, ``RGB`` or ``GRAY``), and the transforms after decoding.

    Raises:
        ConfigError: The release has no such transform, or not with these settings.
    """
    from ppocr.data.imaug import create_operators

    mode, steps = "BGR", []
    for step in copy.deepcopy(job["transforms"]):
        name, settings = next(iter(step.items()))
        if name == "DecodeImage":
            mode = (settings or {}).get("img_mode", "RGB")
        elif name != "KeepKeys":
            steps.append(step)
    try:
        return mode, list(create_operators(steps, job["settings"]))
    except Exception as error:
        raise ConfigError(
            f"the release cannot build the model's transforms ({type(error).__name__}: {error})",
            at=f"{job['name']}: {', '.join(next(iter(step)) for step in steps)}",
            hint="export the run again: ppocr-kit export RUN",
        ) from error


def _build_decoder(job: Mapping[str, Any]) -> Any:
    from ppocr.postprocess import build_post_process

    try:
        return build_post_process(dict(job["postprocess"]), dict(job["settings"]))
    except Exception as error:
        raise ConfigError(
            f"the release cannot build the model's decoder ({type(error).__name__}: {error})",
            at=f"{job['name']}: PostProcess {job['postprocess'].get('name')}",
            hint="the dictionary must be where the configuration says, or predict with an export",
        ) from error


def _transform(transforms: tuple[str, list[Any]], image: Image) -> dict[str, Any]:
    """Make a network's input of a picture.

    Raises:
        ValueError: A transform refuses it.
    """
    mode, steps = transforms
    data: Any = {"image": in_mode(image, mode)}
    for step in steps:
        try:
            data = step(data)
        # the release ends the process where OpenCV cannot resize
        except (Exception, SystemExit) as error:
            height, width = image.shape[:2]
            raise ValueError(
                f"{type(step).__name__} cannot take a picture of {width} x {height} pixels ({error})"
            ) from error
        if data is None:
            raise ValueError(f"{type(step).__name__} refuses the picture")
    assert isinstance(data, dict)
    return data


def in_mode(image: Image, mode: str) -> Image:
    """Bring a BGR picture to the colour order that a model was trained on."""
    if mode == "RGB":
        return np.ascontiguousarray(image[:, :, ::-1])
    if mode == "GRAY":
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), dtype=np.uint8)
    return image
