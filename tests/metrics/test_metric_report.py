from __future__ import annotations

import json

import pytest

from ppocr_kit.metrics.core import harmonic_mean, share
from ppocr_kit.metrics.detection import score_detection
from ppocr_kit.metrics.recognition import score_recognition


@pytest.mark.parametrize(("part", "whole", "expected"), [(0, 0, 0.0), (3, 0, 0.0), (0, 4, 0.0), (1, 4, 0.25)])
def test_share_of_nothing_is_zero(part, whole, expected):
    assert share(part, whole) == expected


@pytest.mark.parametrize(
    ("precision", "recall", "expected"),
    [(0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.5, 1.0, 2 / 3)],
)
def test_harmonic_mean(precision, recall, expected):
    assert harmonic_mean(precision, recall) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("report", [score_detection([]), score_recognition([("a", "b")])])
def test_report_survives_json(report):
    document = json.loads(json.dumps(report.to_json()))
    assert set(document) == {
        "task",
        "values",
        "counts",
        "num_samples",
        "num_skipped",
        "definition",
        "computed_by",
    }
    assert document["values"] == report.values
    assert document["computed_by"].startswith("ppocr-kit ")
