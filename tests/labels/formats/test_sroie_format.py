from __future__ import annotations

import json

import pytest
from format_trees import codes_of, read_one, texts_of

from ppocr_kit.errors import DataError
from ppocr_kit.labels.formats.sroie import mark_entities, read_entities
from ppocr_kit.labels.region import TextRegion

CORNERS = ((0.0, 0.0), (9.0, 0.0), (9.0, 5.0), (0.0, 5.0))
LINES = (
    "ACME SDN BHD",
    "NO 1, JALAN A,",
    "81750 JOHOR",
    "DATE: 12/01/2018 10:11",
    "TOTAL RM 9.00",
    "CASH 19.00",
)


def mark(entities, lines=LINES):
    regions = [TextRegion(text, CORNERS, index=index) for index, text in enumerate(lines)]
    marked, findings = mark_entities(regions, tuple(entities.items()))
    return [region.key_cls for region in marked], findings


def test_values_mark_the_lines_that_are_or_hold_them():
    classes, findings = mark(
        {
            "company": "ACME SDN BHD",
            "date": "12/01/2018",
            "address": "NO 1, JALAN A, 81750 JOHOR",
            "total": "9.00",
        }
    )
    assert classes == ["company", "address", "address", "date", "total", None]
    assert findings == []


@pytest.mark.parametrize(
    ("value", "lines", "reason"),
    [
        ("5.00", LINES, "on no line"),
        ("9.00", ("9.00", "SUM", "9.00"), "in 2 places"),
        ("9", ("TOTAL 9.00", "19"), "on no line"),
        ("", LINES, "on no line"),
    ],
)
def test_a_value_in_no_place_or_in_several_marks_none_and_is_told(value, lines, reason):
    classes, findings = mark({"total": value}, lines)
    assert set(classes) == {None}
    assert findings == [("L075", None, f"total '{value}' is {reason}")]


def test_a_line_is_given_one_class_only():
    classes, findings = mark({"company": "ACME SDN BHD", "total": "ACME SDN BHD"})
    assert classes[0] == "company"
    assert [finding[0] for finding in findings] == ["L075"]


def test_values_that_are_no_text_are_told():
    assert read_entities(b'{"total": 9.5, "date": null, "company": " "}') == (
        (("total", "9.5"),),
        (("L075", None, "'date' is no text"),),
    )
    assert read_entities(b"[]")[1][0][0] == "L070"


BOXES = "1,2,90,2,90,20,1,20,ACME\n1,22,90,22,90,40,1,40,TOTAL 9,00\n"
VALUES = json.dumps({"company": "ACME", "total": "9,00"})


@pytest.mark.parametrize(
    ("boxes", "values", "pictures"),
    [
        ("box/X1.txt", "entities/X1.txt", ("img/X1.jpg",)),
        ("X1.txt", "X1.json", ("X1.jpg",)),
        ("task1/X1.txt", "task2/X1.txt", ("task1/X1.jpg", "task2/X1.jpg")),
    ],
)
def test_every_layout_of_the_data_set_is_read(make_tree, boxes, values, pictures):
    source = read_one(make_tree({boxes: BOXES, values: VALUES}, pictures))
    assert source.format == "sroie"
    assert texts_of(source) == {"X1.jpg": ["ACME", "TOTAL 9,00"]}
    assert [region.key_cls for region in source.pages[0].read().page.regions] == ["company", "total"]
    assert codes_of(source) == []


def test_values_without_lines_are_refused_with_what_to_do(make_tree):
    root = make_tree({"X1.json": VALUES}, ("X1.jpg",))
    with pytest.raises(DataError, match="the values of receipts are here, but not their lines"):
        read_one(root)
    with pytest.raises(DataError, match="not its lines"):
        read_one(root / "X1.json")
