from __future__ import annotations

import importlib.util
import json
import sys
import types

import numpy as np
import pytest

from ppocr_kit.errors import DataError
from ppocr_kit.supplement.ppocr import metrics as supplement
from ppocr_kit.supplement.ppocr.metrics import build_metric

ZERO = {"precision": 0.0, "recall": 0.0, "hmean": 0.0}
ONE = {"precision": 1.0, "recall": 1.0, "hmean": 1.0}


def test_recorded_scores_of_paddleocr_hold(shared, monkeypatch):
    spec = importlib.util.spec_from_file_location("parity", shared / "parity" / "parity.py")
    parity = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(parity)
    monkeypatch.setitem(sys.modules, "ppocr", types.ModuleType("ppocr"))
    monkeypatch.setitem(sys.modules, "ppocr.metrics", supplement)
    recorded = json.loads((shared / "parity" / "metrics_kie.json").read_text(encoding="utf-8"))
    facts = parity.metric_kie_facts()
    assert facts.keys() == recorded.keys()
    for name, values in recorded.items():
        assert facts[name] == pytest.approx(values, abs=1e-12), name


def tables(links, entities):
    """Return links and entities as the release's loader does: row 0 tells how many follow, zeros fill up."""
    link_table, entity_table = np.full((8, 2), -1), np.zeros((8, 3), "int64")
    link_table[0], entity_table[0] = len(links), len(entities)
    link_table[1 : len(links) + 1] = np.reshape(links, (-1, 2))
    entity_table[1 : len(entities) + 1] = np.reshape(entities, (-1, 3))
    return link_table, entity_table


def pair(head, tail, kind=1):
    """Return a pair that the release's decoder found, in the numbers of numpy."""
    head, tail = np.array(head), np.array(tail)
    return {"head": tuple(head), "tail": tuple(tail), "head_type": np.int64(1), "type": np.int64(kind)}


ENTITIES = [(0, 2, 1), (2, 5, 2), (5, 6, 2)]


def re_scores(*pages):
    metric = build_metric({"name": "VQAReTokenMetric"})
    for found, links in pages:
        link_table, entity_table = tables(links, ENTITIES)
        metric(([found], [link_table], [entity_table]), None)
    return metric.get_metric()


@pytest.mark.parametrize("name", ["VQASerTokenMetric", "VQAReTokenMetric"])
def test_hmean_is_the_main_indicator_and_nothing_scores_zero(name):
    metric = build_metric({"name": name, "unknown_key": 1})
    assert metric.main_indicator == "hmean"
    assert metric.get_metric() == ZERO
    assert build_metric({"name": name, "main_indicator": "recall"}).main_indicator == "recall"


def test_ser_metric_adds_up_batches_and_starts_anew():
    metric = build_metric({"name": "VQASerTokenMetric"})
    metric(([["B-Q", "I-Q"], ["O"]], [["B-Q", "I-Q"], ["S-Q"]]), "batch")
    metric(([["B-A"]], [["B-Q"]]), "batch", epoch_reset=False)
    assert metric.get_metric() == pytest.approx({"precision": 1 / 2, "recall": 1 / 3, "hmean": 0.4})
    assert metric.get_metric() == ZERO


@pytest.mark.parametrize(
    ("pages", "scores"),
    [
        ([([pair((0, 2), (2, 5))], [(0, 1)])], ONE),
        ([([pair((0, 2), (5, 6))], [(0, 1)])], ZERO),
        # a pair that the model calls unlinked is not found
        ([([pair((0, 2), (2, 5)), pair((0, 2), (5, 6), kind=0)], [(0, 1)])], ONE),
        ([([], [])], ZERO),
        ([([], [(0, 1)])], ZERO),
        ([([pair((0, 2), (2, 5))], [])], ZERO),
        (
            [([pair((0, 2), (2, 5))], [(0, 1), (0, 2)]), ([pair((0, 2), (5, 6))], [])],
            {"precision": 0.5, "recall": 0.5, "hmean": 0.5},
        ),
    ],
)
def test_re_metric_compares_where_key_and_value_lie(pages, scores):
    assert re_scores(*pages) == scores


@pytest.mark.parametrize("links", [[(0, 3)], [(-1, 1)]])
def test_a_link_to_an_entity_that_is_not_there_is_refused(links):
    with pytest.raises(DataError, match="of a page that has 3"):
        re_scores(([], links))
