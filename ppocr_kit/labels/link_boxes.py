"""Which box a link means, also after the labels were edited: place in the line, text, rounded rectangle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ppocr_kit.labels.link_geometry import rectangle_of
from ppocr_kit.labels.region import TextRegion

# A box that was drawn a little differently is the same when this much of both is common.
_SAME_BOX = 0.5


@dataclass(frozen=True)
class BoxName:
    """A box as it was when people linked it.

    Attributes:
        index: Place in the label line from 0.
        text: Its transcription.
        rectangle: Left, top, right, bottom, whole pixels.
    """

    index: int
    text: str
    rectangle: tuple[int, int, int, int]

    def to_json(self) -> dict[str, Any]:
        """Return the name as links.json has it."""
        return {"index": self.index, "text": self.text, "box": list(self.rectangle)}


def name_box(region: TextRegion) -> BoxName:
    """Return the name of a box of the page as it is now."""
    left, top, right, bottom = (round(edge) for edge in rectangle_of(region))
    return BoxName(region.index, region.transcription, (left, top, right, bottom))


def find_box(name: BoxName, regions: Sequence[TextRegion]) -> int | None:
    """Return the place that a box has now, or None when it is gone.

    It is the box with the same rectangle and text; else one with the same rectangle, whose text was
    corrected; else one with the same text at about the same place. Of several the one nearest in the line.
    """
    names = [name_box(region) for region in regions]
    for matches in (
        [one for one in names if (one.text, one.rectangle) == (name.text, name.rectangle)],
        [one for one in names if one.rectangle == name.rectangle],
        [one for one in names if one.text == name.text and _overlap(one, name) >= _SAME_BOX],
    ):
        if matches:
            return min(matches, key=lambda one: abs(one.index - name.index)).index
    return None


def digest_boxes(regions: Iterable[TextRegion]) -> str:
    """Return a short hash of what links hang on: places, texts, rectangles and classes of the boxes."""
    boxes = [[*name_box(region).to_json().values(), region.key_cls] for region in regions]
    return hashlib.blake2b(json.dumps(boxes).encode(), digest_size=8).hexdigest()


def _overlap(first: BoxName, second: BoxName) -> float:
    """Return the intersection over union of two rectangles."""
    (a_left, a_top, a_right, a_bottom), (b_left, b_top, b_right, b_bottom) = first.rectangle, second.rectangle
    common = max(0, min(a_right, b_right) - max(a_left, b_left)) * max(
        0, min(a_bottom, b_bottom) - max(a_top, b_top)
    )
    both = (a_right - a_left) * (a_bottom - a_top) + (b_right - b_left) * (b_bottom - b_top) - common
    return common / both if both else 0.0
