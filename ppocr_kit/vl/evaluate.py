"""``vl eval``: let a model read a split, and its base model beside it, and score what they read.

What a model read is kept as ``predictions/<split>-<which>.jsonl`` and taken from there when model, settings
and pictures are the same: measuring again reads nothing again.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ppocr_kit.configs.device import Device
from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.progress import Track, no_progress
from ppocr_kit.run_folders import OUTPUT_FOLDER
from ppocr_kit.storage import write_json_atomic
from ppocr_kit.tasks import Split
from ppocr_kit.vl.dataset import VlDataset, find_vl_dataset, read_vl_dataset
from ppocr_kit.vl.evaluation import VlEvaluation, evaluate_predictions
from ppocr_kit.vl.inference import infer
from ppocr_kit.vl.local_model import AnswerSettings, LocalModel
from ppocr_kit.vl.predictions import Prediction, read_predictions
from ppocr_kit.vl.questions import questions_of_rows
from ppocr_kit.vl.record import VlRun, VlRunFolder, read_vl_run
from ppocr_kit.vl.rows import VlRow, read_rows
from ppocr_kit.vl.run_models import find_run_model

# Of models that are no run.
EVALUATIONS_FOLDER = "evaluations"
# Takes the place of a base model's name to have none.
NO_BASE = "none"
_FROM_FILE = "predictions"


@dataclass(frozen=True)
class EvalRequest:
    """What to measure.

    Attributes:
        target: A run, a model folder or a name on the hub; None where ``predictions`` say all.
        dataset: Data set, None for that of the run.
        split: Which of its splits.
        checkpoint: Which of the run.
        base: Base model, None for that of the run, ``none`` for no comparison.
        predictions: Answers that are there already, in place of ``target``'s.
        base_predictions: Answers of the base model that are there already.
        nfkc: Also score the NFKC forms of the texts.
        seed: Of the draws for the intervals.
        how: How models answer.
        device: Where they run.
        out: Folder for ``reports/`` and ``predictions/``; None for the run's, or ``evaluations/NAME``.
    """

    target: str | None
    dataset: Path | None
    split: Split = Split.TEST
    checkpoint: str = "best"
    base: str | None = None
    predictions: Path | None = None
    base_predictions: Path | None = None
    nfkc: bool = False
    seed: int = 0
    how: AnswerSettings = AnswerSettings()
    device: Device = Device("cpu", (), 1)
    out: Path | None = None


@dataclass(frozen=True)
class EvalResult:
    """What was measured.

    Attributes:
        evaluation: The scores.
        document: The content of the JSON file.
        file: ``reports/eval-<split>[-<weights>].json``.
        dataset: The data set.
        run: The run that was measured, None for a model that is none.
    """

    evaluation: VlEvaluation
    document: dict[str, Any]
    file: Path
    dataset: VlDataset
    run: VlRunFolder | None


def evaluate_model(request: EvalRequest, *, track: Track = no_progress) -> EvalResult:
    """Measure a model on a split.

    Args:
        request: What to measure.
        track: Progress of reading.

    Raises:
        UsageError: Nothing says which model or data set.
        DataError: Data set, model or predictions are missing or damaged, or no row was answered.
        SetupError: There is no environment for the lane, or the disk is full.
        ToolError: A model could not be run.
    """
    started = time.monotonic()
    run = _find_run(request)
    record = read_vl_run(run) if run is not None else None
    dataset = _dataset(request, record)
    rows = list(read_rows(dataset.splits[request.split].list_path))
    if not rows:
        raise DataError(
            f"the split {request.split} has no rows",
            at=str(dataset.splits[request.split].list_path),
            hint="name another --split",
        )
    request = replace(request, how=_how(request.how, record))
    reader = _Reader(request, dataset, rows, _folder(request, run), track)
    tuned = reader.tuned()
    base = reader.base(record)
    evaluation = evaluate_predictions(
        rows, tuned.rows, base.rows if base else None, nfkc=request.nfkc, seed=request.seed
    )
    weights = "" if run is None or request.checkpoint == "best" else f"-{request.checkpoint}"
    file = reader.folder / "reports" / f"eval-{request.split}{weights}.json"
    document = {
        **evaluation.to_json(),
        "split": str(request.split),
        "model": tuned.model,
        "base_model": base.model if base else None,
        "dataset": {"name": dataset.name, "root": str(dataset.root.absolute()), "checksum": dataset.checksum},
        "split_sha256": dataset.splits[request.split].sha256,
        "same_rows": dataset.same_rows,
        "seed": request.seed,
        "seconds": round(time.monotonic() - started, 3),
    }
    if dataset.same_rows:
        document["remarks"].insert(0, "every split holds the same rows: nothing new was read")
    write_json_atomic(file, document)
    return EvalResult(evaluation, document, file, dataset, run)


@dataclass(frozen=True)
class _Answers:
    """What one model said, and which it was."""

    rows: list[Prediction]
    model: dict[str, Any]


class _Reader:
    """Has models read the rows of a split, or takes what they have read.

    Args:
        request: What to measure.
        dataset: The data set.
        rows: Its rows of the split.
        folder: Folder for ``predictions/``.
        track: Progress.
    """

    def __init__(
        self, request: EvalRequest, dataset: VlDataset, rows: list[VlRow], folder: Path, track: Track
    ) -> None:
        self.request = request
        self.dataset = dataset
        self.rows = rows
        self.folder = folder
        self.track = track

    def tuned(self) -> _Answers:
        """Return what the model said that is measured."""
        if self.request.predictions is not None:
            return _from_file(self.request.predictions)
        assert self.request.target is not None
        return self._ask(self.request.target, self.request.checkpoint)

    def base(self, record: VlRun | None) -> _Answers | None:
        """Return what the base model said, None when there is none to compare with."""
        if self.request.base_predictions is not None:
            return _from_file(self.request.base_predictions)
        name = self.request.base
        if name is None and record is not None and self.request.predictions is None:
            name = str(record.model.get("path") or "")
        if not name or name == NO_BASE:
            return None
        return self._ask(name, "best", kept_as="base")

    def _ask(self, name: str, checkpoint: str, kept_as: str | None = None) -> _Answers:
        """Let a model read the rows; rows that it has read before are taken from the file."""
        model = find_run_model(name, checkpoint)
        answerer = LocalModel(model.path, self.request.how, self.request.device)
        file = self.folder / "predictions" / f"{self.request.split}-{kept_as or checkpoint}.jsonl"
        questions = questions_of_rows(self.dataset.root, self.rows)
        try:
            infer(questions, answerer, file, track=self.track)
        except UsageError:
            # of other weights, settings or pictures: what is kept here is ours to replace
            infer(questions, answerer, file, resume=False, track=self.track)
        return _Answers(list(read_predictions(file)), {"name": name, **answerer.settings()})


def _from_file(path: Path) -> _Answers:
    return _Answers(list(read_predictions(path)), {"name": path.stem, _FROM_FILE: str(path)})


def _find_run(request: EvalRequest) -> VlRunFolder | None:
    """Return the run that is meant, None for a model that is none."""
    if request.target is None:
        if request.predictions is None:
            raise UsageError(
                "nothing says which model is measured",
                at="MODEL",
                hint="a run, a model folder, or --predictions",
            )
        return None
    for place in (Path(OUTPUT_FOLDER) / request.target, Path(request.target)):
        if (place / "run.json").is_file() and not (place / "config.json").is_file():
            folder = VlRunFolder(place.absolute())
            read_vl_run(folder)
            return folder
    return None


def _dataset(request: EvalRequest, record: VlRun | None) -> VlDataset:
    if request.dataset is not None:
        return read_vl_dataset(find_vl_dataset(request.dataset))
    root = record.dataset.get("root") if record is not None else None
    if not isinstance(root, str):
        raise UsageError("nothing says which data set is measured on", at="--dataset", hint="--dataset NAME")
    return read_vl_dataset(find_vl_dataset(Path(root)))


def _how(how: AnswerSettings, record: VlRun | None) -> AnswerSettings:
    """Have pictures as large as in training, where nothing else is asked for."""
    if record is None:
        return how
    settings = record.settings
    lowest, highest = (settings.get(name) for name in ("min_pixels", "max_pixels"))
    return replace(
        how,
        min_pixels=how.min_pixels or (lowest if isinstance(lowest, int) else None),
        max_pixels=how.max_pixels or (highest if isinstance(highest, int) else None),
    )


def _folder(request: EvalRequest, run: VlRunFolder | None) -> Path:
    if request.out is not None:
        return request.out
    if run is not None:
        return run.path
    name = request.predictions.stem if request.predictions is not None else str(request.target)
    return Path(EVALUATIONS_FOLDER) / (re.sub(r"[^\w.\-]+", "-", name).strip("-.") or "model")
