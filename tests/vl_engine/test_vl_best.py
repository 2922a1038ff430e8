"""Which evaluation is the best, and when training has gone on long enough without a better one."""

from __future__ import annotations

import math

import pytest

from ppocr_kit.vl.engine.best import Read, Selection, scores_of
from ppocr_kit.vl.history import Evaluation


def evaluations(*scores):
    return [
        Evaluation(step, float(step), {"cer": cer, "loss": loss}) for step, (cer, loss) in enumerate(scores)
    ]


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        # step 0 is the base model, which is never the best checkpoint
        ([(0.0, 0.1), (0.5, 1.0)], 1),
        ([(0.9, 1.0), (0.5, 1.0), (0.4, 2.0), (0.6, 0.5)], 2),
        # of the same CER the one with the lower loss, of that the first
        ([(0.9, 1.0), (0.5, 1.0), (0.5, 0.9), (0.5, 0.9)], 2),
        ([(0.9, 1.0), (math.nan, 1.0), (0.7, 1.0)], 2),
        ([(0.9, 1.0)], None),
    ],
)
def test_the_best_has_the_lowest_cer(scores, best):
    selection = Selection(evaluations(*scores))
    assert (None if selection.best is None else selection.best.step) == best


def test_patience_counts_evaluations_without_a_lower_cer():
    selection = Selection(patience=2)
    scores = [(0.9, 1.0), (0.5, 1.0), (0.5, 0.9), (0.4, 1.0), (0.4, 0.8), (0.4, 0.7)]
    ended = [
        selection.take(one) and selection.exhausted or selection.exhausted for one in evaluations(*scores)
    ]
    assert ended == [False, False, False, False, False, True]


def test_a_resumed_selection_goes_on_as_if_it_had_not_stopped():
    scores = evaluations((0.9, 1.0), (0.5, 1.0), (0.6, 1.0), (0.6, 1.0))
    whole, cut = Selection(scores, patience=3), Selection(scores[:2], patience=3)
    for evaluation in scores[2:]:
        cut.take(evaluation)
    assert (cut.best, cut.since) == (whole.best, whole.since)


def test_scores_count_characters_texts_and_unended():
    read = [Read(0, "abcd", 5, True), Read(1, "xx", 3, False)]
    scores = scores_of(["abcd", "ab"], read)
    assert scores == {"cer": 2 / 6, "cer_mean": 0.5, "exact": 0.5, "unended": 0.5}
