"""Links that may be, by where boxes stand: for people to look at, never for training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ppocr_kit.labels.link_geometry import reading_distance
from ppocr_kit.labels.link_naming import Role, Side
from ppocr_kit.labels.region import TextRegion

# As ``link_geometry.reading_distance``, in text heights; beyond it nothing is proposed.
_FARTHEST = 20.0
_COLONS = (":", "：")


def propose_links(
    regions: Sequence[TextRegion], roles: Mapping[int, Role], linked: frozenset[int]
) -> list[tuple[int, int]]:
    """Propose the nearest question for what may be an answer and has no link yet.

    Questions are boxes whose class says so, and texts without such a class that end with a colon. An answer
    is a box whose class says so or says nothing. Boxes without a class are other text where answers have
    classes; else one is proposed for a question that has nothing nearer.

    Args:
        regions: Boxes of the page.
        roles: What classes say, by place in the label line.
        linked: Places of boxes that have a link.

    Returns:
        Places of question and answer, in the order of the answers.
    """
    usable = [region for region in regions if not region.ignored]
    questions = [region for region in usable if _may_ask(region, roles)]
    asking = {region.index for region in questions}
    classed = any(role.side is Side.ANSWER for role in roles.values())
    answers = [
        region
        for region in usable
        if region.index not in linked | asking
        and _may_answer(region, roles)
        and not (classed and region.key_cls is None)
    ]
    proposals = []
    for answer in answers:
        # what does not say that it is an answer is none of a question that has one
        free = answer.index in roles
        near = [
            (reading_distance(question, answer), question.index)
            for question in questions
            if free or question.index not in linked
        ]
        if not near or min(near)[0] > _FARTHEST:
            continue
        question = min(near)[1]
        if answer.key_cls is not None or _is_nearest(question, answer, answers, regions):
            proposals.append((question, answer.index))
    return proposals


def _may_ask(region: TextRegion, roles: Mapping[int, Role]) -> bool:
    role = roles.get(region.index)
    if role is not None:
        return role.side is Side.QUESTION
    return region.key_cls is None and region.transcription.rstrip().endswith(_COLONS)


def _may_answer(region: TextRegion, roles: Mapping[int, Role]) -> bool:
    role = roles.get(region.index)
    return role is None or role.side is Side.ANSWER


def _is_nearest(
    question: int, answer: TextRegion, answers: Sequence[TextRegion], regions: Sequence[TextRegion]
) -> bool:
    """Tell whether no other answer is nearer to the question."""
    asked = next(region for region in regions if region.index == question)
    own = reading_distance(asked, answer)
    return all(reading_distance(asked, other) >= own for other in answers)
