"""Measuring key information: whole pages, joined over windows, and beside it what upstream measures.

Upstream reads the first window of a page; what lies beyond it is neither found nor missed. So a page has
two figures, and each of them says which it is:

* ``whole_page``, the headline: all windows, every labelled entity or link of the page counts;
* ``first_window``: what ``tools/eval.py`` says of the first window of each page.

Classes have a third, ``by_majority``: one class for each text, that of most of its tokens, which is what a
prediction says. Links have one where a SER run is named, ``end_to_end``: questions and answers are those
that the run reads, and not the labelled ones.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ppocr_kit.configs.device import Device
from ppocr_kit.configs.key_information import window_of
from ppocr_kit.datasets.kie_windows import Window
from ppocr_kit.errors import UsageError
from ppocr_kit.labels.key_classes import RE_CLASSES
from ppocr_kit.metrics.class_counts import ClassCounts
from ppocr_kit.metrics.core import MetricReport
from ppocr_kit.progress import Track, no_progress
from ppocr_kit.runs.answering import ask
from ppocr_kit.runs.eval_tool import computed_by_release, run_eval_tool
from ppocr_kit.runs.inspection import RowCheck
from ppocr_kit.runs.kie_plan import checkpoint_start
from ppocr_kit.runs.kie_scores import (
    DEFINITIONS,
    END_TO_END_DEFINITION,
    MAJORITY_DEFINITION,
    Answer,
    count_end_to_end,
    count_majority,
    count_pages,
)
from ppocr_kit.runs.kie_source import KieSource, roles_of_classes, roles_of_rows
from ppocr_kit.runs.labelled_pages import LabelledPage, first_windows, read_pages
from ppocr_kit.runs.networks import tokenizer_environment
from ppocr_kit.runs.predict import default_threads
from ppocr_kit.tasks import TASK_FACTS, Task
from ppocr_kit.vendor.release import find_release

WHOLE_PAGE, FIRST_WINDOW = "whole_page", "first_window"
BY_MAJORITY, END_TO_END = "by_majority", "end_to_end"
# What each of them is, in a few words.
FIGURE_NOTES: dict[str, str] = {
    WHOLE_PAGE: "all windows of each page",
    FIRST_WINDOW: "the first window of each page, by tools/eval.py",
    BY_MAJORITY: "one class for each text, as predict has it",
    END_TO_END: "links between the classes that the ser run reads",
}


@dataclass(frozen=True)
class KieMeasuring:
    """What is measured on what.

    Attributes:
        task: SER or RE.
        config: A complete configuration, with the checkpoint and the device.
        checkpoint: Its folder.
        rows: The rows of its ``Eval`` lists that can be used.
        windows: Which of them are windows of one page, by row number from 0.
        reader: A SER network whose classes links are found between, too; None for the labelled ones alone.
    """

    task: Task
    config: Mapping[str, Any]
    checkpoint: Path
    rows: RowCheck
    windows: Mapping[int, Window] = field(default_factory=dict)
    reader: KieSource | None = None

    def source(self) -> KieSource:
        """Return the network as a worker loads it."""
        return KieSource(
            task=self.task,
            name=self.checkpoint.name,
            transforms=tuple(self.config["Eval"]["dataset"]["transforms"]),
            postprocess=self.config["PostProcess"],
            settings=self.config["Global"],
            classes=(),
            tokenizer=checkpoint_start(self.checkpoint).tokenizer,
            checkpoint=self.checkpoint,
            architecture=self.config["Architecture"],
        )


def figures_to_json(figures: Mapping[str, MetricReport]) -> dict[str, Any]:
    """Return what an evaluation's JSON says of its figures; nothing for tasks that have one."""
    if not figures:
        return {}
    said = ("values", "counts", "num_samples", "definition", "computed_by", "per_class")
    bodies = {name: report.to_json() for name, report in figures.items()}
    return {
        "figure": next(iter(figures)),
        "figures": {name: {key: body[key] for key in said if key in body} for name, body in bodies.items()},
    }


