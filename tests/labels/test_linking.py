from __future__ import annotations

import pytest

from ppocr_kit.labels.boxes import parse_boxes
from ppocr_kit.labels.linking import drop_loose_links, parse_links
from ppocr_kit.labels.region import TextRegion

CORNERS = ((0.0, 0.0), (9.0, 0.0), (9.0, 5.0), (0.0, 5.0))


@pytest.mark.parametrize(
    ("item", "number", "links", "told"),
    [
        ({}, None, (), 0),
        ({"id": 3, "linking": [[3, 4], [3, 4]]}, 3, ((3, 4),), 0),
        ({"id": "7", "linking": [["7", 8]]}, 7, ((7, 8),), 0),
        ({"id": 0, "linking": []}, 0, (), 0),
        ({"id": None, "linking": None}, None, (), 0),
        ({"id": True}, None, (), 1),
        ({"id": 1.5}, None, (), 1),
        ({"id": "x1"}, None, (), 1),
        ({"id": 1 << 70}, None, (), 1),
        ({"linking": "1,2"}, None, (), 1),
        ({"linking": [[1], [1, 2, 3], 5, [1, None], [1, 2]]}, None, ((1, 2),), 4),
    ],
)
def test_ids_and_links_are_whole_numbers_or_told(item, number, links, told):
    found_number, found_links, findings = parse_links(item, 2)
    assert (found_number, found_links) == (number, links)
    assert [finding[:2] for finding in findings] == [("L076", 2)] * told


def region(index, number=None, linking=()):
    return TextRegion("x", CORNERS, index=index, id=number, linking=linking)


def test_links_to_regions_that_are_not_there_go_and_the_others_stay():
    regions = [region(0, 1, ((1, 2), (1, 9))), region(1, 2)]
    kept, findings = drop_loose_links(regions)
    assert [found.linking for found in kept] == [((1, 2),), ()]
    assert findings == [("L076", 0, "no region has an id of [1, 9]")]


def test_links_that_do_not_name_their_own_region_stay_as_in_funsd():
    regions = [region(0, 1), region(1, 2), region(2, 3, ((1, 2),))]
    assert drop_loose_links(regions) == (regions, [])


def test_of_two_regions_with_one_id_the_first_keeps_it():
    kept, findings = drop_loose_links([region(0, 1), region(1, 1)])
    assert [found.id for found in kept] == [1, None]
    assert [finding[:2] for finding in findings] == [("L076", 1)]


@pytest.mark.parametrize(
    ("fields", "key_cls"),
    [
        ('"label": "question"', "question"),
        ('"label": 12', "12"),
        ('"label": "None"', None),
        ('"label": ""', None),
        ('"label": null', None),
        ('"label": "question", "key_cls": "total"', "total"),
    ],
)
def test_the_label_of_kie_lists_is_the_class(fields, key_cls):
    regions, _ = parse_boxes(
        f'[{{"transcription": "x", "points": [[0, 0], [9, 0], [9, 5], [0, 5]], {fields}}}]'
    )
    assert regions[0].key_cls == key_cls
