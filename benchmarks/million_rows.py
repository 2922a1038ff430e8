"""Memory of building very large data sets: rows, peak memory of all processes together, time.

    python benchmarks/million_rows.py [--rows 100000 1000000] [--format lmdb] [--json OUT]

Draws pages of 20 boxes (small pictures of noise, each its own; labels of random digits), builds them
with ``ppocr-kit dataset build`` as a user would, and adds up the resident memory of its processes every
tenth of a second (``/proc``; pages that processes share are counted once per process, so it is rather more
than is taken; the mapped file of an LMDB, which the system gives back when it wants to, is told apart).
Memory is flat when the last column does not grow with the rows.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
BOXES_PER_PAGE = 20
# Ten rows of two boxes.
PAGE_WIDTH, PAGE_HEIGHT = 128, 160
_EVERY_S = 0.1


@dataclass(frozen=True)
class Memory:
    """Resident memory of a process and all below it, in MiB.

    Attributes:
        own: What the processes hold for themselves (``RssAnon``).
        files: Mapped files and shared memory (``RssFile``, ``RssShmem``).
    """

    own: float
    files: float


def draw(folder: Path, rows: int) -> None:
    """Write pages of twenty boxes until there are ``rows`` boxes, all pages different."""
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    words = random.Random(0)
    with (folder / "Label.txt").open("w", encoding="utf-8", newline="\n") as lines:
        for number in range(rows // BOXES_PER_PAGE):
            name = f"page_{number:06d}.jpg"
            # coarse noise: every page looks otherwise, and is small
            coarse = generator.integers(0, 256, (PAGE_HEIGHT // 8, PAGE_WIDTH // 8), dtype=np.uint8)
            page = cv2.resize(coarse, (PAGE_WIDTH, PAGE_HEIGHT))
            (folder / name).write_bytes(
                cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, 60])[1].tobytes()
            )
            boxes = [draw_box(place, words) for place in range(BOXES_PER_PAGE)]
            lines.write(f"{folder.name}/{name}\t{json.dumps(boxes)}\n")


def draw_box(place: int, words: random.Random) -> dict[str, Any]:
    """Label one of the twenty places of a page with five digits."""
    left, top = 64 * (place % 2), 16 * (place // 2)
    points = [[left, top], [left + 63, top], [left + 63, top + 15], [left, top + 15]]
    return {"transcription": f"{words.randrange(100_000):05d}", "points": points, "difficult": False}


def processes_below(root: int) -> Iterator[int]:
    """Yield a process and all that descend from it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                # the name, in brackets, may hold spaces
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError, ValueError):
                continue
            parents.setdefault(parent, []).append(int(entry.name))
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting.extend(parents.get(pid, ()))


def memory_of(root: int) -> Memory:
    """Add up the resident memory of a process and all that descend from it."""
    total = {"RssAnon": 0, "RssFile": 0, "RssShmem": 0}
    for pid in processes_below(root):
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue
        for line in status.splitlines():
            key, _, value = line.partition(":")
            if key in total:
                total[key] += int(value.split()[0])
    return Memory(total["RssAnon"] / 1024, (total["RssFile"] + total["RssShmem"]) / 1024)


def watch(words: list[str]) -> tuple[float, Memory]:
    """Run a command; return its seconds and the highest memory of each kind."""
    begin = time.perf_counter()
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    said: list[str] = []
    assert process.stderr is not None
    reader = threading.Thread(target=said.extend, args=(process.stderr,))
    reader.start()
    highest = Memory(0.0, 0.0)
    while process.poll() is None:
        now = memory_of(process.pid)
        highest = Memory(max(highest.own, now.own), max(highest.files, now.files))
        time.sleep(_EVERY_S)
    reader.join()
    if process.returncode:
        sys.exit(f"{' '.join(words)} ended with {process.returncode}:\n{''.join(said)[-2000:]}")
    return time.perf_counter() - begin, highest


def measure(rows: int, work: Path, options: list[str]) -> dict[str, Any]:
    """Build a data set of so many rows, and check that it has them."""
    folder, out = work / "pages", work / "out"
    draw(folder, rows)
    words = [
        sys.executable,
        "-m",
        "ppocr_kit",
        "dataset",
        "build",
        str(folder),
        "--name",
        "m",
        "--out",
        str(out),
    ]
    seconds, memory = watch([*words, *options])
    manifest = json.loads((out / "m" / "dataset.json").read_text(encoding="utf-8"))
    built = sum(split["samples"] for split in manifest["tasks"]["rec"]["splits"].values())
    shutil.rmtree(work)
    return {
        "rows": rows,
        "built": built,
        "seconds": round(seconds, 1),
        "own_mib": round(memory.own),
        "files_mib": round(memory.files),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--format", default="lmdb", choices=["lmdb", "files"])
    parser.add_argument(
        "--tasks", default="rec", help="as of dataset build; det too keeps copies of the pages"
    )
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument(
        "--work", type=Path, help="folder for pages and data sets; a temporary one by default"
    )
    args = parser.parse_args()
    options = ["--format", args.format, "--tasks", args.tasks]
    print(f"dataset build {' '.join(options)}, {os.cpu_count()} cores")
    print(
        f"{'rows':>10}{'built':>10}{'seconds':>10}{'rows/s':>10}{'mapped MiB':>12}{'own MiB':>10}", flush=True
    )
    results = []
    for rows in args.rows:
        with tempfile.TemporaryDirectory(prefix="ppocr-kit-rows-", dir=args.work) as scratch:
            found = measure(rows, Path(scratch).absolute() / "work", options)
        results.append(found)
        speed = round(found["built"] / found["seconds"])
        print(
            f"{rows:>10,}{found['built']:>10,}{found['seconds']:>10}{speed:>10,}"
            f"{found['files_mib']:>12,}{found['own_mib']:>10,}",
            flush=True,
        )
    if args.json is not None:
        args.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
