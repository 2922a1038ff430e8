"""What labelled folders hold, in numbers: counts and distributions, never the labels themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Distribution:
    """How often each value occurs.

    Attributes:
        counts: Occurrences by value, values ascending.
    """

    counts: Mapping[float, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Number of values, repetitions counted."""
        return sum(self.counts.values())

    @property
    def least(self) -> float | None:
        """The smallest value, None when there is none."""
        return next(iter(self.counts), None)

    @property
    def most(self) -> float | None:
        """The largest value, None when there is none."""
        return next(reversed(list(self.counts)), None)

    @property
    def median(self) -> float | None:
        """The middle value; of an even number the mean of the two middle ones."""
        total = self.total
        if not total:
            return None
        return (self._value_at((total - 1) // 2) + self._value_at(total // 2)) / 2

    def below(self, bound: float) -> int:
        """Count the values smaller than ``bound``."""
        return sum(count for value, count in self.counts.items() if value < bound)

    def to_json(self) -> dict[str, Any] | None:
        """Return extremes, median and all counts; None when there is no value."""
        if not self.counts:
            return None
        counts = {f"{value:g}": count for value, count in self.counts.items()}
        return {"least": self.least, "median": self.median, "most": self.most, "counts": counts}

    def _value_at(self, position: int) -> float:
        """Return the value at a position, from 0, of all values in order."""
        passed = 0
        for value, count in self.counts.items():
            passed += count
            if position < passed:
                return value
        raise IndexError(position)


@dataclass(frozen=True)
class TrainingScale:
    """How small a page can get when a detector trains on it.

    A part of the page is cut at random and fitted into a square; the larger the part, the smaller its
    boxes. ``EastRandomCropData`` may take the whole page and makes a small part larger. ``RandomCrop``
    takes at most three sides of the square and makes parts only smaller; what ``IaaAugment`` resized before
    is left out of account.

    Source: ppocr/data/imaug/random_crop_data.py and make_shrink_map.py (``min_text_size``) @3.7.0.

    Attributes:
        model: The recipe.
        side: Side of the square, pixels.
        enlarges: Whether a small part is made as large as the square.
        least_side: A box whose upright rectangle is narrower or lower than this counts as no text.
    """

    model: str
    side: int
    enlarges: bool
    least_side: float

    def factor(self, width: int, height: int) -> float:
        """Return by how much a page is resized at its smallest."""
        longest = max(width, height)
        if self.enlarges:
            return self.side / longest
        return min(1.0, self.side / min(longest, _LARGEST_PART * self.side))

    def to_json(self) -> dict[str, Any]:
        """Return what the heights at training scale are to be held against."""
        return {"model": self.model, "side": self.side, "least_side": self.least_side}


# Sides of the square that RandomCrop takes at most.
_LARGEST_PART = 3


@dataclass(frozen=True)
class LackingCharacter:
    """A character of the texts that the dictionary lacks.

    Attributes:
        occurrences: How often it occurs.
        texts: In how many texts.
        first: Where first, ``file:line box n``.
    """

    occurrences: int
    texts: int
    first: str


@dataclass(frozen=True)
class DictionaryCoverage:
    """The texts held against a dictionary.

    Attributes:
        dictionary: The file; None stands for the one that ``dataset build`` makes of the texts.
        entries: Number of its entries, the space not counted.
        covered_texts: Texts of which every character is in it.
        texts: All texts.
        lacking: The characters that it lacks, the most frequent first.
    """

    dictionary: str | None
    entries: int
    covered_texts: int
    texts: int
    lacking: Mapping[str, LackingCharacter]

    def to_json(self) -> dict[str, Any]:
        """Return the coverage as a JSON object."""
        return {
            "dictionary": self.dictionary,
            "entries": self.entries,
            "texts": self.texts,
            "covered_texts": self.covered_texts,
            "lacking": {
                char: {"occurrences": found.occurrences, "texts": found.texts, "first": found.first}
                for char, found in self.lacking.items()
            },
        }


@dataclass(frozen=True)
class LabelStatistics:
    """What a data set could be made from.

    Attributes:
        pages: Pages whose image and boxes can be used.
        empty_pages: Those of them that have no box.
        boxes: Boxes that can be used.
        ignored_boxes: Those of them that are marked to be ignored.
        texts: Boxes with a text that recognition can learn.
        distinct_texts: Number of different texts; None when there were too many to tell apart.
        characters: Number of occurrences of each character of those texts, by code point.
        text_lengths: Characters per text.
        boxes_per_page: Boxes per page.
        aspect_ratios: Width by height of the crops that recognition learns, rounded to a tenth.
        box_heights: Height of every box as it would be cropped, whole pixels of the page image.
        training_heights: Shorter side of each box's upright rectangle when a detector trains on the
            whole page, whole pixels; empty without a ``training_scale``.
        training_scale: What ``training_heights`` are measured at.
        box_places: Boxes that cover each cell of a page stretched to a square, rows from the top.
        image_sizes: Pages by (width, height), pixels.
        other_image_sizes: Pages of further sizes than there is room to count.
        classes: Boxes by ``key_cls``, the most frequent first.
        dictionary: How far the dictionary covers the texts.
    """

    pages: int
    empty_pages: int
    boxes: int
    ignored_boxes: int
    texts: int
    distinct_texts: int | None
    characters: Mapping[str, int]
    text_lengths: Distribution
    boxes_per_page: Distribution
    aspect_ratios: Distribution
    box_heights: Distribution
    training_heights: Distribution
    training_scale: TrainingScale | None
    box_places: tuple[tuple[int, ...], ...]
    image_sizes: Mapping[tuple[int, int], int]
    other_image_sizes: int
    classes: Mapping[str, int]
    dictionary: DictionaryCoverage

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as a JSON object."""
        scale = self.training_scale
        return {
            "pages": self.pages,
            "empty_pages": self.empty_pages,
            "boxes": self.boxes,
            "ignored_boxes": self.ignored_boxes,
            "texts": self.texts,
            "distinct_texts": self.distinct_texts,
            "characters": dict(self.characters),
            "text_lengths": _lengths_json(self.text_lengths),
            "boxes_per_page": self.boxes_per_page.to_json(),
            "aspect_ratios": self.aspect_ratios.to_json(),
            "box_heights": self.box_heights.to_json(),
            "training_heights": self.training_heights.to_json(),
            "training_scale": scale.to_json() if scale else None,
            "image_sizes": {
                f"{width}x{height}": count for (width, height), count in self.image_sizes.items()
            },
            "other_image_sizes": self.other_image_sizes,
            "classes": dict(self.classes),
            "dictionary": self.dictionary.to_json(),
        }


def _lengths_json(lengths: Distribution) -> dict[str, Any] | None:
    """Return the distribution with the words that fit lengths."""
    found = lengths.to_json()
    if found is None:
        return None
    return {
        "shortest": found["least"],
        "median": found["median"],
        "longest": found["most"],
        "counts": found["counts"],
    }
