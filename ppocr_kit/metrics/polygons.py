"""The polygons of many pages as one table, so that shapely is called once and not per polygon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from ppocr_kit.errors import DataError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

# GEOS may move vertices by up to 1e-12 of the coordinates' magnitude. An area counts as resolved
# when a thousand times such a shift changes it by less than one part in a thousand.
RESOLUTION = 1e-6


@dataclass(frozen=True)
class PolygonTable:
    """P polygons of consecutive pages.

    Attributes:
        shapes: ``(P,)`` shapely polygons, None for what has no ring (see ``polygon_table``).
        valid: ``(P,)`` whether the polygon takes part in matching.
        boxes: ``(4, P)`` xmin, ymin, xmax, ymax in pixels; NaN for what cannot overlap anything.
        areas: ``(P,)`` square pixels; 0 for what is not valid.
        thin: ``(P,)`` whether the area is so small beside the coordinates that rounding decides it.
        starts: ``(pages + 1,)`` index of each page's first polygon, and P at the end.
    """

    shapes: npt.NDArray[np.object_]
    valid: BoolArray
    boxes: FloatArray
    areas: FloatArray
    thin: BoolArray
    starts: IntArray

    @property
    def pages(self) -> IntArray:
        """Return ``(P,)`` the page that each polygon lies on."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))


def polygon_table(pages: Sequence[Any]) -> PolygonTable:
    """Build the table of all polygons of all pages.

    A polygon is valid by the OGC rules that shapely applies: a self-crossing one, or one that has
    fallen together to a line or a point, is not. One or two points, and coordinates that are not
    finite, are not valid either. No points at all make an empty polygon, which is valid and
    overlaps nothing: this is how ICDAR's evaluation script counts it.

    Args:
        pages: For each page an array ``(N, K, 2)`` or a sequence of N arrays ``(K, 2)`` with K of
            its own each; pixels, either direction, open or closed. A third coordinate is ignored.

    Raises:
        DataError: Something is not a list of points.
    """
    vertices, sizes, starts = _flatten(pages)
    owners = np.repeat(np.arange(len(sizes)), sizes)
    buildable = sizes >= 3
    buildable[owners[~np.isfinite(vertices).all(axis=1)]] = False
    shapes = np.full(len(sizes), None, dtype=object)
    if buildable.any():
        keep = buildable[owners]
        rings = shapely.linearrings(
            vertices[keep], indices=np.repeat(np.arange(buildable.sum()), sizes[buildable])
        )
        shapes[buildable] = shapely.polygons(rings)
    shapes[sizes == 0] = shapely.Polygon()
    valid = np.asarray(shapely.is_valid(shapes), dtype=bool)
    boxes = np.ascontiguousarray(np.where(valid[:, None], shapely.bounds(shapes), np.nan).T)
    areas = np.where(valid, shapely.area(shapes), 0.0)
    return PolygonTable(shapes, valid, boxes, areas, _thin(boxes, areas), starts)


def _thin(boxes: FloatArray, areas: FloatArray) -> BoolArray:
    """Return ``(P,)`` which areas a shift of the outline by GEOS's rounding would change visibly."""
    xmin, ymin, xmax, ymax = boxes
    outline = (xmax - xmin) + (ymax - ymin)
    return np.asarray(outline * np.abs(boxes).max(axis=0) * RESOLUTION > areas)


def _flatten(pages: Sequence[Any]) -> tuple[FloatArray, IntArray, IntArray]:
    """Return all vertices ``(V, 2)``, the vertex count of each polygon, and each page's first polygon."""
    blocks: list[FloatArray] = [np.zeros((0, 2))]
    sizes: list[IntArray] = [np.zeros(0, dtype=np.int64)]
    starts = np.zeros(len(pages) + 1, dtype=np.int64)
    for number, page in enumerate(pages):
        parts = _as_blocks(page, number)
        blocks.extend(part.reshape(-1, part.shape[-1])[:, :2] for part in parts)
        sizes.extend(np.full(part.shape[0], part.shape[1], dtype=np.int64) for part in parts)
        starts[number + 1] = starts[number] + sum(part.shape[0] for part in parts)
    return np.concatenate(blocks), np.concatenate(sizes), starts


def _as_blocks(page: Any, number: int) -> list[FloatArray]:
    """Return one page's polygons as arrays ``(n, K, 2 or 3)``, in order."""
    if isinstance(page, np.ndarray) and page.dtype.kind in "fiu" and page.shape[2:] in ((2,), (3,)):
        return [page.astype(np.float64)]
    blocks = []
    for index, polygon in enumerate(page):
        try:
            points = np.asarray(polygon, dtype=np.float64)
        except (TypeError, ValueError):
            points = np.zeros(1)
        if points.size == 0:
            points = np.zeros((0, 2))
        if points.ndim != 2 or points.shape[1] not in (2, 3):
            raise DataError(
                "a polygon is not a list of x, y points",
                at=f"page {number}, polygon {index}: {str(polygon)[:60]}",
                hint="give each polygon as [[x1, y1], [x2, y2], ...] in pixels",
            )
        blocks.append(points[None])
    return blocks
