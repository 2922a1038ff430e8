from __future__ import annotations

from collections import Counter
from fractions import Fraction
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ppocr_kit.datasets.split import parse_ratio, plan_split
from ppocr_kit.datasets.strata import describe_stratum, rare_strata
from ppocr_kit.datasets.units import SplitPage
from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.fingerprint import NUM_FREQUENCIES, Fingerprint
from ppocr_kit.labels.text_evidence import text_signature
from ppocr_kit.tasks import Split

EIGHT_ONE_ONE = parse_ratio("8:1:1")


def image(number):
    return sha256(str(number).encode()).hexdigest()


def page(number, group=None, strata=(), texts=True):
    return SplitPage(f"{number}.jpg", image(number), texts, group, strata=tuple(strata))


def sizes(plan):
    counts = Counter(plan.split_of.values())
    return [counts[split] for split in Split]


def sides(plan, numbers):
    return {plan.split_of[image(number)] for number in numbers}


PAGES = st.lists(
    st.tuples(st.sampled_from([None, "a", "b", "c", "d", "e", "f"]), st.booleans(), st.integers(0, 12)),
    min_size=3,
    max_size=60,
)
RATIOS = st.sampled_from(["8:1:1", "1:1:1", "3:1:0", "6:2:2", "0:0:1", "98:1:1"])


def _pages(drawn):
    return [
        page(number, group, ["char:" + "abcdefghijklm"[stratum]] if stratum else [], texts)
        for number, (group, texts, stratum) in enumerate(drawn)
    ]


def _plan(drawn, ratio, seed=0):
    """Plan, or None where there are too few groups."""
    try:
        return plan_split(_pages(drawn), parse_ratio(ratio), seed)
    except DataError:
        return None


@given(PAGES, RATIOS)
def test_every_page_is_on_one_side_and_no_group_is_torn(drawn, ratio):
    plan = _plan(drawn, ratio)
    if plan is None:
        return
    assert plan.split_of.keys() == {image(number) for number in range(len(drawn))}
    shares = parse_ratio(ratio)
    assert all(shares[list(Split).index(split)] for split in plan.split_of.values())
    for group in "abcdef":
        assert len(sides(plan, [n for n, row in enumerate(drawn) if row[0] == group])) <= 1
    wanted = [split for split, share in zip(Split, shares) if share]
    assert set(plan.split_of.values()) == set(wanted)


@given(PAGES, RATIOS, st.randoms(use_true_random=False))
def test_the_order_of_pages_does_not_matter(drawn, ratio, random):
    plan = _plan(drawn, ratio)
    if plan is None:
        return
    shuffled = _pages(drawn)
    random.shuffle(shuffled)
    assert plan_split(shuffled, parse_ratio(ratio), 0).split_of == plan.split_of


@given(PAGES, RATIOS)
@settings(max_examples=200)
def test_no_split_is_further_from_its_share_than_the_largest_groups_force(drawn, ratio):
    plan = _plan(drawn, ratio)
    if plan is None:
        return
    groups = Counter(row[0] for row in drawn if row[0] is not None)
    largest = max([1, *groups.values()])
    for size, share in zip(sizes(plan), parse_ratio(ratio)):
        # once for the pages with a text and once for those without, and the page of a split that got none
        assert abs(Fraction(size) - len(drawn) * share) <= 2 * largest + 1


def test_groups_without_rare_strata_are_dealt_as_before_where_each_is_one_page():
    alone = plan_split([page(n) for n in range(50)], EIGHT_ONE_ONE, 3)
    same = plan_split([page(n, strata=()) for n in range(50)], EIGHT_ONE_ONE, 3, stratify=False)
    assert alone.split_of == same.split_of and sizes(alone) == [40, 5, 5]


def test_pages_of_a_group_of_another_name_stay_when_one_is_added():
    def plan(extra):
        return plan_split(
            [page(n, f"doc{n // 4}") for n in range(80)] + [page(100 + n, "doc3") for n in range(extra)],
            EIGHT_ONE_ONE,
            0,
        )

    before, after = plan(0).split_of, plan(1).split_of
    assert sum(before[image(n)] is not after[image(n)] for n in range(80)) <= 8


def test_a_group_larger_than_its_share_trains_and_is_told():
    plan = plan_split([page(n, "big" if n < 60 else None) for n in range(100)], EIGHT_ONE_ONE, 0)
    assert sides(plan, range(60)) == {Split.TRAIN}
    assert sizes(plan) == [80, 10, 10]
    assert any("60 of 100 pages" in note for note in plan.notes)


def test_few_large_groups_leave_no_split_empty():
    plan = plan_split([page(n, f"camera {n % 3}") for n in range(60)], EIGHT_ONE_ONE, 0)
    assert sizes(plan) == [20, 20, 20]


