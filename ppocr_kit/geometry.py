"""Boxes in images: order, area, crossing, and the four-point crop that recognisers are fed.

Coordinates are pixels of the decoded image, x to the right and y downwards, so a polygon that
runs clockwise on the screen has a positive signed area. Crops follow what PaddleOCR 3.7.0 cuts
at prediction time (tools/infer/utility.py, get_rotate_crop_image), so that a recogniser trains on
what it will be shown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Union, cast

import cv2
import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
Image = npt.NDArray[np.uint8]
Corners = Union[Sequence[Sequence[float]], Points]

# PaddleOCR turns a crop when it is this many times as high as wide.
TALL_RATIO = 1.5

# A box tilted by less than this is taken as drawn along the axes: PPOCRLabel's drag rectangle
# starts at whichever corner the mouse went down, so its first corner says nothing.
_AXIS_TILT_DEGREES = 15.0


def as_points(points: Corners) -> Points:
    """Return ``points`` as an array (N, 2) float64, pixels."""
    return np.asarray(points, dtype=np.float64).reshape(-1, 2)


def _as_pairs(points: Corners) -> Sequence[Sequence[float]]:
    """Return corners as plain numbers: for a handful of them faster than array arithmetic."""
    return cast("list[list[float]]", points.tolist()) if isinstance(points, np.ndarray) else points


def signed_area(points: Corners) -> float:
    """Return the shoelace area in square pixels, positive when clockwise on the screen."""
    corners = _as_pairs(points)
    # Relative to the first corner: with far-away coordinates the products would cancel badly.
    left, top = corners[0]
    doubled = 0.0
    last_x, last_y = corners[-1][0] - left, corners[-1][1] - top
    for x, y in corners:
        x, y = x - left, y - top
        doubled += last_x * y - x * last_y
        last_x, last_y = x, y
    return 0.5 * doubled


def polygon_area(points: Corners) -> float:
    """Return the area in square pixels, whatever the direction of the corners."""
    return abs(signed_area(points))


def is_clockwise(points: Corners) -> bool:
    """Tell whether the corners run clockwise on the screen."""
    return signed_area(points) > 0


def crosses_itself(points: Corners) -> bool:
    """Tell whether two sides cut properly through each other; touching does not count."""
    corners = _as_pairs(points)
    count = len(corners)
    for first in range(count - 2):
        a, b = corners[first], corners[first + 1]
        # the side before the first one shares a corner with it
        for second in range(first + 2, count - 1 if first == 0 else count):
            c, d = corners[second], corners[(second + 1) % count]
            if _turn(a, b, c) * _turn(a, b, d) < 0 and _turn(c, d, a) * _turn(c, d, b) < 0:
                return True
    return False


def _turn(a: Sequence[float], b: Sequence[float], c: Sequence[float]) -> int:
    """Return the sign of the turn a-b-c: 1 clockwise on the screen, -1 the other way, 0 straight."""
    cross = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return (cross > 0) - (cross < 0)


def uncross(points: Points) -> Points:
    """Return the corners of a crossed quadrilateral in turning order around their centre.

    The first corner stays first.
    """
    centre = points.mean(axis=0)
    angles = np.arctan2(points[:, 1] - centre[1], points[:, 0] - centre[0])
    order = np.argsort(angles, kind="stable")
    at = int(np.flatnonzero(order == 0)[0])
    return points[np.roll(order, -at)]


def order_quad(quad: Corners) -> Points:
    """Return four corners clockwise, starting at the top left of the text.

    Counter-clockwise corners are turned round with the first one kept, as PPOCRLabel does before it
    crops. A box along the axes starts at its top left. A clearly tilted one keeps the corner the
    annotator began with, because only that tells which way its text runs.

    Args:
        quad: (4, 2), pixels.

    Returns:
        (4, 2) float64: top left, top right, bottom right, bottom left as the text is read.
    """
    a, b, c, d = _as_pairs(quad)
    corners = [a, b, c, d] if signed_area([a, b, c, d]) > 0 else [a, d, c, b]
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = corners
    tilt = math.degrees(math.atan2(by - ay + cy - dy, bx - ax + cx - dx))
    if abs((tilt + 45.0) % 90.0 - 45.0) <= _AXIS_TILT_DEGREES:
        corners = _start_top_left(corners)
    return as_points(corners)


def _start_top_left(corners: list[Sequence[float]]) -> list[Sequence[float]]:
    """Rotate clockwise corners so that the first side points to the right as much as possible."""
    a, b, c, d = (corner[0] for corner in corners)
    rightward = (b - a + c - d, c - b + d - a, d - c + a - b, a - d + b - c)
    start = rightward.index(max(rightward))
    return corners[start:] + corners[:start]


def polygon_to_quad(points: Corners) -> Points:
    """Return the four corners a crop is cut from, ordered by :func:`order_quad`.

    Four points are taken as they are; a longer polygon is replaced by the smallest rotated
    rectangle around it, lying so that its text runs to the right.

    Args:
        points: (N, 2) with N >= 4, pixels.

    Returns:
        (4, 2) float64, pixels.
    """
    if len(points) == 4:
        return order_quad(points)
    box = cv2.boxPoints(cv2.minAreaRect(as_points(points).astype(np.float32)))
    corners = _as_pairs(box.astype(np.float64))
    clockwise = list(corners if is_clockwise(corners) else corners[::-1])
    return as_points(_start_top_left(clockwise))


def crop_size(quad: Corners) -> tuple[int, int]:
    """Return width and height in pixels of the crop of an ordered quadrilateral.

    Each is the longer of its two opposite sides, cut down to whole pixels.
    """
    a, b, c, d = _as_pairs(quad)
    return int(max(math.dist(a, b), math.dist(c, d))), int(max(math.dist(b, c), math.dist(d, a)))


def crop_sizes(quads: Points) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return widths and heights of the crops of many quadrilaterals: :func:`crop_size` of each in order.

    Args:
        quads: (N, 4, 2) float64, pixels, each clockwise, starting at any corner.

    Returns:
        Two arrays (N,) int64, pixels, before a tall crop is turned.
    """
    sides = np.hypot(*np.moveaxis(np.roll(quads, -1, axis=1) - quads, 2, 0))
    first, second = np.maximum(sides[:, 0], sides[:, 2]), np.maximum(sides[:, 1], sides[:, 3])
    run = quads[:, 1] - quads[:, 0] + quads[:, 2] - quads[:, 3]
    tilt = np.degrees(np.arctan2(run[:, 1], run[:, 0]))
    straight = np.abs((tilt + 45.0) % 90.0 - 45.0) <= _AXIS_TILT_DEGREES
    forward = np.roll(quads[:, :, 0], -1, axis=1) - quads[:, :, 0]
    rightward = forward - np.roll(forward, -2, axis=1)
    lying = straight & (rightward.argmax(axis=1) % 2 == 1)
    widths, heights = np.where(lying, second, first), np.where(lying, first, second)
    return widths.astype(np.int64), heights.astype(np.int64)


