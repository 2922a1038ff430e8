"""The workarounds for paddlenlp, held against what its broken lines mean to do."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from ppocr_kit.vendor.compat_kie import TOKENIZER_VARIABLE, lay_out_pairs, tokenizer_by_path

OTHER, QUESTION, ANSWER = 0, 1, 2


def laid_out(rows: list[tuple[int, ...]], width: int, height: int) -> np.ndarray:
    """Return rows as the release lays them out: their number in row 0, the rest -1."""
    table = np.full((1, height, width), -1, dtype="int64")
    table[0, 0] = len(rows)
    table[0, 1 : len(rows) + 1] = np.array(rows, dtype="int64").reshape(len(rows), width)
    return table


def pairs_of(kinds: list[int], links: list[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """What relation extraction gets for one page."""
    entities = laid_out([(10 * index, 10 * index + 5, kind) for index, kind in enumerate(kinds)], 3, 9)
    pairs, _ = lay_out_pairs(laid_out(links, 2, 65), entities)
    page = pairs[0]
    assert page.shape == (81, 3)
    assert (page[page[0, 0] + 1 :] == -1).all()
    return [tuple(row) for row in page[1 : page[0, 0] + 1].tolist()]


@pytest.mark.parametrize(
    ("kinds", "links", "pairs"),
    [
        ([QUESTION, ANSWER, ANSWER], [(0, 2)], [(0, 2, 1), (0, 1, 0)]),
        ([ANSWER, QUESTION, QUESTION], [(1, 0), (2, 0)], [(1, 0, 1), (2, 0, 1)]),
        ([QUESTION, ANSWER, ANSWER], [], [(0, 1, 0), (0, 2, 0)]),
        # a link between others than a question and an answer is none
        ([QUESTION, ANSWER, OTHER], [(0, 2), (0, 1)], [(0, 1, 1)]),
        # one question and its only answer are a page like any other
        ([QUESTION, ANSWER], [(0, 1)], [(0, 1, 1)]),
        # nothing to pair: the stand-in, never linked
        ([QUESTION, QUESTION, OTHER], [], [(0, 1, 0)]),
        ([ANSWER, ANSWER], [(0, 1)], [(0, 1, 0)]),
        ([QUESTION], [], [(0, 1, 0)]),
        ([], [], [(0, 1, 0)]),
    ],
)
def test_every_question_is_paired_with_every_answer_links_first(
    kinds: list[int], links: list[tuple[int, int]], pairs: list[tuple[int, int, int]]
):
    assert pairs_of(kinds, links) == pairs


def made_tokenizer() -> type:
    """A tokenizer that tells where it was loaded from."""

    class LayoutXLMTokenizer:
        @classmethod
        def from_pretrained(cls, name: str, **settings: object) -> tuple[str, dict[str, object]]:
            return name, settings

    module = ModuleType("tokenizer")
    module.LayoutXLMTokenizer = LayoutXLMTokenizer
    tokenizer_by_path(module)
    return LayoutXLMTokenizer


def test_the_named_folder_stands_for_the_hub(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(TOKENIZER_VARIABLE, "here/tokenizer")
    assert made_tokenizer().from_pretrained("layoutxlm-base-uncased", a=1) == ("here/tokenizer", {"a": 1})


def test_without_a_named_folder_the_hub_is_asked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(TOKENIZER_VARIABLE, raising=False)
    assert made_tokenizer().from_pretrained("layoutxlm-base-uncased")[0] == "layoutxlm-base-uncased"


def test_a_folder_that_the_caller_gives_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setenv(TOKENIZER_VARIABLE, "here/tokenizer")
    assert made_tokenizer().from_pretrained(str(tmp_path))[0] == str(tmp_path)
