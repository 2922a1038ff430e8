"""The history of a training: read, cut where a run is resumed, drawn."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.errors import ReportError
from ppocr_kit.reports.vl_curves import curves_of, draw_vl_curves
from ppocr_kit.vl.history import HistoryFile, cut_history, read_history
from ppocr_kit.vl.record import VlRunFolder


def step(number, loss=1.0):
    return {"step": number, "epoch": number / 4, "loss": loss, "lr": 1e-5, "grad_norm": 0.5}


def evaluation(number, cer):
    return {"step": number, "epoch": number / 4, "eval": {"cer": cer, "exact": 0.5, "loss": 1.0}}


ENTRIES = [evaluation(0, 0.9), step(1), step(2), evaluation(2, 0.4), step(3), evaluation(3, 0.6)]


@pytest.fixture
def history(tmp_path):
    file = HistoryFile(tmp_path / "logs" / "history.jsonl")
    for entry in ENTRIES:
        file.add(entry)
    return file.path


def test_base_and_best_are_told(history):
    read = read_history(history)
    assert (read.base.values["cer"], read.best.step) == (0.9, 2)
    assert [one.step for one in read.steps] == [1, 2, 3]


@pytest.mark.parametrize(("at", "left"), [(-1, 0), (0, 1), (2, 4), (3, 6), (99, 6)])
def test_what_lies_behind_a_step_is_cut(history, at, left):
    cut_history(history, at)
    assert [json.loads(line) for line in history.read_text().splitlines()] == ENTRIES[:left]


def test_a_line_that_was_cut_short_does_not_count(history):
    with history.open("ab") as stream:
        stream.write(b'{"step": 4, "ep')
    assert len(read_history(history).steps) == 3
    cut_history(history, 9)
    assert history.read_bytes().endswith(b"}\n")


@pytest.mark.parametrize(
    "line", [b"[]", b"{}", b'"x"', b'{"step": "a", "epoch": 1, "loss": 1, "lr": 1}', b"\xff"]
)
def test_a_damaged_line_is_named(history, line):
    with history.open("ab") as stream:
        stream.write(line + b"\n")
    with pytest.raises(ReportError) as caught:
        read_history(history)
    assert caught.value.at.endswith(":7")
    cut_history(history, 3)
    assert len(read_history(history).steps) == 3


def test_absent_history_is_empty_and_stays_absent(tmp_path):
    assert read_history(tmp_path / "none").steps == ()
    cut_history(tmp_path / "none", 0)
    assert list(tmp_path.iterdir()) == []


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32), min_size=1, max_size=20))
def test_what_is_written_is_read_back(tmp_path_factory, values):
    file = HistoryFile(tmp_path_factory.mktemp("history") / "history.jsonl")
    for number, value in enumerate(values, 1):
        file.add(step(number, value))
    assert [one.loss for one in read_history(file.path).steps] == values


def test_curves_begin_with_the_base_model(history):
    curves = curves_of(read_history(history))
    assert [one.epochs_done for one in curves.validations] == [0.0, 0.5, 0.75]
    assert curves.validations[0].values == {"cer": 0.9, "exact": 0.5}
    assert [point.epochs_done for point in curves.points] == [0.25, 0.5, 0.75]


def test_pictures_are_drawn_into_the_run(history, tmp_path):
    drawn = draw_vl_curves(VlRunFolder(tmp_path))
    assert {path.name for path in drawn} == {"curve-loss.png", "curve-val.png", "curve-learning-rate.png"}
