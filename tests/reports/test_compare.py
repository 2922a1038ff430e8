"""Runs are ranked only where the same rows were scored by the same definition."""

from __future__ import annotations

from typing import Any

import pytest

from ppocr_kit.reports.compare import TaskComparison, compare_runs
from ppocr_kit.reports.reading import read_run_report


def _compare(make_run: Any, *measured: dict[str, Any] | None) -> TaskComparison:
    reports = [
        read_run_report(make_run(f"run-{index}", measured=values)) for index, values in enumerate(measured)
    ]
    (compared,) = compare_runs(reports)
    return compared


def _values(acc: float) -> dict[str, float]:
    return {"acc": acc, "norm_edit_dis": acc}


def test_same_rows_by_the_same_definition_are_ranked(make_run: Any) -> None:
    (split,) = _compare(make_run, {"values": _values(0.7)}, {"values": _values(0.8)}).splits
    assert split.comparable
    assert split.best == (1,)


def test_equal_values_share_the_first_place(make_run: Any) -> None:
    (split,) = _compare(make_run, {"values": _values(0.8)}, {"values": _values(0.8)}).splits
    assert split.best == (0, 1)


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        ({"dataset": {"name": "wire", "checksum": "e" * 64}}, "different data sets"),
        ({"split_sha256": "6" * 64}, "different rows"),
        ({"definition": "acc with spaces"}, "different definitions of the metric"),
        ({"num_samples": 5}, "different numbers of scored rows"),
        ({"num_skipped": 0}, "different numbers of skipped rows"),
        ({"split_sha256": None}, "unknown rows"),
        ({"definition": None}, "unknown definitions of the metric"),
        ({"dataset": None}, "unknown data sets"),
    ],
)
def test_what_differs_is_said_and_nothing_is_ranked(
    make_run: Any, other: dict[str, Any], difference: str
) -> None:
    (split,) = _compare(make_run, {}, other).splits
    assert split.differences == (difference,)
    assert not split.comparable
    assert split.best == ()


def test_run_that_was_not_measured_hinders_nothing(make_run: Any) -> None:
    (split,) = _compare(make_run, {"values": _values(0.7)}, None, {"values": _values(0.8)}).splits
    assert split.comparable
    assert split.best == (2,)
    assert split.measurements[1] is None


@pytest.mark.parametrize("measured", [[None], [None, None], [{}], [{}, None]])
def test_fewer_than_two_measurements_compare_nothing(make_run: Any, measured: list[Any]) -> None:
    compared = _compare(make_run, *measured)
    assert not any(split.comparable or split.best or split.differences for split in compared.splits)


def test_value_that_is_no_number_is_never_best(make_run: Any) -> None:
    (split,) = _compare(make_run, {"values": _values(float("nan"))}, {"values": _values(0.1)}).splits
    assert split.best == (1,)
    (none,) = _compare(make_run, {"values": {}}, {"values": {}}).splits
    assert none.best == ()


def test_detectors_and_recognisers_are_apart(make_run: Any) -> None:
    rec = read_run_report(make_run("a"))
    det = read_run_report(make_run("b", record={"task": "det"}, measured=None))
    assert [(str(one.task), len(one.reports)) for one in compare_runs([rec, det])] == [("det", 1), ("rec", 1)]


def test_json_names_the_best_and_holds_no_nan(make_run: Any) -> None:
    compared = _compare(make_run, {"values": _values(float("nan"))}, {"values": _values(0.5)})
    assert compared.to_json() == {
        "task": "rec",
        "runs": ["run-0", "run-1"],
        "splits": [
            {
                "split": "test",
                "comparable": True,
                "differences": [],
                "best": ["run-1"],
                "values": [{"acc": None, "norm_edit_dis": None}, {"acc": 0.5, "norm_edit_dis": 0.5}],
            }
        ],
    }
