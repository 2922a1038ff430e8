"""A fake run folder as training, evaluation and export leave it behind."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ppocr_kit.datasets.manifest import read_dataset
from ppocr_kit.runs.rundir import RunFolder

WEIGHTS = b"weights of the best epoch"
WEIGHTS_SHA256 = hashlib.sha256(WEIGHTS).hexdigest()
RECORD: dict[str, Any] = {
    "format": 1,
    "name": "wire-rec",
    "task": "rec",
    "model": "rec_en_number_lite_train",
    "status": "finished",
    "dataset": {"name": "wire", "root": "train_data/wire", "checksum": "d" * 64},
    "release": {"version": "3.7.0", "source": "pypi", "complete": False},
    "spec": {"device": "cpu", "pretrained": "weights/rec/best_accuracy.pdparams", "epochs": 2},
    "plan": {
        "rows": {
            "train": {"total": 34, "usable": 32, "rejected": 2},
            "val": {"total": 4, "usable": 4, "rejected": 0},
        },
        "processes": 2,
        "batch_size": 8,
        "steps_per_epoch": 2,
        "epochs": 2,
        "first_epoch": 1,
        "steps": 4,
        "evaluations": 2,
        "parameters": 1234567,
        "weights": {"share": 1.0, "share_of_all": 0.9375},
    },
    "versions": {"paddlepaddle": "3.3.1", "numpy": "2.2.6"},
    "seed": 7,
    "command": ["ppocr-kit", "train", "rec", "--dataset", "train_data/wire", "--name", "wire-rec"],
    "started": "2026-11-21T03:12:53Z",
    "finished": "2026-11-21T03:19:24Z",
    "seconds": 391.2,
    "final": {"acc": 0.75, "norm_edit_dis": 0.9125, "best_epoch": 1.0, "fps": 81.5},
}
MEASUREMENT: dict[str, Any] = {
    "task": "rec",
    "values": {"acc": 0.7459999925, "norm_edit_dis": 0.9512},
    "counts": {},
    "num_samples": 4,
    "num_skipped": 1,
    "definition": "acc: lines equal throughout / (lines + 1e-5); compared: all characters, spaces left out",
    "computed_by": "tools/eval.py of PaddleOCR 3.7.0 (pypi) with ppocr-kit's metrics",
    "split": "test",
    "checkpoint": "output/wire-rec/checkpoints/best_accuracy.pdparams",
    "checkpoint_sha256": WEIGHTS_SHA256,
    "dataset": {"name": "wire", "checksum": "d" * 64},
    "split_sha256": "5" * 64,
    "skipped": [{"list": "rec/test.txt", "line": 3, "reason": "the image cannot be read"}],
    "seconds": 2.5,
}
EXPORT: dict[str, Any] = {
    "format": 1,
    "run": "wire-rec",
    "checkpoint_sha256": WEIGHTS_SHA256,
    "parity": {"same": True, "images": 20, "regions": 20, "largest_score_gap": 1.5e-06},
    "notes": ["the runtime pads to another width"],
}
_CONFIG = """\
Global:
  epoch_num: 2
Optimizer:
  name: Adam
  lr:
    name: Cosine
    learning_rate: 0.001
"""
_STEP = "[2026/11/21 03:12:53] ppocr INFO: epoch: [{epoch}/2], global_step: {step}, loss: {loss}, lr: {lr}"
LOG = [
    _STEP.format(epoch=1, step=1, loss="12.500000", lr="0.001000"),
    _STEP.format(epoch=1, step=2, loss="8.250000", lr="0.000750"),
    "[2026/11/21 03:13:10] ppocr INFO: cur metric, acc: 0.75, norm_edit_dis: 0.9125, fps: 81.5",
    "[2026/11/21 03:13:10] ppocr INFO: best metric, acc: 0.75, norm_edit_dis: 0.9125, best_epoch: 1",
    _STEP.format(epoch=2, step=3, loss="4.000000", lr="0.000250"),
    _STEP.format(epoch=2, step=4, loss="2.000000", lr="0.000000"),
    "[2026/11/21 03:13:30] ppocr INFO: cur metric, acc: 0.5, norm_edit_dis: 0.8, fps: 80.0",
    "[2026/11/21 03:13:30] ppocr INFO: best metric, acc: 0.75, norm_edit_dis: 0.9125, best_epoch: 1",
]
MakeRun = Callable[..., RunFolder]


def write_json(path: Path, body: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(body), encoding="utf-8")


@pytest.fixture
def make_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeRun:
    """Give a function that makes ``output/NAME`` in an empty project folder.

    Its arguments replace parts of the record (``record``) and of the measurement on test (``measured``;
    None leaves it out).
    """
    monkeypatch.chdir(tmp_path)

    def make(
        name: str = "wire-rec",
        record: Mapping[str, Any] | None = None,
        measured: Mapping[str, Any] | None = MEASUREMENT,
    ) -> RunFolder:
        folder = RunFolder(tmp_path / "output" / name)
        write_json(folder.record_file, {**RECORD, "name": name, **(record or {})})
        folder.config_file.write_text(_CONFIG, encoding="utf-8")
        folder.checkpoints.mkdir(exist_ok=True)
        (folder.checkpoints / "best_accuracy.pdparams").write_bytes(WEIGHTS)
        (folder.checkpoints / "train.log").write_text("\n".join(LOG), encoding="utf-8")
        if measured is not None:
            write_json(folder.reports / "eval-test.json", {**MEASUREMENT, **measured})
        return folder

    return make


@pytest.fixture
def write_export() -> Callable[..., None]:
    """Give a function that makes ``inference/NAME`` in the current folder."""

    def write(name: str, **changes: Any) -> None:
        write_json(Path("inference") / name / "export.json", {**EXPORT, **changes})

    return write


@pytest.fixture
def data_checksum(tmp_path: Path) -> str:
    """Write the data set ``train_data/wire`` that the run names, and return its checksum."""
    root = tmp_path / "train_data" / "wire"
    dictionary = root / "rec" / "dict.txt"
    splits = {"train": 34, "val": 4, "test": 5}
    entries = {}
    for split, rows in splits.items():
        content = "".join(f"crops/{split}-{number}.png\tword\n" for number in range(rows)).encode()
        (root / "rec").mkdir(parents=True, exist_ok=True)
        (root / "rec" / f"{split}.txt").write_bytes(content)
        entries[split] = {
            "list": f"rec/{split}.txt",
            "sha256": hashlib.sha256(content).hexdigest(),
            "samples": rows,
            "pages": 1 if rows == 4 else rows // 2,
        }
    dictionary.write_bytes(b"d\no\nr\nw\n")
    rec = {
        "data_dir": "rec",
        "splits": entries,
        "dictionary": "rec/dict.txt",
        "dictionary_sha256": hashlib.sha256(b"d\no\nr\nw\n").hexdigest(),
        "num_characters": 4,
        "use_space_char": False,
        "max_text_length": 4,
    }
    write_json(root / "dataset.json", {"format": 1, "name": "wire", "seed": 7, "tasks": {"rec": rec}})
    return read_dataset(root).checksum
