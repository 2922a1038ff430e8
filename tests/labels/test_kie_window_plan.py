from __future__ import annotations

import types

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.labels.kie_checks import (
    _order_by_fixed_lines,
    check_order,
    check_pairs,
    check_texts,
    rows_for_re,
)
from ppocr_kit.labels.kie_pages import Entity, KiePage
from ppocr_kit.labels.kie_window_plan import WindowOptions, estimate_tokens, plan_page, plan_windows
from ppocr_kit.labels.link_naming import Side
from ppocr_kit.labels.links import Link, Origin

CORNERS = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0))


@pytest.mark.parametrize(
    ("lengths", "links", "windows"),
    [
        ([], [], []),
        ([5], [], [(0, 1)]),
        ([4, 5], [], [(0, 2)]),
        ([4, 5, 1], [], [(0, 2), (2, 3)]),  # nothing of a window is as short as the overlap
        ([4, 3, 2, 1], [], [(0, 3), (2, 4)]),
        ([3, 3, 3, 3], [], [(0, 3), (3, 4)]),
        ([3, 3, 3, 3], [(2, 3)], [(0, 3), (2, 4)]),  # further back for the sake of a link
        ([3, 3, 3, 3], [(3, 1)], [(0, 3), (1, 4)]),  # whichever end comes first
        ([3, 3, 3, 3], [(0, 3)], [(0, 3), (3, 4)]),  # too far apart: no reason to go back
        ([20], [], [(0, 1)]),
        ([20, 20], [(0, 1)], [(0, 1), (1, 2)]),
        ([1, 20, 1], [], [(0, 1), (1, 2), (2, 3)]),
        ([0, 0, 0], [], [(0, 3)]),
    ],
)
def test_windows_hold_whole_entities(lengths, links, windows):
    # ten tokens, of which RE can use nine
    planned = plan_windows(lengths, links, WindowOptions(10, 2))
    assert [(window.start, window.stop) for window in planned] == windows


lengths_and_links = st.lists(st.integers(0, 30), max_size=40).flatmap(
    lambda lengths: st.tuples(
        st.just(lengths),
        st.lists(st.tuples(*[st.integers(0, max(len(lengths) - 1, 0))] * 2), max_size=6 if lengths else 0),
    )
)


@given(lengths_and_links, st.integers(8, 40), st.integers(0, 20))
def test_every_entity_is_in_a_window_and_no_window_is_too_long(page, tokens, overlap):
    lengths, links = page
    options = WindowOptions(tokens, min(overlap, tokens // 2))
    windows = plan_windows(lengths, links, options)
    assert sorted({place for window in windows for place in window}) == list(range(len(lengths)))
    for window in windows:
        assert len(window) == 1 or sum(lengths[place] for place in window) < tokens
    for first, second in zip(windows, windows[1:]):
        # in reading order, without a gap, and neither within the other
        assert first.start < second.start <= first.stop < second.stop


@given(st.lists(st.integers(1, 6), min_size=2, max_size=40), st.data())
def test_a_link_between_neighbours_is_always_in_a_window(lengths, data):
    place = data.draw(st.integers(0, len(lengths) - 2))
    windows = plan_windows(lengths, [(place, place + 1)], WindowOptions(20, 0))
    assert any(place in window and place + 1 in window for window in windows)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        (" \t", 0),
        ("Total", 4),  # the word, and two letters each
        ("Übergröße", 6),
        ("755-04-52", 10),  # a sign each, and the word
        ("Rechnung Nr. 7", 5 + 3 + 2),
        ("发票号码", 5),
        ("①", 2),
        ("㍿", 5),  # four signs to the tokenizer
    ],
)
def test_tokens_are_estimated_rather_too_many(text, tokens):
    assert estimate_tokens(text) == tokens


def kie_page(sides, links=()):
    entities = tuple(Entity(number, f"t{number}", CORNERS, side=side) for number, side in enumerate(sides))
    return KiePage(entities, tuple(Link(*ends, Origin.FILE) for ends in links))


