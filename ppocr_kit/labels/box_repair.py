"""Mend the boxes of one line where that changes nothing of what they mean.

Works on the JSON, not on text regions: keys that the kit does not know, boxes that it cannot read and
the digits of numbers stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ppocr_kit.geometry import as_points, crosses_itself, signed_area, uncross
from ppocr_kit.labels.boxes import parse_boxes
from ppocr_kit.labels.region import TextRegion
from ppocr_kit.labels.verbatim_json import Number, RepeatedKeyError, dump_verbatim, load_verbatim
from ppocr_kit.text import clean_text

_SHOWN = 80

# Below one square pixel the box cannot be used (L042), and its direction means nothing.
_LEAST_AREA = 1.0


@dataclass(frozen=True)
class Change:
    """One thing that was, or will not be, repaired in a line.

    Attributes:
        code: The finding it answers, None for what no check reports.
        region: Index of the box before the repair, None for the line as a whole.
        before: What stands there now, shortened.
        after: What will stand there; the reason where it is left.
    """

    code: str | None
    region: int | None
    before: str
    after: str


@dataclass(frozen=True)
class RepairedBoxes:
    """The boxes of a line after the repair.

    Attributes:
        text: The JSON, the very same text when nothing was changed.
        changes: What was changed.
        left: What a check reports here and was not changed, with the reason.
        broken: Whether there is neither a box that can be read nor an empty list.
    """

    text: str
    changes: tuple[Change, ...] = ()
    left: tuple[Change, ...] = ()
    broken: bool = False


def repair_boxes(text: str, *, numbered: bool = False) -> RepairedBoxes:
    """Repair the JSON list of boxes of one line.

    Text becomes text (L050, L051, L056), crossed corners are uncrossed (L045), corners run clockwise
    (L046), and a box that repeats another one in every respect goes (L047).

    Args:
        text: What stands after the tab, JSON.
        numbered: Another file names boxes by their number, so that none may go.
    """
    regions, findings = parse_boxes(text)
    if not regions or not _needs_repair(regions, [code for code, _, _ in findings]):
        return RepairedBoxes(text)
    try:
        items = load_verbatim(text)
    except RepeatedKeyError as error:
        return RepairedBoxes(text, left=(Change(None, None, shorten(text), str(error)),))
    except (ValueError, RecursionError):
        # boxes in Python notation that has no JSON form
        return RepairedBoxes(text)
    repair = _BoxRepair(items, numbered)
    for region in regions:
        repair.mend_text(region)
        repair.mend_corners(region)
    repair.drop_repeated([region.index for region in regions])
    if not repair.changes:
        return RepairedBoxes(text, left=tuple(repair.left))
    return RepairedBoxes(dump_verbatim(items), tuple(repair.changes), tuple(repair.left))


def shorten(text: str) -> str:
    """Show a text on one line, in at most some 80 characters."""
    line = text if text.isprintable() else repr(text)[1:-1]
    return line if len(line) <= _SHOWN else line[:_SHOWN] + "…"


def _needs_repair(regions: Sequence[TextRegion], codes: Sequence[str]) -> bool:
    """Tell whether anything is to be looked at: most lines of most files need no second parsing."""
    if "L050" in codes or "L051" in codes:
        return True
    if len({region.points for region in regions}) != len(regions):
        return True
    return any(
        not region.transcription.isprintable()
        or signed_area(region.points) < 0
        or crosses_itself(region.points)
        for region in regions
    )


class _BoxRepair:
    """The boxes of one line while they are being repaired, and what was done to them.

    Args:
        items: The JSON list, which is changed in place.
        numbered: Another file names boxes by their number.
    """

    def __init__(self, items: list[Any], numbered: bool) -> None:
        self.items = items
        self.numbered = numbered
        self.changes: list[Change] = []
        self.left: list[Change] = []

    def mend_text(self, region: TextRegion) -> None:
        """Make the transcription a text that a row of a list can hold."""
        item, index = self.items[region.index], region.index
        value = item.get("transcription")
        if isinstance(value, list) and value and isinstance(value[0], str):
            if len(value) > 2 or not all(isinstance(one, Number) for one in value[1:]):
                self._leave("L050", index, value, "it is not [text, score]")
                return
            self._change("L050", index, value, value[0])
            value = value[0]
        elif isinstance(value, Number):
            if not value.literal[-1].isdigit():
                self._leave("L051", index, value, "it is no number that anybody typed")
                return
            self._change("L051", index, value, value.literal)
            value = value.literal
        if not isinstance(value, str):
            return
        cleaned = clean_text(value)
        if cleaned != value:
            self._change("L056", index, value, cleaned)
        item["transcription"] = cleaned

    def mend_corners(self, region: TextRegion) -> None:
        """Put the corners in the order in which they are read anyway."""
        index = region.index
        order = list(range(len(region.points)))
        if crosses_itself(region.points):
            if len(order) > 4:
                self._leave("L045", index, self.items[index]["points"], "more than four corners")
            else:
                order = _uncrossed(region)
        crossed = [region.points[place] for place in order]
        area = signed_area(crossed)
        if abs(area) < _LEAST_AREA:
            return
        if order != sorted(order):
            self._reorder("L045", index, order)
        if area < 0:
            self._reorder("L046", index, [0, *range(len(order) - 1, 0, -1)])

    def drop_repeated(self, indices: Sequence[int]) -> None:
        """Remove each box that says exactly what an earlier one says."""
        first_of: dict[str, tuple[int, str]] = {}
        dropped = []
        for index in indices:
            rest = dict(self.items[index])
            text, points = rest.pop("transcription", None), rest.pop("points")
            place = dump_verbatim([text, [[_value(x), _value(y)] for x, y in points]])
            said = dump_verbatim(dict(sorted(rest.items())))
            first, first_said = first_of.setdefault(place, (index, said))
            if first == index:
                continue
            if said != first_said:
                self._leave("L047", index, text, f"its other fields differ from those of box {first}")
            elif self.numbered:
                self._leave("L047", index, text, "rec_gt.txt names the crops of this page by box number")
            else:
                self._change("L047", index, text, f"deleted, box {first} is the same")
                dropped.append(index)
        # what was done to a box that goes is nobody's business
        self.changes = [
            change for change in self.changes if change.code == "L047" or change.region not in dropped
        ]
        for index in reversed(dropped):
            del self.items[index]

    def _reorder(self, code: str, index: int, order: Sequence[int]) -> None:
        points = self.items[index]["points"]
        turned = [points[place] for place in order]
        self._change(code, index, points, turned)
        self.items[index]["points"] = turned

    def _change(self, code: str, index: int, before: Any, after: Any) -> None:
        shown = after if code == "L047" else dump_verbatim(after)
        self.changes.append(Change(code, index, shorten(dump_verbatim(before)), shorten(shown)))

    def _leave(self, code: str, index: int, before: Any, reason: str) -> None:
        self.left.append(Change(code, index, shorten(dump_verbatim(before)), reason))


def _uncrossed(region: TextRegion) -> list[int]:
    """Return the places of four crossing corners in turning order, the first one first."""
    corners = [(float(x), float(y)) for x, y in uncross(as_points(region.points)).tolist()]
    return [region.points.index(corner) for corner in corners]


def _value(number: Number) -> Number:
    """Write a coordinate so that ``12`` and ``12.0`` are one place."""
    return Number(repr(float(number.literal)))
