"""How fast exports answer: the kit on every engine at hand, beside the release's scripts and the runtime.

All contenders take turns, round after round, on the same pictures and cores, each in a process of
its own; medians over the rounds are compared. What else the machine does slows all of them, so the
ratios hold where the seconds do not.
"""

from __future__ import annotations

import math
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.errors import DataError, SetupError, ToolError, UsageError
from ppocr_kit.labels.images import PageImage, read_page_image
from ppocr_kit.progress import Track, no_progress
from ppocr_kit.runs.answering import ask
from ppocr_kit.runs.engines import ENGINES, ONNX_FILE, PADDLE, texts_together
from ppocr_kit.runs.model_source import PROGRAM_FILES, WEIGHTS_FILE, ModelSource

# Contenders that are not the kit's.
SCRIPT = "script"
# As PaddleOCR's own exports need it, which crash oneDNN; the kit's do not.
SCRIPT_PLAIN = "script_no_onednn"
RUNTIME = "runtime"
PEERS = (SCRIPT, SCRIPT_PLAIN, RUNTIME)
# Pictures answered before anything is measured, by each contender in each round.
WARM_UP = 32
# Pictures answered one at a time, for the latency.
ONE_BY_ONE = 100
_MEGABYTE = 1e6
_TITLES = {
    SCRIPT: "PaddleOCR tools/infer",
    SCRIPT_PLAIN: "PaddleOCR tools/infer, oneDNN off",
    RUNTIME: "paddleocr runtime",
}


@dataclass(frozen=True)
class Measured:
    """One contender on one export.

    Attributes:
        model: The export.
        contender: An engine of the kit, ``script`` or ``runtime``.
        megabytes: Size of what it loads.
        p50_ms: Median time for one picture, from file to answer, one at a time.
        p99_ms: The time that one picture in a hundred exceeds.
        images_per_s: Pictures per second when all are given at once; the median over the rounds.
        slowest_per_s: The same in the slowest round.
        fastest_per_s: The same in the fastest round.
        agreement: Share of the pictures with as many boxes, or the same text, as the first
            contender's.
        problem: Why it could not be measured, or None.
    """

    model: str
    contender: str
    megabytes: float
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    images_per_s: float = 0.0
    slowest_per_s: float = 0.0
    fastest_per_s: float = 0.0
    agreement: float = 0.0
    problem: str | None = None


