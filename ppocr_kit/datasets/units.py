"""What goes to one side together: pages of one image, near-duplicates, and groups that the user names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from ppocr_kit.fingerprint import Fingerprint
from ppocr_kit.tasks import Split


@dataclass(frozen=True)
class SplitPage:
    """What the split has to know of a page.

    Attributes:
        name: File name of its image in the labelled folder.
        image_sha256: Hash of the image file.
        texts: Whether it has a text that recognition can learn.
        group: What ``--group-by`` makes of it, None for a page that belongs to no group.
        fingerprint: What it looks like, None to look for no copies of it.
        signature: Of its texts, by ``text_signature``.
        strata: The rare characters and classes on it, such as ``char:€`` and ``class:total``.
    """

    name: str
    image_sha256: str
    texts: bool
    group: str | None = None
    fingerprint: Fingerprint | None = None
    signature: bytes = b""
    strata: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Unit:
    """Images that stay together.

    Attributes:
        images: Their hashes, sorted.
        place: Where the unit comes in the order that units are dealt in.
        readable: Whether one of them has a text.
        strata: The rare characters and classes on them.
        kept: The split it is bound to, None when it is free.
    """

    images: tuple[str, ...]
    place: bytes
    readable: bool
    strata: frozenset[str] = frozenset()
    kept: Split | None = None

    @property
    def weight(self) -> int:
        """Number of images."""
        return len(self.images)


def make_units(
    pages: Sequence[SplitPage],
    copies: Iterable[Sequence[str]],
    seed: int,
    kept: Mapping[str, Split],
) -> list[Unit]:
    """Join the images that belong together.

    Args:
        pages: All pages.
        copies: Hashes of the images of each group of near-duplicates.
        seed: Decides about the order.
        kept: Splits that are settled, by image; of several the last one (test before val before train)
            binds the unit.

    Returns:
        The units in the order in which they are dealt.
    """
    joined = _Joined(page.image_sha256 for page in pages)
    first_of_group: dict[str, str] = {}
    for page in pages:
        if page.group is not None:
            joined.join(first_of_group.setdefault(page.group, page.image_sha256), page.image_sha256)
    for group in copies:
        for image in group[1:]:
            joined.join(group[0], image)
    pages_of: dict[str, list[SplitPage]] = {}
    for page in pages:
        pages_of.setdefault(joined.root(page.image_sha256), []).append(page)
    units = [_make_unit(members, seed, kept) for members in pages_of.values()]
    return sorted(units, key=lambda unit: (unit.place, unit.images))


def _make_unit(pages: Sequence[SplitPage], seed: int, kept: Mapping[str, Split]) -> Unit:
    images = sorted({page.image_sha256 for page in pages})
    groups = {page.group for page in pages if page.group is not None}
    # A page more in a named group leaves the group where it is; of copies the first in order decides.
    names = {f"group:{group}" for group in groups} or set(images)
    order = tuple(Split)
    settled = [kept[image] for image in images if image in kept]
    return Unit(
        tuple(images),
        min(sha256(f"{seed}:{name}".encode("utf-8", "surrogatepass")).digest() for name in names),
        any(page.texts for page in pages),
        frozenset(stratum for page in pages for stratum in page.strata),
        max(settled, key=order.index) if settled else None,
    )


class _Joined:
    """Sets of images, joined step by step (union-find with path halving)."""

    def __init__(self, images: Iterable[str]) -> None:
        self._parent = {image: image for image in images}

    def root(self, image: str) -> str:
        parent = self._parent
        while parent[image] != image:
            parent[image] = parent[parent[image]]
            image = parent[image]
        return image

    def join(self, one: str, other: str) -> None:
        first, second = sorted((self.root(one), self.root(other)))
        self._parent[second] = first
