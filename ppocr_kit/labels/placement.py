"""Lay the regions of a page over its image: what detection learns, what recognition is cut from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ppocr_kit.geometry import as_points, crop_size, crosses_itself, polygon_to_quad, signed_area, uncross
from ppocr_kit.labels.boxes import Finding
from ppocr_kit.labels.entries import PageEntry
from ppocr_kit.labels.images import BadImage, PageImage, read_page_image
from ppocr_kit.labels.region import (
    IGNORED_TEXTS,
    PLACEHOLDER_TEXTS,
    REPLACEMENT,
    LabeledImage,
    TextRegion,
)
from ppocr_kit.text import clean_text

Polygon = tuple[tuple[float, float], ...]

_LEAST_SIDE = 1
# Further from the limit of one pixel than rounding reaches.
_BEYOND_DOUBT = 1.001


@dataclass(frozen=True)
class PlacedRegion:
    """A region that fits its image.

    Attributes:
        region: As labelled.
        polygon: Clockwise corners inside the image, pixels: what detection learns.
        outline: Clockwise corners that may reach over the edge: what a crop is cut from.
        rec_text: The text recognition learns, None when it learns nothing from this region.
    """

    region: TextRegion
    polygon: Polygon
    outline: Polygon
    rec_text: str | None


@dataclass(frozen=True)
class PlacedPage:
    """A page with its image opened and its regions fitted.

    Attributes:
        page: As labelled.
        image: The decoded image, None when the page cannot be used.
        regions: The regions that remain; empty for a page without text.
        findings: What was found about image and boxes.
    """

    page: LabeledImage
    image: PageImage | None
    regions: tuple[PlacedRegion, ...]
    findings: tuple[Finding, ...]


def place_page(entry: PageEntry) -> PlacedPage:
    """Read the boxes of a page, open its image and fit the regions to it."""
    read = entry.read()
    page = read.page
    if not read.usable:
        return PlacedPage(page, None, (), read.findings)
    image = read_page_image(page.path)
    if isinstance(image, BadImage):
        return PlacedPage(page, None, (), (*read.findings, (image.code, None, image.detail)))
    height, width = image.pixels.shape[:2]
    regions, findings = place_regions(page.regions, width, height)
    usable = bool(regions) or not page.regions
    found = (*read.findings, *image.findings, *findings)
    return PlacedPage(page, image if usable else None, tuple(regions), found)


def place_regions(
    regions: Sequence[TextRegion], width: int, height: int
) -> tuple[list[PlacedRegion], list[Finding]]:
    """Fit the regions of a page to its image.

    Args:
        regions: The boxes of the page.
        width: Image width in pixels.
        height: Image height in pixels.

    Returns:
        The regions that remain, and the findings about all of them. When no region of a page
        that has some remains, one of the findings is L019 and the page must not be used: its text
        would be learnt as background.
    """
    placed: list[PlacedRegion] = []
    findings: list[Finding] = []
    seen: dict[Polygon, list[str]] = {}
    for region in regions:
        texts = seen.setdefault(region.points, [])
        if region.transcription in texts:
            findings.append(("L047", region.index, f"'{region.transcription}'"))
            continue
        if texts:
            findings.append(("L048", region.index, f"'{texts[0]}' and '{region.transcription}'"))
        texts.append(region.transcription)
        plain = _is_plain(region.points, width, height)
        fitted = (region.points, region.points) if plain else _fit(region, width, height, findings)
        if fitted is not None:
            placed.append(PlacedRegion(region, *fitted, _rec_text(region, findings)))
    if regions and not placed:
        findings.append(("L019", None, ""))
    return placed, findings


def _is_plain(points: Polygon, width: int, height: int) -> bool:
    """Tell whether four corners are beyond doubt: inside, convex, clockwise, with sides above a pixel.

    Most boxes are, and this is ten times as fast as the checks of :func:`_outline`, which settles the rest.
    """
    if len(points) != 4:
        return False
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = points
    if min(ax, bx, cx, dx) < 0 or max(ax, bx, cx, dx) > width:
        return False
    if min(ay, by, cy, dy) < 0 or max(ay, by, cy, dy) > height:
        return False
    # twice the areas of the triangles that a diagonal cuts the box into
    at_a = (ax - dx) * (by - ay) - (ay - dy) * (bx - ax)
    at_b = (bx - ax) * (cy - by) - (by - ay) * (cx - bx)
    at_c = (cx - bx) * (dy - cy) - (cy - by) * (dx - cx)
    at_d = (dx - cx) * (ay - dy) - (dy - cy) * (ax - dx)
    if min(at_a, at_b, at_c, at_d) < _BEYOND_DOUBT:
        return False
    return (
        max(abs(bx - ax), abs(by - ay), abs(dx - cx), abs(dy - cy)) > _BEYOND_DOUBT
        and max(abs(cx - bx), abs(cy - by), abs(ax - dx), abs(ay - dy)) > _BEYOND_DOUBT
    )


def _fit(
    region: TextRegion, width: int, height: int, findings: list[Finding]
) -> tuple[Polygon, Polygon] | None:
    """Return polygon and outline of a region, or None when it cannot be used."""
    outline = _outline(region, width, height, findings)
    if outline is None:
        return None
    polygon = _clip(outline, width, height)
    if polygon is not outline:
        findings.append(("L044", region.index, f"the image is {width} x {height}"))
    return polygon, outline


def _outline(region: TextRegion, width: int, height: int, findings: list[Finding]) -> Polygon | None:
    """Return the corners clockwise and uncrossed, or None when the region cannot be used."""
    points = region.points
    if _is_far_outside(points, width, height):
        findings.append(("L043", region.index, f"the image is {width} x {height}"))
        return None
    if crosses_itself(points):
        findings.append(("L045", region.index, ""))
        if len(points) == 4:
            points = _as_polygon(uncross(as_points(points)).tolist())
    area = signed_area(points)
    if abs(area) < _LEAST_SIDE or _is_thin(points):
        findings.append(("L042", region.index, f"its area is {abs(area):.1f} square pixels"))
        return None
    if abs(signed_area(_clip(points, width, height))) < _LEAST_SIDE:
        findings.append(("L043", region.index, f"the image is {width} x {height}"))
        return None
    if area > 0:
        return points
    findings.append(("L046", region.index, ""))
    return (points[0], *reversed(points[1:]))


def _is_far_outside(points: Polygon, width: int, height: int) -> bool:
    """Tell whether a corner lies further outside than the image is large: no slip of the mouse."""
    return any(x < -width or x > 2 * width or y < -height or y > 2 * height for x, y in points)


def _is_thin(points: Polygon) -> bool:
    """Tell whether the crop of a region would have no row or no column of pixels."""
    return min(crop_size(points if len(points) == 4 else polygon_to_quad(points))) < _LEAST_SIDE


def _clip(points: Polygon, width: int, height: int) -> Polygon:
    """Return the corners moved into the image; the same object when all are inside."""
    if all(0 <= x <= width and 0 <= y <= height for x, y in points):
        return points
    return tuple((min(max(x, 0.0), float(width)), min(max(y, 0.0), float(height))) for x, y in points)


def _as_polygon(corners: Sequence[Sequence[float]]) -> Polygon:
    return tuple((float(x), float(y)) for x, y in corners)


def _rec_text(region: TextRegion, findings: list[Finding]) -> str | None:
    """Return the text for recognition, or None with the reason among the findings."""
    raw = region.transcription
    text = clean_text(raw)
    if text != raw:
        findings.append(("L056", region.index, f"'{text}'"))
    bare = text.strip()
    if not bare:
        findings.append(("L052", region.index, ""))
    elif bare in IGNORED_TEXTS:
        findings.append(("L053", region.index, f"'{bare}'"))
    elif bare in PLACEHOLDER_TEXTS:
        findings.append(("L054", region.index, f"'{bare}'"))
    elif region.difficult:
        findings.append(("L055", region.index, f"'{text}'"))
    elif REPLACEMENT in text:
        findings.append(("L057", region.index, f"'{text}'"))
    else:
        return text
    return None
