"""Links that may be, by where boxes stand: for people to look at, never for training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ppocr_kit.labels.link_geometry import in_reading_order, reading_distances
from ppocr_kit.labels.link_naming import Role, Side
from ppocr_kit.labels.region import TextRegion

# As ``link_geometry.reading_distances``, in text heights; beyond it nothing is proposed.
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
    questions = in_reading_order([region for region in usable if _may_ask(region, roles)])[::-1]
    taken = linked.union(region.index for region in questions)
    classed = any(role.side is Side.ANSWER for role in roles.values())
    answers = [
        region
        for region in usable
        if region.index not in taken
        and _may_answer(region, roles)
        and not (classed and region.key_cls is None)
    ]
    if not questions or not answers:
        return []
    distances = reading_distances(questions, answers)
    asked = np.array([question.index in linked for question in questions])
    # what does not say that it is an answer is none of a question that has one
    silent = np.array([answer.index not in roles for answer in answers])
    distances[np.ix_(asked, silent)] = np.inf
    nearest = distances.argmin(axis=0)
    proposals = []
    for number, answer in enumerate(answers):
        near = distances[nearest[number]]
        if near[number] <= _FARTHEST and (answer.key_cls is not None or near[number] <= near.min()):
            proposals.append((questions[nearest[number]].index, answer.index))
    return proposals


def _may_ask(region: TextRegion, roles: Mapping[int, Role]) -> bool:
    role = roles.get(region.index)
    if role is not None:
        return role.side is Side.QUESTION
    return region.key_cls is None and region.transcription.rstrip().endswith(_COLONS)


def _may_answer(region: TextRegion, roles: Mapping[int, Role]) -> bool:
    role = roles.get(region.index)
    return role is None or role.side is Side.ANSWER
