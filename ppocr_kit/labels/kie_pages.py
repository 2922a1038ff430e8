"""What key information learns of a page: its entities in reading order, and the links between them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from ppocr_kit.labels.boxes import Finding
from ppocr_kit.labels.key_classes import OTHER, class_name
from ppocr_kit.labels.link_naming import ClassPair, Side
from ppocr_kit.labels.links import FoundLinks, Link, Origin, roles_of
from ppocr_kit.labels.placement import PlacedRegion, Polygon
from ppocr_kit.labels.reading_order import reading_order


@dataclass(frozen=True)
class Entity:
    """A region with a text, as a class is learnt for it.

    Attributes:
        id: Its place in the label line from 0, by which links name it.
        text: Its transcription.
        points: Clockwise corners inside the image, pixels.
        key_cls: Its class in upper case, OTHER without one.
        labelled: Its class as the label file spells it, None when unset.
        side: What it is for RE.
    """

    id: int
    text: str
    points: Polygon
    key_cls: str = OTHER
    labelled: str | None = None
    side: Side = Side.OTHER


@dataclass(frozen=True)
class KiePage:
    """A page for SER and RE.

    Attributes:
        entities: In reading order.
        links: Between them, question first.
    """

    entities: tuple[Entity, ...]
    links: tuple[Link, ...] = ()


def make_kie_page(
    placed: Sequence[PlacedRegion],
    found: FoundLinks,
    pairs: Sequence[ClassPair] = (),
    known: Container[str] | None = None,
) -> tuple[KiePage, list[Finding]]:
    """Put together what key information learns of a page.

    A region without a text that can be read is no entity. Classes say which entities are questions and
    answers; where they say nothing, links do.

    Args:
        placed: The regions of the page that fit its image.
        found: Its links; proposals among them are not used.
        pairs: Classes that the user paired.
        known: The classes there are, None when all count; others become OTHER.

    Returns:
        The page; and findings about classes that are not known (L096) and links that cannot be learnt
        (L091, L097).
    """
    readable = [region for region in placed if region.rec_text is not None]
    readable = [readable[place] for place in reading_order([region.polygon for region in readable])]
    there = {region.region.index for region in readable}
    findings: list[Finding] = []
    links = [link for link in found.settled if there.issuperset(link.ends)]
    for link in found.settled:
        if not there.issuperset(link.ends):
            lost = next(end for end in link.ends if end not in there)
            findings.append(("L097", lost, f"box {link.question} to box {link.answer}"))
    roles = roles_of([region.region for region in readable], pairs)
    sides = {index: role.side for index, role in roles.items()}
    kept = tuple(link for link in links if _settle(link, sides, findings))
    entities = tuple(_entity(region, sides, known, findings) for region in readable)
    return KiePage(entities, kept), findings


def _settle(link: Link, sides: dict[int, Side], findings: list[Finding]) -> bool:
    """Note which side each end of a link is; a link that contradicts what is known is not kept.

    People may link boxes whose class says that they are neither.
    """
    wanted = {link.question: Side.QUESTION, link.answer: Side.ANSWER}
    for end, side in wanted.items():
        known = sides.get(end, side)
        if known is not side and not (known is Side.OTHER and link.origin is Origin.PEOPLE):
            findings.append(("L091", link.question, f"to box {link.answer}; box {end} is '{known}' already"))
            return False
    sides.update(wanted)
    return True


def _entity(
    placed: PlacedRegion, sides: Mapping[int, Side], known: Container[str] | None, findings: list[Finding]
) -> Entity:
    region = placed.region
    name = class_name(region.key_cls)
    if known is not None and name not in known:
        findings.append(("L096", region.index, f"'{region.key_cls}'"))
        name = OTHER
    side = sides.get(region.index, Side.OTHER)
    return Entity(region.index, placed.rec_text or "", placed.polygon, name, region.key_cls, side)


def pack_kie_page(page: KiePage) -> bytes:
    """Return a page as few bytes."""
    entities = [
        [entity.id, entity.text, entity.points, entity.key_cls, entity.labelled, str(entity.side)]
        for entity in page.entities
    ]
    links = [[*link.ends, str(link.origin)] for link in page.links]
    return zlib.compress(json.dumps([entities, links], ensure_ascii=False).encode("utf-8"), 1)


def unpack_kie_page(content: bytes) -> KiePage:
    """Return the page that ``pack_kie_page`` packed."""
    entities, links = json.loads(zlib.decompress(content))
    return KiePage(
        tuple(
            Entity(number, text, tuple((x, y) for x, y in points), key_cls, labelled, Side(side))
            for number, text, points, key_cls, labelled, side in entities
        ),
        tuple(Link(question, answer, Origin(origin)) for question, answer, origin in links),
    )
