from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_reference import detection_scores, match_page

from ppocr_kit.errors import DataError
from ppocr_kit.metrics import detection, overlap
from ppocr_kit.metrics.detection import (
    DetectionCounts,
    DetectionSample,
    count_matches,
    match_image,
    match_images,
    score_detection,
)


def box(x0, y0, x1, y1):
    """Return an upright rectangle, clockwise from its top-left corner."""
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


SQUARE = box(0, 0, 10, 10)
BOW_TIE = [(0, 0), (10, 10), (10, 0), (0, 10)]
NOTHING: list = []


def counts(gt, ignore, pred):
    found = match_image(gt, ignore, pred).counts()
    return found.matched, found.gt, found.pred


# (ground truth, ignore flags, predictions) -> (matched, gt that counts, predictions that count)
CASES = {
    "equal boxes match": ([SQUARE], [0], [SQUARE], (1, 1, 1)),
    # 10 x 6 inside 10 x 10: 60 / 100 = 0.6
    "iou 0.6 matches": ([SQUARE], [0], [box(0, 0, 10, 6)], (1, 1, 1)),
    # 10 x 5 inside 10 x 10: 50 / 100 = 0.5, which is not above 0.5
    "iou of exactly 0.5 does not match": ([SQUARE], [0], [box(0, 0, 10, 5)], (0, 1, 1)),
    # overlap 5 x 10 = 50, union 150
    "half shifted box does not match": ([SQUARE], [0], [box(5, 0, 15, 10)], (0, 1, 1)),
    "touching boxes do not match": ([SQUARE], [0], [box(10, 0, 20, 10)], (0, 1, 1)),
    "nothing labelled, nothing found": (NOTHING, [], NOTHING, (0, 0, 0)),
    "nothing labelled, one found": (NOTHING, [], [SQUARE], (0, 0, 1)),
    "one labelled, nothing found": ([SQUARE], [0], NOTHING, (0, 1, 0)),
    "all labels ignored": ([SQUARE, box(20, 0, 30, 10)], [1, 1], NOTHING, (0, 0, 0)),
    "prediction in an ignored region does not count": ([SQUARE], [1], [box(1, 1, 9, 9)], (0, 0, 0)),
    # 5 of 10 columns lie inside: 0.5, which is not above 0.5
    "prediction half in an ignored region counts": ([SQUARE], [1], [box(5, 0, 15, 10)], (0, 0, 1)),
    # 6 of 10 columns lie inside: 0.6
    "prediction mostly in an ignored region does not": ([SQUARE], [1], [box(4, 0, 14, 10)], (0, 0, 0)),
    # the page-sized prediction covers the ignored region, but 100 of its 10,000 px lie inside
    "large prediction over an ignored region counts": ([SQUARE], [1], [box(0, 0, 100, 100)], (0, 0, 1)),
    # 0.4 in each: the shares of two ignored regions are not added up
    "shares of ignored regions are not added": (
        [box(0, 0, 4, 10), box(6, 0, 10, 10)],
        [1, 1],
        [SQUARE],
        (0, 0, 1),
    ),
    "ignored prediction is not free for a label it fits": (
        [SQUARE, box(0, 0, 12, 12)],
        [0, 1],
        [SQUARE],
        (0, 1, 0),
    ),
    "one prediction serves one of two equal labels": ([SQUARE, SQUARE], [0, 0], [SQUARE], (1, 2, 1)),
    "one label takes one of two equal predictions": ([SQUARE], [0], [SQUARE, SQUARE], (1, 1, 2)),
    "self-crossing label is dropped": ([BOW_TIE, SQUARE], [0, 0], [SQUARE], (1, 1, 1)),
    "self-crossing prediction is dropped": ([SQUARE], [0], [BOW_TIE], (0, 1, 0)),
    "self-crossing ignored label ignores nothing": ([BOW_TIE], [1], [SQUARE], (0, 0, 1)),
    "zero-area boxes are dropped": ([box(3, 3, 3, 9)], [0], [box(3, 3, 3, 3)], (0, 0, 0)),
    "one and two points are dropped": ([[(0, 0)]], [0], [[(0, 0), (4, 4)]], (0, 0, 0)),
    "coordinates that are not finite are dropped": (
        [[(0, 0), (math.nan, 0), (4, 4), (0, 4)]],
        [0],
        [[(0, 0), (math.inf, 0), (4, 4), (0, 4)]],
        (0, 0, 0),
    ),
    "a polygon without points counts and matches nothing": ([[]], [0], [[], SQUARE], (0, 1, 2)),
    "direction does not matter": ([SQUARE], [0], [SQUARE[::-1]], (1, 1, 1)),
    "a repeated last point does not matter": ([SQUARE], [0], [[*SQUARE, SQUARE[0]]], (1, 1, 1)),
    "a third coordinate does not matter": ([SQUARE], [0], [[(x, y, 7) for x, y in SQUARE]], (1, 1, 1)),
    # the L covers 75 of the square's 100 px
    "any number of points": (
        [SQUARE],
        [0],
        [[(0, 0), (10, 0), (10, 5), (5, 5), (5, 10), (0, 10)]],
        (1, 1, 1),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_hand_worked_page(case):
    gt, ignore, pred, expected = CASES[case]
    assert counts(gt, ignore, pred) == expected


@pytest.mark.parametrize("case", CASES)
def test_reference_agrees_on_hand_worked_page(case):
    gt, ignore, pred, expected = CASES[case]
    gt = [[point for point in polygon if all(map(math.isfinite, point))] for polygon in gt]
    pred = [[point for point in polygon if all(map(math.isfinite, point))] for polygon in pred]
    if "not finite" not in case:
        pairs, wanted, counted = match_page(gt, ignore, pred)
        assert (len(pairs), len(wanted), len(counted)) == expected


def test_label_takes_the_first_prediction_that_fits_not_the_best():
    found = match_image([SQUARE], [False], [box(20, 0, 30, 10), box(0, 0, 10, 6), SQUARE])
    assert found.matched_pred.tolist() == [1]
    assert found.matched_iou.tolist() == pytest.approx([0.6], abs=1e-12)
    assert found.spurious.tolist() == [0, 2]


def test_missed_and_spurious_keep_the_given_indices():
    gt = [BOW_TIE, SQUARE, box(50, 0, 60, 10), box(80, 0, 90, 10)]
    pred = [BOW_TIE, box(81, 1, 89, 9), box(200, 0, 210, 10), box(0, 0, 10, 9)]
    found = match_image(gt, [False, False, False, True], pred)
    assert found.matched_pred.tolist() == [-1, 3, -1, -1]
    assert found.missed.tolist() == [2]
    assert found.spurious.tolist() == [2]
    assert found.gt_valid.tolist() == [False, True, True, True]
    assert found.gt_ignored.tolist() == [False, False, False, True]
    assert found.pred_valid.tolist() == [False, True, True, True]
    assert found.pred_ignored.tolist() == [False, True, False, False]
    assert found.counts() == DetectionCounts(
        images=1, matched=1, gt=2, pred=2, ignored_gt=1, ignored_pred=1, invalid_gt=1, invalid_pred=1
    )


def test_scores_are_made_from_the_counts_of_all_pages():
    first = DetectionSample([SQUARE, box(50, 0, 60, 10)], [False, False], [SQUARE])
    second = DetectionSample([SQUARE], [False], [SQUARE, box(50, 0, 60, 10), box(70, 0, 80, 10)])
    report = score_detection([first, second], num_skipped=3)
    # matched 1 + 1 = 2, predictions 1 + 3 = 4, labels 2 + 1 = 3
    assert report.values["precision"] == 2 / 4
    assert report.values["recall"] == 2 / 3
    # 2 * 1/2 * 2/3 / (1/2 + 2/3) = (2/3) / (7/6) = 4/7
    assert report.values["hmean"] == pytest.approx(4 / 7, abs=1e-15)
    assert (report.num_samples, report.num_skipped) == (2, 3)
    assert report.counts == {
        "matched": 2,
        "gt": 3,
        "pred": 4,
        "ignored_gt": 0,
        "ignored_pred": 0,
        "invalid_gt": 0,
        "invalid_pred": 0,
    }


@pytest.mark.parametrize(
    "samples",
    [
        [],
        [DetectionSample([], [], [])],
        [DetectionSample([SQUARE], [False], [])],
        [DetectionSample([], [], [SQUARE])],
        [DetectionSample([SQUARE], [True], [SQUARE])],
    ],
)
def test_empty_divisors_give_zero(samples):
    assert score_detection(samples).values == {"precision": 0.0, "recall": 0.0, "hmean": 0.0}


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16, np.int64])
def test_arrays_of_any_type_are_read(dtype):
    gt = np.array([SQUARE, box(20, 0, 30, 10)], dtype=dtype)
    pred = np.array([box(20, 0, 30, 9), SQUARE], dtype=dtype)
    assert match_image(gt, np.array([0, 0]), pred).matched_pred.tolist() == [1, 0]


