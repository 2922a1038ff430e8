"""Whether an export answers as its checkpoint does, on every engine that is at hand.

An export that is prepared, thresholded or decoded otherwise loses accuracy without any error
(PaddleOCR#17538, #11912: 99 % became 77 %). So both answer the same pictures, each by its own
settings, and the answers are compared.
"""

from __future__ import annotations

import math
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.errors import DataError
from ppocr_kit.progress import Track, no_progress
from ppocr_kit.runs.answering import ask
from ppocr_kit.runs.engines import EngineCheck
from ppocr_kit.runs.model_source import ModelSource

SCORE_TOLERANCE = 1e-3
POINT_TOLERANCE_PX = 1.0

Region = Mapping[str, Any]


@dataclass(frozen=True)
class Parity:
    """What the comparison of a checkpoint and its export found.

    Attributes:
        images: Pictures compared.
        regions: Boxes or texts that the checkpoint answered.
        largest_score_gap: Largest difference of two scores that belong together.
        largest_point_gap_px: Largest difference of two corners' coordinates, in pixels.
        differences: What does not hold, one sentence per picture.
        widest_ratio: Largest width / height of the pictures.
    """

    images: int
    regions: int
    largest_score_gap: float
    largest_point_gap_px: float
    differences: tuple[str, ...]
    widest_ratio: float = 0.0

    @property
    def same(self) -> bool:
        """Whether every picture was answered the same."""
        return not self.differences

    def to_json(self) -> dict[str, Any]:
        """Return the ``parity`` section of ``export.json``."""
        return {
            "same": self.same,
            "images": self.images,
            "regions": self.regions,
            "largest_score_gap": float(f"{self.largest_score_gap:.3g}"),
            "largest_point_gap_px": round(self.largest_point_gap_px, 3),
            "tolerance": {"score": SCORE_TOLERANCE, "points_px": POINT_TOLERANCE_PX, "text": "equal"},
        }


@dataclass(frozen=True)
class Gap:
    """How far two answers to one picture are apart.

    Attributes:
        score: Largest difference of two scores.
        points_px: Largest difference of two coordinates.
        difference: What does not hold, or None.
    """

    score: float
    points_px: float
    difference: str | None


def compare_texts(checkpoint: Sequence[Region], export: Sequence[Region]) -> Gap:
    """Compare two readings of a picture: the text must be equal, its score within the tolerance.

    Args:
        checkpoint: One region with ``transcription`` and ``score``.
        export: The same from the export.
    """
    ours, theirs = checkpoint[0], export[0]
    gap = abs(ours["score"] - theirs["score"])
    if ours["transcription"] != theirs["transcription"]:
        return Gap(gap, 0.0, f"reads '{theirs['transcription']}' for '{ours['transcription']}'")
    return Gap(gap, 0.0, _score_difference(gap))


def compare_boxes(checkpoint: Sequence[Region], export: Sequence[Region], pixel: float = 1.0) -> Gap:
    """Compare the boxes found on a picture: as many, each where its nearest counterpart is.

    Args:
        checkpoint: Regions with ``points`` and ``score``.
        export: The same from the export.
        pixel: Pixels of the picture per pixel of the network's map; a corner can only move in
            such steps, so the tolerance is never less than one of them.
    """
    if len(checkpoint) != len(export):
        return Gap(0.0, 0.0, f"finds {len(export)} boxes for {len(checkpoint)}")
    left = list(export)
    points, scores = [], []
    for ours in checkpoint:
        distances = [_point_gap(ours, theirs) for theirs in left]
        nearest = min(range(len(left)), key=distances.__getitem__)
        points.append(distances[nearest])
        scores.append(abs(ours["score"] - left.pop(nearest)["score"]))
    point_gap, score_gap = _largest(points), _largest(scores)
    if point_gap > max(POINT_TOLERANCE_PX, pixel):
        return Gap(score_gap, point_gap, f"a corner is {point_gap:.0f} pixels away")
    return Gap(score_gap, point_gap, _score_difference(score_gap))


@dataclass(frozen=True)
class EngineParity:
    """A comparison of a checkpoint with its export on one engine.

    Attributes:
        check: What is kept of it for choosing an engine.
        parity: What the comparison found.
    """

    check: EngineCheck
    parity: Parity

    def to_json(self) -> dict[str, Any]:
        """Return the engine's entry in ``export.json``."""
        return {
            "version": self.check.version,
            "milliseconds": float(f"{self.check.milliseconds:.4g}"),
            **self.parity.to_json(),
            "differences": list(self.parity.differences),
        }