def measure_pages(
    measuring: KieMeasuring, *, log: Path, device: Device, track: Track = no_progress
) -> dict[str, MetricReport]:
    """Measure a model by pages; the figures by name, the headline first.

    Args:
        measuring: What is measured on what.
        log: Where the output of tool and worker goes.
        device: Where they run.
        track: Shows the pages as they are answered.

    Raises:
        UsageError: A SER network was named whose classes no link can be found between.
        ToolError: The tool or the worker failed.
    """
    task = measuring.task
    pages = read_pages(measuring.config, measuring.rows, measuring.windows)
    roles = _roles(measuring.reader, measuring.config) if measuring.reader is not None else None
    answered = list(zip(pages, _ask_pages(measuring, pages, roles, log, device, track)))
    figures = {
        WHOLE_PAGE: _report(measuring, count_pages(task, answered), DEFINITIONS[task]),
        FIRST_WINDOW: _first_window(measuring, log, device),
    }
    if task is Task.SER:
        figures[BY_MAJORITY] = _report(measuring, count_majority(answered), MAJORITY_DEFINITION)
    if roles is not None:
        figures[END_TO_END] = _report(measuring, count_end_to_end(answered), END_TO_END_DEFINITION)
    return figures


def _first_window(measuring: KieMeasuring, log: Path, device: Device) -> MetricReport:
    """Let upstream measure the first window of each page."""
    config, task = measuring.config, measuring.task
    chosen = first_windows(measuring.rows, measuring.windows)
    env = tokenizer_environment(checkpoint_start(measuring.checkpoint).tokenizer)
    return MetricReport(
        task=str(task),
        values=run_eval_tool(config, chosen, task, log=log, device=device, env=env),
        counts={},
        num_samples=chosen.usable,
        num_skipped=len(measuring.rows.rejected),
        definition=f"{DEFINITIONS[task]}; of the first {window_of(config)} tokens of each page",
        computed_by=computed_by_release(find_release()),
    )


def _report(measuring: KieMeasuring, counts: ClassCounts, definition: str) -> MetricReport:
    said = f"{definition}; of whole pages, joined over windows"
    report = counts.to_report(str(measuring.task), said, len(measuring.rows.rejected))
    release = find_release()
    asked = f"the transforms and the network of PaddleOCR {release.version} ({release.source})"
    return replace(report, computed_by=f"{report.computed_by} with {asked}")


def _roles(reader: KieSource, config: Mapping[str, Any]) -> dict[str, str]:
    """Tell which classes of a SER network are questions and which answers.

    Raises:
        UsageError: None of them is a question, or none an answer.
    """
    roles = roles_of_classes(reader.classes, roles_of_rows(config))
    for role in RE_CLASSES[1:]:
        if role not in roles.values():
            raise UsageError(
                f"no class of '{reader.name}' is {role} in the data set: {', '.join(reader.classes[1:9])}",
                at="--ser",
                hint="name a ser run that was trained on the same labels",
            )
    return roles


def _ask_pages(
    measuring: KieMeasuring,
    pages: Sequence[LabelledPage],
    roles: Mapping[str, str] | None,
    log: Path,
    device: Device,
    track: Track,
) -> list[Answer]:
    """Ask the network for all pages, and where there is one its SER network, too."""
    reader = measuring.reader
    answers: list[Answer] = []
    progress: Iterator[int] = iter(track(range(len(pages)), "measuring pages", len(pages)))

    def take(answer: dict[str, Any]) -> None:
        next(progress, None)
        answers.append(answer)

    with tempfile.TemporaryDirectory(prefix="ppocr-kit-") as scratch:
        listed = Path(scratch) / "pages.jsonl"
        with listed.open("w", encoding="utf-8") as stream:
            for page in pages:
                body = {"picture": page.picture, "entities": list(page.entities.values())}
                stream.write(json.dumps(body, ensure_ascii=False) + "\n")
        threads = 1 if device.is_gpu else default_threads()
        batch = int(measuring.config["Eval"]["loader"]["batch_size_per_card"])

        def asked(source: KieSource) -> dict[str, Any]:
            return source.to_job(gpu=device.is_gpu, threads=threads, batch_size=batch)

        job = {
            "model": asked(measuring.source()),
            "reader": asked(reader) if reader is not None else None,
            "roles": roles,
            "pages": str(listed),
        }
        lane = TASK_FACTS[measuring.task].lane
        ask(
            "measure_kie.py",
            job,
            Path(scratch),
            take,
            device=device,
            threads=threads,
            log=log,
            lane=lane,
        )
    next(progress, None)
    return answers
