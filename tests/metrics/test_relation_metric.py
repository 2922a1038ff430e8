from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_reference import relation_scores

from ppocr_kit.metrics.class_counts import MatchCounts
from ppocr_kit.metrics.relations import Relation, count_relations, score_relations

ZERO = {"precision": 0.0, "recall": 0.0, "hmean": 0.0}


def link(head, tail, key_class="Q"):
    """A link between two entities of one token."""
    return Relation((head, head + 1), (tail, tail + 1), key_class)


PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(4, 7)), max_size=8)


@given(st.lists(st.tuples(PAIRS, PAIRS), max_size=5))
def test_scores_are_those_of_the_reference(pages):
    links = [([link(*pair) for pair in found], [link(*pair) for pair in right]) for found, right in pages]
    assert score_relations(links).values == pytest.approx(relation_scores(pages), abs=1e-15)


def test_hand_worked_page():
    labelled = [link(0, 4), link(0, 5), link(1, 6, "TOTAL")]
    found = [link(0, 4, "TOTAL"), link(2, 7), link(2, 8, "TOTAL")]
    report = score_relations([(found, labelled)], num_skipped=1)
    assert report.counts == {"matched": 1, "predicted": 3, "labelled": 3}
    assert report.values == pytest.approx({"precision": 1 / 3, "recall": 1 / 3, "hmean": 1 / 3})
    # the first found link has the place of a labelled one: it counts in the class of that
    assert count_relations([(found, labelled)]).by_class == {
        "Q": MatchCounts(1, 2, 2),
        "TOTAL": MatchCounts(0, 1, 1),
    }
    assert report.per_class["TOTAL"] == {**ZERO, "matched": 0, "predicted": 1, "labelled": 1}
    assert (report.task, report.num_samples, report.num_skipped) == ("re", 1, 1)


def test_a_link_is_from_key_to_value():
    assert count_relations([([link(4, 0)], [link(0, 4)])]).total == MatchCounts(0, 1, 1)


def test_a_link_that_is_given_twice_counts_once():
    assert count_relations([([link(0, 4)] * 2, [link(0, 4)] * 3)]).total == MatchCounts(1, 1, 1)


@pytest.mark.parametrize("pages", [[], [([], [])], [([link(0, 1)], [])], [([], [link(0, 1)])]])
def test_nothing_found_or_nothing_to_find_scores_zero(pages):
    report = score_relations(pages)
    assert report.values == ZERO
    assert report.num_samples == len(pages)


def test_counts_of_pages_add_up():
    pages = [([link(0, 4)], [link(0, 4)]), ([link(1, 4)], [link(2, 4, "X")])]
    assert count_relations(pages[:1]) + count_relations(pages[1:]) == count_relations(pages)
