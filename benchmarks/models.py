"""Parameters, size, seconds per training step and memory of every recipe, as a Markdown table.

    OMP_NUM_THREADS=1 python benchmarks/models.py [--models NAME ...] [--out docs/models.md]

Run in a project folder that has a release (``ppocr-kit vendor sync``), on a machine that does nothing
else. Each model is trained by ``ppocr-kit train`` for a few steps on drawn pages, exported by
``ppocr-kit export``, and measured from what these leave behind: the steps' seconds from the release's
own log, the memory from the operating system, parameters and sizes from the files.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from ppocr_kit.configs.base import ModelRecipe, list_models
from ppocr_kit.storage import write_text_atomic
from ppocr_kit.tasks import Task
from ppocr_kit.vendor.checkpoints import read_weights
from ppocr_kit.vendor.logs import TrainStep, read_log
from ppocr_kit.vendor.release import find_release

DATASET = "train_data/drawn"
DET_SIDE = 320
BATCH = {Task.DET: 2, Task.REC: 4}
# The first step holds start-up and the first batch.
WARM_UP_STEPS = 1
_MEGABYTE = 1e6
_KIBIBYTES_PER_GIB = 1024 * 1024


@dataclass(frozen=True)
class Measured:
    """One row of the table.

    Attributes:
        task: What the model does.
        name: Its recipe.
        parameters: Numbers that training keeps, in millions.
        weights_mb: Size of ``best_accuracy.pdparams``.
        export_mb: Size of the exported weights, ``inference.pdiparams``.
        seconds_per_step: Median over the steps after the first.
        memory_gib: Largest resident set of the training process.
    """

    task: str
    name: str
    parameters: float
    weights_mb: float
    export_mb: float
    seconds_per_step: float
    memory_gib: float


def kit(*words: str, folder: Path) -> float:
    """Run a kit command in ``folder``; return the largest resident set below it, in GiB."""
    log = folder / "last-command.log"
    process = os.fork()
    if process == 0:
        os.chdir(folder)
        with log.open("wb") as handle:
            os.dup2(handle.fileno(), 1)
            os.dup2(handle.fileno(), 2)
        os.execv(sys.executable, [sys.executable, "-m", "ppocr_kit", *words])
    _, status, used = os.wait4(process, 0)
    if status:
        raise SystemExit(f"ppocr-kit {' '.join(words)}\n{log.read_text(errors='replace')[-3000:]}")
    return used.ru_maxrss / _KIBIBYTES_PER_GIB


def measure(recipe: ModelRecipe, folder: Path) -> Measured:
    """Train and export one model in a project folder."""
    size = ["--image-size", str(DET_SIDE)] if recipe.task is Task.DET else []
    memory = kit(
        *("train", str(recipe.task), "--dataset", DATASET, "--model", recipe.name, "--name", recipe.name),
        *("--epochs", "1", "--batch-size", str(BATCH[recipe.task])),
        *(*size, "--overwrite", "-o", "Global.print_batch_step=1"),
        folder=folder,
    )
    kit("export", recipe.name, folder=folder)
    run = folder / "output" / recipe.name
    events = read_log(run / "logs" / "train.log")
    steps = [event.values["avg_batch_cost"] for event in events if isinstance(event, TrainStep)]
    weights = run / "checkpoints" / "best_accuracy.pdparams"
    exported = folder / "inference" / recipe.name / "inference.pdiparams"
    return Measured(
        str(recipe.task),
        recipe.name,
        sum(value.size for value in read_weights(weights).values()) / 1e6,
        weights.stat().st_size / _MEGABYTE,
        exported.stat().st_size / _MEGABYTE,
        statistics.median(steps[WARM_UP_STEPS:]),
        memory,
    )


def row(found: Measured) -> str:
    """Write one row of the table."""
    return (
        f"| {found.task} | `{found.name}` | {found.parameters:.2f} | {found.weights_mb:.1f} | "
        f"{found.export_mb:.1f} | {found.seconds_per_step:.2f} | {found.memory_gib:.1f} |"
    )


def with_rows(page: str, rows: dict[str, str]) -> str:
    """Put rows into a page's table, each over the row of the same model; others stay."""
    lines = page.splitlines()
    for name, text in rows.items():
        place = next((number for number, line in enumerate(lines) if f"| `{name}` |" in line), None)
        if place is None:
            raise SystemExit(f"the page has no row for {name}")
        lines[place] = text
    return "\n".join(lines) + "\n"


@contextlib.contextmanager
def project() -> Iterator[Path]:
    """Make a project folder with the release and a small drawn data set."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        kit("vendor", "sync", "--source", str(find_release().path), folder=folder)
        kit("synth", "labels", "--pages", "12", "--lines", "4", folder=folder)
        kit("dataset", "build", "labels", "--name", "drawn", "--ratio", "4:1:1", folder=folder)
        yield folder


def main() -> None:
    """Measure the models one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", metavar="NAME", help="default: all recipes")
    parser.add_argument("--out", type=Path, help="Markdown page whose rows are replaced")
    args = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    recipes = [recipe for recipe in list_models() if not args.models or recipe.name in args.models]
    with project() as folder:
        for recipe in recipes:
            found = measure(recipe, folder)
            print(json.dumps(asdict(found)), file=sys.stderr)
            print(row(found), flush=True)
            if args.out:
                page = args.out.read_text(encoding="utf-8")
                write_text_atomic(args.out, with_rows(page, {recipe.name: row(found)}))


if __name__ == "__main__":
    main()
