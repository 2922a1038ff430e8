from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.datasets.dealing import share_out
from ppocr_kit.datasets.split import SplitPlan, parse_ratio, whole_ratio
from ppocr_kit.datasets.split import plan_split as plan_pages
from ppocr_kit.datasets.units import SplitPage
from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.tasks import Split

IMAGES = [f"image {number}" for number in range(100)]
EIGHT_ONE_ONE = parse_ratio("8:1:1")


def plan_split(readable, others, ratio, seed) -> SplitPlan:
    """Plan images of which only is known whether they have a text."""
    without = sorted(set(others) - set(readable))
    pages = [SplitPage(image, image, True) for image in readable]
    return plan_pages([*pages, *(SplitPage(image, image, False) for image in without)], ratio, seed)


def sizes(plan):
    return [list(plan.split_of.values()).count(split) for split in Split]


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("8:1:1", (8, 1, 1)),
        ("80:10:10", (8, 1, 1)),
        ("0.8:0.1:0.1", (8, 1, 1)),
        (" 1 : 1 : 0 ", (1, 1, 0)),
        ("1/2:1/3:1/6", (3, 2, 1)),
    ],
)
def test_a_ratio_is_three_exact_shares(text, whole):
    assert whole_ratio(parse_ratio(text)) == whole
    assert sum(parse_ratio(text)) == Fraction(1)


@pytest.mark.parametrize(
    "text", ["", "8:1", "8:1:1:1", "a:b:c", "8:-1:1", "0:0:0", "1/0:1:1", "nan:1:1", "inf:1:1"]
)
def test_what_is_no_ratio_is_refused(text):
    with pytest.raises(UsageError, match="not a ratio"):
        parse_ratio(text)


@pytest.mark.parametrize(
    ("count", "ratio", "expected"),
    [
        (100, "8:1:1", [80, 10, 10]),
        (700, "8:1:1", [560, 70, 70]),
        (24, "8:1:1", [19, 3, 2]),
        (3, "8:1:1", [1, 1, 1]),
        (4, "8:1:1", [2, 1, 1]),
        (2, "8:1:1", [1, 1, 0]),
        (1, "8:1:1", [1, 0, 0]),
        (10, "1:1:1", [4, 3, 3]),
        (5, "1:1:0", [3, 2, 0]),
        (5, "0:0:1", [0, 0, 5]),
        (0, "8:1:1", [0, 0, 0]),
    ],
)
def test_pages_are_shared_out_by_largest_remainder(count, ratio, expected):
    assert list(share_out(count, parse_ratio(ratio)).values()) == expected


@given(st.integers(0, 500), st.tuples(*[st.integers(0, 20)] * 3).filter(any))
def test_no_page_is_lost_and_no_wanted_split_is_empty(count, shares):
    ratio = parse_ratio(":".join(map(str, shares)))
    counts = share_out(count, ratio)
    wanted = [split for split, share in zip(Split, ratio) if share]
    assert sum(counts.values()) == count
    assert all(counts[split] == 0 for split in Split if split not in wanted)
    if count >= len(wanted):
        assert all(counts[split] > 0 for split in wanted)


def test_the_split_does_not_depend_on_the_order_of_pages():
    first = plan_split(IMAGES, [], EIGHT_ONE_ONE, 0)
    second = plan_split(IMAGES[::-1], [], EIGHT_ONE_ONE, 0)
    assert first == second
    assert sizes(first) == [80, 10, 10]


def test_another_seed_is_another_split():
    assert plan_split(IMAGES, [], EIGHT_ONE_ONE, 0) != plan_split(IMAGES, [], EIGHT_ONE_ONE, 1)


def test_a_page_more_moves_few_pages():
    before = plan_split(IMAGES, [], EIGHT_ONE_ONE, 0).split_of
    after = plan_split([*IMAGES, "one more"], [], EIGHT_ONE_ONE, 0).split_of
    assert sum(before[image] is not after[image] for image in IMAGES) <= 2


def test_pages_without_text_are_spread_too_and_never_leave_a_split_without_text():
    plan = plan_split(IMAGES[:10], IMAGES, EIGHT_ONE_ONE, 0)
    assert sizes(plan) == [80, 10, 10]
    assert {plan.split_of[image] for image in IMAGES[:10]} == set(Split)


def test_one_or_two_pages_without_text_train():
    plan = plan_split(IMAGES[:98], IMAGES, EIGHT_ONE_ONE, 0)
    assert [plan.split_of[image] for image in IMAGES[98:]] == [Split.TRAIN, Split.TRAIN]


def test_too_few_pages_with_text_are_divided_with_the_rest():
    assert sizes(plan_split(IMAGES[:1], IMAGES[:10], EIGHT_ONE_ONE, 0)) == [8, 1, 1]


def test_fewer_images_than_splits_are_refused():
    with pytest.raises(DataError, match="3 splits need at least 3 different page images, there are 2"):
        plan_split(IMAGES[:2], IMAGES[:2], EIGHT_ONE_ONE, 0)


def test_the_split_of_known_images_never_changes_between_versions():
    plan = plan_split(["a", "b", "c", "d", "e"], [], parse_ratio("3:1:1"), 7)
    assert [str(plan.split_of[image]) for image in "abcde"] == ["train", "test", "train", "val", "train"]
