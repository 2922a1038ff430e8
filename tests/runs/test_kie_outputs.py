"""Fields, PPOCRLabel's boxes and XFUND documents from classes and links of a page."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ppocr_kit.labels.formats.form_entities import parse_entities
from ppocr_kit.labels.ppocrlabel import render_boxes
from ppocr_kit.runs.kie_outputs import fields_of, label_regions, xfund_document
from ppocr_kit.runs.kie_source import roles_of_classes

BOX = [[10, 10], [60, 12], [60, 30], [10, 28]]


def entity(number: int, text: str, kind: str) -> dict[str, Any]:
    return {"id": number, "transcription": text, "key_cls": kind, "points": BOX}


def link(question: int, answer: int) -> dict[str, Any]:
    return {"question": question, "answer": answer, "score": 0.9}


def told(entities: list[dict[str, Any]], links: list[dict[str, Any]], pairs: Any = ()) -> dict[str, Any]:
    roles = roles_of_classes(tuple(each["key_cls"] for each in entities), {}, pairs)
    return fields_of(entities, links, roles, pairs)


NAME, THOMAS = entity(0, "Your name:", "NAME_Q"), entity(1, "Thomas", "NAME_A")
STREET, TOWN = entity(2, "4 Mill Lane", "ADDRESS_A"), entity(3, "Easton", "ADDRESS_A")
WHERE = entity(4, "Address", "ADDRESS_Q")


@pytest.mark.parametrize(
    ("entities", "links", "fields"),
    [
        ([NAME, THOMAS], [link(0, 1)], {"name": "Thomas"}),
        # several answers of a question are one value, in reading order
        ([WHERE, STREET, TOWN], [link(4, 3), link(4, 2)], {"address": "4 Mill Lane Easton"}),
        # without links every text of a class is a value
        ([WHERE, STREET, TOWN], [], {"address": ["4 Mill Lane", "Easton"]}),
        # an answer without a question counts where no question told its field
        ([NAME, THOMAS, STREET], [link(0, 1)], {"name": "Thomas", "address": "4 Mill Lane"}),
        ([WHERE, STREET, TOWN], [link(4, 2)], {"address": "4 Mill Lane"}),
        # a question without an answer is no field
        ([NAME], [], {}),
        # classes that name no field: the question's own text does
        (
            [entity(0, "Date :", "QUESTION"), entity(1, "1 May", "ANSWER"), entity(2, "rest", "ANSWER")],
            [link(0, 1)],
            {"Date": "1 May"},
        ),
        ([entity(0, "：", "QUESTION"), entity(1, "1 May", "ANSWER")], [link(0, 1)], {"question": "1 May"}),
        ([entity(0, "Date", "QUESTION"), entity(1, "1 May", "ANSWER")], [], {"answer": "1 May"}),
        # classes without sides, as of receipts
        ([entity(0, "ACME", "COMPANY"), entity(1, "x", "OTHER"), entity(2, "9.00", "TOTAL")], [],
         {"company": "ACME", "total": "9.00"}),
        # a field that is asked for twice
        ([NAME, THOMAS, {**NAME, "id": 5}, entity(6, "Ada", "NAME_A")], [link(0, 1), link(5, 6)],
         {"name": ["Thomas", "Ada"]}),
        ([entity(0, "  ", "NAME_A")], [], {}),
        ([], [], {}),
    ],
)  # fmt: skip
def test_values_are_the_texts_of_linked_answers(entities: Any, links: Any, fields: Any) -> None:
    assert told(entities, links) == fields


def test_classes_that_the_user_paired_are_one_field() -> None:
    entities = [entity(0, "To pay", "CAPTION"), entity(1, "9.00", "SUM")]
    assert told(entities, [link(0, 1)], (("caption", "sum"),)) == {"caption": "9.00"}
    assert told(entities, [], (("caption", "sum"),)) == {"caption": "9.00"}


def test_what_a_data_set_says_of_a_class_goes_before_its_name() -> None:
    classes = ("OTHER", "NAME_Q", "NAME_A", "LEFT")
    assert roles_of_classes(classes, {"LEFT": "ANSWER", "NAME_Q": "ANSWER"}) == {
        "NAME_Q": "ANSWER", "NAME_A": "ANSWER", "LEFT": "ANSWER",
    }  # fmt: skip
    assert roles_of_classes(classes, {"LEFT": "ANSWER"}, (("left", "name_a"),))["LEFT"] == "QUESTION"


def test_boxes_for_ppocrlabel_have_classes_and_both_ends_of_links() -> None:
    boxes = json.loads(render_boxes(label_regions([NAME, THOMAS, entity(7, "x", "OTHER")], [link(0, 1)])))
    assert [box["key_cls"] for box in boxes] == ["NAME_Q", "NAME_A", "None"]
    assert [box.get("linking") for box in boxes] == [[[0, 1]], [[0, 1]], None]
    assert boxes[0]["points"] == BOX and boxes[2]["id"] == 7


def test_a_document_of_xfund_is_read_back_with_its_links() -> None:
    page = {"width": 100, "height": 80, "entities": [NAME, THOMAS, entity(7, "x", "OTHER")],
            "links": [link(0, 1)]}  # fmt: skip
    document = xfund_document(page, "page.1.jpg", {"NAME_Q": "QUESTION", "NAME_A": "ANSWER"})
    assert document["id"] == "page.1" and document["img"] == {
        "fname": "page.1.jpg", "width": 100, "height": 80,
    }  # fmt: skip
    regions, findings = parse_entities(document["document"])
    assert regions is not None and not findings
    assert [region.key_cls for region in regions] == ["question", "answer", "other"]
    assert regions[0].linking == ((0, 1),) and regions[0].points[0] == (10.0, 10.0)
