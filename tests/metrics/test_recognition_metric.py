from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_reference import recognition_scores

from ppocr_kit.metrics.recognition import (
    RecognitionCounts,
    TextRules,
    count_lines,
    score_recognition,
)


def test_hand_worked_lines():
    pairs = [
        ("invoice", "invoice"),  # equal
        ("lnvoice", "invoice"),  # 1 substitution / 7
        ("Tota", "Total:"),  # 2 insertions / 6
        ("", "abc"),  # 3 insertions / 3
        ("a b", "ab"),  # equal without the space
    ]
    values = score_recognition(pairs).values
    # 2 equal lines of 5; distances 1/7 + 2/6 + 1
    assert values["acc"] == pytest.approx(2 / 5.00001, abs=1e-15)
    assert values["norm_edit_dis"] == pytest.approx(1 - (1 / 7 + 1 / 3 + 1) / 5.00001, abs=1e-15)


# (recognised, labelled, rules) -> (equal, normalised distance)
LINES = [
    ("", "", TextRules(), (1, 0.0)),
    (" ", "", TextRules(), (1, 0.0)),
    (" ", "", TextRules(ignore_space=False), (0, 1.0)),
    ("a b", "ab", TextRules(ignore_space=False), (0, 1 / 3)),
    # only U+0020 is a space: the ideographic one and the tab stay
    ("a\u3000b", "ab", TextRules(), (0, 1 / 3)),
    ("a\tb", "ab", TextRules(), (0, 1 / 3)),
    ("Total:", "total", TextRules(), (0, 2 / 6)),
    ("Total:", "total", TextRules(is_filter=True), (1, 0.0)),
    # what is not ASCII is left out before the case is folded
    ("Ünïcode", "ncode", TextRules(is_filter=True), (1, 0.0)),
    ("日本語", "", TextRules(is_filter=True), (1, 0.0)),
    ("日本語", "日本", TextRules(), (0, 1 / 3)),
    # combining marks count as characters: nothing is normalised
    ("e\u0301", "é", TextRules(), (0, 1.0)),
    ("😀a", "a", TextRules(), (0, 1 / 2)),
]


@pytest.mark.parametrize(("recognised", "labelled", "rules", "expected"), LINES)
def test_hand_worked_line(recognised, labelled, rules, expected):
    counts = count_lines([(recognised, labelled)], rules)
    assert (counts.correct, counts.distance) == (expected[0], pytest.approx(expected[1], abs=1e-15))


def test_no_lines_give_what_paddleocr_gives():
    report = score_recognition([])
    assert report.values == {"acc": 0.0, "norm_edit_dis": 1.0}
    assert report.num_samples == 0


def test_report_says_what_was_compared():
    report = score_recognition([("a", "a"), ("b", "c")], TextRules(is_filter=True), num_skipped=4)
    assert (report.num_samples, report.num_skipped) == (2, 4)
    assert report.counts == {"correct": 1, "lines": 2}
    assert report.definition.endswith("ASCII letters and digits, lower case, spaces left out")


def test_counts_of_batches_add_up():
    pairs = [("a", "b"), ("same", "same"), ("12", "123")]
    total = count_lines(pairs[:1]) + count_lines(pairs[1:]) + RecognitionCounts()
    assert total.lines == 3
    assert total.norm_edit_dis == pytest.approx(count_lines(pairs).norm_edit_dis, abs=1e-12)
    assert total.acc == count_lines(pairs).acc


TEXTS = st.text(alphabet="ab c日é😀", max_size=8)


@settings(max_examples=200)
@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=12))
def test_scores_equal_the_reference(pairs):
    assert score_recognition(pairs).values == pytest.approx(recognition_scores(pairs), abs=1e-12)
