"""Deal units out so that each split gets its share of pages, as nearly as units can be dealt.

Single pages in hash order, as cards are dealt from a shuffled pack: a page more moves few others. Groups
that are large beside the smallest split come first, the largest foremost, each where most room is
(list scheduling, Graham 1969).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from ppocr_kit.datasets.units import Unit
from ppocr_kit.tasks import Split

Ratio = tuple[Fraction, Fraction, Fraction]


def share_out(count: int, ratio: Ratio, *, none_empty: bool = True) -> dict[Split, int]:
    """Divide ``count`` pages by largest remainder.

    Every split gets its exact share rounded down; what is left goes to the largest fractions, the
    earlier split first where they are equal. With ``none_empty`` a split that has a share but got
    nothing then takes one page from the largest, while that has more than one.
    """
    splits = tuple(Split)
    exact = {split: count * share for split, share in zip(splits, ratio)}
    counts = {split: int(value) for split, value in exact.items()}
    by_fraction = sorted(splits, key=lambda split: counts[split] - exact[split])
    for split in by_fraction[: count - sum(counts.values())]:
        counts[split] += 1
    wanted = [split for split, share in zip(splits, ratio) if share > 0]
    for split in wanted if none_empty else ():
        largest = max(wanted, key=lambda other: counts[other])
        if counts[split] == 0 and counts[largest] > 1:
            counts[split] += 1
            counts[largest] -= 1
    return counts


def deal(units: Sequence[Unit], ratio: Ratio, *, none_empty: bool = True) -> dict[Unit, Split]:
    """Give each unit a split.

    Args:
        units: In the order in which they are dealt.
        ratio: Shares of train, val and test in pages.
        none_empty: Whether each split with a share gets a unit, where there are enough.
    """
    wanted = share_out(sum(unit.weight for unit in units), ratio, none_empty=none_empty)
    small_enough = max(1, min((size for size in wanted.values() if size), default=0) // 2)
    large = [unit for unit in units if unit.weight > small_enough]
    split_of: dict[Unit, Split] = {}
    room = dict(wanted)
    for unit in sorted(large, key=lambda unit: -unit.weight):
        split = max((split for split in Split if wanted[split]), key=lambda split: room[split])
        split_of[unit] = split
        room[split] -= unit.weight
    small = [unit for unit in units if unit.weight <= small_enough]
    split_of.update(_deal_in_order(small, _fit(room, sum(unit.weight for unit in small))))
    if none_empty:
        _fill_empty(split_of, [split for split in Split if wanted[split]])
    return split_of


def _fit(room: dict[Split, int], pages: int) -> dict[Split, int]:
    """Return how many of the small units' pages go where, when large ones took more than their room."""
    left = {split: max(0, size) for split, size in room.items()}
    total = sum(left.values())
    if total == pages or not total:
        return left
    train, val, test = (Fraction(size, total) for size in left.values())
    return share_out(pages, (train, val, test), none_empty=False)


def _deal_in_order(units: Sequence[Unit], sizes: dict[Split, int]) -> dict[Unit, Split]:
    """Cut the row of units where each split is full; a unit across a cut goes where its middle lies."""
    cuts = []
    end = 0
    for split in Split:
        end += sizes[split]
        cuts.append((end, split))
    split_of = {}
    before = 0
    for unit in units:
        middle = before + unit.weight / 2
        split_of[unit] = next((split for end, split in cuts if middle < end), cuts[-1][1])
        before += unit.weight
    return split_of


def _fill_empty(split_of: dict[Unit, Split], wanted: Sequence[Split]) -> None:
    """Give a split without a unit the smallest one of the split that has most units."""
    for split in wanted:
        if split in split_of.values():
            continue
        units_of = {other: [unit for unit in split_of if split_of[unit] is other] for other in wanted}
        richest = max(wanted, key=lambda other: len(units_of[other]))
        if len(units_of[richest]) > 1:
            split_of[min(units_of[richest], key=lambda unit: (unit.weight, unit.place))] = split