def compare_answers(answers: Sequence[Mapping[str, Any]], engine: str) -> Parity:
    """Compare what ``workers/compare_export.py`` answered with a checkpoint and with one engine.

    Raises:
        DataError: No picture was answered: nothing is shown by comparing nothing.
    """
    if not answers:
        raise DataError(
            "none of the pictures to compare on could be read",
            hint="name readable ones: ppocr-kit export RUN --images FOLDER",
        )
    compared = [answer for answer in answers if engine in answer["exports"]]
    gaps = [_compare(answer, answer["exports"][engine]["regions"]) for answer in compared]
    return Parity(
        images=len(compared),
        regions=sum(len(answer["checkpoint"]) for answer in compared),
        largest_score_gap=_largest([gap.score for gap in gaps]),
        largest_point_gap_px=_largest([gap.points_px for gap in gaps]),
        differences=tuple(
            f"{answer['image']}: {gap.difference}"
            for answer, gap in zip(compared, gaps)
            if gap.difference is not None
        ),
        widest_ratio=max(answer["ratio"] for answer in compared),
    )


def check_parity(
    checkpoint: ModelSource,
    export: ModelSource,
    images: Sequence[Path],
    *,
    engines: Sequence[str],
    log: Path | None = None,
    track: Track = no_progress,
) -> dict[str, EngineParity]:
    """Answer pictures with a checkpoint and with its export on engines, and compare.

    Args:
        checkpoint: The run's checkpoint.
        export: The exported model.
        images: Pictures: pages for a detector, crops for a recogniser.
        engines: What to run the export on.
        log: File that the worker's output is appended to.
        track: Shows progress.

    Returns:
        The comparisons by engine; one that is not installed is left out.

    Raises:
        DataError: The checkpoint is of another model, or no picture could be read.
        ToolError: A model could not answer.
    """
    answers: list[dict[str, Any]] = []
    progress = iter(track(range(len(images)), "comparing with the checkpoint", len(images)))

    def take(answer: dict[str, Any]) -> None:
        answers.append(answer)
        next(progress, None)

    with tempfile.TemporaryDirectory(prefix="ppocr-kit-") as folder:
        scratch = Path(folder)
        job = {
            "checkpoint": checkpoint.to_job(scratch),
            "export": export.to_job(scratch),
            "engines": list(engines),
            "images": [str(path) for path in images],
        }
        ask("compare_export.py", job, scratch, take, log=log)
    at_hand, *compared = answers
    return {name: _engine_parity(name, version, compared) for name, version in at_hand["engines"].items()}


def _engine_parity(name: str, version: str, answers: Sequence[Mapping[str, Any]]) -> EngineParity:
    parity = compare_answers(answers, name)
    times = [answer["exports"][name]["milliseconds"] for answer in answers if name in answer["exports"]]
    # the first answer also pays for what an engine makes ready only then
    median = statistics.median(times[1:] or times)
    return EngineParity(EngineCheck(name, version, parity.same, median), parity)


def _compare(answer: Mapping[str, Any], theirs: Sequence[Region]) -> Gap:
    ours = answer["checkpoint"]
    if any("transcription" in region for region in ours):
        return compare_texts(ours, theirs)
    return compare_boxes(ours, theirs, answer["pixel"])


def _point_gap(ours: Region, theirs: Region) -> float:
    """Return the largest difference of two coordinates; infinite for polygons of other lengths."""
    if len(ours["points"]) != len(theirs["points"]):
        return float("inf")
    gaps = [
        abs(one - other)
        for corner, counterpart in zip(ours["points"], theirs["points"])
        for one, other in zip(corner, counterpart)
    ]
    return _largest(gaps)


def _largest(gaps: Sequence[float]) -> float:
    """Return the largest gap; not a number if any is: ``max`` alone would depend on the order."""
    return float("nan") if any(math.isnan(gap) for gap in gaps) else max(gaps, default=0.0)


def _score_difference(gap: float) -> str | None:
    return f"the scores differ by {gap:.4f}" if not gap <= SCORE_TOLERANCE else None
