from __future__ import annotations

from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.geometry import is_clockwise
from ppocr_kit.labels.placement import place_regions
from ppocr_kit.labels.region import TextRegion

WIDTH, HEIGHT = 100, 60
INSIDE = ((10.0, 10.0), (50.0, 10.0), (50.0, 30.0), (10.0, 30.0))


def region(points=INSIDE, text="text", difficult=False, index=0):
    return TextRegion(text, tuple((float(x), float(y)) for x, y in points), difficult, None, index)


def place(*regions):
    placed, findings = place_regions(regions, WIDTH, HEIGHT)
    return placed, [code for code, _, _ in findings]


def test_a_region_inside_is_taken_as_it_is():
    placed, codes = place(region())
    assert codes == []
    assert (placed[0].polygon, placed[0].outline, placed[0].rec_text) == (INSIDE, INSIDE, "text")


def test_corners_on_the_very_edge_are_inside():
    assert place(region([(0, 0), (WIDTH, 0), (WIDTH, HEIGHT), (0, HEIGHT)]))[1] == []


def test_what_reaches_over_the_edge_is_cut_for_detection_and_whole_for_crops():
    points = [(-5, 10), (50, 10), (50, 30), (-5, 30)]
    placed, codes = place(region(points))
    assert codes == ["L044"]
    assert placed[0].polygon[0] == (0.0, 10.0)
    assert placed[0].outline[0] == (-5.0, 10.0)


@pytest.mark.parametrize(
    "points",
    [
        [(110, 10), (140, 10), (140, 30), (110, 30)],
        [(10, -30), (50, -30), (50, -1), (10, -1)],
        [(10, 10), (50, 10), (50, 1e6), (10, 1e6)],
        [(-1e300, 10), (1e300, 10), (50, 30), (10, 30)],
    ],
)
def test_a_region_outside_the_image_is_left_out_with_its_page(points):
    assert place(region(points)) == ([], ["L043", "L019"])


@pytest.mark.parametrize(
    "points",
    [
        [(10, 10)] * 4,
        [(10, 10), (50, 10), (50, 10), (10, 10)],
        [(10, 10), (10.4, 10), (10.4, 40), (10, 40)],
        [(10, 10), (20, 20), (30, 30), (40, 40)],
        [(10, 10), (30, 10), (50, 10), (50, 10.5), (10, 10.5)],
    ],
)
def test_a_region_thinner_than_a_pixel_is_left_out(points):
    placed, codes = place(region(points), region(index=1))
    assert [kept.region.index for kept in placed] == [1]
    assert codes == ["L042"]


def test_counter_clockwise_corners_are_turned_round_the_first():
    placed, codes = place(region([INSIDE[0], INSIDE[3], INSIDE[2], INSIDE[1]]))
    assert codes == ["L046"]
    assert placed[0].polygon == INSIDE


def test_a_crossed_quadrilateral_is_uncrossed():
    placed, codes = place(region([INSIDE[0], INSIDE[2], INSIDE[1], INSIDE[3]]))
    assert "L045" in codes
    assert sorted(placed[0].polygon) == sorted(INSIDE)
    assert is_clockwise(placed[0].polygon)


def test_a_copy_of_a_box_is_left_out_but_another_reading_of_it_is_told():
    placed, codes = place(region(index=0), region(index=1), region(text="test", index=2))
    assert [kept.region.index for kept in placed] == [0, 2]
    assert codes == ["L047", "L048"]


@pytest.mark.parametrize(
    ("text", "difficult", "ignored", "code"),
    [
        ("", False, False, "L052"),
        ("  ", False, False, "L052"),
        ("###", False, True, "L053"),
        (" * ", False, True, "L053"),
        ("TEMPORARY", False, True, "L054"),
        ("待识别", False, True, "L054"),
        ("readable", True, True, "L055"),
        ("dam\ufffdged", False, False, "L057"),
    ],
)
def test_what_recognition_does_not_learn_has_a_reason(text, difficult, ignored, code):
    placed, codes = place(region(text=text, difficult=difficult))
    assert placed[0].rec_text is None
    assert placed[0].region.ignored is ignored
    assert codes == [code]


def test_a_text_that_contains_a_mark_is_text():
    assert place(region(text="a*b###"))[0][0].rec_text == "a*b###"


def test_line_breaks_become_spaces_and_are_told():
    placed, codes = place(region(text="two\nlines"))
    assert placed[0].rec_text == "two lines"
    assert codes == ["L056"]


corner = st.tuples(st.floats(-1e7, 1e7), st.floats(-1e7, 1e7)) | st.tuples(
    st.integers(-20, 120), st.integers(-20, 80)
)


@given(st.lists(st.lists(corner, min_size=4, max_size=30), max_size=5))
def test_any_regions_are_placed_inside_or_told(polygons):
    regions = [region(points, index=number) for number, points in enumerate(polygons)]
    placed, findings = place_regions(regions, WIDTH, HEIGHT)
    for kept in placed:
        assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in kept.polygon)
        assert len(kept.polygon) == len(kept.region.points)
    lost = {index for code, index, _ in findings if code in ("L042", "L043", "L047")}
    assert len(placed) + len(lost) == len(regions)


# close to every limit: of a pixel, of the edge, of turning the other way
near = st.sampled_from(
    [0.0, 0.5, 0.999, 1.0, 1.0005, 1.002, 2.0, 30.0, 59.0, 60.0, 60.5, 99.5, 100.0, 100.001, -0.001]
)


@given(st.lists(st.tuples(near, near), min_size=4, max_size=4))
def test_boxes_that_are_beyond_doubt_are_those_that_the_checks_leave_as_they_are(points):
    whole = TextRegion("text", tuple(points))
    quick = place_regions([whole], WIDTH, HEIGHT)
    with mock.patch("ppocr_kit.labels.placement._is_plain", return_value=False):
        assert place_regions([whole], WIDTH, HEIGHT) == quick
