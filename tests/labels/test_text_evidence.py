"""Which pages share rare texts, gathered some pages at a time."""

from __future__ import annotations

import random

import pytest

from ppocr_kit.labels import text_evidence
from ppocr_kit.labels.text_evidence import TextEvidence, text_signature


def shared(signatures):
    """The pairs with how far they agree and how many texts they share, in the order in which they come."""
    evidence = TextEvidence(signatures)
    return [
        (int(first), int(second), round(float(agreement), 9), int(number))
        for pairs in evidence.pairs()
        for first, second, agreement, number in zip(*pairs)
    ]


@pytest.mark.parametrize(("pages_at_once", "pairs_at_once"), [(1, 1), (3, 2), (7, 100), (1000, 5)])
def test_pairs_do_not_depend_on_how_many_are_gathered_at_a_time(
    monkeypatch: pytest.MonkeyPatch, pages_at_once: int, pairs_at_once: int
):
    words = random.Random(3)
    pages = [text_signature([f"t{words.randrange(40)}" for _ in range(6)]) for _ in range(60)]
    whole = shared(pages)
    assert len(whole) > 50 and whole == sorted(whole)
    assert all(first < second and 0 < agreement <= 1 for first, second, agreement, _ in whole)
    monkeypatch.setattr(text_evidence, "_PAGES_AT_ONCE", pages_at_once)
    monkeypatch.setattr(text_evidence, "_PAIRS_AT_ONCE", pairs_at_once)
    assert shared(pages) == whole


def test_a_text_on_many_pages_pairs_none():
    assert shared([text_signature(["everywhere"])] * (text_evidence.COMMON + 1)) == []
    assert len(shared([text_signature(["here and there"])] * 3)) == 3


def test_no_pages_have_no_pairs():
    assert shared([]) == []
    assert shared([b"", b""]) == []