def test_what_is_not_learnt_of_a_long_page_is_told():
    page = kie_page([Side.QUESTION, Side.ANSWER, Side.OTHER, Side.ANSWER], [(0, 1), (0, 3)])
    planned = plan_page(page, {"t0": 4, "t1": 4, "t2": 12, "t3": 4}.__getitem__, WindowOptions(10, 2))
    assert [(window.start, window.stop) for window in planned.windows] == [(0, 2), (2, 3), (3, 4)]
    assert check_texts(page, planned) == [
        ("L100", None, "24 tokens in 3 windows"),
        ("L101", 2, "12 tokens, the window has 9"),
    ]
    assert check_pairs(page, planned) == [("L102", 0, "to box 3")]
    # the window in between has neither a question nor an answer
    assert rows_for_re(page, planned) == [0, 2]


@pytest.mark.parametrize("sides", [[Side.QUESTION, Side.OTHER], [Side.ANSWER], [Side.OTHER]])
def test_a_page_without_a_pair_is_told_and_has_no_row_for_re(sides):
    page = kie_page(sides)
    planned = plan_page(page, len, WindowOptions())
    assert check_pairs(page, planned) == [("L099", None, "")] and rows_for_re(page, planned) == []


def test_nothing_is_told_of_a_page_that_fits():
    page = kie_page([Side.QUESTION, Side.ANSWER], [(0, 1)])
    planned = plan_page(page, len, WindowOptions())
    assert check_texts(page, planned) == check_pairs(page, planned) == []


def test_a_page_without_text_has_no_window():
    page = KiePage(())
    planned = plan_page(page, len, WindowOptions())
    assert planned.windows == ()
    assert check_texts(page, planned) == [("L098", None, "")] and check_pairs(page, planned) == []


def page_of_corners(*corners):
    """Return a page whose boxes of 90 x 9 pixels have these left upper corners, in reading order."""
    entities = []
    for number, (x, y) in enumerate(corners):
        points = ((x, y), (x + 90.0, y), (x + 90.0, y + 9), (x, y + 9))
        entities.append(Entity(number, f"t{number}", points))
    return KiePage(tuple(entities))


@pytest.mark.parametrize(
    ("corners", "told"),
    [
        ([], None),
        ([(0.0, 0.0)], None),
        ([(0.0, 0.0), (100.0, 5.0), (0.0, 40.0), (100.0, 45.0)], None),
        # a line that begins lower: its first box is 3 pixels below its second
        ([(0.0, 0.0), (0.0, 43.0), (100.0, 40.0)], None),
        # lines of 12 pixels become one line of 20
        ([(0.0, 0.0), (50.0, 40.0), (100.0, 40.0), (0.0, 52.0)], (3, "1 of 4")),
        # a tilted line whose end is 25 pixels higher than its beginning
        ([(0.0, 0.0), (0.0, 65.0), (300.0, 40.0)], (2, "1 of 3")),
        # PaddleOCR never exchanges the first two boxes
        ([(0.0, 3.0), (100.0, 0.0), (0.0, 40.0)], (1, "1 of 3")),
    ],
)
def test_boxes_that_paddleocr_reads_in_another_order_are_told(corners, told):
    found = check_order(page_of_corners(*corners))
    expected = [] if told is None else [("L103", told[0], f"{told[1]} boxes go before the one they follow")]
    assert found == expected


@pytest.mark.release
def test_the_order_is_that_of_the_release(release_path):
    source = (release_path / "ppocr/data/imaug/vqa/augment.py").read_text(encoding="utf-8")
    module = types.ModuleType("augment")
    exec(compile(source, "augment.py", "exec"), module.__dict__)
    rng = np.random.default_rng(3)
    for _ in range(200):
        corners = [tuple(pair) for pair in rng.integers(0, 90, (int(rng.integers(1, 9)), 2)).tolist()]
        boxes = [{"bbox": [x, y, x + 9, y + 9], "place": place} for place, (y, x) in enumerate(corners)]
        theirs = [box["place"] for box in module.order_by_tbyx(boxes)]
        assert _order_by_fixed_lines(corners) == theirs
