"""Which pages are worth labelling next: those that the models are least sure of, and those unlike the rest.

Three measures of a page, all from what the models said of it:

- *misread*: how many of its texts are probably wrong. A text's score is the mean probability of its
  characters, so a text of ``n`` characters is wrong with about ``1 - score ** n``; the sum over the page is
  the number of texts to expect an error in.
- *doubtful boxes*: boxes that the detector all but left out; each counts from 1 at its threshold to 0 at a
  third of the way to certainty.
- *unlike*: how far the page's looks (shape, number and size of boxes, length of texts, share covered) are
  from the middle of all pages, in median deviations.

Pages are ordered by the best place that they take in any of the three, so that each kind of doubt is
picked; of pages with nearly the same texts (a form photographed twice) one is picked before the others.

Source: least confidence sampling as in B. Settles, Active Learning Literature Survey (2009), section 3.1,
its outliers and density in 3.6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

# The release's own box_thresh, for models that name none.
DEFAULT_BOX_THRESHOLD = 0.7
# What part of the way from the threshold to certainty counts as near it.
_NEAR = 1 / 3
# Pages that share this part of their texts are taken for the same.
_SAME_TEXTS = 0.8
# A measure that is the reason for a pick by its place alone says nothing where it is as good as zero.
_LEAST = {"misread": 0.05, "doubtful_boxes": 0.05, "unlike": 3.0}
# A measure is told as a reason where it is higher than on this share of the pages.
_REASON = 0.7
# Counts differ by factors, and one large page must not make all others alike.
_LEAST_DEVIATION = 0.05


@dataclass(frozen=True)
class PageDoubt:
    """What makes a page worth a look.

    Attributes:
        name: The page.
        boxes: Number of boxes found.
        misread: Expected number of wrong texts.
        doubtful_boxes: Boxes near the detector's threshold, weighted by how near.
        worst_text: The text most probably wrong, with its score; None without texts.
        looks: Numbers to compare pages by.
        texts: The distinct texts, hashed.
    """

    name: str
    boxes: int
    misread: float
    doubtful_boxes: float
    worst_text: tuple[str, float] | None
    looks: tuple[float, ...]
    texts: frozenset[int] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Pick:
    """A page to label next.

    Attributes:
        name: The page.
        misread: As in :class:`PageDoubt`.
        doubtful_boxes: As in :class:`PageDoubt`.
        unlike: Distance of its looks from the middle of all pages, in median deviations.
        why: Reasons in words, the strongest first.
    """

    name: str
    misread: float
    doubtful_boxes: float
    unlike: float
    why: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the pick as a JSON object."""
        return {
            "image": self.name,
            "misread": round(self.misread, 2),
            "doubtful_boxes": round(self.doubtful_boxes, 2),
            "unlike": round(self.unlike, 1),
            "why": list(self.why),
        }


def measure_page(answer: Mapping[str, Any], box_threshold: float = DEFAULT_BOX_THRESHOLD) -> PageDoubt:
    """Measure one page.

    Args:
        answer: What :func:`~ppocr_kit.runs.predict.predict_images` answered for it.
        box_threshold: Score under which the detector drops a box.
    """
    regions = answer["regions"]
    wrong = [1 - region["rec_score"] ** max(len(region["transcription"]), 1) for region in regions]
    span = (1 - box_threshold) * _NEAR
    near = [min(max(1 - (region["score"] - box_threshold) / span, 0.0), 1.0) for region in regions]
    worst = max(range(len(wrong)), key=lambda index: wrong[index], default=None)
    return PageDoubt(
        name=answer["image"],
        boxes=len(regions),
        misread=float(sum(wrong)),
        doubtful_boxes=float(sum(near)),
        worst_text=None
        if worst is None
        else (regions[worst]["transcription"], float(regions[worst]["rec_score"])),
        looks=_looks(answer),
        texts=frozenset(hash(region["transcription"]) for region in regions if region["transcription"]),
    )


