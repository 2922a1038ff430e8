"""Which answer belongs to which question on a page, and who says so.

Asked in this order, each link with its origin: people (``links.json``), the file's own ``id`` and
``linking``, classes that the user paired, classes whose names pair; and, as proposals only, what stands
nearest. PaddleOCR trains relations between ``question`` and ``answer`` alone (PaddleOCR 3.7.0,
ppocr/data/imaug/vqa/token/vqa_token_relation.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Optional

from ppocr_kit.labels.link_naming import ClassPair, NamedPair, Role, Side, pair_by_class, role_of
from ppocr_kit.labels.link_proposals import propose_links
from ppocr_kit.labels.region import TextRegion

# As ``labels.boxes.Finding``: code, box index, detail.
LinkFinding = tuple[str, Optional[int], str]


class Origin(str, Enum):
    """Where a link came from."""

    FILE = "file"
    PEOPLE = "people"
    PAIR = "pair"
    NAMING = "naming"
    PROPOSAL = "proposal"

    def __str__(self) -> str:
        """Return the plain name."""
        return self.value


@dataclass(frozen=True)
class Link:
    """A question and one of its answers.

    Attributes:
        question: Place of its box in the label line from 0 (``TextRegion.index``).
        answer: Place of the answer's box.
        origin: Who says so.
    """

    question: int
    answer: int
    origin: Origin

    @property
    def ends(self) -> tuple[int, int]:
        """Question and answer."""
        return self.question, self.answer


@dataclass(frozen=True)
class LinkOptions:
    """How links are looked for.

    Attributes:
        pairs: Question class and answer class that belong together whatever they are called.
        proposals: Also propose links by geometry.
    """

    pairs: tuple[ClassPair, ...] = ()
    proposals: bool = False


@dataclass(frozen=True)
class FoundLinks:
    """The links of a page.

    Attributes:
        links: By question and answer, none twice; proposals among them when they were asked for.
        findings: What was odd about them.
    """

    links: tuple[Link, ...]
    findings: tuple[LinkFinding, ...] = ()

    @property
    def settled(self) -> tuple[Link, ...]:
        """The links that count: all but the proposals."""
        return tuple(link for link in self.links if link.origin is not Origin.PROPOSAL)


def find_links(
    regions: Sequence[TextRegion],
    options: LinkOptions = LinkOptions(),  # noqa: B008
    people: Sequence[Link] | None = None,
) -> FoundLinks:
    """Find the links of a page.

    Args:
        regions: Its boxes.
        options: How to look.
        people: What people left as the links of this page (``links_file.PageLinks``); these are all there
            are then, also when there are none. None for a page that nobody worked on.
    """
    roles = roles_of(regions, options.pairs)
    findings: list[LinkFinding] = []
    if people is not None:
        links = list(people)
    else:
        links, findings = _links_of_file(regions, roles)
        named, ambiguous = _links_of_classes(regions, roles, links)
        links += named
        findings += ambiguous
    if options.proposals:
        linked = frozenset(end for link in links for end in link.ends)
        links += [Link(*ends, Origin.PROPOSAL) for ends in propose_links(regions, roles, linked)]
    unique = {link.ends: link for link in reversed(links)}
    return FoundLinks(tuple(sorted(unique.values(), key=lambda link: link.ends)), tuple(findings))


def roles_of(regions: Iterable[TextRegion], pairs: Sequence[ClassPair] = ()) -> dict[int, Role]:
    """Return what the classes of boxes say, by place in the label line."""
    roles = {region.index: role_of(region.key_cls, pairs) for region in regions}
    return {index: role for index, role in roles.items() if role is not None}


def _links_of_file(
    regions: Sequence[TextRegion], roles: Mapping[int, Role]
) -> tuple[list[Link], list[LinkFinding]]:
    """Return the links that ``id`` and ``linking`` say, whichever box they stand at.

    A link counts wherever it stands, as upstream reads it; one that stands at one end only, or at neither,
    is told.
    """
    places = {region.id: region.index for region in regions if region.id is not None}
    holders: dict[tuple[int, int], set[int]] = {}
    for region in regions:
        for first, second in region.linking:
            if first in places and second in places:
                holders.setdefault((places[first], places[second]), set()).add(region.index)
    links: list[Link] = []
    findings: list[LinkFinding] = []
    for ends, standing in holders.items():
        turned = _question_first(ends, roles)
        if turned is None:
            findings.append(("L091", ends[0], f"to box {ends[1]}"))
            continue
        backwards = holders.get((ends[1], ends[0]), set())
        if not standing.union(backwards).issuperset(ends):
            lacking = [end for end in ends if end not in standing]
            findings.append(("L090", lacking[0], f"box {ends[0]} to box {ends[1]}"))
        links.append(Link(*turned, Origin.FILE))
    return list(dict.fromkeys(links)), findings


def _question_first(ends: tuple[int, int], roles: Mapping[int, Role]) -> tuple[int, int] | None:
    """Return the ends with the question first, or None when they are not a question and an answer.

    Where the classes do not tell, the file's order does.
    """
    first, second = ends
    sides = [roles[end].side if end in roles else None for end in ends]
    if first == second or Side.OTHER in sides or (sides[0] is not None and sides[0] is sides[1]):
        return None
    if sides[0] is Side.ANSWER or sides[1] is Side.QUESTION:
        return second, first
    return ends


def _links_of_classes(
    regions: Sequence[TextRegion], roles: Mapping[int, Role], known: Sequence[Link]
) -> tuple[list[Link], list[LinkFinding]]:
    """Return the links that classes say, for fields which the file itself does not link on this page.

    Where it does, an answer without a link was left without one on purpose.
    """
    linked_fields = {roles[end] for link in known for end in link.ends if end in roles}
    fields = {(role.field, role.given) for role in linked_fields}
    linked = {end for link in known for end in link.ends}
    usable = [region for region in regions if not region.ignored]
    pairs = [
        pair
        for pair in pair_by_class(usable, roles)
        if (pair.role.field, pair.role.given) not in fields and pair.answer not in linked
    ]
    links = [Link(pair.question, pair.answer, _origin(pair)) for pair in pairs]
    return links, _ambiguous(pairs)


def _origin(pair: NamedPair) -> Origin:
    return Origin.PAIR if pair.role.given else Origin.NAMING


def _ambiguous(pairs: Sequence[NamedPair]) -> list[LinkFinding]:
    """Return one finding for each field of which the page has several questions."""
    found: dict[str, tuple[int, int, int]] = {}
    for pair in pairs:
        if pair.chosen_from > 1:
            place, answers, _ = found.get(pair.role.field, (pair.question, 0, 0))
            found[pair.role.field] = (place, answers + 1, pair.chosen_from)
    return [
        ("L092", place, f"{questions} questions and {answers} answers of '{field or 'question'}'")
        for field, (place, answers, questions) in found.items()
    ]
