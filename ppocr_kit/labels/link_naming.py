"""What a class says about its boxes: question or answer, and of which field.

PPOCRLabel knows classes and no links, so annotators tell the two sides by name: ``total_key`` and
``total_value`` (WildReceipt), ``name_q`` and ``name_a``, ``question`` and ``answer`` (FUNSD, XFUND).
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from ppocr_kit.errors import UsageError
from ppocr_kit.labels.link_geometry import nearest_questions
from ppocr_kit.labels.region import TextRegion

# A question class and an answer class that belong together.
ClassPair = tuple[str, str]


class Side(str, Enum):
    """Which end of a link a class names."""

    QUESTION = "question"
    ANSWER = "answer"
    OTHER = "other"

    def __str__(self) -> str:
        """Return the plain name."""
        return self.value


@dataclass(frozen=True)
class Role:
    """What a class says.

    Attributes:
        side: Question, answer, or neither.
        field: What both classes of a pair have in common, ``total`` of ``total_q``; empty for a class that
            is only called ``question`` or ``answer``.
        given: The user paired the class; its name does not matter.
    """

    side: Side
    field: str = ""
    given: bool = False


@dataclass(frozen=True)
class NamedPair:
    """A question and an answer whose classes belong together, by their places in the label line.

    Attributes:
        question: Place of the question.
        answer: Place of the answer.
        role: Of the answer.
        chosen_from: Number of questions of that field on the page.
    """

    question: int
    answer: int
    role: Role
    chosen_from: int


_WORDS = {
    Side.QUESTION: ("question", "key", "问题", "問題", "键"),
    Side.ANSWER: ("answer", "value", "答案", "值"),
    Side.OTHER: ("other", "others", "ignore", "header", "title", "background"),
}
# too short to mean anything at the beginning of a class
_ENDINGS = {"q": Side.QUESTION, "k": Side.QUESTION, "a": Side.ANSWER, "v": Side.ANSWER}
_WORD_SIDES = {word: side for side, words in _WORDS.items() for word in words}
_SEPARATORS = "_-.:/ "


def role_of(key_cls: str | None, pairs: Sequence[ClassPair] = ()) -> Role | None:
    """Tell what a class says about its boxes, letter case aside.

    Args:
        key_cls: The class, None when unset.
        pairs: Classes that the user paired; they go before what names say.

    Returns:
        None when the class is unset or says nothing.
    """
    return None if key_cls is None else _role_of(key_cls, tuple(pairs))


@lru_cache(maxsize=4096)
def _role_of(key_cls: str, pairs: tuple[ClassPair, ...]) -> Role | None:
    """Answer for a class that is set; a file has few of them."""
    name = _fold(key_cls)
    for question, answer in pairs:
        if name in (_fold(question), _fold(answer)):
            side = Side.QUESTION if name == _fold(question) else Side.ANSWER
            return Role(side, _fold(question), given=True)
    if name in _WORD_SIDES:
        return Role(_WORD_SIDES[name])
    if name in ("q", "a"):
        return Role(_ENDINGS[name])
    places = [place for place, char in enumerate(name) if char in _SEPARATORS]
    if not places:
        return None
    field, last = name[: places[-1]].strip(_SEPARATORS), name[places[-1] + 1 :]
    ending = _WORD_SIDES.get(last) or _ENDINGS.get(last)
    if field and ending in (Side.QUESTION, Side.ANSWER):
        return Role(ending, field)
    first, field = name[: places[0]], name[places[0] + 1 :].strip(_SEPARATORS)
    beginning = _WORD_SIDES.get(first)
    if field and beginning in (Side.QUESTION, Side.ANSWER):
        return Role(beginning, field)
    return None


def _fold(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().casefold()


def parse_class_pairs(values: Iterable[str]) -> tuple[ClassPair, ...]:
    """Read what the user gave as ``Q=A``.

    Raises:
        UsageError: One is not of that form, or a class is a question here and an answer there.
    """
    pairs: list[ClassPair] = []
    for value in values:
        question, sign, answer = (part.strip() for part in value.partition("="))
        if not (question and sign and answer) or _fold(question) == _fold(answer):
            raise UsageError(
                f"'{value}' does not pair two classes", at="--pair", hint="--pair total_label=total_sum"
            )
        pairs.append((question, answer))
    questions = {_fold(question) for question, _ in pairs}
    both = sorted(answer for _, answer in pairs if _fold(answer) in questions)
    if both:
        raise UsageError(f"'{both[0]}' is paired as a question and as an answer", at="--pair")
    owners: dict[str, str] = {}
    for question, answer in pairs:
        if owners.setdefault(_fold(answer), _fold(question)) != _fold(question):
            raise UsageError(f"'{answer}' is paired with two questions", at="--pair")
    return tuple(dict.fromkeys(pairs))


def pair_by_class(regions: Sequence[TextRegion], roles: Mapping[int, Role]) -> list[NamedPair]:
    """Pair each answer with the question of its field: the nearest one as one reads, of several.

    Args:
        regions: Boxes of the page.
        roles: By place in the label line.

    Returns:
        In the order of the answers. A question may have several answers or none; an answer of a field that
        no question of the page has is in no pair.
    """
    questions, answers = (_by_field(regions, roles, side) for side in (Side.QUESTION, Side.ANSWER))
    pairs = []
    for key, asked in questions.items():
        given = answers.get(key, [])
        for answer, question in zip(given, nearest_questions(asked, given)):
            pairs.append(NamedPair(question, answer.index, roles[answer.index], len(asked)))
    return sorted(pairs, key=lambda pair: pair.answer)


def _by_field(
    regions: Sequence[TextRegion], roles: Mapping[int, Role], side: Side
) -> dict[tuple[str, bool], list[TextRegion]]:
    """Return the boxes of one side by their field, and whether the user paired it."""
    found: dict[tuple[str, bool], list[TextRegion]] = defaultdict(list)
    for region in regions:
        role = roles.get(region.index)
        if role is not None and role.side is side:
            found[role.field, role.given].append(region)
    return found
