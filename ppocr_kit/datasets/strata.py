"""Spread rare characters and classes over the splits by moving as few pages as possible.

What a model never saw in training it cannot read, and what the test lacks is not measured. Dealing in
hash order puts what many pages have everywhere in its share; only what few pages have is left to chance.
Sechidis et al. (ECML PKDD 2011, "On the stratification of multi-label data") deal the rarest label first.
Here the dealt pages are exchanged instead, the rarest label first, because then a page whose label was
corrected moves a few others and not all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

from ppocr_kit.datasets.units import Unit
from ppocr_kit.tasks import Split
from ppocr_kit.text import describe_character

CHARACTER = "char:"
CLASS = "class:"
# On pages from which links are learnt.
LINKS = "links:"

# On more pages than this a stratum is everywhere by chance: 0.9 ** 40 = 1.5 % for a tenth of the pages.
_RARE = 40
_ENOUGH_FOR_ALL = 3
_MOST_TRIES = 100


def rare_strata(counts: Mapping[str, int]) -> frozenset[str]:
    """Return the strata that chance may put on one side only.

    Args:
        counts: Number of pages that have each stratum.
    """
    return frozenset(stratum for stratum, pages in counts.items() if 0 < pages <= _RARE)


def describe_stratum(stratum: str) -> str:
    """Return ``char:€`` and ``class:total`` in words."""
    kind, _, name = stratum.partition(":")
    if kind == CHARACTER[:-1]:
        return f"character {describe_character(name)}"
    return "pages with links" if kind == LINKS[:-1] else f"class '{name}'"


def spread_strata(
    split_of: Mapping[Unit, Split], ratio: tuple[Fraction, Fraction, Fraction]
) -> dict[Unit, Split]:
    """Exchange units until each rare stratum is where it should be, as far as sizes allow.

    Each stratum should be in train; one on three units or more in every split that has a share.

    Args:
        split_of: Where units were dealt to; those that are kept do not move.
        ratio: Shares of the splits that units may be moved to.

    Returns:
        Where units go.
    """
    return _Spreader(split_of, ratio).run()


def missing_strata(
    split_of: Mapping[Unit, Split], ratio: tuple[Fraction, Fraction, Fraction]
) -> dict[Split, list[str]]:
    """Return which strata are missing where they should be, by split."""
    units_with = _units_by_stratum(split_of)
    missing: dict[Split, list[str]] = defaultdict(list)
    for stratum in sorted(units_with):
        there = {split_of[unit] for unit in units_with[stratum]}
        for split in _where_wanted(len(units_with[stratum]), ratio):
            if split not in there:
                missing[split].append(stratum)
    return {split: missing[split] for split in Split if split in missing}


def _where_wanted(units: int, ratio: tuple[Fraction, Fraction, Fraction]) -> tuple[Split, ...]:
    """Return the splits that a stratum of so many units should be in, the most important first."""
    wanted = tuple(split for split, share in zip(Split, ratio) if share)
    return wanted if units >= _ENOUGH_FOR_ALL else tuple(split for split in wanted if split is Split.TRAIN)


def _units_by_stratum(units: Iterable[Unit]) -> dict[str, list[Unit]]:
    """Return the units that have each stratum, in their order."""
    found: dict[str, list[Unit]] = defaultdict(list)
    for unit in units:
        for stratum in unit.strata:
            found[stratum].append(unit)
    return found


class _Spreader:
    """The state of exchanging units."""

    def __init__(self, split_of: Mapping[Unit, Split], ratio: tuple[Fraction, Fraction, Fraction]) -> None:
        self.split_of = dict(split_of)
        self.units_with = _units_by_stratum(split_of)
        self.counts = {
            stratum: Counter(split_of[unit] for unit in units) for stratum, units in self.units_with.items()
        }
        self.wanted = {
            stratum: _where_wanted(len(units), ratio) for stratum, units in self.units_with.items()
        }
        self.movable: dict[Split, list[Unit]] = {split: [] for split in Split}
        for unit in sorted(split_of, key=lambda unit: (len(unit.strata), unit.place)):
            if unit.kept is None:
                self.movable[split_of[unit]].append(unit)
        self.listed = {split: set(units) for split, units in self.movable.items()}

    def run(self) -> dict[Unit, Split]:
        """Bring every stratum into train first, then into the other splits."""
        rarest_first = sorted(self.units_with, key=lambda name: (len(self.units_with[name]), name))
        for split in Split:
            for stratum in rarest_first:
                if split in self.wanted[stratum] and not self.counts[stratum][split]:
                    self._bring(stratum, split)
        return self.split_of

    def _bring(self, stratum: str, target: Split) -> None:
        """Exchange a unit that has the stratum for one of the target split."""
        for unit in sorted(self.units_with[stratum], key=lambda unit: (unit.weight, unit.place)):
            origin = self.split_of[unit]
            if unit.kept is not None or not self._may_leave(unit, origin, target):
                continue
            for other in self._partners(unit, target):
                self._move(unit, target)
                if self._may_leave(other, target, origin):
                    self._move(other, origin)
                    return
                self._move(unit, origin)

    def _partners(self, unit: Unit, split: Split) -> Iterator[Unit]:
        """Yield some units of a split that could take the place of a unit."""
        tries = 0
        for other in self.movable[split]:
            if self.split_of[other] is split and (other.weight, other.readable) == (
                unit.weight,
                unit.readable,
            ):
                yield other
                tries += 1
                if tries == _MOST_TRIES:
                    return

    def _may_leave(self, unit: Unit, origin: Split, target: Split) -> bool:
        """Tell whether the split can do without the unit.

        A stratum that is wanted in two splits and has one unit is worth more in train than elsewhere.
        """
        return all(
            self.counts[stratum][origin] > 1
            or origin not in self.wanted[stratum]
            or (target is Split.TRAIN and not self.counts[stratum][Split.TRAIN])
            for stratum in unit.strata
        )

    def _move(self, unit: Unit, target: Split) -> None:
        origin = self.split_of[unit]
        for stratum in unit.strata:
            self.counts[stratum][origin] -= 1
            self.counts[stratum][target] += 1
        self.split_of[unit] = target
        if unit not in self.listed[target]:
            self.listed[target].add(unit)
            self.movable[target].append(unit)
