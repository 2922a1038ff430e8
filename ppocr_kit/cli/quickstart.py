"""``ppocr-kit quickstart``: the whole flow on synthetic pages, with the ordinary commands."""

from __future__ import annotations

import json
import os
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ppocr_kit.cli.console import print_json, say
from ppocr_kit.storage import write_text_atomic
from ppocr_kit.tasks import TASK_FACTS, TEXT_TASKS, Task
from ppocr_kit.vendor.process import ToolInvocation, run_tool, run_tools

DATASET = "quickstart"
RUNS = {Task.DET: "quickstart-det", Task.REC: "quickstart-rec"}
MODELS = {Task.DET: "quickstart_det", Task.REC: "quickstart_rec"}
_PREDICTED_PAGES = 8


@click.command(epilog="Example: ppocr-kit quickstart --seed 1")
@click.option("--pages", default=400, show_default=True, help="Pages to draw.")
@click.option("--seed", default=0, show_default=True, help="Seed of the pages, the split and the training.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def quickstart(pages: int, seed: int, as_json: bool) -> None:
    """Draw labelled pages, build a data set, train det and rec, measure, export, predict and report.

    Each step is an ordinary ppocr-kit command and is printed before it runs.
    """
    started = time.monotonic()
    labels = Path("train_data") / f"{DATASET}-labels"
    data = Path("train_data") / DATASET
    _run("synth", str(labels), "--pages", str(pages), "--seed", str(seed))
    _run("labels", "check", str(labels))
    _run("dataset", "build", str(labels), "--name", DATASET, "--seed", str(seed))
    _run_all([_training(task, data, seed) for task in TEXT_TASKS])
    _run_all([_command("eval", RUNS[task]) for task in TEXT_TASKS])
    for task in TEXT_TASKS:
        _run("export", RUNS[task])
    pages_file = _some_test_pages(data)
    found = Path("output") / RUNS[Task.DET] / "predictions"
    _run(
        "predict",
        f"inference/{RUNS[Task.DET]}",
        "--rec",
        f"inference/{RUNS[Task.REC]}",
        *pages_file,
        "--out",
        str(found),
        show=False,
    )
    for task in TEXT_TASKS:
        _run("report", RUNS[task], show=False)
    _summary(time.monotonic() - started, found, as_json)


def _training(task: Task, data: Path, seed: int) -> ToolInvocation:
    words = ["train", str(task), "--dataset", str(data), "--model", MODELS[task], "--name", RUNS[task]]
    return _command(*words, "--seed", str(seed), "--overwrite")


def _command(*words: str) -> ToolInvocation:
    """Make a kit command of this very installation a printable process."""
    return ToolInvocation(
        name=f"ppocr-kit {words[0]}",
        argv=(sys.executable, "-m", "ppocr_kit", *words),
        cwd=Path.cwd(),
    )


def _announce(call: ToolInvocation) -> None:
    say(click.style(f"$ ppocr-kit {shlex.join(call.argv[3:])}", bold=True))


def _run(*words: str, show: bool = True) -> None:
    call = _command(*words)
    _announce(call)
    run_tool(call, on_line=(lambda line: say(f"  {line}")) if show else None)


def _run_all(calls: Sequence[ToolInvocation]) -> None:
    """Run commands side by side where there are cores for them, else one after the other."""
    for call in calls:
        _announce(call)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)

    def show(index: int, line: str) -> None:
        say(f"  [{calls[index].argv[4]}] {line.strip()}")

    run_tools(calls, on_line=show, at_once=min(cores, len(calls)))


def _some_test_pages(data: Path) -> list[str]:
    """Name the first pages of the test split, which no training has seen."""
    rows = (data / "det" / "test.txt").read_text(encoding="utf-8").splitlines()
    return [str(data / "det" / row.split("\t", 1)[0]) for row in rows[:_PREDICTED_PAGES]]


def _summary(seconds: float, predictions: Path, as_json: bool) -> None:
    """Say what came of it and where it lies."""
    measured: dict[str, Any] = {}
    for task in TEXT_TASKS:
        report = Path("output") / RUNS[task] / "reports" / "eval-test.json"
        measured[str(task)] = json.loads(report.read_text(encoding="utf-8"))["values"]
    places = {
        "report": [f"output/{name}/reports/report.md" for name in RUNS.values()],
        "exports": [f"inference/{name}" for name in RUNS.values()],
        "predictions": str(predictions),
    }
    body = {"seconds": round(seconds, 1), "test": measured, **places}
    write_text_atomic(Path("output") / "quickstart.json", json.dumps(body, indent=2) + "\n")
    if as_json:
        print_json(body)
        return
    click.echo("")
    for task in TEXT_TASKS:
        values = measured[str(task)]
        figures = ", ".join(f"{name} {values[name]:.4f}" for name in TASK_FACTS[task].metric_names)
        click.echo(f"{task} on the test split: {figures}")
    click.echo(f"reports:         {', '.join(places['report'])}")
    click.echo(f"exported models: {', '.join(places['exports'])}")
    click.echo(f"predictions:     {places['predictions']}")
    click.echo(f"whole flow in {seconds:.0f} s")
