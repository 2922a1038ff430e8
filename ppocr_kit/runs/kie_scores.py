"""Scores of what a network says of whole pages, against their labels.

The answers are those of ``workers/measure_kie.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ppocr_kit.metrics.class_counts import ClassCounts
from ppocr_kit.metrics.entities import DEFINITION as ENTITY_DEFINITION
from ppocr_kit.metrics.entities import count_entities
from ppocr_kit.metrics.relations import DEFINITION as LINK_DEFINITION
from ppocr_kit.metrics.relations import Relation, count_relations
from ppocr_kit.runs.labelled_pages import LabelledPage, tags_of_label
from ppocr_kit.tasks import Task

Answer = Mapping[str, Any]
Pages = Sequence[tuple[LabelledPage, Answer]]

_GIVEN = "questions and answers as labelled"
_READ = "questions and answers as the SER run reads them, one question for each answer"
# What counts, by task, with the labelled classes where a task is given classes.
DEFINITIONS: dict[Task, str] = {Task.SER: ENTITY_DEFINITION, Task.RE: f"{LINK_DEFINITION}; {_GIVEN}"}
MAJORITY_DEFINITION = (
    "texts: one counts when the class of most of its tokens is the labelled one, OTHER being none; counts "
    "summed over pages, empty divisor 0.0"
)
END_TO_END_DEFINITION = f"{LINK_DEFINITION}; {_READ}"


def count_pages(task: Task, pages: Pages) -> ClassCounts:
    """Count by the metric of a task: entities of tokens, or links.

    Args:
        task: SER or RE.
        pages: Labelled pages and the answers for them.
    """
    if task is Task.SER:
        return count_entities(_tags(page, answer["tags"]) for page, answer in pages)
    return count_relations(_relations(page, answer["links"], {}) for page, answer in pages)


def count_end_to_end(pages: Pages) -> ClassCounts:
    """Count links between the classes that a SER network read."""
    return count_relations(
        _relations(page, answer["read"]["links"], dict(answer["read"]["classes"])) for page, answer in pages
    )


def count_majority(pages: Pages) -> ClassCounts:
    """Count texts by the class of most of their tokens."""
    # as if each text were a token of its own
    return count_entities(
        _tags(page, [(number, tags_of_label(kind, 1)) for number, _, kind in answer["tags"]])
        for page, answer in pages
    )


def _tags(page: LabelledPage, entities: Iterable[Sequence[Any]]) -> tuple[list[str], list[str]]:
    """Return the found and the labelled tags of a page's tokens; an entity is its id, its tags and more."""
    found: list[str] = []
    labelled: list[str] = []
    for number, tags, *_ in entities:
        found += tags
        labelled += tags_of_label(str(page.entities[number]["label"]), len(tags))
    return found, labelled


def _relations(
    page: LabelledPage, links: Iterable[tuple[int, int]], read: Mapping[int, str]
) -> tuple[list[Relation], list[Relation]]:
    """Return the found and the labelled links of a page; an entity's id stands for where it lies.

    A found link that is wrong counts in the class that its question was read as.
    """

    def relation(link: tuple[int, int], key_class: str) -> Relation:
        question, answer = link
        return Relation((question, question + 1), (answer, answer + 1), key_class)

    found = [relation(link, read.get(link[0]) or page.class_of(link[0])) for link in links]
    return found, [relation(link, page.class_of(link[0])) for link in sorted(page.links)]
