"""Count pages, boxes and texts as they pass by: counters only, so that memory does not grow with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ppocr_kit.geometry import TALL_RATIO, crop_sizes, polygon_to_quad
from ppocr_kit.labels.box_places import BoxPlaces
from ppocr_kit.labels.distinct_texts import DistinctTexts, Place
from ppocr_kit.labels.placement import PlacedRegion
from ppocr_kit.labels.statistics import (
    DictionaryCoverage,
    Distribution,
    LabelStatistics,
    LackingCharacter,
    TrainingScale,
)
from ppocr_kit.text import SPACE

# Boxes are measured so many at a time: array arithmetic is slow for a handful of them.
_BATCH = 4096
# Photographs cut by hand can all differ in size; more sizes than this are only counted.
_MOST_IMAGE_SIZES = 10_000
_RATIO_STEP = 0.1


class LabelCounter:
    """The state of counting.

    Args:
        dictionary: Entries of a dictionary to hold the texts against.
        dictionary_name: Its file; None stands for the dictionary that ``dataset build`` would make.
        scale: How large a page is when a detector trains on it.
    """

    def __init__(
        self,
        dictionary: Sequence[str] | None = None,
        dictionary_name: str | None = None,
        scale: TrainingScale | None = None,
    ) -> None:
        self._entries = dictionary
        self._dictionary_name = dictionary_name
        self._known = frozenset(dictionary) | {SPACE} if dictionary is not None else None
        self._scale = scale
        self._numbers: Counter[str] = Counter()
        self._characters: Counter[str] = Counter()
        self._lacking: dict[str, tuple[int, Place]] = {}
        self._lengths: Counter[int] = Counter()
        self._boxes_per_page: Counter[int] = Counter()
        self._sizes: Counter[tuple[int, int]] = Counter()
        self._classes: Counter[str] = Counter()
        self._shapes = _ShapeCounter()
        self.distinct = DistinctTexts()

    def add(self, file: str, line: int, size: tuple[int, int], regions: Sequence[PlacedRegion]) -> None:
        """Count one usable page.

        Args:
            file: Its label file, as the user named it.
            line: Its line there.
            size: Width and height of its image, pixels.
            regions: Its boxes.
        """
        numbers = self._numbers
        numbers["pages"] += 1
        numbers["empty_pages"] += not regions
        numbers["boxes"] += len(regions)
        self._boxes_per_page[len(regions)] += 1
        if size in self._sizes or len(self._sizes) < _MOST_IMAGE_SIZES:
            self._sizes[size] += 1
        else:
            numbers["other_image_sizes"] += 1
        factor = self._scale.factor(*size) if self._scale is not None else 0.0
        texts = []
        for placed in regions:
            region = placed.region
            numbers["ignored_boxes"] += region.ignored
            if region.key_cls is not None:
                self._classes[region.key_cls] += 1
            self._shapes.add(placed, size, factor)
            if placed.rec_text is not None:
                texts.append(placed.rec_text)
                self._add_text(placed.rec_text, Place(file, line, region.index))
        self._characters.update("".join(texts))

    def finish(self) -> LabelStatistics:
        """Return what was counted."""
        numbers, scale = self._numbers, self._scale
        ratios, heights, training_heights = self._shapes.finish()
        places = self._shapes.places.counts()
        return LabelStatistics(
            pages=numbers["pages"],
            empty_pages=numbers["empty_pages"],
            boxes=numbers["boxes"],
            ignored_boxes=numbers["ignored_boxes"],
            texts=numbers["texts"],
            distinct_texts=len(self.distinct) if self.distinct.complete else None,
            characters=dict(sorted(self._characters.items())),
            text_lengths=_distribution(self._lengths),
            boxes_per_page=_distribution(self._boxes_per_page),
            aspect_ratios=_distribution(ratios, _RATIO_STEP),
            box_heights=_distribution(heights),
            training_heights=_distribution(training_heights if scale is not None else {}),
            training_scale=scale,
            box_places=places,
            image_sizes=dict(sorted(self._sizes.items())),
            other_image_sizes=numbers["other_image_sizes"],
            classes=dict(sorted(self._classes.items(), key=lambda item: (-item[1], item[0]))),
            dictionary=self._coverage(),
        )

    def _add_text(self, text: str, place: Place) -> None:
        """Count a text that recognition learns."""
        self._numbers["texts"] += 1
        self._lengths[len(text)] += 1
        self.distinct.add(text, place)
        if self._known is None or self._known.issuperset(text):
            return
        self._numbers["uncovered"] += 1
        for char in set(text) - self._known:
            texts, first = self._lacking.get(char, (0, place))
            self._lacking[char] = (texts + 1, first)

    def _coverage(self) -> DictionaryCoverage:
        """Hold the counts against the dictionary."""
        texts = self._numbers["texts"]
        entries = len(set(self._characters) - {SPACE}) if self._entries is None else len(self._entries)
        order = sorted(self._lacking, key=lambda char: (-self._characters[char], char))
        lacking = {
            char: LackingCharacter(self._characters[char], texts, first.where)
            for char in order
            for texts, first in (self._lacking[char],)
        }
        covered = texts - self._numbers["uncovered"]
        return DictionaryCoverage(self._dictionary_name, entries, covered, texts, lacking)


class _ShapeCounter:
    """Counts the sizes of boxes, many at a time."""

    def __init__(self) -> None:
        self._outlines: list[Any] = []
        self._boxes: list[tuple[float, ...]] = []
        self._read: list[bool] = []
        self._ratios: Counter[int] = Counter()
        self._heights: Counter[int] = Counter()
        self._training_heights: Counter[int] = Counter()
        self.places = BoxPlaces()

    def add(self, placed: PlacedRegion, size: tuple[int, int], factor: float) -> None:
        """Take in a box of a page of ``size``, which ``factor`` resizes for training."""
        outline = placed.outline
        self._outlines.append(outline if len(outline) == 4 else polygon_to_quad(outline))
        xs, ys = zip(*placed.polygon)
        self._boxes.append((min(xs), min(ys), max(xs), max(ys), *size, factor))
        self._read.append(placed.rec_text is not None)
        if len(self._outlines) >= _BATCH:
            self._measure()

    def finish(self) -> tuple[Counter[int], Counter[int], Counter[int]]:
        """Return aspect ratios in steps, crop heights and heights at training scale."""
        self._measure()
        return self._ratios, self._heights, self._training_heights

    def _measure(self) -> None:
        """Count what has piled up."""
        if not self._outlines:
            return
        widths, heights = crop_sizes(np.array(self._outlines, dtype=np.float64))
        tall = heights >= TALL_RATIO * widths
        lengths, lines = np.where(tall, heights, widths), np.where(tall, widths, heights)
        _count(self._ratios, np.round(lengths / lines / _RATIO_STEP)[np.array(self._read)])
        _count(self._heights, lines)
        boxes = np.array(self._boxes)
        sides = boxes[:, 2:4] - boxes[:, :2]
        _count(self._training_heights, np.floor(sides.min(axis=1) * boxes[:, 6]))
        self.places.add(boxes[:, :4] / boxes[:, [4, 5, 4, 5]])
        self._outlines.clear()
        self._boxes.clear()
        self._read.clear()


def _count(counter: Counter[int], values: npt.NDArray[Any]) -> None:
    """Add whole numbers to a counter."""
    found, times = np.unique(values.astype(np.int64), return_counts=True)
    counter.update(dict(zip(found.tolist(), times.tolist())))


def _distribution(counts: Mapping[int, int], step: float = 1) -> Distribution:
    """Put counts into order and give the values their unit."""
    unit = round(1 / step)
    return Distribution({value / unit if unit > 1 else value: counts[value] for value in sorted(counts)})
