"""What a training will do, worked out before it starts: rows, steps, evaluations, weights.

Upstream finds these out while running, and then ends with exit code 0 although nothing was
trained or no best model was ever chosen (PaddleOCR#5503, #14392, #9157). Here each is an error.
"""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.configs.evaluations import count_evaluations
from ppocr_kit.configs.sampling import steps_per_epoch
from ppocr_kit.datasets.lmdb_reading import LmdbRows, list_line
from ppocr_kit.errors import DataError
from ppocr_kit.runs.inspection import Inspection, RowCheck, inspect_config
from ppocr_kit.runs.start import Start, StartChoice, fit_start, read_start
from ppocr_kit.runs.weights_table import summarise_parts
from ppocr_kit.storage import write_lines_atomic
from ppocr_kit.tasks import Task
from ppocr_kit.vendor.release import PinnedRelease


@dataclass(frozen=True)
class TrainingPlan:
    """Everything that is said, and checked, before training starts.

    Attributes:
        config: The complete configuration that will run.
        train: Row check of the training lists.
        val: Row check of the validation lists.
        processes: Data-parallel processes.
        batch_size: Rows per step and process.
        steps_per_epoch: Optimizer steps per epoch.
        epochs: Epochs in all.
        first_epoch: The epoch that training starts with; above 1 when it resumes.
        evaluations: How many evaluations fall inside the run.
        parameters: Number of parameters of the model.
        start: What ``--pretrained`` gives, or None from scratch.
        notes: What is good to know before it starts.
    """

    config: Mapping[str, Any]
    train: RowCheck
    val: RowCheck
    processes: int
    batch_size: int
    steps_per_epoch: int
    epochs: int
    first_epoch: int
    evaluations: int
    parameters: int
    start: Start | None = None
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return what ``--dry-run --json`` prints and ``run.json`` keeps."""
        return {
            "rows": {
                mode: {"total": check.total, "usable": check.usable, "rejected": len(check.rejected)}
                for mode, check in (("train", self.train), ("val", self.val))
            },
            "processes": self.processes,
            "batch_size": self.batch_size,
            "steps_per_epoch": self.steps_per_epoch,
            "epochs": self.epochs,
            "first_epoch": self.first_epoch,
            "steps": self.steps_per_epoch * (self.epochs - self.first_epoch + 1),
            "evaluations": self.evaluations,
            "parameters": self.parameters,
            "weights": self._weights_json(),
            "notes": list(self.notes),
        }

    def _weights_json(self) -> dict[str, Any] | None:
        if self.start is None:
            return None
        parts = [part.to_json() for part in summarise_parts(self.start.match)]
        return {"file": str(self.start.file.path), **self.start.match.to_json(), "parts": parts}


def plan_training(
    config: Mapping[str, Any],
    task: Task,
    release: PinnedRelease,
    python: Path,
    *,
    processes: int = 1,
    first_epoch: int = 1,
    choice: StartChoice | None = None,
) -> TrainingPlan:
    """Work out what training ``config`` will do, and refuse what cannot train.

    Args:
        config: A rendered, complete configuration.
        task: Its task.
        release: The PaddleOCR release that will run it.
        python: The interpreter of the lane.
        processes: Data-parallel processes.
        first_epoch: Epoch to start with; above 1 when resuming.
        choice: How pretrained weights are to be used.

    Raises:
        DataError: No step would be made, no row can be evaluated, characters are missing from
            the dictionary, or the pretrained weights belong to another model.
        ToolError: The release cannot read the configuration.
    """
    file = read_start(config)
    found = inspect_config(config, release, python, file.weights if file else None)
    _require_characters(config, *found.rows.values())
    plan = make_plan(config, found, processes=processes, first_epoch=first_epoch)
    _require_pasteable(config, plan.train)
    if file is None:
        return plan
    choice = choice or StartChoice()
    start = fit_start(file, found.shapes, found.fresh, config, task, release.path, choice)
    return dataclasses.replace(plan, start=start)


def make_plan(
    config: Mapping[str, Any],
    found: Inspection,
    *,
    processes: int,
    first_epoch: int,
    start: Start | None = None,
    notes: Sequence[str] = (),
) -> TrainingPlan:
    """Count what a training will do, and refuse one that would do nothing.

    Args:
        config: A rendered, complete configuration.
        found: What the release says to it.
        processes: Data-parallel processes.
        first_epoch: Epoch to start with.
        start: What it starts from.
        notes: What is good to know before it starts.

    Raises:
        DataError: No step would be made, or no row can be evaluated.
    """
    train, val = found.rows["Train"], found.rows["Eval"]
    batch_size = int(config["Train"]["loader"]["batch_size_per_card"])
    steps = steps_per_epoch(config, rows_of_an_epoch(config, train), processes)
    _require_steps(config, train, steps, batch_size * processes)
    _require_rows(config, val)
    return TrainingPlan(
        config=dict(config),
        train=train,
        val=val,
        processes=processes,
        batch_size=batch_size,
        steps_per_epoch=steps,
        epochs=int(config["Global"]["epoch_num"]),
        first_epoch=first_epoch,
        evaluations=count_evaluations(config, steps, first_epoch),
        parameters=sum(math.prod(shape) for shape in found.shapes.values()),
        start=start,
        notes=tuple(notes),
    )


def rows_of_an_epoch(config: Mapping[str, Any], train: RowCheck) -> int:
    """Count the rows that one epoch shows: of each list the share that ``ratio_list`` says."""
    shares = config["Train"]["dataset"].get("ratio_list", 1.0)
    each = shares if isinstance(shares, list) else [shares] * len(train.kept)
    return sum(
        round(len(lines) * share) if share < 1 else len(lines) for lines, share in zip(train.kept, each)
    )


def write_lists(config: dict[str, Any], checks: Mapping[str, RowCheck], folder: Path) -> dict[str, Any]:
    """Write the lists without their rejected rows and point the configuration at them.

    The release would put another row in the place of a rejected one: a random one in training,
    the next one in evaluation, which then counts twice. An LMDB that came without a list gets one:
    the release reads a list beside it with the kit's help (``vendor/compat_lmdb.py``).

    Args:
        config: The configuration; left as it is.
        checks: Row checks by mode (``Train``, ``Eval``).
        folder: Where the shortened lists go; nothing is written when no row was rejected and every
            data set has its lists.

    Returns:
        The configuration that uses the shortened lists.
    """
    changed = copy.deepcopy(config)
    for mode, check in checks.items():
        dataset = changed[mode]["dataset"]
        listed = dataset.get("label_file_list")
        if listed and not check.rejected:
            continue
        lists = []
        for index, kept in enumerate(check.kept):
            lines = _list_lines(listed[index]) if listed else _lmdb_lines(dataset)
            target = folder / f"{mode.lower()}-{index}.txt"
            write_lines_atomic(target, _chosen(lines, kept))
            lists.append(target.as_posix())
        dataset["label_file_list"] = lists
    return changed


def _chosen(lines: Iterator[bytes], numbers: Sequence[int]) -> Iterator[bytes]:
    """Yield the lines of the given numbers, from 1 and rising."""
    wanted = iter(numbers)
    number = next(wanted, None)
    for place, line in enumerate(lines, start=1):
        if place == number:
            yield line
            number = next(wanted, None)


def _list_lines(name: str) -> Iterator[bytes]:
    with Path(name).open("rb") as handle:
        yield from handle


def _lmdb_lines(dataset: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield the rows of the LMDBs of a ``data_dir`` as lines."""
    delimiter = dataset.get("delimiter", "\t")
    with LmdbRows(Path(dataset["data_dir"])) as rows:
        for name, label in rows:
            yield list_line(name, label, delimiter) + b"\n"


