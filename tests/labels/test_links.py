"""Links of a page: by the file, by classes, by place, by people; each says where it came from."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.errors import UsageError
from ppocr_kit.labels.link_naming import Role, Side, parse_class_pairs, role_of
from ppocr_kit.labels.links import Link, LinkOptions, Origin, find_links
from ppocr_kit.labels.region import TextRegion
from ppocr_kit.labels.sources import read_sources
from ppocr_kit.synth.export import draw_pages


def box(index, key_cls=None, at=(0, 0), text="x", number=None, linking=(), size=(40, 10)):
    (x, y), (width, height) = at, size
    points = tuple(
        (float(a), float(b)) for a, b in ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
    )
    return TextRegion(text, points, key_cls=key_cls, index=index, id=number, linking=linking)


def ends(found, origin=None):
    return [link.ends for link in found.links if origin in (None, link.origin)]


@pytest.mark.parametrize(
    ("key_cls", "side", "field"),
    [
        ("name_q", Side.QUESTION, "name"),
        ("name_a", Side.ANSWER, "name"),
        ("Total_key", Side.QUESTION, "total"),
        ("TOTAL-VALUE", Side.ANSWER, "total"),
        ("Store_name_value", Side.ANSWER, "store_name"),
        ("doc.id.k", Side.QUESTION, "doc.id"),
        ("key_total", Side.QUESTION, "total"),
        ("answer: date", Side.ANSWER, "date"),
        ("QUESTION", Side.QUESTION, ""),
        ("answer", Side.ANSWER, ""),
        ("Ｑ", Side.QUESTION, ""),
        ("姓名_值", Side.ANSWER, "姓名"),
        ("Others", Side.OTHER, ""),
        ("header", Side.OTHER, ""),
    ],
)
def test_a_class_tells_side_and_field(key_cls, side, field):
    assert role_of(key_cls) == Role(side, field)


@pytest.mark.parametrize(
    "key_cls", [None, "total", "_q", "__", "", "k", "aqua", "turkey", "q1", "name_", "_", "key_"]
)
def test_other_classes_tell_nothing(key_cls):
    assert role_of(key_cls) is None


@given(st.text(max_size=12))
def test_any_class_has_a_role_or_none_and_its_field_is_no_side(key_cls):
    role = role_of(key_cls)
    assert role is None or role.side in Side
    if role is not None and role.field:
        assert role.side is not Side.OTHER


def test_a_pair_of_the_user_goes_before_names():
    roles = [role_of(name, (("Total_A", "sum"),)) for name in ("total_a", "SUM", "total_q")]
    assert roles == [
        Role(Side.QUESTION, "total_a", True),
        Role(Side.ANSWER, "total_a", True),
        Role(Side.QUESTION, "total"),
    ]


@pytest.mark.parametrize("values", [["a"], ["=b"], ["a="], ["a=A"], ["a=b", "b=c"], ["a=c", "b=c"], [""]])
def test_pairs_that_are_none_are_refused(values):
    with pytest.raises(UsageError):
        parse_class_pairs(values)


def test_one_question_class_may_have_several_answer_classes():
    assert parse_class_pairs(["a = b", "a=c", "a=b"]) == (("a", "b"), ("a", "c"))


def test_an_answer_goes_to_the_question_of_its_field():
    regions = [box(0, "name_q"), box(1, "total_q"), box(2, "total_a"), box(3, "name_a"), box(4, "date_a")]
    found = find_links(regions)
    assert ends(found, Origin.NAMING) == [(0, 3), (1, 2)]
    assert found.findings == ()


def test_a_question_may_have_several_answers():
    regions = [box(0, "street_key"), box(1, "street_value", (50, 0)), box(2, "street_value", (50, 12))]
    assert ends(find_links(regions)) == [(0, 1), (0, 2)]


@pytest.mark.parametrize(
    "places",
    [
        # beside, below, and two columns whose answers stand below
        [(0, 0), (100, 0), (0, 30), (100, 30)],
        [(0, 0), (0, 12), (0, 40), (0, 52)],
        [(0, 0), (0, 14), (120, 0), (120, 14)],
    ],
)
def test_of_several_questions_of_one_class_the_nearest_as_one_reads_is_taken(places):
    regions = [box(n, name, at) for n, (name, at) in enumerate(zip(("question", "answer") * 2, places))]
    found = find_links(regions)
    assert ends(found) == [(0, 1), (2, 3)]
    assert found.findings == (("L092", 0, "2 questions and 2 answers of 'question'"),)


def test_classes_that_the_user_paired_say_so():
    regions = [box(0, "caption"), box(1, "sum")]
    assert ends(find_links(regions)) == []
    assert find_links(regions, LinkOptions((("caption", "sum"),))).links == (Link(0, 1, Origin.PAIR),)


def test_ignored_boxes_are_not_linked_by_their_class():
    assert ends(find_links([box(0, "a_q"), box(1, "a_a", text="###")], LinkOptions(proposals=True))) == []


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (((1, 2),), ((1, 2),), []),
        (((1, 2),), (), [("L090", 1, "box 0 to box 1")]),
        ((), ((2, 1),), [("L090", 1, "box 1 to box 0")]),
        (((1, 2),), ((2, 1),), []),
    ],
)
def test_links_of_the_file_count_at_whichever_box_they_stand(first, second, told):
    regions = [box(0, "question", number=1, linking=first), box(1, "answer", number=2, linking=second)]
    found = find_links(regions)
    assert found.links == (Link(0, 1, Origin.FILE),)
    assert [finding[0] for finding in found.findings] == [finding[0] for finding in told]


def test_a_link_at_a_third_box_counts_and_is_told():
    regions = [
        box(0, "question", number=1),
        box(1, "answer", number=2),
        box(2, None, number=3, linking=((1, 2),)),
    ]
    found = find_links(regions)
    assert found.links == (Link(0, 1, Origin.FILE),)
    assert [finding[0] for finding in found.findings] == ["L090"]


@pytest.mark.parametrize(
    ("classes", "link"),
    [
        (("header", "question"), (1, 2)),
        (("question", "question"), (1, 2)),
        (("answer", "answer"), (1, 2)),
        (("question", "answer"), (1, 1)),
    ],
)
def test_links_that_are_not_from_question_to_answer_are_left_out_and_told(classes, link):
    regions = [box(n, name, number=n + 1, linking=(link,)) for n, name in enumerate(classes)]
    found = find_links(regions)
    assert Origin.FILE not in [one.origin for one in found.links]
    assert "L091" in [finding[0] for finding in found.findings]


def test_classes_without_a_side_are_linked_in_the_order_of_the_file():
    regions = [box(0, "sum", number=5, linking=((6, 5),)), box(1, "caption", number=6, linking=((6, 5),))]
    assert find_links(regions).links == (Link(1, 0, Origin.FILE),)


def test_what_the_file_leaves_unlinked_in_a_field_it_links_stays_so():
    linking = ((1, 2),)
    regions = [
        box(0, "question", number=1, linking=linking),
        box(1, "answer", number=2, linking=linking),
        box(2, "answer"),
        box(3, "name_q"),
        box(4, "name_a"),
    ]
    assert find_links(regions).links == (Link(0, 1, Origin.FILE), Link(3, 4, Origin.NAMING))


def test_what_people_left_is_all_there_is():
    regions = [box(0, "a_q", number=1, linking=((1, 2),)), box(1, "a_a", number=2), box(2, "a_a")]
    people = [Link(0, 2, Origin.PEOPLE)]
    assert find_links(regions, people=people).links == (Link(0, 2, Origin.PEOPLE),)
    assert find_links(regions, people=[]).links == ()


def test_what_stands_nearest_is_only_proposed():
    regions = [
        box(0, "total_q"),
        box(1, "amount_a", (60, 0)),
        box(2, "date_q", (0, 200)),
        box(3, "date_a", (60, 200)),
    ]
    found = find_links(regions, LinkOptions(proposals=True))
    assert found.links == (Link(0, 1, Origin.PROPOSAL), Link(2, 3, Origin.NAMING))
    assert [link.ends for link in found.settled] == [(2, 3)]
    assert ends(find_links(regions)) == [(2, 3)]


def test_a_text_that_ends_with_a_colon_is_proposed_as_a_question():
    regions = [box(0, None, text="Name:"), box(1, None, (50, 0), "Ada"), box(2, None, (300, 400), "Remark")]
    assert ends(find_links(regions, LinkOptions(proposals=True))) == [(0, 1)]


def test_nothing_is_proposed_from_far_away():
    regions = [box(0, "total_q"), box(1, "amount_a", (900, 900))]
    assert ends(find_links(regions, LinkOptions(proposals=True))) == []


CLASSES = st.sampled_from([None, "question", "answer", "n_q", "n_a", "header", "sum", "caption"])
PLACES = st.tuples(st.integers(-50, 500), st.integers(-50, 500))


@st.composite
def pages(draw):
    count = draw(st.integers(0, 7))
    pairs = st.tuples(st.integers(0, count), st.integers(0, count))
    return [
        box(
            3 * n,
            draw(CLASSES),
            draw(PLACES),
            draw(st.sampled_from(["x", "a:", "###"])),
            draw(st.none() | st.just(n)),
            tuple(draw(st.lists(pairs, max_size=2))),
            draw(st.tuples(st.integers(0, 60), st.integers(0, 30))),
        )
        for n in range(count)
    ]


@given(pages(), st.booleans(), st.sampled_from([(), (("caption", "sum"),)]))
def test_links_are_between_two_boxes_of_the_page_and_none_is_there_twice(regions, proposals, pairs):
    found = find_links(regions, LinkOptions(pairs, proposals))
    places = {region.index for region in regions}
    assert all(link.question != link.answer and set(link.ends) <= places for link in found.links)
    assert len({link.ends for link in found.links}) == len(found.links)
    assert all(code in ("L090", "L091", "L092") for code, _, _ in found.findings)
    assert proposals or found.settled == found.links


@given(pages(), st.randoms())
def test_the_order_of_boxes_in_memory_changes_no_link(regions, random):
    shuffled = list(regions)
    random.shuffle(shuffled)
    unique_ids = [replace(region, id=None, linking=()) for region in regions]
    again = {region.index: region for region in unique_ids}
    assert set(find_links(unique_ids).links) == set(find_links([again[one.index] for one in shuffled]).links)


def test_the_links_of_synthetic_forms_are_found_by_naming_too(tmp_path):
    folder = draw_pages(tmp_path / "forms", 12, 3, kind="form").folder
    (source,) = read_sources([folder])
    for entry in source.pages:
        regions = entry.read().page.regions
        by_file = find_links(regions)
        plain = [replace(region, id=None, linking=()) for region in regions]
        by_name = find_links(plain)
        assert by_file.findings == by_name.findings == ()
        assert ends(by_file, Origin.FILE) == ends(by_name, Origin.NAMING) != []


def test_naming_links_the_real_forms(shared):
    (source,) = read_sources([shared / "real/form_1040"])
    links = [link for entry in source.pages for link in find_links(entry.read().page.regions).links]
    assert len(links) == 38
    assert {link.origin for link in links} == {Origin.NAMING}
