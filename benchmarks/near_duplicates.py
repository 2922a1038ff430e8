"""Measure how many copies of real pages are found, how many others are taken for copies, and how fast.

    python benchmarks/near_duplicates.py ../shared/real/wire [../shared/real/form_1040 …] [--pages 50000]

Each page gets one changed copy: turned by 90, 180 and 270 degrees, saved again smaller, trimmed by 2 to
5 % at each edge, or scanned again (1 to 2 degrees askew, shifted and trimmed, another size, blur,
brightness, contrast, JPEG 60). ``found`` counts pages whose copy is found; ``others`` the further pairs that
come up and are not between pages that are copies of one another before (look at those: real exports have
some). Then the time for a set of synthetic pages, a tenth of them copies.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from ppocr_kit.fingerprint import Fingerprint, fingerprint  # noqa: E402
from ppocr_kit.labels.near_duplicates import FingerprintedPage, find_near_duplicates  # noqa: E402
from ppocr_kit.labels.placement import place_page  # noqa: E402
from ppocr_kit.labels.sources import read_sources  # noqa: E402
from ppocr_kit.labels.text_evidence import text_signature  # noqa: E402

Pixels = Any
Change = Callable[[Pixels, np.random.Generator], Pixels]


def save(pixels: Pixels, quality: int) -> Pixels:
    return cv2.imdecode(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 1)


def turned(quarters: int) -> Change:
    return lambda pixels, random: save(np.ascontiguousarray(np.rot90(pixels, quarters)), 80)


def saved_smaller(pixels: Pixels, random: np.random.Generator) -> Pixels:
    return save(cv2.resize(pixels, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA), 70)


def trimmed(pixels: Pixels, random: np.random.Generator, least: float = 0.02, most: float = 0.05) -> Pixels:
    height, width = pixels.shape[:2]
    top, bottom = (random.uniform(least, most, 2) * height).astype(int)
    left, right = (random.uniform(least, most, 2) * width).astype(int)
    return pixels[top : height - bottom, left : width - right]


def scanned_again(pixels: Pixels, random: np.random.Generator) -> Pixels:
    height, width = pixels.shape[:2]
    angle = random.uniform(1, 2) * random.choice([-1, 1])
    change = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    change[:, 2] += random.uniform(-0.03, 0.03, 2) * (width, height)
    moved = cv2.warpAffine(pixels, change, (width, height), borderMode=cv2.BORDER_REPLICATE)
    scale = random.uniform(0.5, 1.3)
    scaled = cv2.resize(
        trimmed(moved, random, 0.0, 0.03), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA
    )
    blurred = cv2.GaussianBlur(scaled, (3, 3), 0).astype(np.float32)
    lit = blurred * random.uniform(0.8, 1.15) + random.uniform(-20, 20)
    return save(np.clip(lit, 0, 255).astype(np.uint8), 60)


CHANGES: dict[str, Change] = {
    "turned by 90": turned(1),
    "turned by 180": turned(2),
    "turned by 270": turned(3),
    "saved smaller": saved_smaller,
    "trimmed": trimmed,
    "scanned again": scanned_again,
}


def read_pages(folder: Path) -> tuple[list[FingerprintedPage], list[Pixels]]:
    """Read the pages of a labelled folder."""
    pages, pictures = [], []
    for source in read_sources([folder]):
        for entry in source.pages:
            placed = place_page(entry)
            if placed.image is None:
                continue
            texts = [region.rec_text for region in placed.regions if region.rec_text is not None]
            looks = fingerprint(placed.image.pixels)
            pages.append(
                FingerprintedPage(f"{len(pages)}.jpg", f"{len(pages):064x}", looks, text_signature(texts))
            )
            pictures.append(placed.image.pixels)
    return pages, pictures


def bare(pages: list[FingerprintedPage]) -> list[FingerprintedPage]:
    """Return the pages without their texts."""
    return [FingerprintedPage(page.name, page.image_sha256, page.fingerprint) for page in pages]


def measure(folder: Path, seed: int) -> None:
    """Print what is found of each kind of copy, with texts and without."""
    pages, pictures = read_pages(folder)
    for title, originals in (("with texts", pages), ("without texts", bare(pages))):
        before = {(pair.first, pair.second) for pair in find_near_duplicates(originals).pairs}
        print(f"{folder.name}, {len(pages)} pages, {title}: {len(before)} pairs as they are")
        for name, change in CHANGES.items():
            random = np.random.default_rng(seed)
            copies = [
                FingerprintedPage(
                    f"copy {number}.jpg",
                    f"c{number:063x}",
                    fingerprint(change(picture, random)),
                    page.signature,
                )
                for number, (page, picture) in enumerate(zip(originals, pictures))
            ]
            result = find_near_duplicates([*originals, *copies])
            count = len(originals)
            pairs = {tuple(sorted((pair.first, pair.second))) for pair in result.pairs}
            found = sum((number, number + count) in pairs for number in range(count))
            pages_of = {tuple(sorted((one % count, other % count))) for one, other in pairs}
            others = sum(one != other and (one, other) not in before for one, other in pages_of)
            print(f"  {name:14s} found {found} of {count}, others {others}, refused {len(result.refused)}")


def measure_speed(count: int, seed: int) -> None:
    """Print the time for synthetic pages of 20 texts, a tenth of them copies of the page before."""
    random = np.random.default_rng(seed)
    pages: list[FingerprintedPage] = []
    for number in range(count):
        if number % 10 == 9:
            looks, signature = pages[-1].fingerprint, pages[-1].signature
        else:
            waves = random.normal(0, 12, 135).clip(-127, 127).astype(np.int8)
            looks = Fingerprint(waves.tobytes(), 40)
            signature = text_signature(f"text {word}" for word in random.integers(0, 10 * count, 20))
        pages.append(FingerprintedPage(f"{number}.jpg", f"{number:064x}", looks, signature))
    started = time.perf_counter()
    result = find_near_duplicates(pages)
    print(f"{count} pages with texts: {time.perf_counter() - started:.1f} s, {len(result.groups)} groups")
    some = bare(pages)
    started = time.perf_counter()
    result = find_near_duplicates(some)
    print(f"{count} pages without: {time.perf_counter() - started:.1f} s, {len(result.groups)} groups")
    page = random.integers(0, 256, (2339, 1654, 3), dtype=np.uint8)
    started = time.perf_counter()
    for _ in range(20):
        fingerprint(page)
    print(f"fingerprint of an A4 page at 200 dpi: {(time.perf_counter() - started) / 20 * 1e3:.2f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path, help="labelled folders")
    parser.add_argument("--pages", type=int, default=50_000, help="synthetic pages")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for folder in arguments.folders:
        measure(folder, arguments.seed)
    measure_speed(arguments.pages, arguments.seed)


if __name__ == "__main__":
    main()
