"""Decide which pages train, which choose the best model and which measure it.

The page is the unit: everything cut from one page lands on one side, for every task. A page's place
follows from the bytes of its image and the seed alone, so it depends neither on the order of lines,
folders or files nor on the machine, and correcting a label does not move a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from itertools import islice
from math import gcd

from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.tasks import Split

Ratio = tuple[Fraction, Fraction, Fraction]

DEFAULT_RATIO = "8:1:1"


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


@dataclass(frozen=True)
class SplitPlan:
    """Where each image goes.

    Attributes:
        split_of: Split by image hash; pages that share an image share its split.
    """

    split_of: Mapping[str, Split]


def plan_split(readable: Iterable[str], others: Iterable[str], ratio: Ratio, seed: int) -> SplitPlan:
    """Assign images to splits.

    Pages with text to read and pages without are divided apart, so that each split has its share of
    both; too few of the first kind are divided together with the rest.

    Args:
        readable: Hashes of images with text that recognition can learn.
        others: Hashes of the other images.
        ratio: Shares of train, val and test.
        seed: Another seed, another division.

    Raises:
        DataError: There are fewer images than wanted splits.
    """
    with_text = sorted(set(readable))
    without = sorted(set(others) - set(with_text))
    wanted = sum(1 for share in ratio if share > 0)
    if len(with_text) + len(without) < wanted:
        raise DataError(
            f"{wanted} splits need at least {wanted} different page images, there are "
            f"{len(with_text) + len(without)}",
            hint="label more pages, or leave a split empty with --ratio 1:1:0",
        )
    if len(with_text) < wanted:
        return SplitPlan(_divide(with_text + without, ratio, seed))
    split_of = _divide(with_text, ratio, seed)
    split_of.update(_divide(without, ratio, seed, none_empty=False))
    return SplitPlan(split_of)


def _divide(images: Sequence[str], ratio: Ratio, seed: int, *, none_empty: bool = True) -> dict[str, Split]:
    """Put images into a random but reproducible order and deal them out."""
    shuffled = iter(sorted(images, key=lambda image: sha256(f"{seed}:{image}".encode()).digest()))
    counts = share_out(len(images), ratio, none_empty=none_empty)
    return {image: split for split in Split for image in islice(shuffled, counts[split])}
