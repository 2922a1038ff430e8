"""Pictures of what labelled folders hold, each answering one question about a data set to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ppocr_kit.configs.label_limits import LineLimits
from ppocr_kit.labels.statistics import Distribution, LabelStatistics
from ppocr_kit.reports.canvas import Canvas
from ppocr_kit.reports.charts import (
    draw_columns,
    draw_histogram,
    draw_map,
    draw_rows,
    draw_sizes,
    mark_value,
)
from ppocr_kit.text import SPACE

_MOST_CHARACTERS = 40
_MOST_CLASSES = 30
_WIDE_BARS = 12
# Lower text is enlarged four times and more by the 48 pixels that recognisers read.
_LOW_TEXT = 12


@dataclass(frozen=True)
class LabelPlot:
    """One picture.

    Attributes:
        name: File name without folder.
        title: What it shows.
        remark: What to make of it, one or two sentences.
        png: The picture.
    """

    name: str
    title: str
    remark: str
    png: bytes


CHARACTERS = "characters.png"
PLOT_NAMES = (
    "box-heights.png",
    "training-heights.png",
    "aspect-ratios.png",
    "text-lengths.png",
    CHARACTERS,
    "classes.png",
    "boxes-per-page.png",
    "image-sizes.png",
    "box-places.png",
)


def draw_label_plots(numbers: LabelStatistics, line: LineLimits | None = None) -> tuple[LabelPlot, ...]:
    """Draw the pictures that there are numbers for.

    Args:
        numbers: What was counted.
        line: What the recogniser that is meant can take of a line; None marks nothing.

    Returns:
        The pictures, named by ``PLOT_NAMES`` and in that order.

    Raises:
        ImportError: matplotlib is not installed.
    """
    drawn = (
        _box_heights(numbers),
        _training_heights(numbers),
        _aspect_ratios(numbers, line),
        _text_lengths(numbers, line),
        _characters(numbers),
        _classes(numbers),
        _boxes_per_page(numbers),
        _image_sizes(numbers),
        _box_places(numbers),
    )
    return tuple(plot for plot in drawn if plot is not None)


def _box_heights(numbers: LabelStatistics) -> LabelPlot | None:
    found, title = numbers.box_heights, "Height of the text"
    canvas = _with_median(title, found, "height of the crop, pixels of the page image", "boxes")
    if canvas is None:
        return None
    low = found.below(_LOW_TEXT)
    remark = "How much there is to read: recognition resizes every crop to one height, usually 48 pixels."
    if low:
        remark += f" {_share(low, found.total)} of the boxes are lower than {_LOW_TEXT} pixels."
    return LabelPlot("box-heights.png", title, remark, canvas.png())


def _training_heights(numbers: LabelStatistics) -> LabelPlot | None:
    found, scale = numbers.training_heights, numbers.training_scale
    if scale is None:
        return None
    title = "Shorter side of the boxes when a detector trains"
    label = f"pixels, the whole page in {scale.side} x {scale.side}"
    # resizing leaves gaps between whole pixels, which narrow bars would show as a comb
    canvas = _with_median(title, found, label, "boxes", most_bars=_WIDE_BARS)
    if canvas is None:
        return None
    mark_value(canvas, scale.least_side, f"ignored below {scale.least_side:g}", level=1)
    lost = found.below(scale.least_side)
    remark = f"Measured at the scale of {scale.model}, with the whole page in its crop."
    if lost:
        remark += (
            f" {_share(lost, found.total)} of the boxes get smaller than {scale.least_side:g} pixels and"
            " then count as no text: train with a larger image size, or cut the pages into parts."
        )
    return LabelPlot("training-heights.png", title, remark, canvas.png())


def _aspect_ratios(numbers: LabelStatistics, line: LineLimits | None) -> LabelPlot | None:
    found, title = numbers.aspect_ratios, "Shape of the lines"
    canvas = _with_median(title, found, "width of the crop by its height", "boxes", step=0.1)
    if canvas is None:
        return None
    remark = "Recognition squeezes a line that is longer than its picture."
    if line is not None and line.ratio is not None:
        longer = found.total - found.below(line.ratio)
        mark_value(canvas, line.ratio, f"picture of {line.model}", level=1)
        remark = f"{line.model} reads pictures {line.ratio:.1f} times as wide as high; "
        remark += f"{_share(longer, found.total)} of the boxes are" if longer else "no box is"
        remark += " longer and get squeezed." if longer else " longer."
    return LabelPlot("aspect-ratios.png", title, remark, canvas.png())


def _text_lengths(numbers: LabelStatistics, line: LineLimits | None) -> LabelPlot | None:
    found, title = numbers.text_lengths, "Length of the texts"
    canvas = _with_median(title, found, "characters", "texts")
    if canvas is None:
        return None
    remark = f"From {found.least:g} to {found.most:g} characters."
    cut = _cut_of(line)
    if line is not None and cut is not None:
        given = line.longest_text is not None
        longer = found.total - found.below(cut + 1)
        remark += (
            f" max_text_length leaves room for {cut}: " if given else f" {line.model} has room for {cut}: "
        )
        remark += f"{_share(longer, found.total)} are longer." if longer else "no text is longer."
        mark_value(canvas, cut + 0.5, f"room for {cut}", level=1)
    return LabelPlot("text-lengths.png", title, remark, canvas.png())


def _cut_of(line: LineLimits | None) -> int | None:
    """Return how many characters a text may have, by what is given, else by the width of the picture."""
    if line is None:
        return None
    return line.longest_text if line.longest_text is not None else line.frames


def _characters(numbers: LabelStatistics) -> LabelPlot | None:
    counts = frequent_characters(numbers, _MOST_CHARACTERS)
    if not counts:
        return None
    title = f"The {len(counts)} most frequent characters" if len(counts) > 1 else "Characters"
    canvas = draw_columns(title, counts, "occurrences")
    once = sum(1 for count in numbers.characters.values() if count == 1)
    remark = f"{len(numbers.characters):,} different characters occur"
    remark += f"; {once:,} of them only once, too little to learn." if once else "."
    return LabelPlot(CHARACTERS, title, remark, canvas.png())


def frequent_characters(numbers: LabelStatistics, most: int) -> dict[str, int]:
    """Return the most frequent characters with their counts, the space left out."""
    order = sorted(numbers.characters.items(), key=lambda item: (-item[1], item[0]))
    return dict([(char, count) for char, count in order if char != SPACE][:most])


def _classes(numbers: LabelStatistics) -> LabelPlot | None:
    if not numbers.classes:
        return None
    title = "Classes (key_cls)"
    shown = dict(list(numbers.classes.items())[:_MOST_CLASSES])
    canvas = draw_rows(title, shown, "boxes")
    without = numbers.boxes - sum(numbers.classes.values())
    remark = f"{len(numbers.classes):,} classes"
    remark += f", of which the {_MOST_CLASSES} most frequent are shown" * (len(shown) < len(numbers.classes))
    remark += f"; {_share(without, numbers.boxes)} of the boxes have none." if without else "."
    return LabelPlot("classes.png", title, remark, canvas.png())


def _boxes_per_page(numbers: LabelStatistics) -> LabelPlot | None:
    found, title = numbers.boxes_per_page, "Boxes on a page"
    canvas = _with_median(title, found, "boxes", "pages")
    if canvas is None:
        return None
    remark = f"From {found.least:g} to {found.most:g} boxes."
    if numbers.empty_pages:
        remark += f" {_share(numbers.empty_pages, numbers.pages)} of the pages have none."
    return LabelPlot("boxes-per-page.png", title, remark, canvas.png())


def _image_sizes(numbers: LabelStatistics) -> LabelPlot | None:
    sizes = numbers.image_sizes
    if not sizes:
        return None
    title = "Size of the page images"
    canvas = draw_sizes(title, sizes)
    (width, height), count = max(sizes.items(), key=lambda item: item[1])
    remark = f"The most frequent size is {width} x {height} ({_share(count, numbers.pages)} of the pages)."
    if numbers.other_image_sizes:
        remark += f" {numbers.other_image_sizes:,} pages of further sizes are not drawn."
    return LabelPlot("image-sizes.png", title, remark, canvas.png())


def _box_places(numbers: LabelStatistics) -> LabelPlot | None:
    if not numbers.boxes:
        return None
    title = "Where on the page the boxes lie"
    rows = [[count / numbers.pages for count in row] for row in numbers.box_places]
    width, height = max(numbers.image_sizes.items(), key=lambda item: item[1])[0]
    canvas = draw_map(title, rows, height / width, "boxes that cover the place, per page")
    remark = "All pages laid over each other. Text that never occurs at a place is hard to find there later."
    return LabelPlot("box-places.png", title, remark, canvas.png())


def _with_median(title: str, found: Distribution, label: str, counted: str, **bars: Any) -> Canvas | None:
    """Draw how something is distributed, and its median; None where nothing was measured."""
    if found.median is None:
        return None
    canvas = draw_histogram(title, found, label, counted, **bars)
    mark_value(canvas, found.median, f"median {round(found.median, 1):g}")
    return canvas


def _share(part: int, whole: int) -> str:
    """Write a part of a whole as count and percentage: ``12 (1.7 %)``."""
    return f"{part:,} ({part / whole:.1%})" if whole else f"{part:,}"