def places_of_rows(config: Mapping[str, Any], mode: str) -> str:
    """Name where the rows of a mode come from: its lists, or the LMDB that has none."""
    dataset = config[mode]["dataset"]
    return ", ".join(dataset.get("label_file_list") or [dataset["data_dir"]])


def _require_characters(config: Mapping[str, Any], *checks: RowCheck) -> None:
    lost: dict[str, int] = {}
    for check in checks:
        for character, count in check.lost_characters.items():
            lost[character] = lost.get(character, 0) + count
    if not lost:
        return
    most = sorted(lost.items(), key=lambda item: (-item[1], item[0]))[:12]
    shown = ", ".join(f"{character!r} ({count} rows)" for character, count in most)
    raise DataError(
        f"the dictionary lacks {len(lost)} characters of the labels, which training would drop: {shown}",
        at=str(config["Global"].get("character_dict_path")),
        hint="use the data set's own dictionary, or add the characters to yours (one per line) and build "
        "the data set again with --dict",
    )


def _require_steps(config: Mapping[str, Any], train: RowCheck, steps: int, batch: int) -> None:
    if steps > 0:
        return
    where = places_of_rows(config, "Train")
    if train.usable == 0:
        raise DataError(
            f"none of the {train.total} training rows can be used{_first_reasons(train)}",
            at=where,
            hint="ppocr-kit labels check SRC, then build the data set again",
        )
    raise DataError(
        f"0 steps per epoch: a batch of {batch} rows is larger than the {train.usable} training rows",
        at=where,
        hint=f"--batch-size {max(1, train.usable // 2)} or smaller",
    )


def _require_rows(config: Mapping[str, Any], val: RowCheck) -> None:
    if val.usable:
        return
    raise DataError(
        f"none of the {val.total} validation rows can be used, so no best model could be chosen"
        f"{_first_reasons(val)}",
        at=places_of_rows(config, "Eval"),
        hint="build the data set with a larger val share (--ratio 8:1:1) or more pages",
    )


def _require_pasteable(config: Mapping[str, Any], train: RowCheck) -> None:
    """Refuse a ``CopyPaste`` that would wait for a page of four-point boxes without an end."""
    if train.pasteable:
        return
    raise DataError(
        "every training page has a box of more than four points, and CopyPaste, which copies four-point "
        "boxes from page to page, would look for another page for ever",
        at=places_of_rows(config, "Train"),
        hint="take a recipe without CopyPaste (PP-OCRv3_mobile_det, ch_det_mv3_db_v2.0), or remove it: "
        "ppocr-kit config render det … --out my.yml, then train --config my.yml",
    )


def _first_reasons(check: RowCheck, most: int = 3) -> str:
    reasons = [f"line {row['line']}: {row['reason']}" for row in check.rejected[:most]]
    return f" ({'; '.join(reasons)})" if reasons else ""
