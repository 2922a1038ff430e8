"""A log becomes curves over the epochs, resumed runs included."""

from __future__ import annotations

import math

import pytest

from ppocr_kit.reports.history import History, TrainingPoint, Validation, history_of, read_history
from ppocr_kit.runs.rundir import RunFolder
from ppocr_kit.vendor.logs import BestMetric, EvalMetric, LogEvent, TrainStep


def _step(epoch: int, step: int, loss: float = 1.0) -> TrainStep:
    return TrainStep(epoch, 9, step, 0.001, loss, {}, None, None)


def test_no_events_are_an_empty_history() -> None:
    assert history_of([], None) == History()


def test_steps_are_placed_by_the_steps_of_an_epoch() -> None:
    found = history_of([_step(1, 2), _step(1, 4), _step(2, 6)], steps_per_epoch=4)
    assert [point.epochs_done for point in found.points] == [0.5, 1.0, 1.5]
    assert found.points[0] == TrainingPoint(0.5, 1.0, 0.001)


def test_without_steps_per_epoch_the_lines_of_an_epoch_are_spread_evenly() -> None:
    found = history_of([_step(1, 10), _step(1, 20), _step(2, 40)], None)
    assert [point.epochs_done for point in found.points] == [0.5, 1.0, 2.0]


def test_validation_lies_where_its_step_was_and_has_metrics_only() -> None:
    events: list[LogEvent] = [_step(1, 4), EvalMetric({"acc": 0.5, "fps": 80.0})]
    assert history_of(events, 4).validations == (Validation(1.0, {"acc": 0.5}),)


def test_what_was_logged_before_the_first_step_has_no_place() -> None:
    assert history_of([EvalMetric({"acc": 0.5})], 4).validations == ()


def test_second_sitting_replaces_the_epochs_it_did_again() -> None:
    first: list[LogEvent] = [_step(1, 4, 9.0), EvalMetric({"acc": 0.1}), _step(2, 6, 8.0)]
    # upstream counts its steps on from the checkpoint, or from 0: both are seen
    for restart in (6, 2):
        again: list[LogEvent] = [_step(2, restart, 7.0), _step(2, restart + 2, 6.0), EvalMetric({"acc": 0.2})]
        found = history_of([*first, *again], 4)
        assert [point.loss for point in found.points] == [9.0, 7.0, 6.0]
        assert [one.values["acc"] for one in found.validations] == [0.1, 0.2]


def test_last_best_metric_counts() -> None:
    events: list[LogEvent] = [
        BestMetric({"acc": 0.1, "best_epoch": 1.0}),
        BestMetric({"acc": 0.2, "best_epoch": 3.0}),
    ]
    assert history_of(events, None).best == {"acc": 0.2, "best_epoch": 3.0}


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_losses_that_are_no_numbers_are_counted(loss: float) -> None:
    assert history_of([_step(1, 1), _step(1, 2, loss)], 4).lost_losses == 1


def test_run_without_a_log_has_an_empty_history(make_run) -> None:  # type: ignore[no-untyped-def]
    folder: RunFolder = make_run()
    (folder.checkpoints / "train.log").unlink()
    assert read_history(folder, 2) == History()


def test_our_log_stands_in_for_a_missing_one_of_the_release(make_run) -> None:  # type: ignore[no-untyped-def]
    folder: RunFolder = make_run()
    folder.logs.mkdir()
    (folder.checkpoints / "train.log").rename(folder.logs / "train.log")
    assert len(read_history(folder, 2).points) == 4
