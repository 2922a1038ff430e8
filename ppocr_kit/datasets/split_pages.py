"""From the index of a build to what the split has to know of its pages.

Pages that were cut have their fingerprint. Detection alone decodes no page, so here those are opened,
and only those, whose texts or names say that they may be copies of others.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from ppocr_kit.datasets.groups import GroupBy, group_pages
from ppocr_kit.datasets.page_index import PageIndex, SplitFacts, pack_fingerprint, unpack_fingerprint
from ppocr_kit.datasets.strata import CHARACTER, CLASS, LINKS, rare_strata
from ppocr_kit.datasets.units import SplitPage
from ppocr_kit.fingerprint import NUM_FREQUENCIES, Fingerprint, fingerprint
from ppocr_kit.labels.images import BadImage, read_page_image
from ppocr_kit.labels.near_duplicates import pages_to_open
from ppocr_kit.labels.parallel import map_in_order
from ppocr_kit.labels.processes import map_in_processes
from ppocr_kit.progress import Track

# Stands for the picture of a page that is compared with no other.
_UNSEEN = Fingerprint(bytes(NUM_FREQUENCIES), 255)

_PAGES_PER_CHUNK = 32
_FEW_PAGES = 200


def split_pages(index: PageIndex, *, stratify: bool) -> list[SplitPage]:
    """Return what the split has to know of every page.

    Args:
        index: The pages.
        stratify: Whether rare characters and classes are looked for.
    """
    rare = rare_strata(_count_strata(index)) if stratify else frozenset()
    looked_for = any(facts.fingerprint is not None for facts in index.split_facts())
    return [_split_page(facts, rare, looked_for) for facts in index.split_facts()]


def group_index(index: PageIndex, group_by: GroupBy) -> tuple[str, ...]:
    """Put the pages of an index into groups; return what there is to tell about it.

    Raises:
        UsageError: No page belongs to a group, or the pattern takes too long.
    """
    pages = [(facts.name, facts.key.decode("utf-8", "surrogatepass")) for facts in index.split_facts()]
    grouping = group_pages(group_by, [key for _, key in pages])
    index.set_groups((group, name) for group, (name, _) in zip(grouping.groups, pages))
    return grouping.notes


def add_fingerprints(index: PageIndex, workers: int, track: Track) -> None:
    """Open the pages without a fingerprint that may be copies of others, and take theirs.

    The others have none afterwards, whatever an older data set knew of them, so that the same labels
    make the same data set.

    Args:
        index: The pages.
        workers: Number of processes.
        track: Progress.

    Raises:
        SetupError: A worker was killed.
    """
    images = [_image_name(facts) for facts in index.split_facts()]
    signatures = [facts.signature for facts in index.split_facts()]
    wanted = set(pages_to_open(images, signatures).tolist())
    paths, needless = [], []
    for number, facts in enumerate(index.split_facts()):
        if number not in wanted:
            needless.append((facts.image_path, None))
        elif facts.fingerprint is None:
            paths.append(facts.image_path)
    index.set_fingerprints(needless)
    if not paths:
        return
    few = len(paths) < _FEW_PAGES or workers == 1
    chunks = _chunks(paths)
    done = (map_in_order if few else map_in_processes)(_look_at, chunks, workers)
    found = (pair for chunk in done for pair in chunk)
    index.set_fingerprints(track(found, "looking for copies", len(paths)))


def _look_at(paths: Sequence[bytes]) -> list[tuple[bytes, bytes | None]]:
    """Return the fingerprints of some images; None for one that is not what its head said."""
    found = []
    for path in paths:
        image = read_page_image(Path(os.fsdecode(path)))
        looks = None if isinstance(image, BadImage) else pack_fingerprint(fingerprint(image.pixels))
        found.append((path, looks))
    return found


def _chunks(paths: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Deal the images out."""
    rest = iter(paths)
    while True:
        some = list(islice(rest, _PAGES_PER_CHUNK))
        if not some:
            return
        yield some


def _split_page(facts: SplitFacts, rare: frozenset[str], looked_for: bool) -> SplitPage:
    looks = None
    if looked_for:
        looks = _UNSEEN if facts.fingerprint is None else unpack_fingerprint(facts.fingerprint)
    strata = rare.intersection(_strata(facts)) if rare else ()
    return SplitPage(
        _image_name(facts),
        facts.image_sha256,
        facts.texts > 0,
        facts.group,
        looks,
        facts.signature,
        tuple(sorted(strata)),
    )


def _count_strata(index: PageIndex) -> dict[str, int]:
    """Count on how many pages each character and class is."""
    characters = index.count_pages_with("characters")
    classes = index.count_pages_with("classes")
    return {
        **{CHARACTER + name: count for name, count in characters.items()},
        **{CLASS + name: count for name, count in classes.items()},
        LINKS: sum(facts.links > 0 for facts in index.split_facts()),
    }


def _strata(facts: SplitFacts) -> Iterator[str]:
    yield from (CHARACTER + character for character in facts.characters)
    yield from (CLASS + name for name in json.loads(facts.classes))
    if facts.links:
        yield LINKS


def _image_name(facts: SplitFacts) -> str:
    return os.fsdecode(facts.image_path).rpartition("/")[2]