def test_empty_arrays_of_boxes_are_read():
    empty = np.zeros((0, 4, 2), dtype=np.float32)
    assert match_image(empty, np.zeros(0, dtype=bool), empty).counts() == DetectionCounts(images=1)


@pytest.mark.parametrize("polygon", ["text", [1, 2, 3], [[1], [2], [3]], [[(0, 0)]], [(0, 0), (1,)], [None]])
def test_what_is_no_list_of_points_is_an_error_that_says_where(polygon):
    with pytest.raises(DataError, match="x, y points") as caught:
        match_images([DetectionSample([], [], []), DetectionSample([SQUARE, polygon], [0, 0], [])])
    assert caught.value.at is not None
    assert caught.value.at.startswith("page 1, polygon 1")


def test_wrong_number_of_ignore_flags_is_an_error():
    with pytest.raises(DataError, match="2 polygons have 1 ignore flags"):
        match_image([SQUARE, SQUARE], [False], [])


@pytest.mark.parametrize("scale", [1e-170, 1e-6, 1e9, 1e150])
def test_scale_does_not_matter(scale):
    gt = np.array([SQUARE, box(20, 0, 30, 10)]) * scale
    pred = np.array([box(0, 0, 10, 8), box(20, 0, 24, 10)]) * scale
    # 0.8 and 0.4; areas of 1e-338 vanish, and a union without area matches nothing
    expected = [-1, -1] if scale == 1e-170 else [0, -1]
    assert match_image(gt, [False, False], pred).matched_pred.tolist() == expected


