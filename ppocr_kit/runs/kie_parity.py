"""Whether an export for key information answers as its checkpoint does: the same classes, the same links."""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ppocr_kit.errors import DataError
from ppocr_kit.progress import Track, no_progress
from ppocr_kit.runs.answering import ask
from ppocr_kit.runs.engines import PADDLE, EngineCheck
from ppocr_kit.runs.kie_source import KieSource
from ppocr_kit.runs.parity import SCORE_TOLERANCE, EngineParity, Parity
from ppocr_kit.tasks import TASK_FACTS

_COMPARED_PAGES = 20
_HINT = "build the data set again: the export is compared on its validation rows"


def pages_to_compare(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return up to 20 pages of a run's validation rows, evenly spread: ``picture`` and ``entities``.

    Raises:
        DataError: The lists are gone, or name no page whose picture is there.
    """
    dataset = config["Eval"]["dataset"]
    folder, pages = Path(dataset["data_dir"]), []
    for name in dataset["label_file_list"]:
        try:
            rows = Path(name).read_text(encoding="utf-8").split("\n")
            for image, boxes in (row.split("\t")[:2] for row in rows if row):
                pages.append((folder / image, json.loads(boxes)))
        except (OSError, ValueError) as error:
            raise DataError(
                f"cannot read the run's validation rows ({error})", at=str(name), hint=_HINT
            ) from error
    there = [(picture, boxes) for picture, boxes in pages if picture.is_file() and boxes]
    if not there:
        raise DataError(f"none of the {len(pages)} validation pages is there", at=str(folder), hint=_HINT)
    count = min(_COMPARED_PAGES, len(there))
    chosen = [there[index * len(there) // count] for index in range(count)]
    return [
        {
            "picture": str(picture),
            "entities": [{**box, "id": place} for place, box in enumerate(boxes)],
        }
        for picture, boxes in chosen
    ]


def check_kie_parity(
    checkpoint: KieSource,
    export: KieSource,
    pages: Sequence[Mapping[str, Any]],
    *,
    log: Path | None = None,
    track: Track = no_progress,
) -> EngineParity:
    """Answer pages with a checkpoint and with its export, and compare.

    Args:
        checkpoint: The run's checkpoint.
        export: The exported network.
        pages: ``picture``, and ``entities`` with their labels.
        log: File that the worker's output is appended to.
        track: Shows progress.

    Raises:
        ToolError: A network could not answer.
    """
    answers: list[dict[str, Any]] = []
    progress = iter(track(range(len(pages)), "comparing with the checkpoint", len(pages)))

    def take(answer: dict[str, Any]) -> None:
        answers.append(answer)
        if "picture" in answer:
            next(progress, None)

    with tempfile.TemporaryDirectory(prefix="ppocr-kit-") as scratch:
        listed = Path(scratch) / "pages.json"
        listed.write_text(json.dumps(list(pages), ensure_ascii=False), encoding="utf-8")
        job = {"checkpoint": checkpoint.to_job(), "export": export.to_job(), "pages": str(listed)}
        lane = TASK_FACTS[export.task].lane
        ask("compare_kie.py", job, Path(scratch), take, log=log, lane=lane)
    next(progress, None)
    first, *compared = answers
    parity = compare_pages(compared)
    times = [answer["milliseconds"] for answer in compared]
    # the first page also pays for what the engine makes ready only then
    median = statistics.median(times[1:] or times)
    return EngineParity(EngineCheck(PADDLE, first["version"], parity.same, median), parity)


def compare_pages(answers: Sequence[Mapping[str, Any]]) -> Parity:
    """Compare what both answered: every class and every link must be the same, scores within 0.001.

    Args:
        answers: As ``workers/compare_kie.py`` gives them.
    """
    gaps, differences, count = [0.0], [], 0
    for answer in answers:
        ours, theirs = (
            {tuple(said[:2]): said[2] for said in answer[side]} for side in ("checkpoint", "export")
        )
        count += len(ours)
        apart = sorted(ours.keys() ^ theirs.keys(), key=str)
        scored = [key for key in ours.keys() & theirs.keys() if None not in (ours[key], theirs[key])]
        gap = max((abs(ours[key] - theirs[key]) for key in scored), default=0.0)
        gaps.append(gap)
        if apart:
            differences.append(f"{answer['picture']}: only one of them says {apart[0]}")
        elif not gap <= SCORE_TOLERANCE:
            differences.append(f"{answer['picture']}: the scores differ by {gap:.4f}")
    return Parity(len(answers), count, max(gaps), 0.0, tuple(differences))