def pick_pages(pages: Sequence[PageDoubt], count: int) -> list[Pick]:
    """Pick the pages worth labelling next, the most worth first.

    Args:
        pages: All pages that could be labelled.
        count: How many to pick at most.
    """
    if not pages:
        return []
    unlike = _distances(np.array([page.looks for page in pages], dtype=np.float64))
    measures = {
        "misread": np.array([page.misread for page in pages]),
        "doubtful_boxes": np.array([page.doubtful_boxes for page in pages]),
        "unlike": unlike,
    }
    places = {name: _places(values, _LEAST[name]) for name, values in measures.items()}
    best = np.max(list(places.values()), axis=0)
    total = np.sum(list(places.values()), axis=0)
    order = sorted(range(len(pages)), key=lambda index: (-best[index], -total[index], pages[index].name))
    chosen = _without_same(order, pages, count)
    return [
        Pick(
            name=pages[index].name,
            misread=pages[index].misread,
            doubtful_boxes=pages[index].doubtful_boxes,
            unlike=float(unlike[index]),
            why=_reasons(
                pages[index],
                {name: float(place[index]) for name, place in places.items()},
                float(unlike[index]),
            ),
        )
        for index in chosen
    ]


def _looks(answer: Mapping[str, Any]) -> tuple[float, ...]:
    """Describe a page by numbers that differ where pages look different."""
    width, height = max(answer["width"], 1), max(answer["height"], 1)
    regions = answer["regions"]
    corners = [np.array(region["points"], dtype=np.float64) for region in regions]
    sizes = np.array([np.ptp(points, axis=0) for points in corners]).reshape(-1, 2)
    lengths = [len(region["transcription"]) for region in regions]
    return (
        float(np.log(width / height)),
        float(np.log(width * height)) / 2,
        float(np.log1p(len(regions))),
        float(np.log(np.median(sizes[:, 1]) / height + 1e-3)) if len(sizes) else 0.0,
        float(np.sum(sizes[:, 0] * sizes[:, 1]) / (width * height)),
        float(np.log1p(np.mean(lengths))) if lengths else 0.0,
    )


def _distances(looks: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return each row's largest distance from the median of a column, in median deviations."""
    away = np.abs(looks - np.median(looks, axis=0))
    deviation = np.maximum(np.median(away, axis=0), _LEAST_DEVIATION)
    return np.asarray((away / deviation).max(axis=1), dtype=np.float64)


def _places(values: npt.NDArray[np.float64], least: float) -> npt.NDArray[np.float64]:
    """Return for each value the share of values below it; 0 for values too small to mean anything."""
    below = np.searchsorted(np.sort(values), values, side="left") / max(len(values), 1)
    return np.where(values >= least, below, 0.0)


def _without_same(order: Sequence[int], pages: Sequence[PageDoubt], count: int) -> list[int]:
    """Return the first ``count`` pages, those with the texts of one before them last."""
    chosen: list[int] = []
    put_off: list[int] = []
    for index in order:
        if len(chosen) == count:
            return chosen
        same = any(_share(pages[index].texts, pages[other].texts) >= _SAME_TEXTS for other in chosen)
        (put_off if same else chosen).append(index)
    return (chosen + put_off)[:count]


def _share(one: frozenset[int], other: frozenset[int]) -> float:
    """Return the part of the texts of two pages that both have; 0 for pages without text."""
    return len(one & other) / len(one | other) if one and other else 0.0


def _reasons(page: PageDoubt, places: Mapping[str, float], unlike: float) -> tuple[str, ...]:
    """Say why a page was picked, the measure that it is highest in first."""
    said = {
        "misread": f"about {page.misread:.1f} of {page.boxes} texts probably misread",
        "doubtful_boxes": f"{page.doubtful_boxes:.1f} of {page.boxes} boxes near the detector's threshold",
        "unlike": "looks unlike the other pages"
        if page.boxes
        else "no text was found, unlike on the other pages",
    }
    if page.worst_text is not None:
        said["misread"] += f" (least sure: '{page.worst_text[0]}', {page.worst_text[1]:.2f})"
    said["unlike"] += f" ({unlike:.1f} median deviations)"
    ranked = sorted(places, key=lambda name: -places[name])
    reasons = [name for name in ranked if places[name] >= min(_REASON, places[ranked[0]]) and places[name]]
    return tuple(said[name] for name in reasons) or ("nothing doubtful was found",)
