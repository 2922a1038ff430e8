"""Loading exported networks whose oneDNN support fails, with the engine played by a fake."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ppocr_kit.errors import DataError
from ppocr_kit.runs.workers import paddle_networks
from ppocr_kit.runs.workers.paddle_networks import load_export

# how Paddle 3.3.1 words it for a network that was saved with a float64 scale
FAULT = "(Unimplemented) ConvertPirAttribute2RuntimeAttribute not support [pir::DoubleAttribute]"
BATCH = np.zeros((1, 3, 32, 32), np.float32)


def play(monkeypatch, on_load: str | None, on_run: str | None) -> list[bool]:
    """Fail with these messages while oneDNN is on; returns the loads, as whether it was on."""
    loads: list[bool] = []

    def predictor(folder, gpu, threads, onednn):
        loads.append(onednn)
        if onednn and on_load is not None:
            raise RuntimeError(on_load)

        def run(batch):
            if onednn and on_run is not None:
                raise NotImplementedError(on_run)
            return batch + 1

        return run

    monkeypatch.setattr(paddle_networks, "_predictor", predictor)
    return loads


@pytest.mark.parametrize(("on_load", "on_run"), [(FAULT, None), (None, FAULT)])
def test_a_network_that_onednn_cannot_take_runs_without_it(monkeypatch, on_load, on_run):
    loads = play(monkeypatch, on_load, on_run)
    network = load_export(Path("foreign"), gpu=False, threads=1)
    assert network(BATCH).min() == network(BATCH).max() == 1
    assert loads == [True, False]


def test_a_network_that_runs_keeps_onednn(monkeypatch):
    loads = play(monkeypatch, None, None)
    load_export(Path("own"), gpu=False, threads=1)(BATCH)
    assert loads == [True]


def test_another_failure_to_load_is_a_damaged_model(monkeypatch):
    play(monkeypatch, "line one\nparse error", None)
    with pytest.raises(DataError, match="RuntimeError: parse error"):
        load_export(Path("broken"), gpu=False, threads=1)


def test_another_failure_to_run_is_passed_on(monkeypatch):
    play(monkeypatch, None, "out of memory")
    with pytest.raises(NotImplementedError, match="out of memory"):
        load_export(Path("own"), gpu=False, threads=1)(BATCH)


def test_without_onednn_there_is_nothing_to_fall_back_from(monkeypatch):
    loads = play(monkeypatch, FAULT, FAULT)
    load_export(Path("own"), gpu=False, threads=1, onednn=False)(BATCH)
    assert loads == [False]
