"""Time the metrics beside a peer in one run, and check that both give the same scores.

    python benchmarks/metrics.py [--upstream DIR] [--pages 500] [--boxes 20] [--lines 100000]

The peer is PaddleOCR's own ``DetMetric`` and ``RecMetric`` where ``--upstream`` names a folder
with ``eval_det_iou.py``, ``det_metric.py`` and ``rec_metric.py`` (``ppocr/metrics`` of a complete
checkout); otherwise the readable reference of ``tests/metrics``, which takes one pair at a time.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from ppocr_kit.metrics.detection import DetectionSample, score_detection  # noqa: E402
from ppocr_kit.metrics.recognition import score_recognition  # noqa: E402
from ppocr_kit.supplement.ppocr.metrics import build_metric  # noqa: E402

Scores = dict[str, float]
Work = Callable[[Any], Scores]
WORDS = ["invoice", "Total:", "12,345.60", "a b c", "", "日本語テキスト", "Ünïcode", "same", "x"]


def draw_pages(pages: int, boxes: int, seed: int) -> list[DetectionSample]:
    """Draw text-like quadrilaterals; most are found, some shifted, some ignored, some spurious."""
    random = np.random.default_rng(seed)
    unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=float)

    def quads(count: int) -> np.ndarray[Any, Any]:
        corner = random.uniform(0, 1000, (count, 1, 2))
        size = random.uniform([40, 12], [200, 40], (count, 2))[:, None]
        return corner + unit * size + random.normal(0, 1.5, (count, 4, 2))

    samples = []
    for _ in range(pages):
        gt = quads(boxes)
        found = gt[random.uniform(size=boxes) < 0.9]
        found = found + random.normal(0, 3, (len(found), 1, 2))
        pred = np.concatenate([found, quads(boxes - len(found))])
        samples.append(DetectionSample(gt, random.uniform(size=boxes) < 0.1, pred))
    return samples


def draw_lines(lines: int, seed: int) -> list[tuple[str, str]]:
    """Draw pairs of recognised and labelled text, about half of them equal."""
    random = np.random.default_rng(seed)
    pairs = []
    for first, second, same in zip(
        random.integers(len(WORDS), size=lines),
        random.integers(len(WORDS), size=lines),
        random.uniform(size=lines),
    ):
        pairs.append((WORDS[first] if same < 0.5 else WORDS[second], WORDS[first]))
    return pairs


def import_from(folder: Path, module: str) -> Any:
    """Import a module of a folder as part of a package, so that its relative imports work."""
    package = f"peer_{folder.name}"
    if package not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            package, folder / "no_init.py", submodule_search_locations=[str(folder)]
        )
        assert spec is not None
        sys.modules[package] = importlib.util.module_from_spec(spec)
    return importlib.import_module(f"{package}.{module}")


def run_det_metric(metric: Any, samples: list[DetectionSample]) -> Scores:
    """Feed pages to a ``DetMetric`` one by one, as PaddleOCR's evaluation does."""
    for sample in samples:
        batch = [None, None, np.asarray(sample.gt)[None], np.asarray(sample.ignore)[None]]
        metric([{"points": sample.pred}], batch)
    return dict(metric.get_metric())


def run_rec_metric(metric: Any, pairs: list[tuple[str, str]], batch_size: int = 128) -> Scores:
    """Feed lines to a ``RecMetric`` in batches, as PaddleOCR's evaluation does."""
    for start in range(0, len(pairs), batch_size):
        batch = pairs[start : start + batch_size]
        metric(([(left, 1.0) for left, _ in batch], [(right, 1.0) for _, right in batch]))
    return dict(metric.get_metric())


def find_peers(upstream: Path | None) -> dict[str, Work]:
    """Return what scores pages and what scores lines: PaddleOCR's metrics or the reference."""
    if upstream is None:
        reference = import_from(ROOT / "tests" / "metrics", "metric_reference")
        return {"detection": reference.detection_scores, "recognition": reference.recognition_scores}
    det_class = import_from(upstream, "det_metric").DetMetric
    rec_class = import_from(upstream, "rec_metric").RecMetric
    return {
        "detection": lambda samples: run_det_metric(det_class(), samples),
        "recognition": lambda pairs: run_rec_metric(rec_class(), pairs),
    }


OURS: dict[str, dict[str, Work]] = {
    "detection": {
        "score_detection": lambda samples: dict(score_detection(samples).values),
        "DetMetric": lambda samples: run_det_metric(build_metric({"name": "DetMetric"}), samples),
    },
    "recognition": {
        "score_recognition": lambda pairs: dict(score_recognition(pairs).values),
        "RecMetric": lambda pairs: run_rec_metric(build_metric({"name": "RecMetric"}), pairs),
    },
}


def median_seconds(work: Work, inputs: list[Any], repeats: int) -> tuple[float, Scores]:
    """Return the median time of some runs and the scores of the last."""
    seconds = []
    for _ in range(repeats):
        begin = time.perf_counter()
        scores = work(inputs)
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds), scores


def compare(metric: str, peer: Work, inputs: list[Any], repeats: int) -> float:
    """Print one line per way to call ours; return the largest difference of a score."""
    peer_s, wanted = median_seconds(peer, inputs, repeats)
    largest = 0.0
    for name, work in OURS[metric].items():
        our_s, got = median_seconds(work, inputs, repeats)
        gap = max(abs(wanted[key] - got[key]) for key in wanted)
        largest = max(largest, gap)
        line = f"{metric:<12} {name:<18} {peer_s:>9.4f} {our_s:>9.4f} {peer_s / our_s:>7.1f} {gap:>11.1e}"
        print(line)
    return largest


def main() -> int:
    parser = argparse.ArgumentParser(description="Time the metrics beside a peer.")
    parser.add_argument("--upstream", type=Path, help="folder with PaddleOCR's metric files")
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--boxes", type=int, default=20, help="labelled and predicted boxes per page")
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    peers = find_peers(args.upstream)
    inputs: dict[str, list[Any]] = {
        "detection": draw_pages(args.pages, args.boxes, args.seed),
        "recognition": draw_lines(args.lines, args.seed),
    }
    print(f"peer: {'PaddleOCR' if args.upstream else 'per-pair reference'}; medians of {args.repeats} runs")
    print(f"{args.pages} pages of {args.boxes} + {args.boxes} boxes; {args.lines} lines")
    print(f"{'metric':<12} {'ours':<18} {'peer s':>9} {'ours s':>9} {'ratio':>7} {'difference':>11}")
    gaps = [compare(metric, peers[metric], inputs[metric], args.repeats) for metric in OURS]
    return 0 if max(gaps) <= 1e-12 else 1


if __name__ == "__main__":
    sys.exit(main())
