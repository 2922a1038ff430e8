"""What a model would make of a data set: its tokenizer, template and lengths, before training: vl check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.errors import UsageError
from ppocr_kit.problems import Problem, ProblemLog
from ppocr_kit.progress import Track, no_progress
from ppocr_kit.tasks import Split
from ppocr_kit.vl.codes import vl_problem
from ppocr_kit.vl.dataset import find_vl_dataset, read_vl_dataset
from ppocr_kit.vl.lane import run_engine
from ppocr_kit.vl.model_folder import VERSIONS, ModelFolder
from ppocr_kit.vl.run_models import find_run_model


@dataclass(frozen=True)
class CheckRequest:
    """What to look at.

    Attributes:
        model: Folder of the model, name of a run, or name on the hub.
        dataset: Folder or name of the data set; None looks at the model alone.
        split: Where the row that is shown comes from.
        row: Its number from 1.
        max_length: Most tokens of a row.
        min_pixels: As in training; None for the model's own bound.
        max_pixels: As in training; None for the model's own bound.
        version: Version of the model where neither config nor name tell it.
    """

    model: str
    dataset: Path | None = None
    split: Split = Split.TRAIN
    row: int = 1
    max_length: int = 4096
    min_pixels: int | None = None
    max_pixels: int | None = None
    version: str | None = None


@dataclass(frozen=True)
class VlCheck:
    """What was found.

    Attributes:
        model: The model folder.
        version: Version of the model, or None where nothing tells it.
        template_versions: Versions that its chat template belongs to.
        questions: By name, the prompt and what the model reads of it.
        rows: Rows that were looked at.
        lengths: ``least``, ``median`` and ``most`` tokens of a row; empty without rows.
        prompts: Rows by prompt.
        row: The row that is shown with its tokens, or None.
        problems: The findings.
    """

    model: ModelFolder
    version: str | None
    template_versions: tuple[str, ...]
    questions: Mapping[str, Mapping[str, str]]
    rows: int
    lengths: Mapping[str, int]
    prompts: Mapping[str, int]
    row: Mapping[str, Any] | None
    problems: ProblemLog

    @property
    def passed(self) -> bool:
        """Whether there is no error."""
        return self.problems.errors == 0

    def to_json(self) -> dict[str, Any]:
        """Return the check as a JSON object."""
        return {
            "passed": self.passed,
            "model": str(self.model.path),
            "version": self.version,
            "template_versions": list(self.template_versions),
            "questions": dict(self.questions),
            "rows": self.rows,
            "lengths": dict(self.lengths),
            "prompts": dict(self.prompts),
            "row": None if self.row is None else dict(self.row),
            "problems": [problem.to_json() for problem in self.problems],
        }


def check_vl(request: CheckRequest, *, log: Path | None = None, track: Track = no_progress) -> VlCheck:
    """Check what training would make of a data set.

    Args:
        request: What to look at.
        log: File for what the worker prints.
        track: Progress, by rows.

    Raises:
        UsageError: There is no such version or row.
        DataError: Model or data set are missing or damaged.
        SetupError: There is no environment for the lane.
        ToolError: The worker died.
    """
    if request.version is not None and request.version not in VERSIONS:
        raise UsageError(
            f"there is no version '{request.version}'", at="--model-version", hint=", ".join(VERSIONS)
        )
    model = find_run_model(request.model)
    version = request.version or model.version
    job: dict[str, Any] = {
        "model": str(model.path.absolute()),
        "version": version,
        "version_from": "--model-version" if request.version else model.version_from,
        "max_length": request.max_length,
        "min_pixels": request.min_pixels,
        "max_pixels": request.max_pixels,
        "split": str(request.split),
        "row": request.row,
        "splits": {},
    }
    files, rows = _with_rows(job, request)
    progress = iter(track(range(rows), "looking at rows", rows))

    def take(answer: dict[str, Any]) -> None:
        for _ in range(answer.get("done", 0)):
            next(progress, None)

    answer = run_engine("checking", job, on_event=take, log=log)
    for _ in progress:
        pass
    problems = ProblemLog()
    for found in answer["findings"]:
        problems.add(_problem(found, files, model))
    return VlCheck(
        model,
        version,
        tuple(answer["versions"]),
        answer["questions"],
        answer["rows"],
        answer["lengths"],
        answer["prompts"],
        answer["row"],
        problems,
    )


def _with_rows(job: dict[str, Any], request: CheckRequest) -> tuple[dict[str, str], int]:
    """Put the data set into the job; return the files of its splits and how many rows there are."""
    if request.dataset is None:
        return {}, 0
    dataset = read_vl_dataset(find_vl_dataset(request.dataset))
    files = {str(split): str(entry.list_path) for split, entry in dataset.splits.items() if entry.rows}
    job["root"] = str(dataset.root.absolute())
    job["splits"] = {split: str(Path(file).absolute()) for split, file in files.items()}
    return files, sum(entry.rows for entry in dataset.splits.values())


def _problem(found: Mapping[str, Any], files: Mapping[str, str], model: ModelFolder) -> Problem:
    """Make a finding of the worker's; one without a row is about the model."""
    file = files[found["split"]] if "split" in found else str(model.path)
    return vl_problem(found["code"], file, found.get("line"), found["detail"])
