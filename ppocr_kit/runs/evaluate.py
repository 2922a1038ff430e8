"""Measuring weights on a split with the release's own ``tools/eval.py``.

Upstream scores random weights when it finds no checkpoint, and scores the next row twice in
place of one that it cannot use. Here the checkpoint must fit the model to the last parameter,
and rows that cannot be used are taken out, counted and listed before anything is scored.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ppocr_kit.configs.device import parse_device
from ppocr_kit.configs.patches import with_checkpoint, with_device, with_split
from ppocr_kit.configs.render import render_config
from ppocr_kit.configs.spec import RunSpec
from ppocr_kit.datasets.kie_windows import read_windows
from ppocr_kit.datasets.manifest import Dataset, read_dataset
from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.metrics.core import MetricReport
from ppocr_kit.metrics.detection import DEFINITION as DETECTION_DEFINITION
from ppocr_kit.metrics.recognition import TextRules, describe_recognition
from ppocr_kit.progress import Track, no_progress
from ppocr_kit.runs.eval_tool import computed_by_release, run_eval_tool
from ppocr_kit.runs.inspection import RowCheck, inspect_config
from ppocr_kit.runs.kie_evaluate import KieMeasuring, figures_to_json, measure_pages
from ppocr_kit.runs.kie_plan import checkpoint_start
from ppocr_kit.runs.kie_source import KieSource, find_kie_source
from ppocr_kit.runs.networks import is_network, tokenizer_environment
from ppocr_kit.runs.plan import places_of_rows
from ppocr_kit.runs.rundir import RunFolder, RunRecord, read_run, weights_file
from ppocr_kit.runs.train import read_config
from ppocr_kit.runs.weights import require_whole
from ppocr_kit.storage import sha256_of, write_json_atomic
from ppocr_kit.tasks import KIE_TASKS, TASK_FACTS, Split, Task
from ppocr_kit.vendor.environment import find_interpreter
from ppocr_kit.vendor.release import find_release


@dataclass(frozen=True)
class Evaluation:
    """What was measured, on what, with what.

    Attributes:
        report: The metric values with their counts and definition.
        split: The split that was scored.
        checkpoint: Path of the weights.
        checkpoint_sha256: Their checksum.
        dataset: Name and checksum of the data set; None for a run by the user's own YAML.
        split_sha256: Checksum of the split's list; of several lists, of their checksums.
        skipped: Rows that were not scored: ``list``, ``line``, ``reason``.
        seconds: Wall time of the tool.
        figures: Key information: what was measured by name, of which ``report`` is the first.
    """

    report: MetricReport
    split: Split
    checkpoint: str
    checkpoint_sha256: str
    dataset: Mapping[str, str] | None
    split_sha256: str
    skipped: tuple[Mapping[str, Any], ...]
    seconds: float
    figures: Mapping[str, MetricReport] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the document of ``ppocr-kit eval --json`` and ``reports/eval-<split>.json``."""
        return {
            **self.report.to_json(),
            **figures_to_json(self.figures),
            "split": str(self.split),
            "checkpoint": self.checkpoint,
            "checkpoint_sha256": self.checkpoint_sha256,
            "dataset": None if self.dataset is None else dict(self.dataset),
            "split_sha256": self.split_sha256,
            "skipped": [dict(row) for row in self.skipped],
            "seconds": round(self.seconds, 1),
        }


