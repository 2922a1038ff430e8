"""A report warns of what would make its numbers mislead."""

from __future__ import annotations

from typing import Any

import pytest

from ppocr_kit.reports.reading import read_run_report
from ppocr_kit.reports.remarks import remarks


def _said(folder: Any) -> str:
    return "\n".join(remarks(read_run_report(folder)))


@pytest.mark.parametrize(
    ("record", "measured", "said"),
    [
        ({"status": "interrupted"}, {}, "The run is not finished (status: interrupted)"),
        ({"command": ["ppocr-kit", "train", "rec", "--resume"]}, {}, "The run was resumed"),
        ({}, None, "Not measured on the test split yet: ppocr-kit eval wire-rec"),
        ({}, {"num_skipped": 1}, "test: 1 row not scored (the image cannot be read: 1)"),
        ({}, {"num_skipped": 1, "skipped": []}, "test: 1 row not scored (no reason given)"),
        ({}, {"checkpoint_sha256": "0" * 64}, "test: measured on weights that have been replaced since"),
        ({}, {"dataset": {"checksum": "e" * 64}}, "test: measured on another state of the data set"),
        ({}, {}, "2 rows of 34 did not train"),
        ({}, {}, "The data set is not at train_data/wire any more"),
        ({"final": {"acc": 0.0, "best_epoch": 1.0}}, {}, "The best acc on val is 0"),
        (
            {"final": {"acc": 0.5, "best_epoch": 1.0}},
            {},
            "reached acc 0.7500, the weights kept as best have 0.5000",
        ),
        ({"final": {"acc": 0.75, "best_epoch": 2.0}}, {}, "The last epoch was the best one"),
    ],
)
def test_remark_is_made(make_run: Any, record: dict[str, Any], measured: Any, said: str) -> None:
    assert said in _said(make_run(record=record, measured=measured))


def test_sound_run_has_no_remarks(make_run: Any) -> None:
    folder = make_run(
        record={"plan": {"steps_per_epoch": 2}, "dataset": {"name": "wire", "checksum": "d" * 64}},
        measured={"num_skipped": 0, "skipped": []},
    )
    assert _said(folder) == ""


def test_absent_best_weights_are_said(make_run: Any) -> None:
    folder = make_run()
    (folder.checkpoints / "best_accuracy.pdparams").unlink()
    assert "The run has no best weights" in _said(folder)


def test_lost_loss_is_said(make_run: Any) -> None:
    folder = make_run()
    log = folder.checkpoints / "train.log"
    log.write_text(log.read_text().replace("loss: 2.000000", "loss: nanxxx"))
    assert "The loss was not a number in 1 log line:" in _said(folder)


@pytest.mark.parametrize(
    ("export", "said"),
    [
        ({"checkpoint_sha256": "0" * 64}, "inference/x was made from other weights"),
        ({"parity": {"same": False}}, "inference/x gives other results than its checkpoint"),
        ({"notes": ["it pads"]}, "inference/x: it pads"),
    ],
)
def test_export_is_remarked_on(make_run: Any, write_export: Any, export: dict[str, Any], said: str) -> None:
    folder = make_run()
    write_export("x", **export)
    assert said in _said(folder)
