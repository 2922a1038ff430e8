from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.labels.kie_pages import Entity, KiePage, make_kie_page, pack_kie_page, unpack_kie_page
from ppocr_kit.labels.link_naming import Side
from ppocr_kit.labels.links import FoundLinks, Link, Origin
from ppocr_kit.labels.placement import place_regions
from ppocr_kit.labels.region import TextRegion


def regions(*classes, texts=None):
    """Return boxes below one another with these classes."""
    return [
        TextRegion(
            (texts or {}).get(place, f"t{place}"),
            ((0.0, 10.0 * place), (90.0, 10.0 * place), (90.0, 10.0 * place + 9), (0.0, 10.0 * place + 9)),
            key_cls=key_cls,
            index=place,
        )
        for place, key_cls in enumerate(classes)
    ]


def page_of(boxes, *links, **settings):
    placed, _ = place_regions(boxes, 100, 200)
    return make_kie_page(placed, FoundLinks(tuple(Link(*link) for link in links)), **settings)


def sides(page):
    return [str(entity.side)[0] for entity in page.entities]


@pytest.mark.parametrize(
    ("classes", "links", "expected", "told"),
    [
        (["a_q", "a_a", None], [], "qao", []),
        ([None, None], [(0, 1, Origin.FILE)], "qa", []),
        (["x", "y"], [(0, 1, Origin.PAIR)], "qa", []),
        (["header", None], [(0, 1, Origin.PEOPLE)], "qa", []),
        (["header", None], [(0, 1, Origin.FILE)], "oo", ["L091"]),
        (["a_a", None], [(0, 1, Origin.PEOPLE)], "ao", ["L091"]),
        # a chain: what answers one question cannot be another
        ([None, None, None], [(0, 1, Origin.PEOPLE), (1, 2, Origin.PEOPLE)], "qao", ["L091"]),
        ([None, None, None], [(0, 1, Origin.PEOPLE), (0, 2, Origin.PEOPLE)], "qaa", []),
        (["a_q", "a_a"], [(0, 1, Origin.PROPOSAL)], "qa", []),
    ],
)
def test_classes_say_the_sides_and_else_links_do(classes, links, expected, told):
    page, findings = page_of(regions(*classes), *links)
    assert sides(page) == list(expected) and [code for code, _, _ in findings] == told
    assert len(page.links) == sum(link[2] is not Origin.PROPOSAL for link in links) - len(told)


def test_the_side_of_a_class_that_the_user_paired_counts():
    page, findings = page_of(regions("caption", "sum"), pairs=(("caption", "sum"),))
    assert sides(page) == ["q", "a"] and findings == []


def test_a_link_of_a_text_that_cannot_be_read_is_told():
    page, findings = page_of(regions("a_q", "a_a", texts={1: "###"}), (0, 1, Origin.NAMING))
    assert [entity.id for entity in page.entities] == [0] and page.links == ()
    assert findings == [("L097", 1, "box 0 to box 1")]


def test_classes_that_are_not_known_are_other_and_keep_their_side():
    page, findings = page_of(regions("a_q", "b_a"), known={"OTHER", "A_Q"})
    assert [entity.key_cls for entity in page.entities] == ["A_Q", "OTHER"] and sides(page) == ["q", "a"]
    assert findings == [("L096", 1, "'b_a'")]


entities = st.builds(
    Entity,
    st.integers(0, 99),
    st.text(st.characters(blacklist_categories=["Cs"]), max_size=9),
    st.lists(st.tuples(*[st.floats(-9, 1e6)] * 2), min_size=4, max_size=6).map(tuple),
    st.sampled_from(["OTHER", "A"]),
    st.none() | st.just("a"),
    st.sampled_from(Side),
)


@given(
    st.lists(entities, max_size=5),
    st.lists(st.builds(Link, *[st.integers(0, 99)] * 2, st.sampled_from(Origin))),
)
def test_a_page_that_was_packed_is_the_same(found, links):
    page = KiePage(tuple(found), tuple(links))
    assert unpack_kie_page(pack_kie_page(page)) == page