def evaluate_run(
    folder: RunFolder,
    split: Split | None = None,
    *,
    checkpoint: str = "best",
    dataset_root: Path | None = None,
    device: str = "cpu",
    ser_run: str | None = None,
    track: Track = no_progress,
) -> Evaluation:
    """Measure a run, and keep the result as ``reports/eval-<split>.json`` when it is its best model.

    A run by the user's own YAML has no splits: it is measured on the ``Eval`` lists of that YAML, which
    chose its best model, and the result is called ``val``.

    Args:
        folder: The run.
        split: The split to score; test by default.
        checkpoint: ``best``, ``latest``, ``pretrained`` (what fine-tuning started from) or a path.
        dataset_root: Another data set than the run's own.
        device: Where to run.
        ser_run: RE: a SER run, or an exported one, whose classes links are found between, too.
        track: Key information: shows the pages as they are answered.

    Raises:
        UsageError: No such checkpoint, a split of a run that has none, or a SER run for another task.
        DataError: The data set has changed, the checkpoint does not fit, or no row can be scored.
        ToolError: The tool failed or logged no metric.
    """
    record, config = read_run(folder), read_config(folder)
    dataset = _dataset_of(record, dataset_root)
    if dataset is None and split not in (None, Split.VAL):
        raise UsageError(
            f"'{folder.name}' was trained by a YAML of your own, which has no {split} split",
            at="--split",
            hint="leave it out to measure on the Eval lists of the YAML, or name a data set with --dataset",
        )
    scored = Split.VAL if dataset is None else split or Split.TEST
    prefix = _pretrained(config, folder) if checkpoint == "pretrained" else folder.checkpoint(checkpoint)
    log = folder.logs / f"eval-{scored}.log"
    if ser_run is not None and record.task is not Task.RE:
        raise UsageError(
            f"'{folder.name}' is a {record.task} run; links are of re runs", at="--ser", hint="leave it out"
        )
    reader = find_kie_source(ser_run, Task.SER) if ser_run is not None else None
    found = evaluate_weights(
        config, record.task, dataset, scored, prefix, log=log, device=device, reader=reader, track=track
    )
    if dataset is None:
        found = _with_rows_left_out(found, folder)
    name = f"eval-{scored}" if checkpoint == "best" else f"eval-{scored}-{_label(checkpoint)}"
    if dataset_root is None:
        write_json_atomic(folder.reports / f"{name}.json", found.to_json())
    return found


def _dataset_of(record: RunRecord, root: Path | None) -> Dataset | None:
    """Return the data set to measure on: the named one, or the run's own, or None where it has none.

    Raises:
        DataError: The run's own has changed since.
    """
    if root is not None:
        return read_dataset(root)
    if record.dataset is None:
        return None
    dataset = read_dataset(Path(record.dataset["root"]))
    if dataset.checksum != record.dataset.get("checksum"):
        raise DataError(
            "the data set has changed since the run was trained: test pages may have been trained on",
            at=str(dataset.root),
            hint="train again on the new data set, or name it with --dataset to measure all the same",
        )
    return dataset


def evaluate_recipe(spec: RunSpec, split: Split, weights: Path, *, device: str = "cpu") -> Evaluation:
    """Measure training weights under a recipe without a run: official weights, before fine-tuning.

    Args:
        spec: Task, model and data set.
        split: The split to score.
        weights: A ``.pdparams`` file or its prefix.
        device: Where to run.

    Raises:
        DataError: The weights do not fit the recipe and the data set's dictionary.
    """
    assert spec.dataset_root is not None
    dataset = read_dataset(spec.dataset_root)
    config = render_config(spec, dataset)
    prefix = Path(str(weights)[: -len(".pdparams")] if weights.suffix == ".pdparams" else weights).absolute()
    with tempfile.TemporaryDirectory(prefix="ppocr-kit-") as scratch:
        log = Path(scratch) / "eval.log"
        return evaluate_weights(config, spec.task, dataset, split, prefix, log=log, device=device)