def test_fewer_groups_than_splits_are_refused():
    with pytest.raises(DataError, match="there are 2 groups of 60 that stay together"):
        plan_split([page(n, f"camera {n % 2}") for n in range(60)], EIGHT_ONE_ONE, 0)


def test_near_duplicates_and_groups_merge_to_one_unit():
    looks = Fingerprint(bytes([9] * NUM_FREQUENCIES), 40)
    pages = [
        SplitPage("a.jpg", image(0), True, "one", looks, text_signature(["x", "y", "z"])),
        SplitPage("b.jpg", image(1), True, "two", looks, text_signature(["x", "y", "z"])),
        SplitPage("c.jpg", image(2), True, "two", None, text_signature(["w"])),
        *(page(number) for number in range(3, 30)),
    ]
    plan = plan_split(pages, EIGHT_ONE_ONE, 0)
    assert len(sides(plan, [0, 1, 2])) == 1
    first = min(image(number) for number in range(3))
    assert plan.unit_of == {image(number): first for number in range(3)}


@pytest.mark.parametrize("seed", range(6))
def test_a_rare_character_trains_and_is_measured_where_enough_pages_have_it(seed):
    strata = {
        5: ["char:€"],
        17: ["char:ß"],
        18: ["char:ß"],
        30: ["class:iban"],
        31: ["class:iban"],
        32: ["class:iban"],
    }
    pages = [page(n, strata=strata.get(n, ())) for n in range(100)]
    plan = plan_split(pages, EIGHT_ONE_ONE, seed)
    assert sizes(plan) == [80, 10, 10]
    assert sides(plan, [5]) == {Split.TRAIN}
    assert Split.TRAIN in sides(plan, [17, 18])
    assert sides(plan, [30, 31, 32]) == set(Split)
    plain = plan_split(pages, EIGHT_ONE_ONE, seed, stratify=False)
    assert sum(plan.split_of[key] is not plain.split_of[key] for key in plan.split_of) <= 10


def test_correcting_a_label_moves_few_pages():
    pages = [page(n, strata=["char:é"] if n in (3, 40) else ()) for n in range(100)]
    corrected = [page(n, strata=["char:é"] if n in (3, 41) else ()) for n in range(100)]
    before, after = (plan_split(some, EIGHT_ONE_ONE, 0).split_of for some in (pages, corrected))
    assert sum(before[key] is not after[key] for key in before) <= 4


def test_what_cannot_be_spread_is_told():
    pages = [page(n, strata=[f"char:{chr(97 + n)}"]) for n in range(10)]
    plan = plan_split(pages, EIGHT_ONE_ONE, 0)
    assert sizes(plan) == [8, 1, 1]
    assert any(note.startswith("not in train") and "character" in note for note in plan.notes)


def test_rare_is_what_few_pages_have():
    assert rare_strata({"char:a": 4000, "char:€": 3, "class:x": 0}) == {"char:€"}
    assert describe_stratum("char:€") == "character '€' (U+20AC)"
    assert describe_stratum("class:total") == "class 'total'"


def test_a_fixed_test_set_stays_and_gets_no_new_page():
    old = plan_split([page(n) for n in range(50)], EIGHT_ONE_ONE, 0)
    kept = {key: split for key, split in old.split_of.items() if split is Split.TEST}
    plan = plan_split([page(n) for n in range(200)], EIGHT_ONE_ONE, 0, kept=kept)
    assert {key for key, split in plan.split_of.items() if split is Split.TEST} == kept.keys()
    assert sizes(plan) == [173, 22, 5]


def test_what_belongs_to_a_fixed_page_goes_with_it():
    kept = {image(0): Split.TEST}
    plan = plan_split(
        [page(n, "doc" if n in (0, 7, 9) else None) for n in range(30)], EIGHT_ONE_ONE, 0, kept=kept
    )
    assert sides(plan, [0, 7, 9]) == {Split.TEST}
    assert sizes(plan)[2] == 3
    assert any(note.startswith("2 new pages are copies or group mates") for note in plan.notes)


def test_fixed_pages_that_are_gone_are_told():
    kept = {image(0): Split.TEST, image(999): Split.TEST}
    notes = plan_split([page(n) for n in range(30)], EIGHT_ONE_ONE, 0, kept=kept).notes
    assert any(note.startswith("1 of 2 pages of the fixed test set") for note in notes)


def test_fixed_pages_need_another_split_for_the_rest():
    with pytest.raises(UsageError, match="no split for the others"):
        plan_split([page(n) for n in range(9)], parse_ratio("0:0:1"), 0, kept={image(0): Split.TEST})
