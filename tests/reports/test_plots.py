"""Curves are drawn from what was logged, and only where there is something to draw."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import pytest

from ppocr_kit.reports.history import History, TrainingPoint, Validation
from ppocr_kit.reports.plots import draw_curves

_HISTORY = History(
    points=(TrainingPoint(0.5, 3.0, 0.1), TrainingPoint(1.0, math.nan, None), TrainingPoint(1.5, 1.0, 0.05)),
    validations=(Validation(1.0, {"acc": 0.1}), Validation(2.0, {"acc": 0.5, "norm_edit_dis": 0.7})),
)


def test_three_pictures_are_written_and_are_the_same_each_time(tmp_path: Path) -> None:
    drawn = draw_curves(_HISTORY, tmp_path)
    assert [path.name for path in drawn] == ["curve-loss.png", "curve-val.png", "curve-learning-rate.png"]
    first = [path.read_bytes() for path in drawn]
    assert all(content.startswith(b"\x89PNG\r\n") for content in first)
    assert [path.read_bytes() for path in draw_curves(_HISTORY, tmp_path)] == first


@pytest.mark.parametrize(
    "history", [History(), History(points=_HISTORY.points[:1]), History(points=_HISTORY.points[1:2] * 5)]
)
def test_nothing_is_drawn_of_fewer_than_two_points_and_old_pictures_go(
    tmp_path: Path, history: History
) -> None:
    (tmp_path / "curve-loss.png").write_bytes(b"of an older log")
    assert draw_curves(history, tmp_path) == ()
    assert list(tmp_path.iterdir()) == []


def test_without_matplotlib_there_are_no_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert draw_curves(_HISTORY, tmp_path) == ()
