"""Joining what a network says of a page's windows, with networks that answer what they are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from ppocr_kit.runs.workers import kie_network
from ppocr_kit.runs.workers.kie_encoding import LaidOut, Row, role_of
from ppocr_kit.runs.workers.kie_loading import Loaded, Pair
from ppocr_kit.runs.workers.kie_network import KieNetwork, one_question_each
from ppocr_kit.runs.workers.kie_windows import Page, Window, plan_windows


class ToldEncoder:
    """Lays pages out in the order of their entities, as many tokens as a text has letters."""

    def __init__(self, transforms: Any, settings: Mapping[str, Any]) -> None:
        self.limit, self.pairs = settings["limit"], settings["pairs"]

    def lay_out(self, page: Page, overlap: int) -> LaidOut:
        lengths = [len(entity["transcription"]) for entity in page.entities]
        return LaidOut(page, page.entities, tuple(plan_windows(lengths, self.limit, overlap)))

    def row(self, page: LaidOut, window: Window, kinds: Mapping[int, str], *, sees: bool) -> Row:
        # within a window the release may order entities in another way
        numbers = tuple(range(window.begin, window.end))[::-1]
        linkable = tuple(n for n in numbers if role_of(page.order[n], kinds) != "OTHER")
        return Row((np.array(numbers + (-1,) * (9 - len(numbers))),), numbers, (), linkable)


class ToldDecoder:
    classes = ("OTHER", "A", "B")

    def __init__(self, *_: Any) -> None:
        pass

    def read(self, scores: Any, row: Row) -> dict[int, tuple[tuple[str, ...], str, float]]:
        return {
            number: ((f"B-{row.order[-1]}",), f"of window from {row.order[-1]}", 0.5) for number in row.order
        }


def network(monkeypatch: pytest.MonkeyPatch, answer: Any, *, pairs: bool, batch_size: int = 2) -> KieNetwork:
    monkeypatch.setattr(kie_network, "PageEncoder", ToldEncoder)
    monkeypatch.setattr(kie_network, "_TagDecoder", ToldDecoder)
    monkeypatch.setattr(kie_network, "load_kie", lambda job, pairs: Loaded(answer, False))
    settings = {"limit": 10, "pairs": pairs}
    job = {"transforms": [], "postprocess": {}, "settings": settings, "overlap": 6, "batch_size": batch_size}
    return KieNetwork(job)


def page_of(count: int, first: int = 100) -> Page:
    """A page of texts of two letters, whose ids are not their places."""
    return Page(
        "page.jpg", tuple({"id": first + n, "transcription": "ab", "points": []} for n in range(count))
    )


@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_each_entity_has_the_answer_of_the_window_it_lies_furthest_inside(
    monkeypatch: pytest.MonkeyPatch, batch_size: int
) -> None:
    asked = []

    def answer(inputs: Any) -> Any:
        asked.append(len(inputs[0]))
        return inputs[0]

    found = network(monkeypatch, answer, pairs=False, batch_size=batch_size)
    # windows 0-4 and 2-6; a page of one window; one without a text
    pages = [page_of(7), page_of(3, 0), Page("empty.jpg", ())]
    tags = [[(each.entity["id"], each.tags) for each in page] for page in found.tags_of(pages)]
    first = [(100 + number, ("B-0",) if number < 4 else ("B-2",)) for number in range(7)]
    assert tags == [first, [(number, ("B-0",)) for number in range(3)], []]
    assert max(asked) <= batch_size and sum(asked) == 3


def test_an_entity_without_a_token_is_other(monkeypatch: pytest.MonkeyPatch) -> None:
    found = network(monkeypatch, lambda inputs: inputs[0], pairs=False)
    page = page_of(2)
    monkeypatch.setattr(
        ToldEncoder,
        "lay_out",
        lambda self, page, overlap: LaidOut(page, page.entities[:1], tuple(plan_windows([2], 10, 0))),
    )
    assert found.classes_of(page) == {100: ("of window from 0", 0.5), 101: ("OTHER", 0.0)}
    assert found.classes == ("OTHER", "A", "B") and not found.finds_links


def test_a_link_has_the_answer_of_one_window(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(inputs: Any) -> Any:
        """Link every question with every answer; likelier in the first window."""
        pages = []
        for numbers in inputs[0].tolist():
            told = [n for n in numbers if n >= 0]
            score = 0.9 if 0 in told else 0.6
            asks = [place for place, n in enumerate(told) if n % 2 == 0]
            answers = [place for place, n in enumerate(told) if n % 2]
            pages.append([Pair(q, a, score) for q in asks for a in answers])
        return pages

    found = network(monkeypatch, answer, pairs=True)
    kinds = {100 + number: "answer" if number % 2 else "Question" for number in range(7)}
    links = found.links_of(page_of(7), kinds)
    scores = {(question - 100, answer - 100): score for question, answer, score in links}
    # of the pairs in both windows, 2-3 and 4-3, the first lies further inside the first window
    assert scores[2, 3] == 0.9 and scores[4, 3] == 0.6
    # no window holds 0 and 5
    assert set(scores) == {(0, 1), (0, 3), (2, 1), (2, 3), (4, 1), (4, 3), (2, 5), (4, 5), (6, 3), (6, 5)}
    assert list(scores) == sorted(scores) and found.finds_links
    # other classes are not linked, and a window without a pair is not asked
    assert found.links_of(page_of(3), {100: "question", 101: "header"}) == []


def test_an_answer_keeps_its_likeliest_question() -> None:
    links = [(1, 5, 0.6), (2, 5, 0.9), (1, 6, 0.7), (3, 6, 0.7)]
    assert one_question_each(links) == [(2, 5, 0.9), (1, 6, 0.7)]
    # an exported network tells no scores: the first, as upstream
    assert one_question_each([(1, 5, None), (2, 5, None)]) == [(1, 5, None)]
    assert one_question_each([]) == []