def evaluate_weights(
    config: Mapping[str, Any],
    task: Task,
    dataset: Dataset | None,
    split: Split,
    prefix: Path,
    *,
    log: Path,
    device: str = "cpu",
    reader: KieSource | None = None,
    track: Track = no_progress,
) -> Evaluation:
    """Score a checkpoint on a split with ``tools/eval.py`` of the release.

    Args:
        config: A complete training configuration.
        task: Its task.
        dataset: The data set that has the split; None scores the configuration's own ``Eval`` lists.
        split: The split to score.
        prefix: Path of the ``.pdparams`` file without its suffix; of key information a folder.
        log: Where the tool's output goes.
        device: Where to run.
        reader: RE: a SER network whose classes links are found between, too.
        track: Key information: shows the pages as they are answered.

    Raises:
        DataError: The checkpoint does not fit to the last parameter, or no row can be scored.
        ToolError: The tool failed or logged no metric.
    """
    release, interpreter = find_release(), find_interpreter(TASK_FACTS[task].lane)
    weights = weights_file(prefix, task)
    config = dict(config) if dataset is None else with_split(config, dataset, split)
    config = with_device(with_checkpoint(config, prefix), parse_device(device))
    network = checkpoint_start(prefix) if task in KIE_TASKS else None
    env = tokenizer_environment(network.tokenizer) if network is not None else {}
    found = inspect_config(
        config,
        release,
        interpreter.python,
        network=network.config(config) if network is not None else None,
        env=env,
    )
    require_whole(found.shapes, weights)
    rows = found.rows["Eval"]
    _require_rows(rows, dataset, split, config)
    started = time.monotonic()
    if task in KIE_TASKS:
        windows = read_windows(dataset.tasks[task].data_dir)[split] if dataset is not None else {}
        measuring = KieMeasuring(task, config, prefix, rows, windows, reader)
        figures = measure_pages(measuring, log=log, device=parse_device(device), track=track)
        report = next(iter(figures.values()))
    else:
        figures = {}
        report = MetricReport(
            task=str(task),
            values=run_eval_tool(config, rows, task, log=log, device=parse_device(device), env=env),
            counts={},
            num_samples=rows.usable,
            num_skipped=len(rows.rejected),
            definition=_definition(task, config),
            computed_by=computed_by_release(release),
        )
    return Evaluation(
        report=report,
        split=split,
        checkpoint=str(weights),
        checkpoint_sha256=sha256_of(weights),
        dataset=None if dataset is None else {"name": dataset.name, "checksum": dataset.checksum},
        split_sha256=_lists_sha256(config) if dataset is None else dataset.tasks[task].splits[split].sha256,
        skipped=rows.rejected,
        seconds=time.monotonic() - started,
        figures=figures,
    )


def _definition(task: Task, config: Mapping[str, Any]) -> str:
    """Say in words what the release's metric of this configuration computes."""
    if task is Task.DET:
        return DETECTION_DEFINITION
    metric = config.get("Metric", {})
    rules = TextRules(bool(metric.get("ignore_space", True)), bool(metric.get("is_filter", False)))
    return describe_recognition(rules)


def _require_rows(rows: RowCheck, dataset: Dataset | None, split: Split, config: Mapping[str, Any]) -> None:
    if rows.usable:
        return
    raise DataError(
        f"no row of the {split} split can be scored ({rows.total} rows, {len(rows.rejected)} refused)",
        at=places_of_rows(config, "Eval") if dataset is None else str(dataset.root),
        hint="name a list whose rows can be read"
        if dataset is None
        else f"build the data set with more {split} pages (--ratio)",
    )


def _lists_sha256(config: Mapping[str, Any]) -> str:
    """Return the checksum of the only ``Eval`` list, or the checksum of the checksums of several."""
    sums = [sha256_of(Path(name)) for name in config["Eval"]["dataset"]["label_file_list"]]
    return sums[0] if len(sums) == 1 else hashlib.sha256("".join(sums).encode("ascii")).hexdigest()


def _with_rows_left_out(found: Evaluation, folder: RunFolder) -> Evaluation:
    """Count the rows that training took out of the YAML's ``Eval`` lists among the skipped ones."""
    file = folder.reports / "rejected-rows.json"
    rows = json.loads(file.read_text(encoding="utf-8")).get("val", []) if file.is_file() else []
    skipped = (*found.skipped, *rows)
    report = dataclasses.replace(found.report, num_skipped=len(skipped))
    return dataclasses.replace(found, report=report, skipped=skipped)


def _pretrained(config: Mapping[str, Any], folder: RunFolder) -> Path:
    if is_network(folder.start_folder):
        return folder.start_folder
    prefix = config["Global"].get("pretrained_model")
    if not prefix:
        raise DataError(
            "the run was trained from scratch: there are no pretrained weights to measure",
            at=str(folder.config_file),
        )
    return folder.checkpoint(str(prefix))


def _label(checkpoint: str) -> str:
    return checkpoint if checkpoint in ("latest", "pretrained") else Path(checkpoint).stem
