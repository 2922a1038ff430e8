"""Decide which pages train, which choose the best model and which measure it.

The page is the unit: everything cut from one page lands on one side, for every task; so do pages that
belong together (``units.py``). Where they go follows from the bytes of their images and the seed, so it
depends neither on the order of lines, folders or files nor on the machine; rare characters and classes
then move a few of them (``strata.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import gcd

from ppocr_kit.datasets.dealing import Ratio, deal
from ppocr_kit.datasets.strata import describe_stratum, missing_strata, spread_strata
from ppocr_kit.datasets.units import SplitPage, Unit, make_units
from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.labels.near_duplicates import FingerprintedPage, find_near_duplicates
from ppocr_kit.tasks import Split

DEFAULT_RATIO = "8:1:1"

_SHOWN_STRATA = 8
# A group of a larger share of all pages is told about.
_LARGEST_SHARE = 0.2


def parse_ratio(text: str) -> Ratio:
    """Read ``train:val:test`` shares such as ``8:1:1`` or ``0.8:0.1:0.1``.

    Returns:
        Three shares that sum to 1.

    Raises:
        UsageError: There are not three numbers, one is negative, or all are 0.
    """
    parts = text.split(":")
    try:
        shares = [Fraction(part.strip()) for part in parts]
    except (ValueError, ZeroDivisionError):
        shares = []
    if len(shares) != len(Split) or any(share < 0 for share in shares) or not any(shares):
        raise UsageError(
            f"'{text}' is not a ratio of train, val and test",
            at="--ratio",
            hint="give three numbers such as 8:1:1; a 0 leaves that split empty",
        )
    total = sum(shares)
    train, val, test = (share / total for share in shares)
    return train, val, test


def whole_ratio(ratio: Ratio) -> tuple[int, ...]:
    """Return the shares as the smallest whole numbers, such as (8, 1, 1)."""
    scale = 1
    for share in ratio:
        scale = scale * share.denominator // gcd(scale, share.denominator)
    return tuple(int(share * scale) for share in ratio)


@dataclass(frozen=True)
class SplitPlan:
    """Where each image goes.

    Attributes:
        split_of: Split by image hash; pages that share an image share its split.
        unit_of: For the images that go together with others, the smallest hash among these.
        notes: What people should know about it.
    """

    split_of: Mapping[str, Split]
    unit_of: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def plan_split(
    pages: Sequence[SplitPage],
    ratio: Ratio,
    seed: int,
    *,
    kept: Mapping[str, Split] | None = None,
    stratify: bool = True,
) -> SplitPlan:
    """Assign images to splits.

    Equal images, near-duplicates and pages of one group stay together. Pages with text to read and pages
    without are divided apart, so that each split has its share of both; too few of the first kind are
    divided together with the rest.

    Args:
        pages: All pages.
        ratio: Shares of train, val and test.
        seed: Another seed, another division.
        kept: Images whose split is settled, those of a fixed test set; what belongs to them goes with
            them, and no other page goes into a split that is fixed so.
        stratify: Whether rare characters and classes are spread.

    Raises:
        DataError: There are fewer images, or groups of them, than wanted splits.
        UsageError: With the fixed pages taken out no split is left for the others.
    """
    copies = _copies_of(pages)
    units = make_units(pages, copies.groups, seed, kept or {})
    free = [unit for unit in units if unit.kept is None]
    settled = {unit: unit.kept for unit in units if unit.kept is not None}
    shares = _without_fixed(ratio, frozenset((kept or {}).values()))
    _check_enough(free, shares)
    split_of: dict[Unit, Split] = {**settled, **_divide(free, shares)}
    notes = [*copies.notes, *_kept_notes(units, kept or {})]
    if stratify:
        split_of = spread_strata(split_of, shares)
        notes += _strata_notes(split_of, ratio)
    notes += _size_notes(split_of, ratio)
    return SplitPlan(
        {image: split for unit, split in split_of.items() for image in unit.images},
        {image: unit.images[0] for unit in units if len(unit.images) > 1 for image in unit.images},
        tuple(notes),
    )


@dataclass(frozen=True)
class _Copies:
    """Near-duplicates: hashes of the images of each group, and what to tell about them."""

    groups: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


def _copies_of(pages: Sequence[SplitPage]) -> _Copies:
    """Find the near-duplicates among the pages."""
    known = [page for page in pages if page.fingerprint is not None]
    found = find_near_duplicates(
        [FingerprintedPage(page.name, page.image_sha256, page.fingerprint, page.signature) for page in known]
    )
    groups = tuple(tuple(known[number].image_sha256 for number in group) for group in found.groups)
    notes = []
    if groups:
        held = sum(len(group) for group in groups)
        notes.append(f"{held} pages are near-duplicates of others; the {len(groups)} groups stay together")
    if found.refused:
        notes.append(
            f"{len(found.refused)} pairs of pages look alike but would chain too many pages to one group, so "
            "they may be on two sides; keep them together with --group-by if they belong together"
        )
    if found.crowded:
        notes.append(
            f"{found.crowded} pages without texts look like many others (one form, one kind of picture) and "
            "were not held for copies; keep them together with --group-by if they belong together"
        )
    return _Copies(groups, tuple(notes))


def _without_fixed(ratio: Ratio, fixed: frozenset[Split]) -> Ratio:
    """Return the shares of what is not fixed: none for a split that is."""
    shares = [Fraction(0) if split in fixed else share for split, share in zip(Split, ratio)]
    total = sum(shares)
    if not total:
        raise UsageError(
            "the fixed pages leave no split for the others",
            at="--ratio",
            hint="give train a share, such as 8:1:1",
        )
    train, val, test = (share / total for share in shares)
    return train, val, test


def _check_enough(units: Sequence[Unit], ratio: Ratio) -> None:
    """Raise DataError when not every wanted split can have something."""
    wanted = sum(1 for share in ratio if share > 0)
    if len(units) >= wanted:
        return
    images = sum(unit.weight for unit in units)
    there = f"{images}" if images == len(units) else f"{len(units)} groups of {images} that stay together"
    raise DataError(
        f"{wanted} splits need at least {wanted} different page images, there are {there}",
        hint="label more pages, or leave a split empty with --ratio 1:1:0",
    )


def _divide(units: Sequence[Unit], ratio: Ratio) -> dict[Unit, Split]:
    """Deal out pages with text and pages without."""
    wanted = sum(1 for share in ratio if share > 0)
    readable = [unit for unit in units if unit.readable]
    if len(readable) < wanted:
        return deal(units, ratio)
    others = [unit for unit in units if not unit.readable]
    return {**deal(readable, ratio), **deal(others, ratio, none_empty=False)}


def _kept_notes(units: Sequence[Unit], kept: Mapping[str, Split]) -> list[str]:
    """Tell of fixed pages that are not there any more, and of new ones that have to go with them."""
    images = {image for unit in units for image in unit.images}
    missing = len(kept.keys() - images)
    joining = sum(image not in kept for unit in units if unit.kept is not None for image in unit.images)
    notes = []
    if missing:
        notes.append(
            f"{missing} of {len(kept)} pages of the fixed test set are not among the labels any more, so "
            "scores are not comparable with older ones"
        )
    if joining:
        notes.append(
            f"{joining} new pages are copies or group mates of pages of the fixed test set and join it, "
            "because in training they would leak"
        )
    return notes


def _strata_notes(split_of: Mapping[Unit, Split], ratio: Ratio) -> list[str]:
    """Tell which rare characters and classes some split has to do without."""
    notes = []
    for split, strata in missing_strata(split_of, ratio).items():
        shown = ", ".join(describe_stratum(name) for name in strata[:_SHOWN_STRATA])
        more = f" and {len(strata) - _SHOWN_STRATA} more" if len(strata) > _SHOWN_STRATA else ""
        notes.append(f"not in {split}, for want of pages that could go there: {shown}{more}")
    return notes


def _size_notes(split_of: Mapping[Unit, Split], ratio: Ratio) -> list[str]:
    """Tell when a group is so large that the ratio cannot be met."""
    total = sum(unit.weight for unit in split_of)
    largest = max((unit.weight for unit in split_of), default=0)
    if largest <= _LARGEST_SHARE * total or largest == 1:
        return []
    sizes = {split: sum(unit.weight for unit in split_of if split_of[unit] is split) for split in Split}
    shown = ":".join(str(size) for size in sizes.values())
    return [
        f"the largest group has {largest} of {total} pages and stays together; "
        f"the splits have {shown} pages for a ratio of {':'.join(map(str, whole_ratio(ratio)))}"
    ]
