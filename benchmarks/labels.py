"""Time reading, checking and building labelled folders beside the serial crop-and-copy, in one run.

    python benchmarks/labels.py [--pages 10000] [--repeats 3] [--only real|drawn] [--json OUT]

The peer (``serial_peer.py``) and the build are whole processes, from start to exit, on the same warm
files; peer and builds take turns, and a ratio is the median of the ratios of the rounds. Reading without
images is timed inside one process, on one core. Nothing is written outside ``--work``, a temporary folder
by default; it takes about 1 GB for 10,000 pages.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.labelled_pages import Pages, change_some, read_whole, repeat_drawn, repeat_real  # noqa: E402

KIT = (sys.executable, "-m", "ppocr_kit")
PEER = (sys.executable, str(ROOT / "benchmarks" / "serial_peer.py"))
PEER_DET = "peer: copy pages"
WHOLE_PEER = "peer: crop and copy"
DET = ("--tasks", "det", "--images", "link")
ALONE = ("--no-near-duplicates",)
# What is built, by name: options and cores (None: all).
BUILDS: dict[str, tuple[tuple[str, ...], int | None]] = {
    "files": ((), None),
    "files, 1 core": ((), 1),
    "LMDB": (("--format", "lmdb"), None),
    "LMDB, 1 core": (("--format", "lmdb"), 1),
    "LMDB, no near-duplicate search": (("--format", "lmdb", *ALONE), None),
    "det, links": (DET, None),
    "det, links, no near-duplicate search": ((*DET, *ALONE), None),
}
CHANGED_SHARE = 0.01

Result = dict[str, Any]


def run(words: tuple[str, ...], cores: int | None = None, ends: tuple[int, ...] = (0,)) -> float:
    """Run a process on some cores, which may end with one of ``ends``, and return its seconds."""

    def limit() -> None:
        if cores is not None:
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])

    begin = time.perf_counter()
    done = subprocess.run(words, cwd=ROOT, preexec_fn=limit, capture_output=True, text=True)
    seconds = time.perf_counter() - begin
    if done.returncode not in ends:
        sys.exit(f"{' '.join(words)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return seconds


@contextmanager
def emptied(folder: Path) -> Iterator[Path]:
    """Give a folder that is not there, and remove what came to be in it, before and after on a quiet disk."""
    shutil.rmtree(folder, ignore_errors=True)
    os.sync()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def time_peer(pages: Pages, out: Path, *options: str) -> float:
    with emptied(out) as target:
        return run((*PEER, str(pages.folder), str(target), *options))


def time_build(pages: Pages, out: Path, options: tuple[str, ...], cores: int | None = None) -> float:
    with emptied(out) as target:
        return run(
            (*KIT, "dataset", "build", str(pages.folder), "--name", "b", "--out", str(target), *options),
            cores,
        )


def time_builds(pages: Pages, work: Path, repeats: int) -> Result:
    """Let peer and builds take turns."""
    out = work / "out"
    turns: dict[str, Callable[[], float]] = {
        WHOLE_PEER: lambda: time_peer(pages, out),
        PEER_DET: lambda: time_peer(pages, out, "--det-only"),
    }
    for name, (options, cores) in BUILDS.items():
        turns[name] = lambda options=options, cores=cores: time_build(pages, out, options, cores)  # type: ignore[misc]
    seconds: dict[str, list[float]] = {name: [] for name in turns}
    for number in range(1, repeats + 1):
        for name, turn in turns.items():
            seconds[name].append(turn())
        say(f"{pages.name}: round {number} of {repeats}")
    return seconds


def time_reading(pages: Pages, repeats: int) -> dict[str, list[float]]:
    """Read and check all boxes on one core in a process of their own; see :func:`read_here`."""
    words = (sys.executable, str(Path(__file__)), "--read", str(pages.folder), "--repeats", str(repeats))
    done = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True)
    found: dict[str, list[float]] = json.loads(done.stdout)
    return found


def read_here(folder: Path, repeats: int) -> dict[str, list[float]]:
    """Read Label.txt and place its boxes, in this process on one core; return the seconds of each run.

    The image sizes are looked up before: decoding is no part of it, and every check of the boxes is. Its
    peer only parses: ``json.loads`` of every line, in turn with it.
    """
    from ppocr_kit.labels.image_size import read_image_size
    from ppocr_kit.labels.placement import place_regions
    from ppocr_kit.labels.sources import read_sources

    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    sizes = {
        entry.path: read_image_size(entry.path.read_bytes()) for entry in read_sources([folder])[0].pages
    }
    seconds: dict[str, list[float]] = {"checked": [], "parsed": []}
    for _ in range(repeats):
        begin = time.perf_counter()
        for entry in read_sources([folder])[0].pages:
            size = sizes[entry.path] or (1, 1)
            place_regions(entry.read().page.regions, *size)
        seconds["checked"].append(time.perf_counter() - begin)
        begin = time.perf_counter()
        for line in (folder / "Label.txt").read_text(encoding="utf-8").splitlines():
            json.loads(line.split("\t", 1)[1])
        seconds["parsed"].append(time.perf_counter() - begin)
    return seconds


def time_checks(pages: Pages) -> dict[str, float]:
    """Run ``labels check`` as a whole, images decoded and all; real labels have errors (exit code 3)."""
    words = (*KIT, "labels", "check", str(pages.folder), "--json")
    cores = {"labels check, 1 core": 1, "labels check": None}
    return {name: run(words, count, ends=(0, 3)) for name, count in cores.items()}


def time_rebuilds(pages: Pages, work: Path, repeats: int) -> list[float]:
    """Build again over the same name after a hundredth of the pages was changed."""
    seconds = []
    words = (*KIT, "dataset", "build", str(pages.folder), "--name", "b")
    with emptied(work / "kept") as kept:
        run((*words, "--out", str(kept)))
        for turn in range(1, repeats + 1):
            change_some(pages, CHANGED_SHARE, turn)
            seconds.append(run((*words, "--out", str(kept))))
    return seconds


def measure(pages: Pages, work: Path, repeats: int) -> Result:
    """Measure everything on one labelled folder, and print it."""
    read_whole(pages.folder)
    reading = time_reading(pages, repeats)
    checks = time_checks(pages)
    seconds = time_builds(pages, work, repeats)
    seconds["rebuild, 1 % changed"] = time_rebuilds(pages, work, repeats)
    result = {
        "pages": pages.pages,
        "boxes": pages.boxes,
        "reading": {
            name: {"seconds": runs, "boxes_per_s": round(pages.boxes / statistics.median(runs))}
            for name, runs in reading.items()
        },
        "checks": {
            name: {"seconds": took, "boxes_per_s": round(pages.boxes / took)} for name, took in checks.items()
        },
        "builds": {name: describe(name, runs, seconds) for name, runs in seconds.items()},
    }
    print_result(pages, result)
    return result


def describe(name: str, runs: list[float], seconds: dict[str, list[float]]) -> Result:
    """Return the median seconds and the ratios to both peers, median of the rounds."""
    ratios = {
        peer: round(statistics.median(other / own for other, own in zip(seconds[peer], runs)), 2)
        for peer in (WHOLE_PEER, PEER_DET)
    }
    return {
        "seconds": [round(run, 3) for run in runs],
        "median_s": round(statistics.median(runs), 3),
        "ratios": ratios,
    }


def print_result(pages: Pages, result: Result) -> None:
    say(f"\n{pages.name}: {pages.pages} pages, {pages.boxes} boxes")
    for name, words in (
        ("checked", "reading and checking Label.txt, 1 core"),
        ("parsed", "peer: json.loads alone"),
    ):
        say(f"{words:<42}{result['reading'][name]['boxes_per_s']:>10,} boxes/s")
    for name, found in result["checks"].items():
        say(f"{name + ' (with images)':<42}{found['boxes_per_s']:>10,} boxes/s{found['seconds']:>8.1f} s")
    say(f"{'':<42}{'median s':>10}{'x crop and copy':>18}{'x copy pages':>14}")
    for name, found in result["builds"].items():
        whole, det = found["ratios"].values()
        say(f"{name:<42}{found['median_s']:>10.2f}{whole:>18.2f}{det:>14.2f}")
    for name in ("files", "LMDB"):
        one, every = result["builds"][f"{name}, 1 core"]["median_s"], result["builds"][name]["median_s"]
        say(f"{name + ': all cores against one':<42}{one / every:>10.2f} times as fast")


def say(text: str) -> None:
    print(text, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", choices=["real", "drawn"])
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument(
        "--work", type=Path, help="folder for pages and data sets; a temporary one by default"
    )
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.read is not None:
        print(json.dumps(read_here(args.read, args.repeats)))
        return
    with tempfile.TemporaryDirectory(prefix="ppocr-kit-labels-", dir=args.work) as scratch:
        work = Path(scratch).absolute()
        results: Result = {
            "machine": {
                "cores": os.cpu_count(),
                "cpu": platform.processor(),
                "python": platform.python_version(),
            }
        }
        for kind, make in (("real", repeat_real), ("drawn", repeat_drawn)):
            if args.only in (None, kind):
                pages = make(work / kind, args.pages)
                if pages is None:
                    say("no real exports beside the checkout (../shared/real): synthetic pages only")
                    continue
                results[kind] = measure(pages, work, args.repeats)
                shutil.rmtree(pages.folder)
    if args.json is not None:
        args.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
