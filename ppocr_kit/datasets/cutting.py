"""The work on one page: decode once, place its boxes, copy the image, cut and write its crops.

Pages are worked on by several threads: decoding, warping and encoding run outside the interpreter
lock. Results come back in the order of the pages.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import cv2

from ppocr_kit.datasets.rows import image_suffix, page_name
from ppocr_kit.errors import DataError
from ppocr_kit.geometry import Image, as_points, crop_quad, polygon_to_quad
from ppocr_kit.labels.boxes import Finding
from ppocr_kit.labels.images import BadImage, read_page_image
from ppocr_kit.labels.placement import PlacedRegion, place_regions
from ppocr_kit.labels.ppocrlabel import render_boxes
from ppocr_kit.labels.region import LabeledImage

Item = TypeVar("Item")
Result = TypeVar("Result")

# Lossless, so that a crop read back is the crop that prediction cuts; level 1 because higher levels
# cost several times the time for a tenth of the size.
CROP_SUFFIX = ".png"
_CROP_PARAMETERS = [cv2.IMWRITE_PNG_COMPRESSION, 1]

_PAGES_IN_FLIGHT_PER_THREAD = 8


@dataclass(frozen=True)
class Crop:
    """A crop that was cut: its file name, the text on it, and the box it came from."""

    name: str
    text: str
    region: int


@dataclass(frozen=True)
class CutPage:
    """What became of one page.

    Attributes:
        page: The page as labelled.
        source: Index of its source.
        findings: What was found about image and boxes.
        name: Unique name in the data set; empty when the page cannot be used.
        image_name: File name of the image in the data set.
        image_sha256: Hash of the image file.
        regions: The regions that remain.
        crops: The crops that were cut.
    """

    page: LabeledImage
    source: int
    findings: tuple[Finding, ...]
    name: str = ""
    image_name: str = ""
    image_sha256: str = ""
    regions: tuple[PlacedRegion, ...] = ()
    crops: tuple[Crop, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether the page goes into the data set."""
        return bool(self.name)


@dataclass(frozen=True)
class CutPlace:
    """Where images and crops are written; None writes none of that kind."""

    images: Path | None
    crops: Path | None


def cut_page(page: LabeledImage, source: int, place: CutPlace) -> CutPage:
    """Work on one page.

    Args:
        page: The page.
        source: Index of its source, handed through.
        place: Folders to write to.

    Raises:
        OSError: Writing failed, for example because the disk is full.
    """
    read = read_page_image(page.path)
    if isinstance(read, BadImage):
        return CutPage(page, source, ((read.code, None, read.detail),))
    height, width = read.pixels.shape[:2]
    regions, findings = place_regions(page.regions, width, height)
    if page.regions and not regions:
        return CutPage(page, source, tuple(findings))
    image_hash = sha256(read.content)
    image_sha256 = image_hash.hexdigest()
    image_hash.update(render_boxes(page.regions).encode("utf-8"))
    name = page_name(page.path, image_hash.hexdigest())
    image_name = name + image_suffix(page.path)
    crops = _cut_crops(read.pixels, regions, name, place.crops)
    if place.images is not None:
        (place.images / image_name).write_bytes(read.content)
    return CutPage(
        page, source, tuple(findings), name, image_name, image_sha256, tuple(regions), tuple(crops)
    )


def _cut_crops(pixels: Image, regions: Iterable[PlacedRegion], name: str, folder: Path | None) -> list[Crop]:
    """Cut and write the crops of the regions that recognition learns."""
    crops = []
    for placed in regions:
        if placed.rec_text is None:
            continue
        index = placed.region.index
        crop = Crop(f"{name}_{index:03d}{CROP_SUFFIX}", placed.rec_text, index)
        crops.append(crop)
        if folder is not None:
            cut = crop_quad(pixels, polygon_to_quad(as_points(placed.outline)))
            _write_crop(folder / crop.name, cut)
    return crops


def _write_crop(path: Path, pixels: Image) -> None:
    """Encode and write one crop."""
    done, encoded = cv2.imencode(CROP_SUFFIX, pixels, _CROP_PARAMETERS)
    if not done:
        raise DataError("OpenCV cannot encode a crop", at=path.name)
    path.write_bytes(encoded.tobytes())


def usable_cores() -> int:
    """Return the number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def map_in_order(work: Callable[[Item], Result], items: Iterable[Item], threads: int) -> Iterator[Result]:
    """Apply ``work`` in threads and yield results in order, holding only a few at a time.

    When it raises, work that has not begun is dropped.
    """
    pending: deque[Future[Result]] = deque()
    executor = ThreadPoolExecutor(max_workers=threads)
    try:
        for item in items:
            pending.append(executor.submit(work, item))
            if len(pending) >= threads * _PAGES_IN_FLIGHT_PER_THREAD:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
