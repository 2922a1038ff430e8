"""``ppocr-kit benchmark``: how fast exports answer, beside PaddleOCR's own programs."""

from __future__ import annotations

from pathlib import Path

import click

from ppocr_kit.cli.console import print_json, progress_bar, say
from ppocr_kit.runs.benchmark import (
    SCRIPT,
    SCRIPT_PLAIN,
    Benchmark,
    ratio,
    readable,
    render_benchmark,
    run_benchmark,
    title,
)
from ppocr_kit.runs.engines import ENGINES
from ppocr_kit.runs.model_source import find_source
from ppocr_kit.runs.predict import collect_images, default_threads
from ppocr_kit.storage import write_json_atomic, write_text_atomic

_EPILOG = """Examples:

  ppocr-kit benchmark inference/invoices-rec --images crops/

  ppocr-kit benchmark inference/invoices-det --images "scans/*.jpg" --repeat 5 --out speed.md

Exit codes: 0 measured; 2 a run instead of an export, or no ONNX file for the engine asked for; 3 no picture
can be read, or a damaged export; 5 an engine asked for is not installed; 6 no contender could answer.
"""
_COLUMNS = "{:<38}{:>7}{:>8}{:>8}{:>10}{:>8}{:>8}{:>7}"


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.argument("exports", nargs=-1, required=True, metavar="EXPORT...")
@click.option(
    "--images",
    multiple=True,
    required=True,
    metavar="PATH",
    help="Pages for det, pictures of one text for rec.",
)
@click.option(
    "--engines",
    multiple=True,
    type=click.Choice(ENGINES),
    help="Engine to measure; may be repeated. Default: all at hand.",
)
@click.option(
    "--repeat", type=click.IntRange(min=1), default=3, show_default=True, help="Rounds; medians are compared."
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=200,
    show_default=True,
    help="Pictures at most, evenly spread.",
)
@click.option(
    "--threads", type=click.IntRange(min=1), help="CPU threads of each. Default: all cores, at most 8."
)
@click.option("--batch-size", type=click.IntRange(min=1), help="Texts read at a time.  [default: 4]")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="File to write: JSON where its suffix is .json, else Markdown.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
def benchmark(
    exports: tuple[str, ...],
    images: tuple[str, ...],
    engines: tuple[str, ...],
    repeat: int,
    limit: int,
    threads: int | None,
    batch_size: int | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Measure size, latency and images per second of exports on every engine at hand.

    Beside them, on the same pictures and cores: PaddleOCR's own tools/infer script, as it is and without
    oneDNN, and the paddleocr runtime; x and x (off) are times the speed of the script. All take turns,
    each in a process of its own that is warmed up first.
    """
    sources = [find_source(name) for name in exports]
    pictures = readable(collect_images(images), limit)
    count = threads if threads is not None else default_threads()
    say(f"{len(pictures)} pictures, {count} threads each, {repeat} rounds")
    measured = run_benchmark(
        sources,
        pictures,
        engines=engines,
        rounds=repeat,
        threads=count,
        batch_size=batch_size,
        track=progress_bar,
    )
    if out is not None:
        _write(out, measured)
    if as_json:
        print_json(measured.to_json())
        return
    _print(measured)


def _write(out: Path, measured: Benchmark) -> None:
    if out.suffix == ".json":
        write_json_atomic(out, measured.to_json())
    else:
        write_text_atomic(out, render_benchmark(measured))


def _print(measured: Benchmark) -> None:
    model = None
    for row in measured.rows:
        if row.model != model:
            model = row.model
            click.echo(_COLUMNS.format(model, "MB", "p50 ms", "p99 ms", "images/s", "x", "x (off)", "same"))
        if row.problem is not None:
            click.echo(f"  {title(row)}: {row.problem}")
            continue
        figures = (
            f"{row.megabytes:.1f}",
            f"{row.p50_ms:.1f}",
            f"{row.p99_ms:.1f}",
            f"{row.images_per_s:.1f}",
        )
        times = (ratio(row, measured.rows, peer) for peer in (SCRIPT, SCRIPT_PLAIN))
        click.echo(_COLUMNS.format(f"  {title(row)}", *figures, *times, f"{100 * row.agreement:.0f} %"))
