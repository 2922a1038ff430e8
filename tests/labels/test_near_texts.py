"""Which texts are told apart by spelling only, and which are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.labels.near_texts import NearText, find_near_texts


@pytest.mark.parametrize(
    ("text", "other", "difference"),
    [
        ("invoice no", "Invoice No", "letter case"),
        ("Invoice  No", "Invoice No", "spaces"),
        ("Invoice No.", "Invoice No", "punctuation"),
        ("lnvoice No", "Invoice No", "characters that look alike"),
        ("OP11", "0P11", "characters that look alike"),
        ("\u0422otal", "Total", "characters that look alike"),
        ("\uff21\uff22\uff23", "ABC", "full-width or half-width characters"),
        ("a\u2013b", "a-b", "dashes"),
        ("invoice no.", "Invoice No", "punctuation and letter case"),
        ("Invoise No", "Invoice No", "'s' for 'c'"),
        ("Invoce No", "Invoice No", "'i' is left out"),
        ("Invoiice No", "Invoice No", "'i' is put in"),
        ("完或任务吧", "完成任务吧", "'或' for '成'"),
    ],
)  # fmt: skip
def test_a_rare_spelling_is_told_beside_the_frequent_one(text: str, other: str, difference: str) -> None:
    assert find_near_texts({text: 1, other: 9}) == [NearText(text, other, difference)]


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("-5", "5"),
        ("12.50", "1250"),
        ("1-2", "12"),
        ("1:10", "110"),
        ("Line 1", "Line 2"),  # numbers are what differs between rows of a table
        ("Line 1", "Line 12"),
        ("2P24", "2N24"),  # one edit apart, and too short to say
        ("mail", "mall"),
        (".", "-"),
        ("a", "A"),  # a single character is no spelling
        ("", " "),
    ],
)
def test_texts_that_may_both_be_meant_are_left_alone(text: str, other: str) -> None:
    assert find_near_texts({text: 1, other: 9}) == []


def test_one_edit_counts_only_beside_a_text_that_is_much_more_frequent() -> None:
    assert find_near_texts({"Invoise No": 2, "Invoice No": 9}) == []
    assert find_near_texts({"Invoise No": 1, "Invoice No": 4}) == []


def test_the_most_frequent_spelling_is_the_model_and_of_equals_the_first() -> None:
    counts = {"TOTAL": 2, "Total": 5, "total": 2, "Net": 1, "NET": 1}
    found = {near.text: near.other for near in find_near_texts(counts)}
    assert found == {"TOTAL": "Total", "total": "Total", "NET": "Net"}


texts = st.text(alphabet="aAoO0lI1.- é全Ａ", max_size=8)


@given(st.dictionaries(texts, st.integers(1, 30), max_size=20))
def test_a_text_has_one_model_which_is_not_rarer(counts: dict[str, int]) -> None:
    found = find_near_texts(counts)
    assert len({near.text for near in found}) == len(found)
    for near in found:
        assert near.text != near.other
        assert counts[near.text] <= counts[near.other]
        assert near.difference
