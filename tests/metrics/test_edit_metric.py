from __future__ import annotations

import json

import numpy as np
import pytest
from edit_reference import shortest_ways
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.errors import DataError
from ppocr_kit.metrics.edits import compare_edits, corpus_cer, count_row_edits, score_edits

# few letters, so that texts have much in common; spaces and letters that NFKC changes among them
TEXTS = st.text("ab \u3000ｶﾞ①", max_size=12)
PAIRS = st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=8)


def test_hand_worked_rows():
    report = score_edits(
        [
            ("wire", "wire"),  # equal
            ("wire", "wine"),  # 1 substitution of 4
            ("ACB 12", "ACB12"),  # 1 deletion of 6, a space
            ("ab", "xaby"),  # 2 insertions of 2
        ],
        resamples=0,
    )
    raw, bare = report.raw, report.views["without_space"]
    assert (raw.substitutions, raw.deletions, raw.insertions, raw.characters) == (1, 1, 2, 16)
    assert report.cer == raw.cer == 4 / 16
    assert raw.mean_cer == pytest.approx((1 / 4 + 1 / 6 + 2 / 2) / 4)
    assert (raw.exact, raw.exact_match) == (1, 1 / 4)
    assert (bare.deletions, bare.characters, bare.cer, bare.exact_match) == (0, 15, 3 / 15, 2 / 4)


def test_counts_equal_those_of_jiwer():
    """What jiwer 4.0.0's process_characters answered for these rows."""
    expected = ["invoice 12", "kitten", "漫画の吹き出し", "Total: 3 €", "ab", "a b c", "abcdef"]
    predicted = ["lnvoice12", "sitting", "漫画のふき出し!", "Total 3 EUR", "", "abc", "fabcde"]
    raw = score_edits(list(zip(expected, predicted)), resamples=0).raw
    assert (raw.substitutions, raw.deletions, raw.insertions) == (5, 7, 5)
    assert raw.cer == pytest.approx(17 / 46, abs=1e-15)


@given(PAIRS)
def test_counts_are_those_of_a_shortest_way(pairs: list[tuple[str, str]]):
    for expected, predicted in pairs:
        raw = score_edits([(expected, predicted)], resamples=0).raw
        ways = shortest_ways(expected, predicted)
        assert (raw.substitutions, raw.deletions, raw.insertions) in ways


@given(PAIRS)
def test_scores_follow_from_the_plain_table(pairs: list[tuple[str, str]]):
    report = score_edits(pairs, nfkc=True, resamples=0)
    edits = [sum(next(iter(shortest_ways(*pair)))) for pair in pairs]
    lengths = [len(expected) for expected, _ in pairs]
    rates = [edit / length if length else float(edit > 0) for edit, length in zip(edits, lengths)]
    wanted = sum(edits) / sum(lengths) if sum(lengths) else float(sum(edits) > 0)
    assert report.cer == corpus_cer(pairs) == pytest.approx(wanted)
    assert report.raw.mean_cer == pytest.approx(np.mean(rates))
    assert count_row_edits(pairs) == edits
    assert report.raw.exact == sum(edit == 0 for edit in edits)
    bare = [("".join(a.split()), "".join(b.split())) for a, b in pairs]
    again = score_edits(bare, nfkc=True, resamples=0)
    assert report.views["without_space"] == again.raw
    assert report.views["nfkc_without_space"].exact >= report.views["nfkc"].exact


@pytest.mark.parametrize(
    ("pair", "cer", "exact"),
    [(("", ""), 0.0, 1), (("", "abc"), 1.0, 0), (("abc", ""), 1.0, 0), (("a", "xyz"), 3.0, 0)],
)
def test_texts_of_no_characters(pair: tuple[str, str], cer: float, exact: int):
    raw = score_edits([pair]).raw
    assert (raw.cer, raw.mean_cer, raw.exact) == (cer, cer, exact)


def test_without_characters_to_expect_a_prediction_is_an_error_among_other_rows():
    raw = score_edits([("", "xy"), ("ab", "ab")], resamples=0).raw
    assert (raw.cer, raw.mean_cer) == (2 / 2, 1 / 2)


@pytest.mark.parametrize("score", [score_edits, corpus_cer, compare_edits])
def test_no_rows_have_no_score(score):
    with pytest.raises(DataError, match="no row to score"):
        score([])


