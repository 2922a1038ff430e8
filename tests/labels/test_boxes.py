from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.labels.boxes import parse_boxes

SQUARE = "[[1, 2], [9, 2], [9, 8], [1, 8]]"


def one_box(**changes):
    box = {"transcription": "t", "points": json.loads(SQUARE), "difficult": False}
    box.update(changes)
    return json.dumps([box])


def codes(text):
    return [code for code, _, _ in parse_boxes(text)[1]]


def test_a_box_as_ppocrlabel_writes_it_is_read_without_a_finding():
    regions, findings = parse_boxes(one_box(transcription="文字 1", key_cls="total"))
    assert findings == []
    assert [(r.transcription, r.points[0], r.difficult, r.key_cls, r.index) for r in regions] == [
        ("文字 1", (1.0, 2.0), False, "total", 0)
    ]


@pytest.mark.parametrize(
    "text", ["", "{", "[", "[{]", '[{"points": ' + "[" * 5000, "nul", "[1,]", '["' + "9" * 50, "[" * 100000]
)
def test_broken_json_gives_no_regions_and_one_finding(text):
    regions, findings = parse_boxes(text)
    assert regions is None
    assert [code for code, _, _ in findings] == ["L011"]


@pytest.mark.parametrize("text", ["{}", "null", "3", '"text"', "true"])
def test_json_that_is_no_list_is_told_from_broken_json(text):
    assert parse_boxes(text)[0] is None
    assert codes(text) == ["L012"]


def test_python_notation_is_read_and_told():
    regions, findings = parse_boxes(f"[{{'transcription': 'it', 'points': {SQUARE}, 'difficult': True}}]")
    assert regions[0].difficult is True
    assert [code for code, _, _ in findings] == ["L014"]


@pytest.mark.parametrize(
    "text", ["[{'a': __import__('os').system('true')}]", "[{'a': (lambda: 1)()}]", "[{'a': " + "[" * 5000]
)
def test_python_notation_is_never_run(text):
    assert parse_boxes(text)[0] is None


def test_a_raw_tab_inside_a_string_does_not_lose_the_page():
    regions, _ = parse_boxes(f'[{{"transcription": "a\tb", "points": {SQUARE}}}]')
    assert regions[0].transcription == "a\tb"


@pytest.mark.parametrize("item", ["3", "null", '"x"', "[]", "{}", '{"transcription": "t"}'])
def test_a_box_that_is_no_object_with_points_is_left_out(item):
    regions, findings = parse_boxes(f"[{item}]")
    assert regions == []
    assert [(code, index) for code, index, _ in findings] == [("L040", 0)]


@pytest.mark.parametrize(
    "points",
    [
        "null",
        "4",
        '"1,2"',
        "{}",
        "[]",
        "[[1, 2], [3, 4], [5, 6]]",
        "[1, 2, 3, 4, 5, 6, 7, 8]",
        "[[1, 2], [9, 2], [9, 8], [1]]",
        "[[1, 2], [9, 2], [9, 8], [1, 8, 0]]",
        '[[1, 2], [9, 2], [9, 8], ["1", 8]]',
        "[[1, 2], [9, 2], [9, 8], [true, 8]]",
        "[[1, 2], [9, 2], [9, 8], [null, 8]]",
        "[[1, 2], [9, 2], [9, 8], [NaN, 8]]",
        "[[1, 2], [9, 2], [9, 8], [-Infinity, 8]]",
        "[[1, 2], [9, 2], [9, 8], [1e999, 8]]",
        f"[[1, 2], [9, 2], [9, 8], [1{'0' * 400}, 8]]",
    ],
)
def test_points_that_are_not_four_finite_pairs_cost_the_box_only(points):
    good = f'{{"transcription": "t", "points": {SQUARE}}}'
    regions, findings = parse_boxes(f'[{{"transcription": "t", "points": {points}}}, {good}]')
    assert [region.index for region in regions] == [1]
    assert [(code, index) for code, index, _ in findings] == [("L041", 0)]


def test_a_number_too_long_for_python_is_broken_json_not_a_crash():
    regions, findings = parse_boxes(f'[{{"points": [[1, 2], [9, 2], [9, 8], [1{"0" * 10000}, 8]]}}]')
    assert not regions
    assert findings[0][0] in ("L011", "L041")


@pytest.mark.parametrize(
    ("value", "text", "code"),
    [
        (["7A", 0.98], "7A", "L050"),
        (["7A"], "7A", "L050"),
        (12, "12", "L051"),
        (1.5, "1.5", "L051"),
        (None, "", "L051"),
        (True, "", "L051"),
        ({}, "", "L051"),
        ([], "", "L051"),
        ([1, "a"], "", "L051"),
    ],
)
def test_a_transcription_of_another_type_is_settled_and_told(value, text, code):
    regions, findings = parse_boxes(one_box(transcription=value))
    assert regions[0].transcription == text
    assert [found for found, _, _ in findings] == [code]


def test_half_a_surrogate_pair_is_replaced():
    regions, _ = parse_boxes('[{"transcription": "a\\ud83d", "points": ' + SQUARE + "}]")
    assert regions[0].transcription == "a\ufffd"


@pytest.mark.parametrize(
    ("value", "difficult"), [(True, True), ("true", True), (1, True), (0, False), (None, False), ([], False)]
)
def test_difficult_is_read_in_the_notations_seen(value, difficult):
    assert parse_boxes(one_box(difficult=value))[0][0].difficult is difficult


@pytest.mark.parametrize(
    ("label", "key_cls", "told", "counts"),
    [
        ("total_a", "name_a", True, "name_a"), ("Total_A", "total_a", False, "total_a"),
        ("total_a", "None", False, "total_a"), ("None", "total_a", False, "total_a"),
        ("", "total_a", False, "total_a"), ("question", "TOTAL_Q", False, "TOTAL_Q"),
        ("question", "TOTAL_A", True, "TOTAL_A"), ("answer", "SUM", False, "SUM"),
        (3, "total_a", True, "total_a"), ("other", "total_a", True, "total_a"),
    ],
)  # fmt: skip
def test_label_and_key_cls_are_compared(label, key_cls, told, counts):
    regions, findings = parse_boxes(one_box(label=label, key_cls=key_cls))
    assert regions[0].key_cls == counts
    assert [code for code, _, _ in findings] == ["L095"] * told


@pytest.mark.parametrize("value", ["None", None, 3])
def test_an_unset_class_is_none(value):
    assert parse_boxes(one_box(key_cls=value))[0][0].key_cls is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(
            st.sampled_from(["transcription", "points", "difficult", "key_cls", "label", "id", "linking"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=40,
)


@given(json_values)
def test_any_json_is_read_or_told_but_never_crashes(value):
    regions, findings = parse_boxes(json.dumps(value))
    if regions is None:
        assert findings
    else:
        lost = {index for code, index, _ in findings if code in ("L040", "L041")}
        assert len(regions) + len(lost) == len(value)


@given(st.text())
def test_any_text_is_read_or_told_but_never_crashes(text):
    regions, findings = parse_boxes(text)
    assert regions is not None or findings
