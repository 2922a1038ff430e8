from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_reference import entity_scores, entity_spans

from ppocr_kit.errors import DataError
from ppocr_kit.metrics.class_counts import ClassCounts, MatchCounts
from ppocr_kit.metrics.entities import Entity, count_entities, find_entities, score_entities

ZERO = {"precision": 0.0, "recall": 0.0, "hmean": 0.0}
PERFECT = {"precision": 1.0, "recall": 1.0, "hmean": 1.0}
TAGS = ["O", *(f"{letter}-{kind}" for letter in "BIES" for kind in ("Q", "A", "a-b"))]

# tags of a page, separated by spaces -> its entities as class and first to last token
SPANS = [
    ("", []),
    ("O O", []),
    ("B-Q", ["Q 0-0"]),
    ("B-Q I-Q O", ["Q 0-1"]),
    ("B-Q B-Q", ["Q 0-0", "Q 1-1"]),
    # an I without its B begins an entity too
    ("I-Q", ["Q 0-0"]),
    ("O I-Q I-Q", ["Q 1-2"]),
    ("B-Q I-A", ["Q 0-0", "A 1-1"]),
    ("I-Q I-A I-A B-A", ["Q 0-0", "A 1-2", "A 3-3"]),
    ("B-Q O I-Q", ["Q 0-0", "Q 2-2"]),
    # IOBES
    ("B-Q I-Q E-Q S-A", ["Q 0-2", "A 3-3"]),
    ("E-Q E-Q", ["Q 0-0", "Q 1-1"]),
    ("S-Q I-Q", ["Q 0-0", "Q 1-1"]),
    # a class may hold a hyphen; a tag may name none
    ("B-total-key I-total-key", ["total-key 0-1"]),
    ("B I O", ["_ 0-1"]),
]


def spans(tags):
    return [f"{entity.kind} {entity.begin}-{entity.end - 1}" for entity in find_entities(tags)]


@pytest.mark.parametrize(("tags", "expected"), SPANS)
def test_entities_are_read_as_conlleval_does(tags, expected):
    assert spans(tags.split()) == expected


@given(st.lists(st.sampled_from(TAGS), max_size=30))
def test_entities_are_those_of_the_reference(tags):
    found = {(entity.kind, entity.begin, entity.end - 1) for entity in find_entities(tags)}
    assert found == entity_spans(tags)


@given(st.lists(st.lists(st.tuples(st.sampled_from(TAGS), st.sampled_from(TAGS)), max_size=12), max_size=6))
def test_scores_are_those_of_the_reference(pages):
    pages = [([left for left, _ in page], [right for _, right in page]) for page in pages]
    assert score_entities(pages).values == pytest.approx(entity_scores(pages), abs=1e-15)


@given(
    st.lists(st.lists(st.sampled_from(TAGS), min_size=4, max_size=4), min_size=2, max_size=6),
    st.integers(1, 5),
)
def test_counts_of_batches_add_up(pages, cut):
    pairs = list(zip(pages, reversed(pages)))
    assert count_entities(pairs[:cut]) + count_entities(pairs[cut:]) == count_entities(pairs)


def test_hand_worked_page():
    labelled = ["B-Q", "I-Q", "O", "B-A", "B-A", "I-A"]
    found = ["B-Q", "I-Q", "O", "B-A", "I-A", "I-A"]
    report = score_entities([(found, labelled)], num_skipped=2)
    # found: Q 0-1, A 3-5; labelled: Q 0-1, A 3-3, A 4-5
    assert report.counts == {"matched": 1, "predicted": 2, "labelled": 3}
    assert report.values == {"precision": 0.5, "recall": pytest.approx(1 / 3), "hmean": pytest.approx(0.4)}
    assert report.per_class == {
        "A": {**ZERO, "matched": 0, "predicted": 1, "labelled": 2},
        "Q": {**PERFECT, "matched": 1, "predicted": 1, "labelled": 1},
    }
    assert (report.task, report.num_samples, report.num_skipped) == ("ser", 1, 2)


@pytest.mark.parametrize(
    ("pages", "num_samples"),
    [([], 0), ([([], [])], 1), ([(["O", "O"], ["O", "O"])], 1), ([([], []), (["O"], ["O"])], 2)],
)
def test_pages_without_entities_score_zero_and_count(pages, num_samples):
    report = score_entities(pages)
    assert report.values == ZERO
    assert report.per_class == {}
    assert report.num_samples == num_samples


@pytest.mark.parametrize(
    ("found", "labelled", "precision", "recall"),
    [("O O", "B-Q I-Q", 0.0, 0.0), ("B-Q I-Q", "O O", 0.0, 0.0), ("B-Q I-Q", "I-Q I-Q", 1.0, 1.0)],
)
def test_one_side_without_entities(found, labelled, precision, recall):
    values = score_entities([(found.split(), labelled.split())]).values
    assert (values["precision"], values["recall"]) == (precision, recall)


def test_entities_do_not_reach_over_the_end_of_a_page():
    whole, halves = [["B-Q", "I-Q"]], [["B-Q"], ["I-Q"]]
    assert count_entities(zip(whole, whole)).total == MatchCounts(1, 1, 1)
    assert count_entities(zip(halves, halves)).total == MatchCounts(2, 2, 2)


def test_a_class_that_was_only_found_is_listed():
    counts = count_entities([(["S-X"], ["O"])])
    assert counts == ClassCounts(1, {"X": MatchCounts(0, 1, 0)})


@pytest.mark.parametrize(
    ("pages", "message"),
    [
        ([(["O"], ["O"]), (["O"], ["O", "O"])], "page 2 has 1 found tags for 2 labelled ones"),
        ([([""], ["O"])], "a tag is empty"),
    ],
)
def test_tags_that_do_not_pair_up_are_refused(pages, message):
    with pytest.raises(DataError, match=message):
        count_entities(pages)


def test_report_by_class_survives_json():
    document = json.loads(json.dumps(score_entities([(["B-Q"], ["B-Q"])]).to_json()))
    assert document["per_class"] == {"Q": {**PERFECT, "matched": 1, "predicted": 1, "labelled": 1}}


def test_an_entity_says_where_it_is():
    assert find_entities(["O", "B-Q", "I-Q"]) == [Entity("Q", 1, 3)]
