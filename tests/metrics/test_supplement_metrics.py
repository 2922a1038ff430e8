from __future__ import annotations

import importlib.util
import json
import sys
import types

import numpy as np
import pytest

from ppocr_kit.errors import ConfigError
from ppocr_kit.metrics.detection import PAGES_AT_ONCE
from ppocr_kit.supplement.ppocr import metrics as supplement
from ppocr_kit.supplement.ppocr.metrics import build_metric

SQUARE = np.array([[0, 0], [10, 0], [10, 10], [0, 10]], dtype=np.float32)
ZERO = {"precision": 0.0, "recall": 0.0, "hmean": 0.0}


def feed(metric, gt, ignore, pred):
    """Hand one page to DetMetric as tools/eval.py does."""
    return metric([{"points": pred}], [None, None, np.asarray(gt)[None], np.asarray(ignore)[None]])


def test_recorded_scores_of_paddleocr_hold(shared, monkeypatch):
    spec = importlib.util.spec_from_file_location("parity", shared / "parity" / "parity.py")
    parity = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(parity)
    monkeypatch.setitem(sys.modules, "ppocr", types.ModuleType("ppocr"))
    monkeypatch.setitem(sys.modules, "ppocr.metrics", supplement)
    recorded = json.loads((shared / "parity" / "metrics.json").read_text(encoding="utf-8"))
    facts = parity.metric_facts()
    assert facts.keys() == recorded.keys()
    for name, values in recorded.items():
        assert facts[name] == pytest.approx(values, abs=1e-12), name


def test_main_indicators_default_to_those_of_paddleocr():
    assert build_metric({"name": "DetMetric"}).main_indicator == "hmean"
    assert build_metric({"name": "RecMetric"}).main_indicator == "acc"
    assert build_metric({"name": "DetMetric", "main_indicator": "recall"}).main_indicator == "recall"


def test_build_metric_leaves_the_configuration_as_it_is():
    config = {"name": "RecMetric", "main_indicator": "acc", "ignore_space": False}
    build_metric(config)
    assert config == {"name": "RecMetric", "main_indicator": "acc", "ignore_space": False}


def test_unknown_metric_is_refused_with_the_known_ones():
    with pytest.raises(
        ConfigError, match="Metric 'ClsMetric' is not known here; there are DetMetric, "
    ) as caught:
        build_metric({"name": "ClsMetric"})
    assert caught.value.at == "Metric.name"
    assert "--source git" in caught.value.message


def test_metric_without_a_name_is_refused():
    with pytest.raises(ConfigError, match="no name"):
        build_metric({"main_indicator": "acc"})


def test_det_metric_starts_anew_after_it_was_read():
    metric = build_metric({"name": "DetMetric"})
    assert feed(metric, [SQUARE], [False], np.array([SQUARE])) is None
    assert metric.get_metric() == {"precision": 1.0, "recall": 1.0, "hmean": 1.0}
    assert metric.get_metric() == ZERO
    feed(metric, [SQUARE], [False], [])
    metric.reset()
    assert metric.get_metric() == ZERO


def test_det_metric_keeps_its_own_copy_of_the_arrays():
    metric = build_metric({"name": "DetMetric"})
    gt, ignore, pred = np.array([[SQUARE]]), np.array([[False]]), np.array([SQUARE])
    metric([{"points": pred}], [None, None, gt, ignore])
    gt += 1000
    pred += 500
    ignore[:] = True
    assert metric.get_metric()["hmean"] == 1.0


def test_det_metric_takes_polygons_of_different_sizes_and_padding_beyond_the_flags():
    metric = build_metric({"name": "DetMetric"})
    triangle = np.array([[0, 0], [10, 0], [10, 10]])
    batch = [None, None, [[triangle, SQUARE + 50, SQUARE]], [[0, 1]]]
    metric([{"points": [SQUARE + 50, SQUARE[[0, 1, 2]]]}], batch)
    # the third polygon has no flag and is left out, the second is ignored with its prediction
    assert metric.get_metric() == {"precision": 1.0, "recall": 1.0, "hmean": 1.0}


def test_det_metric_scores_more_pages_than_it_keeps():
    metric = build_metric({"name": "DetMetric"})
    for number in range(PAGES_AT_ONCE + 3):
        feed(metric, [SQUARE], [False], [SQUARE] if number % 2 else [])
    # of 515 pages the 257 with an odd number have their prediction
    assert metric.get_metric() == pytest.approx({"precision": 1.0, "recall": 257 / 515, "hmean": 514 / 772})


def test_rec_metric_returns_the_batch_and_adds_up_the_rest():
    metric = build_metric({"name": "RecMetric"})
    first = metric(([("ab", 0.9)], [("a b", 1.0)]), "batch")
    second = metric(([("ab", 0.9)], [("ax", 1.0)]), "batch", epoch_reset=False)
    assert first == {"acc": 1 / 1.00001, "norm_edit_dis": 1.0}
    assert second == {"acc": 0.0, "norm_edit_dis": 1 - 0.5 / 1.00001}
    assert metric.get_metric() == {"acc": 1 / 2.00001, "norm_edit_dis": 1 - 0.5 / 2.00001}
    assert metric.get_metric() == {"acc": 0.0, "norm_edit_dis": 1.0}


@pytest.mark.parametrize(
    ("options", "acc"),
    [({}, 2), ({"ignore_space": False}, 1), ({"is_filter": True}, 3), ({"unknown_key": 1}, 2)],
)
def test_rec_metric_compares_what_its_options_say(options, acc):
    metric = build_metric({"name": "RecMetric", **options})
    metric(([("x", 1), ("a b", 1), ("T:", 1)], [("x", 1), ("ab", 1), ("t", 1)]))
    assert metric.get_metric()["acc"] == acc / 3.00001
