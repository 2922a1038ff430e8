"""What a training will do, worked out before it starts: rows, steps, evaluations, weights.

Upstream finds these out while running, and then ends with exit code 0 although nothing was
trained or no best model was ever chosen (PaddleOCR#5503, #14392, #9157). Here each is an error.
"""

from __future__ import annotations

import copy
import json
import math
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ppocr_kit.configs.evaluations import count_evaluations
from ppocr_kit.configs.render import dump_config
from ppocr_kit.configs.sampling import steps_per_epoch
from ppocr_kit.errors import DataError
from ppocr_kit.runs.start import Arrays, Start, StartChoice, fit_start, pretrained_file, read_start
from ppocr_kit.runs.weights_table import summarise_parts
from ppocr_kit.storage import write_json_atomic, write_text_atomic
from ppocr_kit.tasks import Task
from ppocr_kit.vendor.process import run_tool
from ppocr_kit.vendor.release import PinnedRelease
from ppocr_kit.vendor.tools import tool_invocation

_INSPECTOR = Path(__file__).parent / "workers" / "inspect_config.py"
_INSPECT_TIMEOUT_S = 1800.0


@dataclass(frozen=True)
class RowCheck:
    """What the release's label encoders say to the rows of one mode.

    Attributes:
        total: Rows in the lists.
        kept: Per list, the line numbers (from 1) of the rows that will be used.
        rejected: Rows that would be refused: ``list``, ``line``, ``reason``.
        lost_characters: Characters of kept rows that the dictionary lacks, with their counts;
            the release drops them inside a label without a word.
        pasteable: Whether ``CopyPaste``, if there is one, has a page to copy from.
    """

    total: int
    kept: tuple[tuple[int, ...], ...]
    rejected: tuple[Mapping[str, Any], ...]
    lost_characters: Mapping[str, int]
    pasteable: bool = True

    @property
    def usable(self) -> int:
        """Number of rows that will be used."""
        return sum(len(lines) for lines in self.kept)


@dataclass(frozen=True)
class Inspection:
    """The findings of ``workers/inspect_config.py``.

    Attributes:
        rows: Row checks by mode.
        shapes: Shapes of the model by parameter name.
        fresh: The model's own start of parameters that the pretrained weights do not fill.
    """

    rows: Mapping[str, RowCheck]
    shapes: Mapping[str, tuple[int, ...]]
    fresh: Arrays = field(default_factory=dict)


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
        }

    def _weights_json(self) -> dict[str, Any] | None:
        if self.start is None:
            return None
        parts = [part.to_json() for part in summarise_parts(self.start.match)]
        return {"file": str(self.start.path), **self.start.match.to_json(), "parts": parts}


def inspect_config(
    config: Mapping[str, Any], release: PinnedRelease, python: Path, weights: Arrays | None = None
) -> Inspection:
    """Let the release's own code look at a configuration, without training.

    Args:
        config: A complete configuration.
        release: The PaddleOCR release.
        python: The interpreter of the lane.
        weights: Pretrained weights; then the model's own start of what they do not fill is returned.

    Raises:
        ToolError: The release cannot build what the configuration names.
    """
    with tempfile.TemporaryDirectory(prefix="ppocr-kit-") as folder:
        config_file, result = Path(folder) / "config.yml", Path(folder) / "result.json"
        write_text_atomic(config_file, dump_config(config))
        shapes_file, fresh_file = Path(folder) / "shapes.json", Path(folder) / "fresh.npz"
        words = [str(config_file), str(result)]
        if weights is not None:
            write_json_atomic(shapes_file, {name: list(value.shape) for name, value in weights.items()})
            words += [str(shapes_file), str(fresh_file)]
        call = tool_invocation(
            release,
            python,
            str(_INSPECTOR),
            words,
            cwd=Path.cwd(),
            log=Path(folder) / "inspect.log",
            timeout_s=_INSPECT_TIMEOUT_S,
            expects=(result,),
        )
        run_tool(call)
        body = json.loads(result.read_text(encoding="utf-8"))
        fresh = _read_arrays(fresh_file) if weights is not None else {}
    rows = {
        mode: RowCheck(
            total=found["total"],
            kept=tuple(tuple(lines) for lines in found["lists"]),
            rejected=tuple(found["rejected"]),
            lost_characters=found["lost_characters"],
            pasteable=bool(found.get("pasteable", True)),
        )
        for mode, found in body["rows"].items()
    }
    return Inspection(rows, {name: tuple(shape) for name, shape in body["shapes"].items()}, fresh)


def _read_arrays(path: Path) -> Arrays:
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


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
    path = pretrained_file(config)
    read = read_start(path) if path is not None else None
    found = inspect_config(config, release, python, read[0] if read else None)
    train, val = found.rows["Train"], found.rows["Eval"]
    _require_characters(config, train, val)
    batch_size = int(config["Train"]["loader"]["batch_size_per_card"])
    steps = steps_per_epoch(config, rows_of_an_epoch(config, train), processes)
    _require_steps(config, train, steps, batch_size * processes)
    _require_rows(config, val)
    _require_pasteable(config, train)
    start = None
    if path is not None and read is not None:
        start = fit_start(
            path, read, found.shapes, found.fresh, config, task, release.path, choice or StartChoice()
        )
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
    the next one in evaluation, which then counts twice.

    Args:
        config: The configuration; left as it is.
        checks: Row checks by mode (``Train``, ``Eval``).
        folder: Where the shortened lists go; nothing is written when no row was rejected.

    Returns:
        The configuration that uses the shortened lists.
    """
    changed = copy.deepcopy(config)
    for mode, check in checks.items():
        if not check.rejected:
            continue
        dataset = changed[mode]["dataset"]
        lists = []
        for index, (name, kept) in enumerate(zip(dataset["label_file_list"], check.kept)):
            with Path(name).open("rb") as handle:
                lines = handle.readlines()
            target = folder / f"{mode.lower()}-{index}.txt"
            write_text_atomic(target, b"".join(lines[number - 1] for number in kept).decode("utf-8"))
            lists.append(target.as_posix())
        dataset["label_file_list"] = lists
    return changed


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
    where = ", ".join(config["Train"]["dataset"]["label_file_list"])
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
        at=", ".join(config["Eval"]["dataset"]["label_file_list"]),
        hint="build the data set with a larger val share (--ratio 8:1:1) or more pages",
    )


def _require_pasteable(config: Mapping[str, Any], train: RowCheck) -> None:
    """Refuse a ``CopyPaste`` that would wait for a page of four-point boxes without an end."""
    if train.pasteable:
        return
    raise DataError(
        "every training page has a box of more than four points, and CopyPaste, which copies four-point "
        "boxes from page to page, would look for another page for ever",
        at=", ".join(config["Train"]["dataset"]["label_file_list"]),
        hint="take a recipe without CopyPaste (PP-OCRv3_mobile_det, ch_det_mv3_db_v2.0), or remove it: "
        "ppocr-kit config render det … --out my.yml, then train --config my.yml",
    )


def _first_reasons(check: RowCheck, most: int = 3) -> str:
    reasons = [f"line {row['line']}: {row['reason']}" for row in check.rejected[:most]]
    return f" ({'; '.join(reasons)})" if reasons else ""