# Points on a small grid make degenerate shapes, shared edges and IoUs of exactly 0.5 common;
# free points and text-like boxes make ordinary overlaps.
GRID = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=0, max_size=7)
FREE = st.lists(st.tuples(st.floats(-50, 50), st.floats(-50, 50)), min_size=3, max_size=12)
BOXES = st.tuples(*[st.integers(0, 12)] * 4).map(lambda v: box(v[0], v[1], v[0] + v[2] / 3, v[1] + v[3] / 3))
POLYGONS = st.lists(st.one_of(GRID, FREE, BOXES, BOXES), max_size=7)


@st.composite
def pages(draw):
    gt = draw(POLYGONS)
    ignore = draw(st.lists(st.booleans(), min_size=len(gt), max_size=len(gt)))
    pred = draw(st.permutations(gt[: draw(st.integers(0, len(gt)))] + draw(POLYGONS)))
    return DetectionSample(gt, ignore, pred)


@settings(max_examples=300)
@given(st.lists(pages(), max_size=4))
def test_every_match_equals_the_reference(samples):
    found = match_images(samples)
    assert len(found) == len(samples)
    for sample, page in zip(samples, found):
        pairs, wanted, counted = match_page(sample.gt, sample.ignore, sample.pred)
        matched = [(g, p) for g, p in enumerate(page.matched_pred.tolist()) if p >= 0]
        assert matched == pairs
        assert np.flatnonzero(page.gt_valid & ~page.gt_ignored).tolist() == wanted
        assert np.flatnonzero(page.pred_valid & ~page.pred_ignored).tolist() == counted
    assert score_detection(samples).values == pytest.approx(detection_scores(samples), abs=1e-12)


@settings(max_examples=50)
@given(pages())
def test_single_precision_equals_the_reference_on_the_rounded_points(sample):
    gt = [np.array(polygon, dtype=np.float32).reshape(-1, 2) for polygon in sample.gt]
    pred = [np.array(polygon, dtype=np.float32).reshape(-1, 2) for polygon in sample.pred]
    pairs, _, _ = match_page([p.astype(float) for p in gt], sample.ignore, [p.astype(float) for p in pred])
    page = match_image(gt, sample.ignore, pred)
    assert [(g, p) for g, p in enumerate(page.matched_pred.tolist()) if p >= 0] == pairs


def many_pages(number=23):
    random = np.random.default_rng(5)
    samples = []
    for _ in range(number):
        gt = [
            np.array(box(x, y, x + 9, y + 4)) for x, y in random.integers(0, 40, (random.integers(0, 12), 2))
        ]
        pred = [polygon + random.integers(0, 3) for polygon in gt if random.uniform() < 0.7]
        samples.append(DetectionSample(gt, (random.uniform(size=len(gt)) < 0.2).tolist(), pred))
    return samples


def test_sizes_of_the_working_blocks_do_not_change_the_result(monkeypatch):
    samples = many_pages()
    expected = [page.matched_pred.tolist() for page in match_images(samples)]
    total = count_matches(samples)
    assert total.matched > 20
    monkeypatch.setattr(detection, "PAGES_AT_ONCE", 4)
    monkeypatch.setattr(overlap, "PAIRS_AT_ONCE", 10)
    assert [page.matched_pred.tolist() for page in match_images(samples)] == expected
    assert count_matches(iter(samples)) == total
    single = DetectionCounts()
    for sample in samples:
        single += match_image(sample.gt, sample.ignore, sample.pred).counts()
    assert single == total
