from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit import geometry
from ppocr_kit.geometry import (
    crop_quad,
    crop_size,
    crop_sizes,
    crosses_itself,
    is_clockwise,
    order_quad,
    polygon_area,
    polygon_to_quad,
    signed_area,
    uncross,
)

RECTANGLE = [(10, 20), (50, 20), (50, 30), (10, 30)]
BOW_TIE = [(0, 0), (10, 10), (10, 0), (0, 10)]

coordinates = st.floats(-1e4, 1e4, allow_nan=False)


def rolled(points, start, *, backwards=False):
    turned = points[start:] + points[:start]
    return [turned[0], *reversed(turned[1:])] if backwards else turned


@pytest.mark.parametrize("start", range(4))
@pytest.mark.parametrize("backwards", [False, True])
def test_a_box_along_the_axes_starts_at_its_top_left_whatever_was_drawn(start, backwards):
    drawn = rolled(RECTANGLE, start, backwards=backwards)
    assert order_quad(drawn).tolist() == [list(map(float, point)) for point in RECTANGLE]


def test_a_tilted_box_keeps_the_corner_its_text_starts_at():
    upside_down = [(60, 60), (20, 40), (25, 30), (65, 50)]
    assert order_quad(upside_down).tolist() == upside_down_as_lists(upside_down)


def upside_down_as_lists(points):
    return [list(map(float, point)) for point in points]


def test_a_counter_clockwise_tilted_box_is_turned_round_its_first_corner():
    assert order_quad([(20, 40), (15, 50), (55, 70), (60, 60)]).tolist()[:2] == [[20.0, 40.0], [60.0, 60.0]]


@given(st.lists(st.tuples(coordinates, coordinates), min_size=4, max_size=4))
def test_ordering_never_loses_a_corner(points):
    assert sorted(map(tuple, order_quad(points).tolist())) == sorted(points)


@pytest.mark.parametrize(
    ("points", "area"),
    [(RECTANGLE, 400.0), (RECTANGLE[::-1], -400.0), ([(0, 0)] * 4, 0.0), ([(0, 0), (9, 0), (4, 0)], 0.0)],
)
def test_area_is_positive_clockwise_and_zero_when_flat(points, area):
    assert signed_area(points) == area
    assert polygon_area(points) == abs(area)
    assert is_clockwise(points) is (area > 0)


def test_area_far_from_the_origin_stays_exact():
    far = [(x + 1e9, y + 1e9) for x, y in RECTANGLE]
    assert polygon_area(far) == 400.0


@pytest.mark.parametrize(
    ("points", "crossed"),
    [
        (RECTANGLE, False),
        (BOW_TIE, True),
        ([(0, 0), (4, 0), (4, 4)], False),
        ([(0, 0)] * 5, False),
        ([(0, 0), (10, 0), (10, 10), (5, 3), (0, 10)], False),
        ([(0, 0), (10, 0), (10, 10), (5, -3), (0, 10)], True),
    ],
)
def test_only_sides_that_cut_through_each_other_cross(points, crossed):
    assert crosses_itself(points) is crossed


def test_a_bow_tie_is_put_in_turning_order_from_its_first_corner():
    mended = uncross(np.array(BOW_TIE, dtype=float)).tolist()
    assert mended[0] == [0.0, 0.0]
    assert not crosses_itself(mended)


def test_a_polygon_becomes_the_rectangle_around_it_with_its_text_to_the_right():
    arc = [(0, 10), (50, 5), (100, 10), (100, 30), (50, 25), (0, 30)]
    quad = polygon_to_quad(arc)
    width, height = crop_size(quad)
    assert width > 3 * height
    assert is_clockwise(quad)
    assert quad[0][0] < quad[1][0]


def test_a_crop_of_whole_pixels_is_those_pixels():
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    crop = crop_quad(image, RECTANGLE)
    assert crop.shape == (10, 40, 3)
    np.testing.assert_array_equal(crop, image[20:30, 10:50])


@given(st.integers(0, 1900), st.integers(0, 1900), st.integers(1, 99), st.integers(1, 99))
def test_a_crop_of_whole_pixels_is_what_warping_gives(left, top, width, height):
    image = np.random.default_rng(left).integers(0, 256, (top + height, left + width, 3), dtype=np.uint8)
    right, bottom = left + width, top + height
    quad = [(left, top), (right, top), (right, bottom), (left, bottom)]
    warped = geometry._warp(image, quad, width, height)
    np.testing.assert_array_equal(geometry._slice_of(image, quad), warped)


