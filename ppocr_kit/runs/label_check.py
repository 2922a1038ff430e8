"""Check labels as training will: what the recipe can take, and what the release's own transforms refuse.

Rows are made as ``dataset build`` would write them while the labels are checked, and handed to
``workers/check_rows.py`` at the end. Without a release or an environment for it, that part is left out.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ppocr_kit.configs.base import DEFAULT_MODELS, find_recipe, load_recipe
from ppocr_kit.configs.label_limits import line_limits, training_scale, with_labels
from ppocr_kit.configs.yaml_text import dump_config
from ppocr_kit.datasets.kie_request import KieRequest
from ppocr_kit.errors import SetupError, ToolError
from ppocr_kit.labels.boxes import Finding
from ppocr_kit.labels.checks import CheckedPage, CheckOptions, LabelCheck, Look, check_read
from ppocr_kit.labels.sources import ReadOptions, read_sources
from ppocr_kit.progress import Track, no_progress
from ppocr_kit.runs.answering import ask
from ppocr_kit.runs.label_kie import KieLook, KieNumbers
from ppocr_kit.runs.label_rows import LabelRows, LineLook
from ppocr_kit.storage import write_text_atomic
from ppocr_kit.tasks import TEXT_TASKS, Task
from ppocr_kit.text import SPACE, characters_of, read_dictionary, write_dictionary
from ppocr_kit.vendor.environment import find_interpreter
from ppocr_kit.vendor.release import find_release

_WORKER = "check_rows.py"


@dataclass(frozen=True)
class CheckRequest:
    """What to check.

    Attributes:
        sources: Labelled folders or label files.
        tasks: Tasks that the labels are meant for, of detection and recognition.
        models: Recipes by task; where one is missing, the one that ``train`` takes by itself.
        dictionary: Dictionary to hold the texts against; None makes one from them.
        max_text_length: Longest label of the recogniser, its signs counted; None lets it grow with
            the texts, as ``train`` does.
        reading: What is read of the folders.
        release: Whether the release's own transforms look at the rows; None where they can.
        kie_tasks: Tasks of key information that the labels are meant for; None for those that the labels
            have something for.
        kie: Options of key information.
    """

    sources: tuple[Path, ...]
    tasks: tuple[Task, ...] = TEXT_TASKS
    models: Mapping[Task, str] = field(default_factory=dict)
    dictionary: Path | None = None
    max_text_length: int | None = None
    reading: ReadOptions = ReadOptions()
    release: bool | None = None
    kie_tasks: tuple[Task, ...] | None = ()
    kie: KieRequest = KieRequest()

    def model(self, task: Task) -> str:
        """Return the recipe for a task."""
        return self.models.get(task, DEFAULT_MODELS[task])


@dataclass(frozen=True)
class ReleaseLook:
    """What became of letting the release look at the rows.

    Attributes:
        rows: Rows by task that it looked at; empty when it was not run.
        left_out: Why it was not run, and how to have it; None when it was.
        notes: Further remarks for people.
    """

    rows: Mapping[Task, int] = field(default_factory=dict)
    left_out: str | None = None
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the look as a JSON object."""
        rows = {str(task): count for task, count in self.rows.items()}
        return {
            "ran": self.left_out is None,
            "rows": rows,
            "left_out": self.left_out,
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class LabelReport:
    """A check with what training would do.

    Attributes:
        check: The findings and the statistics.
        models: The recipes that were held against, by task.
        release: What became of the release's look at the rows.
        kie: What key information could learn; None when it was not looked at.
    """

    check: LabelCheck
    models: Mapping[Task, str]
    release: ReleaseLook
    kie: KieNumbers | None = None

    @property
    def passed(self) -> bool:
        """Whether there is something to use and no error."""
        return not self.check.errors and self.check.statistics.pages > 0


def check_labels(
    request: CheckRequest, *, threads: int | None = None, track: Track = no_progress
) -> LabelReport:
    """Check labelled folders, and what training would do with their rows.

    Args:
        request: What to check.
        threads: Threads to open images with; None takes one per core.
        track: Progress.

    Raises:
        DataError: A folder is missing or has no label file, or the dictionary cannot be used.
        UsageError: A folder is given twice, or there is no such recipe.
        SetupError: The release was asked for and is not there, or the tokenizer cannot be used.
        ToolError: The release's transforms crashed, and the release was asked for; or counting failed.
    """
    configs = {task: load_recipe(find_recipe(task, request.model(task))) for task in request.tasks}
    entries = read_dictionary(request.dictionary) if request.dictionary is not None else None
    scale = training_scale(configs[Task.DET], request.model(Task.DET)) if Task.DET in configs else None
    options = CheckOptions(
        reading=request.reading,
        dictionary=entries,
        dictionary_name=str(request.dictionary) if request.dictionary is not None else None,
        scale=scale,
    )
    left_out = _left_out(request)
    line = None
    if Task.REC in configs:
        limits = line_limits(configs[Task.REC], request.model(Task.REC), request.max_text_length)
        line = LineLook(limits, entries, told_by_release=left_out is None)
    sources = read_sources(request.sources, request.reading)
    released = request.tasks if left_out is None else ()
    with tempfile.TemporaryDirectory(prefix="ppocr-kit-") as name:
        folder = Path(name)
        with (
            LabelRows(folder, released, scale, line) as rows,
            KieLook(sources, request.kie_tasks, request.kie, folder) as kie,
        ):
            look_at = _one_after_another(rows.look_at, kie.look_at)
            check = check_read(sources, options, look=look_at, threads=threads, track=track)
            numbers = kie.finish(check.problems)
        look = ReleaseLook(left_out=left_out)
        if left_out is None and any(rows.counts.values()):
            look = _let_release_look(request, configs, check, rows, folder, track)
    return LabelReport(check, {task: request.model(task) for task in request.tasks}, look, numbers)


def _one_after_another(*looks: Look) -> Look:
    def look_at(page: CheckedPage) -> Iterator[Finding]:
        for look in looks:
            yield from look(page)

    return look_at


def _left_out(request: CheckRequest) -> str | None:
    """Say why the release does not look at the rows; None when it does.

    Raises:
        SetupError: It was asked for and is not there.
    """
    if request.release is False:
        return "left out as asked (--no-release)"
    if not request.tasks:
        return "train lets them look at the rows of ser and re before it starts"
    try:
        find_release()
        find_interpreter("paddle")
    except SetupError as error:
        if request.release:
            raise
        return f"{error.message}: {error.hint}" if error.hint else error.message
    return None


def _let_release_look(
    request: CheckRequest,
    configs: Mapping[Task, dict[str, Any]],
    check: LabelCheck,
    rows: LabelRows,
    folder: Path,
    track: Track,
) -> ReleaseLook:
    """Hand the rows to the release's transforms and add what they refuse to the findings.

    Raises:
        ToolError: They crashed, and the release was asked for.
    """
    job = {}
    for task in request.tasks:
        if not rows.counts[task]:
            continue
        config = configs[task]
        if task is Task.REC:
            config = _recogniser(request, config, check, folder)
        file = folder / f"{task}.yml"
        write_text_atomic(file, dump_config(config))
        job[str(task)] = {"config": str(file), "rows": str(rows.file(task))}
    looked: dict[Task, int] = {}
    notes: list[str] = []
    total = sum(rows.counts.values())
    progress = iter(track(range(total), "letting the release look", total))

    def take(answer: dict[str, Any]) -> None:
        check.problems.extend(rows.problems(answer.get("findings", ())))
        for _ in range(answer.get("done", 0)):
            next(progress, None)
        if "rows" in answer:
            looked[Task(answer["task"])] = answer["rows"]
            if not answer["pasteable"]:
                notes.append(_NOTHING_TO_PASTE.format(model=request.model(Task.DET)))

    try:
        ask(_WORKER, job, folder, take, log=folder / "check.log")
    except ToolError as error:
        if request.release:
            raise
        return ReleaseLook(looked, f"it broke off: {error.message}", tuple(notes))
    next(progress, None)
    return ReleaseLook(looked, None, tuple(notes))


_NOTHING_TO_PASTE = (
    "{model} cannot train on these pages: CopyPaste copies four-point boxes from page to page, and every "
    "page has a box of more points; take a recipe without CopyPaste (PP-OCRv3_mobile_det, "
    "ch_det_mv3_db_v2.0)"
)


def _recogniser(
    request: CheckRequest, config: dict[str, Any], check: LabelCheck, folder: Path
) -> dict[str, Any]:
    """Return the configuration that would train on the texts."""
    statistics = check.statistics
    longest = int(statistics.text_lengths.most or 0)
    if request.dictionary is not None:
        dictionary, space = request.dictionary.absolute(), True
    else:
        dictionary, space = folder / "dict.txt", SPACE in statistics.characters
        write_dictionary(dictionary, characters_of(statistics.characters))
    return with_labels(config, str(dictionary), space, longest, request.max_text_length)