def crop_quad(image: Image, quad: Corners, *, upright: bool = False) -> Image:
    """Cut a quadrilateral out of an image and flatten it by perspective.

    Args:
        image: (H, W, 3) uint8.
        quad: (4, 2), pixels, clockwise from the top left of the text.
        upright: Whether tall crops stay as they stand.

    Returns:
        (h, w, 3) uint8. A crop at least 1.5 times as high as wide is turned by 90 degrees
        counter-clockwise, unless it is to stay upright.

    Raises:
        ValueError: A side of the quadrilateral is shorter than one pixel.
    """
    width, height = crop_size(quad)
    if width < 1 or height < 1:
        raise ValueError(f"the box is {width} x {height} pixels")
    crop = _slice_of(image, quad)
    if crop is None:
        crop = _warp(image, quad, width, height)
    if height / width >= TALL_RATIO and not upright:
        crop = np.rot90(crop)
    return cast("Image", np.ascontiguousarray(crop))


def _slice_of(image: Image, quad: Corners) -> Image | None:
    """Return the part of an image that an upright box of whole pixels shows, or None for other boxes.

    Warping such a box moves no pixel by a fraction, so both ways give the same bytes; this one takes a
    hundredth of the time.
    """
    (left, top), second, (right, bottom), fourth = _as_pairs(quad)
    if tuple(second) != (right, top) or tuple(fourth) != (left, bottom):
        return None
    if not (0 <= left < right <= image.shape[1] and 0 <= top < bottom <= image.shape[0]):
        return None
    if left % 1 or top % 1 or right % 1 or bottom % 1:
        return None
    return image[int(top) : int(bottom), int(left) : int(right)]


def _warp(image: Image, quad: Corners, width: int, height: int) -> Image:
    """Flatten a quadrilateral by perspective to the given size in pixels."""
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    transform = cv2.getPerspectiveTransform(np.asarray(quad, dtype=np.float32), target)
    crop = cv2.warpPerspective(
        image, transform, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return cast("Image", crop)