@dataclass(frozen=True)
class Benchmark:
    """What was measured, and how.

    Attributes:
        images: Pictures.
        rounds: How often each contender was measured.
        threads: CPU threads that each could use.
        rows: The results, by export in the given order.
    """

    images: int
    rounds: int
    threads: int
    rows: tuple[Measured, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the document of ``ppocr-kit benchmark --json``."""
        return {
            "images": self.images,
            "rounds": self.rounds,
            "threads": self.threads,
            "warm_up_images": min(WARM_UP, self.images),
            "rows": [
                {
                    **asdict(row),
                    "times_the_script": times_as_fast(row, self.rows),
                    "times_the_script_without_onednn": times_as_fast(row, self.rows, SCRIPT_PLAIN),
                }
                for row in self.rows
            ],
        }


def times_as_fast(row: Measured, rows: Sequence[Measured], peer: str = SCRIPT) -> float | None:
    """Return how many times as fast as a peer on the same export a contender is; None where one failed."""
    if row.problem is not None:
        return None
    for other in rows:
        if other.model == row.model and other.contender == peer and other.images_per_s > 0:
            return round(row.images_per_s / other.images_per_s, 2)
    return None


def readable(images: Sequence[Path], most: int) -> list[Path]:
    """Choose up to ``most`` pictures, evenly spread, and leave out what no contender could read.

    Raises:
        DataError: None of them can be read.
    """
    count = min(most, len(images))
    chosen = [images[index * len(images) // count] for index in range(count)]
    good = [path for path in chosen if isinstance(read_page_image(path), PageImage)]
    if not good:
        raise DataError(f"none of {count} pictures can be read", at=str(chosen[0]))
    return good


def run_benchmark(
    exports: Sequence[ModelSource],
    images: Sequence[Path],
    *,
    engines: Sequence[str] = (),
    rounds: int = 3,
    threads: int = 1,
    batch_size: int | None = None,
    track: Track = no_progress,
) -> Benchmark:
    """Measure exports on the same pictures.

    Args:
        exports: Exported models.
        images: Pictures that can be read; of one text each for a recogniser.
        engines: Engines of the kit to measure; by default all that are installed and have their file.
        rounds: How often each contender is measured; more than one, or a single disturbance decides.
        threads: CPU threads that each contender may use.
        batch_size: Texts that the kit and the runtime read at a time, by default as many as ``predict``
            takes on a CPU; the script keeps its own 6.
        track: Shows progress.

    Raises:
        UsageError: A model is a checkpoint, or an engine was asked for that an export has no file for.
        SetupError: An engine that was asked for is not installed.
        ToolError: None of the contenders could answer.
    """
    contests = [(source, name) for source in exports for name in _contenders(source, engines)]
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    problems: dict[tuple[str, str], str] = {}
    turns = [contest for _ in range(rounds) for contest in contests]
    for source, name in track(turns, "measuring", len(turns)):
        key = (source.name, name)
        if key in problems:
            continue
        try:
            answer = _measure(source, name, images, threads, batch_size or texts_together(gpu=False))
            found.setdefault(key, []).append(answer)
        except SetupError as error:
            if name in engines:
                raise
            problems[key] = error.message
        except ToolError as error:
            problems[key] = error.message
    if not found:
        raise ToolError("no contender could answer", at=next(iter(problems.values()), None))
    rows = [_row(source, name, found, problems) for source, name in contests]
    return Benchmark(len(images), rounds, threads, tuple(rows))


def render_benchmark(measured: Benchmark) -> str:
    """Return the results as a Markdown page."""
    lines = [
        "# Speed of exports",
        "",
        f"{measured.images} pictures, {measured.threads} CPU threads for each contender, medians of "
        f"{measured.rounds} interleaved rounds; {min(WARM_UP, measured.images)} pictures of warm-up in each. "
        "From file to answer; starting and loading are not counted.",
        "",
        "| export | contender | MB | p50 ms | p99 ms | images/s | times the script | oneDNN off | same |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in measured.rows:
        if row.problem is not None:
            lines.append(f"| {row.model} | {title(row)} | {row.megabytes:.1f} | {row.problem} | | | | | |")
            continue
        lines.append(
            f"| {row.model} | {title(row)} | {row.megabytes:.1f} | {row.p50_ms:.1f} | {row.p99_ms:.1f} | "
            f"{row.images_per_s:.1f} ({row.slowest_per_s:.1f}-{row.fastest_per_s:.1f}) | "
            f"{ratio(row, measured.rows, SCRIPT)} | {ratio(row, measured.rows, SCRIPT_PLAIN)} | "
            f"{100 * row.agreement:.0f} % |"
        )
    return "\n".join(lines) + "\n"


def ratio(row: Measured, rows: Sequence[Measured], peer: str) -> str:
    """Write :func:`times_as_fast` for people."""
    times = times_as_fast(row, rows, peer)
    return "" if times is None else f"{times:.2f}"


def title(row: Measured) -> str:
    """Name a contender for people."""
    return _TITLES.get(row.contender, f"ppocr-kit predict, {row.contender}")


def _contenders(source: ModelSource, engines: Sequence[str]) -> list[str]:
    if source.export is None:
        raise UsageError(
            f"'{source.name}' is a run's checkpoint", at="EXPORT", hint=f"ppocr-kit export {source.name}"
        )
    if not source.has_onnx and any(engine != PADDLE for engine in engines):
        raise UsageError(
            f"the export has no ONNX file for {', '.join(engines)}",
            at=str(source.export),
            hint="ppocr-kit export RUN --format onnx",
        )
    possible = ENGINES if source.has_onnx else (PADDLE,)
    return [*(engine for engine in possible if not engines or engine in engines), *PEERS]


def _measure(
    source: ModelSource, name: str, images: Sequence[Path], threads: int, batch_size: int
) -> dict[str, Any]:
    """Let one contender answer once, in a process of its own."""
    answers: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="ppocr-kit-") as folder:
        scratch = Path(folder)
        job = {
            "contender": name,
            "model": source.to_job(scratch, (name,)),
            "images": [str(path) for path in images],
            "threads": threads,
            "batch_size": batch_size,
            "warm_up": WARM_UP,
            "one_by_one": ONE_BY_ONE,
            "scratch": str(scratch),
        }
        # the kit's own threads have networks of one thread each; the others use OpenMP's
        openmp = threads if name in PEERS else 1
        ask("measure.py", job, scratch, answers.append, threads=openmp, log=scratch / "measure.log")
    return answers[-1]


def _row(
    source: ModelSource,
    name: str,
    found: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]],
    problems: Mapping[tuple[str, str], str],
) -> Measured:
    key = (source.name, name)
    size = _megabytes(source, name)
    if key in problems:
        return Measured(source.name, name, size, problem=problems[key])
    rounds = found[key]
    speeds = [answer["images_per_s"] for answer in rounds]
    times = sorted(time for answer in rounds for time in answer["milliseconds"])
    first = next(rounds[0]["answers"] for (model, _), rounds in found.items() if model == source.name)
    same = [one == other for one, other in zip(first, rounds[0]["answers"])]
    return Measured(
        source.name,
        name,
        size,
        p50_ms=statistics.median(times),
        p99_ms=times[math.ceil(0.99 * len(times)) - 1],
        images_per_s=statistics.median(speeds),
        slowest_per_s=min(speeds),
        fastest_per_s=max(speeds),
        agreement=sum(same) / len(same),
    )


def _megabytes(source: ModelSource, name: str) -> float:
    assert source.export is not None
    files = [ONNX_FILE] if name in ENGINES and name != PADDLE else [*PROGRAM_FILES, WEIGHTS_FILE]
    there = [source.export / file for file in files if (source.export / file).is_file()]
    return sum(file.stat().st_size for file in there) / _MEGABYTE