def test_nfkc_is_scored_only_if_asked_and_by_its_name():
    pairs = [("ガ 1", "ｶﾞ①")]
    plain, both = score_edits(pairs, resamples=0), score_edits(pairs, nfkc=True, resamples=0)
    assert set(plain.views) == {"raw", "without_space"}
    assert "nfkc" not in plain.definition
    assert "nfkc" in both.definition
    assert plain.raw == both.raw
    assert both.views["nfkc"].edits == 1
    assert both.views["nfkc_without_space"].exact == 1


def test_interval_holds_the_score_and_narrows_with_more_rows():
    few = [("abcdefgh", "abcdefgh"), ("abcdefgh", "abcdxxgh")] * 10
    narrow, wide = score_edits(few * 25).raw.intervals["cer"], score_edits(few).raw.intervals["cer"]
    assert wide.low < narrow.low < 1 / 8 < narrow.high < wide.high
    assert score_edits(few).raw.intervals["exact_match"].high < 1


def test_interval_is_that_of_the_normal_approximation_where_that_holds():
    pairs = [("a", "a")] * 600 + [("a", "b")] * 400
    interval = score_edits(pairs).raw.intervals["cer"]
    half = 1.96 * (0.4 * 0.6 / 1000) ** 0.5
    assert (interval.low, interval.high) == pytest.approx((0.4 - half, 0.4 + half), abs=0.005)


def test_rows_of_a_page_are_drawn_together():
    pairs = [("a", "a" if row % 2 else "b") for row in range(20) for _ in range(50)]
    pages = [str(row) for row in range(20) for _ in range(50)]
    by_row, by_page = score_edits(pairs), score_edits(pairs, groups=pages)
    assert by_row.cer == by_page.cer
    widths = [
        report.raw.intervals["cer"].high - report.raw.intervals["cer"].low for report in (by_row, by_page)
    ]
    # fifty rows that are alike tell no more than one: sqrt(50) is 7
    assert widths[1] / widths[0] == pytest.approx(50**0.5, rel=0.15)


def test_rows_of_one_page_alone_are_drawn_one_by_one():
    pairs = [("a", "a"), ("a", "b")] * 20
    assert score_edits(pairs, groups=["p"] * 40) == score_edits(pairs)


def test_seed_moves_the_intervals_alone():
    pairs = [("abcdefg", "abc"), ("ab", "ab"), ("a", "x")] * 9
    first, again, other = (score_edits(pairs, seed=seed) for seed in (0, 0, 1))
    assert first == again
    assert first.cer == other.cer
    assert first.raw.intervals["cer"] != other.raw.intervals["cer"]


def test_difference_is_over_the_same_rows():
    """Both models miss the same hard rows; the tuned one reads one more row of ten: no chance."""
    rows = [("abcd", "xxxx", "xxxx")] * 300 + [("abcd", "abxd", "abcd")] * 100 + [("abcd",) * 3] * 600
    comparison = compare_edits(rows)
    difference = comparison.differences["raw"]["cer"]
    assert comparison.tuned.cer - comparison.base.cer == pytest.approx(-100 / 4000)
    assert difference.low < -100 / 4000 < difference.high < 0
    # apart, the two could not be told
    base, tuned = (report.raw.intervals["cer"] for report in (comparison.base, comparison.tuned))
    assert tuned.high > base.low


def test_a_model_does_not_differ_from_itself():
    rows = [("abc", text, text) for text in ("abc", "abx", "", "abcd")] * 5
    for scores in compare_edits(rows).differences.values():
        assert {(interval.low, interval.high) for interval in scores.values()} == {(0.0, 0.0)}


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=8))
def test_comparison_scores_as_each_alone(rows: list[tuple[str, str, str]]):
    comparison = compare_edits(rows, resamples=5)
    for report, column in ((comparison.base, 1), (comparison.tuned, 2)):
        alone = score_edits([(row[0], row[column]) for row in rows], resamples=0)
        assert {name: view.cer for name, view in report.views.items()} == {
            name: view.cer for name, view in alone.views.items()
        }


def test_report_is_json():
    document = json.loads(json.dumps(score_edits([("a", "b")], nfkc=True).to_json()))
    assert document["views"]["raw"]["cer"] == 1.0
    assert document["views"]["nfkc"]["intervals"]["cer"] == [1.0, 1.0]