@pytest.mark.parametrize(
    "quad",
    [
        [(1, 1), (9, 1), (9, 9.5), (1, 9.5)],
        [(1, 1), (9, 1), (9, 9), (2, 9)],
        [(-1, 1), (9, 1), (9, 9), (-1, 9)],
        [(1, 1), (99, 1), (99, 9), (1, 9)],
        [(9, 1), (9, 9), (1, 9), (1, 1)],
    ],
)
def test_only_upright_boxes_of_whole_pixels_inside_the_image_are_sliced(quad):
    assert geometry._slice_of(np.zeros((20, 20, 3), np.uint8), quad) is None


@pytest.mark.parametrize(("height", "turned"), [(14, False), (15, True)])
def test_a_crop_is_turned_left_from_one_and_a_half_times_its_width_on(height, turned):
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    crop = crop_quad(image, [(5, 5), (15, 5), (15, 5 + height), (5, 5 + height)])
    plain = image[5 : 5 + height, 5:15]
    np.testing.assert_array_equal(crop, np.rot90(plain) if turned else plain)


def test_a_tall_crop_stays_upright_where_that_is_wanted():
    image = np.arange(40 * 10 * 3, dtype=np.uint8).reshape(40, 10, 3)
    quad = np.array([[0, 0], [10, 0], [10, 40], [0, 40]])
    assert np.array_equal(crop_quad(image, quad, upright=True), image)
    assert np.array_equal(crop_quad(image, quad), np.rot90(image))


@pytest.mark.release
def test_crops_are_those_that_the_release_cuts_when_it_predicts(release_path):
    """Run the release's own function, read out of its file: importing the file would need paddle."""
    import ast

    import cv2

    tree = ast.parse((release_path / "tools/infer/utility.py").read_text("utf-8"))
    wanted = [node for node in tree.body if getattr(node, "name", "") == "get_rotate_crop_image"]
    scope = {"np": np, "cv2": cv2}
    exec(compile(ast.Module(wanted, []), "utility.py", "exec"), scope)
    rng = np.random.default_rng(1)
    image = rng.integers(0, 256, (120, 160, 3), dtype=np.uint8)
    for _ in range(50):
        centre, size = rng.uniform(40, 80, 2), rng.uniform(8, 60, 2)
        corners = (
            centre + (np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * size + rng.uniform(-3, 3, (4, 2))) / 2
        )
        quad = order_quad(corners).astype(np.float32)
        np.testing.assert_array_equal(crop_quad(image, quad), scope["get_rotate_crop_image"](image, quad))


def test_a_box_without_a_whole_pixel_cannot_be_cropped():
    with pytest.raises(ValueError, match="0 x 9 pixels"):
        crop_quad(np.zeros((9, 9, 3), np.uint8), [(1, 0), (1.5, 0), (1.5, 9), (1, 9)])


@given(st.floats(0, 360), st.floats(30, 60), st.floats(4, 12))
def test_crop_size_does_not_depend_on_the_tilt(degrees, width, height):
    turn = math.radians(degrees)
    along = np.array([math.cos(turn), math.sin(turn)])
    down = np.array([-math.sin(turn), math.cos(turn)])
    corners = np.array([[0, 0] * down, along * width, along * width + down * height, down * height])
    across, high = crop_size(corners)
    assert abs(across - width) <= 1 and abs(high - height) <= 1


@given(
    st.lists(
        st.tuples(st.floats(0, 360), st.integers(1, 80), st.integers(1, 80), st.integers(0, 3)), min_size=1
    )
)
def test_many_crops_are_measured_as_each_alone(boxes):
    quads = []
    for degrees, width, height, start in boxes:
        turn = np.radians(degrees)
        across, down = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
        corners = [(x * across + y * down) for x, y in ((0, 0), (width, 0), (width, height), (0, height))]
        # off whole pixels, which rounding would tip either way
        quads.append(np.roll(np.array(corners) * 1.01, start, axis=0))
    widths, heights = crop_sizes(np.array(quads))
    assert [(int(w), int(h)) for w, h in zip(widths, heights)] == [
        crop_size(order_quad(quad)) for quad in quads
    ]
