"""The work on one page: decode once, place its boxes, copy the image, cut and write its crops."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import cv2

from ppocr_kit.datasets.rows import image_suffix, page_name
from ppocr_kit.errors import DataError
from ppocr_kit.geometry import Image, crop_quad, polygon_to_quad
from ppocr_kit.labels.boxes import Finding
from ppocr_kit.labels.entries import PageEntry
from ppocr_kit.labels.placement import PlacedRegion, place_page
from ppocr_kit.labels.ppocrlabel import render_boxes
from ppocr_kit.labels.region import LabeledImage

# JPEG at OpenCV's quality of 95, as PPOCRLabel exports crops. PNG at its fastest took nine times as
# long to encode, twice as long to decode in each epoch, and twice the disk.
CROP_SUFFIX = ".jpg"


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


def cut_page(entry: PageEntry, source: int, place: CutPlace) -> CutPage:
    """Work on one page.

    Args:
        entry: The page.
        source: Index of its source, handed through.
        place: Folders to write to.

    Raises:
        OSError: Writing failed, for example because the disk is full.
    """
    placed = place_page(entry)
    page = placed.page
    if placed.image is None:
        return CutPage(page, source, placed.findings)
    image_hash = sha256(placed.image.content)
    image_sha256 = image_hash.hexdigest()
    image_hash.update(render_boxes(page.regions).encode("utf-8"))
    name = page_name(page.path, image_hash.hexdigest())
    image_name = name + image_suffix(page.path)
    crops = _cut_crops(placed.image.pixels, placed.regions, name, place.crops)
    if place.images is not None:
        (place.images / image_name).write_bytes(placed.image.content)
    return CutPage(
        page, source, placed.findings, name, image_name, image_sha256, placed.regions, tuple(crops)
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
            cut = crop_quad(pixels, polygon_to_quad(placed.outline))
            _write_crop(folder / crop.name, cut)
    return crops


def _write_crop(path: Path, pixels: Image) -> None:
    """Encode and write one crop."""
    done, encoded = cv2.imencode(CROP_SUFFIX, pixels)
    if not done:
        raise DataError("OpenCV cannot encode a crop", at=path.name)
    path.write_bytes(encoded.tobytes())
