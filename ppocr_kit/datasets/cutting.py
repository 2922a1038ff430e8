"""The work on a chunk of pages, done in a worker: read, open, place, cut, encode, write; once each.

What comes back is small: rows, hashes and findings. The pixels stay here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import zip_longest
from pathlib import Path

import cv2

from ppocr_kit.datasets.crop_spool import SpoolWriter
from ppocr_kit.datasets.cut_plan import Chunk, CutChunk, CutPlan
from ppocr_kit.datasets.file_placing import link_file, write_file
from ppocr_kit.datasets.kie_entities import add_entities
from ppocr_kit.datasets.page_index import PageRecord, pack_fingerprint, pack_rows
from ppocr_kit.datasets.reuse import OldPage, OldPages
from ppocr_kit.datasets.rows import (
    CROP_FOLDER,
    CROP_SUFFIX,
    IMAGE_FOLDER,
    CropRow,
    image_suffix,
    page_name,
    render_det_row,
)
from ppocr_kit.errors import DataError
from ppocr_kit.fingerprint import fingerprint
from ppocr_kit.geometry import TALL_RATIO, Image, crop_quad, polygon_to_quad
from ppocr_kit.labels.boxes import Finding
from ppocr_kit.labels.entries import PageEntry
from ppocr_kit.labels.image_size import read_image_size
from ppocr_kit.labels.images import BadImage, is_cut_short, open_page_image
from ppocr_kit.labels.links_file import PageLinks
from ppocr_kit.labels.placement import PlacedRegion, place_regions
from ppocr_kit.labels.ppocrlabel import render_boxes
from ppocr_kit.labels.region import LabeledImage
from ppocr_kit.labels.text_evidence import text_signature
from ppocr_kit.tasks import Task


def cut_chunk(plan: CutPlan, chunk: Chunk) -> CutChunk:
    """Work on the pages of a chunk.

    Raises:
        OSError: Writing failed, for example because the disk is full.
        DataError: The label file changed while it was read.
    """
    spool = SpoolWriter(plan.spool, chunk.number) if plan.spool is not None else None
    old = OldPages(plan.old) if plan.old is not None else None
    cutter = _Cutter(plan, chunk, spool, old)
    records, findings = [], []
    try:
        for entry, people in zip_longest(chunk.entries, chunk.people):
            record, found = cutter.cut(entry, people)
            if record is not None:
                records.append(record)
            if found:
                findings.append((entry.file, entry.line, found))
    finally:
        if spool is not None:
            spool.close()
        if old is not None:
            old.close()
    return CutChunk(len(chunk.entries), tuple(records), tuple(findings))


@dataclass(frozen=True)
class _OpenImage:
    """An image file as far as it had to be opened: its pixels only where crops are wanted."""

    width: int
    height: int
    pixels: Image | None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class _ImageFacts:
    """Hashes of image and boxes, the size of the image as shown in pixels, and what it looks like."""

    image_sha256: str
    labels_sha256: str
    width: int
    height: int
    fingerprint: bytes | None


class _Cutter:
    """Cuts one page after another."""

    def __init__(self, plan: CutPlan, chunk: Chunk, spool: SpoolWriter | None, old: OldPages | None) -> None:
        self.plan = plan
        self.chunk = chunk
        self.spool = spool
        self.old = old
        self.images = [str(folder) for folder in plan.images]
        self.crops = None if plan.crops is None else str(plan.crops)

    def cut(
        self, entry: PageEntry, people: PageLinks | None
    ) -> tuple[PageRecord | None, tuple[Finding, ...]]:
        """Work on one page; return it, if it can be used, and what was found about it."""
        read = entry.read()
        if not read.usable:
            return None, read.findings
        page = read.page
        boxes = render_boxes(page.regions).encode("utf-8")
        try:
            stat = page.path.stat()
            content, old = self._look_up(page, stat, sha256(boxes).hexdigest())
        except OSError as error:
            return None, (*read.findings, _unreadable(page.path, error))
        taken = self._take_over(page, stat, old, people) if old is not None else None
        if taken is not None:
            return taken[0], (*read.findings, *taken[1])
        try:
            content = page.path.read_bytes() if content is None else content
        except OSError as error:
            return None, (*read.findings, _unreadable(page.path, error))
        record, findings = self._cut_fresh(page, stat, content, boxes, people)
        return record, (*read.findings, *findings)

    def _look_up(
        self, page: LabeledImage, stat: os.stat_result, labels_sha256: str
    ) -> tuple[bytes | None, OldPage | None]:
        """Find the page in the old data set.

        Returns:
            The image file's content where it had to be read, and the old page with the same image and
            boxes.
        """
        if self.old is None or self.plan.old is None:
            return None, None
        old = self.old.at_path(page.path)
        if (
            old is not None
            and (old.size, old.mtime_ns) == (stat.st_size, stat.st_mtime_ns)
            and self.plan.old.is_settled(stat.st_mtime_ns)
        ):
            return None, old if old.labels_sha256 == labels_sha256 else None
        content = page.path.read_bytes()
        return content, self.old.of_content(sha256(content).hexdigest(), labels_sha256)

    def _take_over(
        self, page: LabeledImage, stat: os.stat_result, old: OldPage, people: PageLinks | None
    ) -> tuple[PageRecord, tuple[Finding, ...]] | None:
        """Take image and crops from the old data set, None when they are not there as they were left."""
        placed, findings = place_regions(page.regions, old.width, old.height)
        if page.regions and not placed:
            return None
        if self.plan.fingerprints and self.plan.rec and old.fingerprint is None:
            return None
        name = page_name(page.path, old.page_hash)
        crops = tuple(_crop_rows(page.path, placed, old.width, old.height)) if self.plan.rec else ()
        if not self._link_crops(old.name, name, crops):
            return None
        image_name = name + image_suffix(page.path)
        copied = self._place_old_image(page.path, old.name + image_suffix(page.path), image_name)
        if copied is None:
            return None
        record = self._record(
            page,
            stat,
            _ImageFacts(
                old.image_sha256,
                old.labels_sha256,
                old.width,
                old.height,
                old.fingerprint if self.plan.fingerprints else None,
            ),
            name,
            placed,
            crops,
        )
        record, found = add_entities(record, page, placed, people, self.plan)
        return record._replace(
            old_split=None if self.spool is None else str(old.split),
            old_row=old.first_row,
            reused=True,
            copied=copied,
        ), (*findings, *found)

    def _link_crops(self, old_name: str, name: str, crops: Sequence[CropRow]) -> bool:
        """Give the old crops their new names; False when one is missing or was changed by hand."""
        old = self.plan.old
        if old is None or not self.plan.rec or self.plan.root is None:
            return old is not None
        if self.crops is None:
            return old.crops == "lmdb"
        if old.crops != "files":
            return False
        folder = f"{old.folder}/{Task.REC}/{CROP_FOLDER}"
        pairs = [
            (f"{folder}/{crop.file_name(old_name)}", f"{self.crops}/{crop.file_name(name)}") for crop in crops
        ]
        if not all(old.is_untouched(source) for source, _ in pairs):
            return False
        for source, target in pairs:
            link_file(source, target)
        return True

    def _place_old_image(self, path: Path, old_name: str, image_name: str) -> bool | None:
        """Put the page image in its place, from the old data set where that has a copy.

        Returns:
            Whether a copy was made though a link was wanted; None when there is nothing to take.
        """
        if not self.images or self.plan.old is None:
            return False
        if self.plan.link:
            return self._link_image(str(path), image_name)
        source = f"{self.plan.old.folder}/{self.plan.old.image_folder}/{old_name}"
        if self.plan.old.images != "copy" or not self.plan.old.is_untouched(source):
            return None
        self._link_image(source, image_name)
        return False

    def _link_image(self, source: str, image_name: str) -> bool:
        """Give an image its name in the folder of each task; return whether it had to be copied.

        All tasks have the same file under their own names, also where it had to be copied once.
        """
        first, *others = (f"{folder}/{image_name}" for folder in self.images)
        linked = link_file(source, first)
        for other in others:
            link_file(first, other)
        return not linked

    def _cut_fresh(
        self,
        page: LabeledImage,
        stat: os.stat_result,
        content: bytes,
        boxes: bytes,
        people: PageLinks | None,
    ) -> tuple[PageRecord | None, tuple[Finding, ...]]:
        """Open the image, place the boxes on it, and write what comes of it."""
        image = self._open(page.path.name, content)
        if isinstance(image, BadImage):
            return None, ((image.code, None, image.detail),)
        placed, found = place_regions(page.regions, image.width, image.height)
        findings = (*image.findings, *found)
        if page.regions and not placed:
            return None, findings
        digest = sha256(content)
        image_sha256 = digest.hexdigest()
        digest.update(boxes)
        name = page_name(page.path, digest.hexdigest())
        image_name = name + image_suffix(page.path)
        offset = self.spool.size if self.spool is not None else 0
        crops = self._cut_crops(page.path, name, content, image, placed)
        copied = self._place_image(page.path, image_name, content)
        looks = None
        if self.plan.fingerprints and image.pixels is not None:
            looks = pack_fingerprint(fingerprint(image.pixels))
        facts = _ImageFacts(image_sha256, sha256(boxes).hexdigest(), image.width, image.height, looks)
        record = self._record(page, stat, facts, name, placed, crops)
        record, more = add_entities(record, page, placed, people, self.plan)
        done = record._replace(offset=offset, copied=copied, plain=not image.findings)
        return done, (*findings, *more)

    def _record(
        self,
        page: LabeledImage,
        stat: os.stat_result,
        facts: _ImageFacts,
        name: str,
        placed: Sequence[PlacedRegion],
        crops: Sequence[CropRow],
    ) -> PageRecord:
        """Put together what is kept of a page."""
        image_name = name + image_suffix(page.path)
        texts = [region.rec_text for region in placed if region.rec_text is not None]
        row = render_det_row(f"{IMAGE_FOLDER}/{image_name}", placed) if self.plan.det else ""
        return PageRecord(
            name=name,
            image_name=image_name,
            folder=self.chunk.folder,
            source=self.chunk.source,
            file=os.fsencode(page.file),
            line=page.line,
            key=page.key.encode("utf-8", "surrogatepass"),
            image_path=os.fsencode(page.path),
            size=stat.st_size,
            mtime_ns=stat.st_mtime_ns,
            image_sha256=facts.image_sha256,
            labels_sha256=facts.labels_sha256,
            width=facts.width,
            height=facts.height,
            regions=len(placed),
            crops=len(crops),
            texts=len(texts),
            longest=max(map(len, texts), default=0),
            characters="".join(sorted(set("".join(texts)))),
            classes=json.dumps(sorted({region.region.key_cls for region in placed} - {None})),
            group=None,
            fingerprint=facts.fingerprint,
            signature=text_signature(texts),
            plain=True,
            rows=pack_rows(row, crops),
            chunk=self.chunk.number,
            offset=0,
            old_split=None,
            old_row=0,
            reused=False,
            copied=False,
        )

    def _open(self, name: str, content: bytes) -> _OpenImage | BadImage:
        """Return the image; detection alone needs no pixels where the head of the file says the size."""
        if is_cut_short(content):
            return BadImage("L031", name)
        size = None if self.plan.rec else read_image_size(content)
        if size is not None:
            return _OpenImage(*size, None)
        opened = open_page_image(content, name)
        if isinstance(opened, BadImage):
            return opened
        height, width = opened.pixels.shape[:2]
        return _OpenImage(width, height, opened.pixels, opened.findings)

    def _place_image(self, path: Path, image_name: str, content: bytes) -> bool:
        """Put the page image in its place; return whether a copy was made though a link was wanted."""
        if not self.images:
            return False
        if self.plan.link:
            return self._link_image(str(path), image_name)
        first, *others = (f"{folder}/{image_name}" for folder in self.images)
        write_file(first, content)
        for other in others:
            link_file(first, other)
        return False

    def _cut_crops(
        self, path: Path, name: str, content: bytes, image: _OpenImage, placed: Sequence[PlacedRegion]
    ) -> tuple[CropRow, ...]:
        """Cut, encode and write the crops of the regions that recognition learns."""
        if not self.plan.rec:
            return ()
        rows = _crop_rows(path, placed, image.width, image.height)
        if self.plan.root is None:
            return tuple(rows)
        done = []
        outlines = {region.region.index: region.outline for region in placed}
        for row in rows:
            encoded = (
                content
                if row.whole
                else _encode_crop(image.pixels, outlines[row.box], name, upright=self.plan.upright)
            )
            if self.spool is not None:
                self.spool.add(encoded)
            else:
                write_file(f"{self.crops}/{row.file_name(name)}", encoded)
            done.append(row._replace(size=len(encoded)))
        return tuple(done)


def _unreadable(path: Path, error: OSError) -> Finding:
    """Return the finding about an image file that cannot be read."""
    return ("L032", None, f"{path.name} ({error.strerror})")


def _crop_rows(path: Path, placed: Sequence[PlacedRegion], width: int, height: int) -> list[CropRow]:
    """Return the rows for recognition, their crops not cut yet."""
    rows = []
    for region in placed:
        if region.rec_text is not None:
            whole = _is_whole(region, width, height)
            suffix = image_suffix(path) if whole else CROP_SUFFIX
            rows.append(CropRow(region.region.index, suffix, region.rec_text, 0, whole))
    return rows


def _is_whole(region: PlacedRegion, width: int, height: int) -> bool:
    """Tell whether a region is the picture: then it is its own crop, and not encoded once more."""
    if region.region.cropped:
        return True
    corners = [(0, 0), (width, 0), (width, height), (0, height)]
    if height >= TALL_RATIO * width or set(region.outline) != set(corners):
        return False
    return bool(polygon_to_quad(region.outline).tolist() == [list(corner) for corner in corners])


def _encode_crop(
    pixels: Image | None, outline: Sequence[tuple[float, float]], name: str, *, upright: bool
) -> bytes:
    """Cut one crop and return it as a JPEG file."""
    assert pixels is not None
    done, encoded = cv2.imencode(CROP_SUFFIX, crop_quad(pixels, polygon_to_quad(outline), upright=upright))
    if not done:
        raise DataError("OpenCV cannot encode a crop", at=name)
    return encoded.tobytes()
