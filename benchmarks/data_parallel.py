"""Samples per second of one training process against two on two CPU cores.

    python benchmarks/data_parallel.py [--rounds 3] [--model quickstart_rec]

Run in a project folder that has a release (``ppocr-kit vendor sync``). Draws a small data set, then
trains one epoch with ``--device cpu`` and one with ``--device cpu:2`` in turn, and prints the
throughput that the release's own log gives (``ips``, times the processes), medians and the ratio.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from ppocr_kit.vendor.logs import TrainStep, read_log
from ppocr_kit.vendor.release import find_release

# The first lines hold start-up and the first batches; the rest is steady.
WARM_UP_LINES = 2


def kit(*words: str, folder: Path) -> None:
    """Run a kit command."""
    subprocess.run([sys.executable, "-m", "ppocr_kit", *words], cwd=folder, check=True, capture_output=True)


def throughput(folder: Path, task: str, model: str, device: str, processes: int) -> float:
    """Train an epoch and return samples per second over all processes."""
    name = device.replace(":", "-")
    words = ["train", task, "--dataset", "train_data/b", "--model", model, "--name", name, "--overwrite"]
    kit(*words, "--epochs", "1", "--device", device, "-o", "Global.print_batch_step=5", folder=folder)
    steps = [event for event in read_log(folder / "output" / name / "logs" / "train.log")]
    rates = [event.ips for event in steps if isinstance(event, TrainStep) and event.ips][WARM_UP_LINES:]
    return statistics.median(rates) * processes


def main() -> None:
    """Measure both in turn."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", default="quickstart_rec", choices=["quickstart_rec", "quickstart_det"])
    parser.add_argument("--pages", type=int, default=120)
    args = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    task = args.model.rsplit("_", 1)[1]
    release = find_release()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        kit("vendor", "sync", "--source", str(release.path), folder=folder)
        kit("synth", "labels", "--pages", str(args.pages), folder=folder)
        kit("dataset", "build", "labels", "--name", "b", folder=folder)
        one, two = [], []
        for number in range(1, args.rounds + 1):
            one.append(throughput(folder, task, args.model, "cpu", 1))
            two.append(throughput(folder, task, args.model, "cpu:2", 2))
            print(f"round {number}: {one[-1]:.1f} and {two[-1]:.1f} samples/s, ratio {two[-1] / one[-1]:.2f}")
    ratios = [b / a for a, b in zip(one, two)]
    print(
        f"median: one process {statistics.median(one):.1f}, two {statistics.median(two):.1f} samples/s, "
        f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    )


if __name__ == "__main__":
    main()
