"""The texts of pictures as labels have them, in place of what a detector and a recogniser find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.errors import DataError
from ppocr_kit.labels.codes import LABEL_CODES
from ppocr_kit.labels.entries import PageEntry
from ppocr_kit.labels.images import BadImage, read_page_image
from ppocr_kit.labels.reading_order import reading_order
from ppocr_kit.labels.region import TextRegion
from ppocr_kit.labels.sources import ReadOptions, read_sources

Answer = dict[str, Any]


@dataclass(frozen=True)
class PageTexts:
    """What labels say is written on pictures.

    Attributes:
        name: The labels, as the user named them.
        entries: Their pages by the picture's path, absolute.
    """

    name: str
    entries: Mapping[Path, PageEntry]

    def of_page(self, page: Path) -> Answer:
        """Return ``entities`` in reading order, and the size where there is none; or an ``error``."""
        entry = self.entries.get(page.resolve())
        if entry is None:
            return {"error": f"{self.name} has no labels for this picture"}
        read = entry.read()
        if not read.usable:
            told = "; ".join(
                f"{LABEL_CODES[code].meaning}{f': {detail}' if detail else ''}"
                for code, _, detail in read.findings
            )
            return {"error": told or "the labels of this picture cannot be used"}
        entities = _entities(read.page.regions)
        return {"entities": entities} if entities else {"entities": [], **_size(page)}


def read_page_texts(
    labels: Path,
    pictures: Sequence[Path],
    options: ReadOptions = ReadOptions(),  # noqa: B008
) -> tuple[PageTexts, list[Path]]:
    """Read labels, and say which pictures are looked at.

    Args:
        labels: Label.txt, its folder, or labels in another format.
        pictures: Those to look at; without any, all that the labels name.
        options: How to read.

    Raises:
        DataError: The labels cannot be read, name no picture that is there, or only others than these.
    """
    (source,) = read_sources([labels], options)
    entries = {entry.path.resolve(): entry for entry in source.pages}
    found = PageTexts(str(labels), entries)
    if not entries:
        raise DataError(
            "no picture that the labels name is there",
            at=str(labels),
            hint=f"ppocr-kit labels check {labels} says what is missing",
        )
    if not pictures:
        return found, [_as_named_here(entry.path) for entry in entries.values()]
    if not any(picture.resolve() in entries for picture in pictures):
        other = next(iter(entries)).name
        raise DataError(
            f"the labels are of other pictures: of {len(entries)}, such as {other}",
            at=str(labels),
            hint="leave the pictures out to take those of the labels",
        )
    return found, list(pictures)


def _as_named_here(path: Path) -> Path:
    """Return a path from the current folder where it lies below."""
    here = Path.cwd()
    return path.relative_to(here) if here in path.parents else path


def _entities(regions: Sequence[TextRegion]) -> list[dict[str, Any]]:
    """Return the regions that have a text, in reading order, by the numbers that the labels give them."""
    texts = [region for region in regions if region.transcription.strip() and not region.ignored]
    numbered = len({region.id for region in texts} - {None}) == len(texts)
    ordered = (texts[place] for place in reading_order([region.points for region in texts]))
    return [
        {
            "id": region.id if numbered else region.index,
            "transcription": region.transcription,
            "points": [[_number(x), _number(y)] for x, y in region.points],
        }
        for region in ordered
    ]


def _size(page: Path) -> dict[str, Any]:
    """Return width and height of a picture, or an ``error``."""
    image = read_page_image(page)
    if isinstance(image, BadImage):
        return {"error": f"{LABEL_CODES[image.code].meaning}: {image.detail}"}
    return {"width": image.pixels.shape[1], "height": image.pixels.shape[0]}


def _number(value: float) -> float:
    """Write whole pixels without a decimal point."""
    return int(value) if value == int(value) else value
