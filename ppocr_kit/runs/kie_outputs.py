"""What is made of the classes and links of a page: fields with their values, PPOCRLabel's line, XFUND.

Source: XFUND (github.com/doc-analysis/XFUND, README), PPOCRLabel 3.1.6 (``key_cls``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Union

from ppocr_kit.labels.key_classes import OTHER
from ppocr_kit.labels.link_naming import ClassPair, role_of
from ppocr_kit.labels.region import TextRegion

# ``id``, ``transcription``, ``points``, ``key_cls`` and more; those of a page stand in reading order.
Entity = Mapping[str, Any]
# ``question`` and ``answer``, by id, and ``score``.
Link = Mapping[str, Any]
# A field's value; several where the page has the field several times.
Fields = dict[str, Union[str, list[str]]]

QUESTION, ANSWER = "QUESTION", "ANSWER"
# What PPOCRLabel writes for a box without a class.
_UNSET = "None"
# What follows a printed question and is no part of it.
_QUESTION_ENDS = " \t:：.…*?？_-"
_XFUND_LABELS = {QUESTION: "question", ANSWER: "answer"}


def fields_of(
    entities: Sequence[Entity],
    links: Sequence[Link],
    roles: Mapping[str, str],
    pairs: Sequence[ClassPair] = (),
) -> Fields:
    """Tell the fields of a page and their values.

    A question's value is the texts of its answers, in reading order. What is of a class, and neither a
    question nor the answer of one, is a value of the field that its class names, unless a question told
    that field's value.

    Args:
        entities: Of the page, in reading order.
        links: Between them; empty without RE.
        roles: Classes to ``QUESTION`` or ``ANSWER``.
        pairs: Classes that the user paired.
    """
    answers: dict[Any, list[Entity]] = defaultdict(list)
    questions = {link["answer"]: link["question"] for link in links}
    for entity in entities:
        if entity["id"] in questions:
            answers[questions[entity["id"]]].append(entity)
    asked = {entity["id"]: _asked_field(entity, pairs) for entity in entities if entity["id"] in answers}
    values: dict[str, list[str]] = defaultdict(list)
    for entity in entities:
        if entity["id"] in asked:
            values[asked[entity["id"]]].append(_joined(answers[entity["id"]]))
        elif entity["id"] not in questions and roles.get(entity["key_cls"]) != QUESTION:
            field = _own_field(entity, pairs, by_class_alone=not links)
            if field is not None and field not in asked.values() and entity["transcription"].strip():
                values[field].append(_joined([entity]))
    return {name: found[0] if len(found) == 1 else found for name, found in values.items()}


def label_regions(entities: Sequence[Entity], links: Sequence[Link]) -> list[TextRegion]:
    """Return a page's entities as boxes of PPOCRLabel, with ``id`` and ``linking`` beside its own keys."""
    return [
        TextRegion(
            transcription=entity["transcription"],
            points=tuple((float(x), float(y)) for x, y in entity["points"]),
            key_cls=_UNSET if entity["key_cls"] == OTHER else entity["key_cls"],
            index=place,
            id=entity["id"],
            linking=_links_at(entity["id"], links),
        )
        for place, entity in enumerate(entities)
    ]


def xfund_document(page: Mapping[str, Any], file_name: str, roles: Mapping[str, str]) -> dict[str, Any]:
    """Return a page as a document of XFUND; ``key_cls`` keeps the class, which XFUND has no place for.

    Args:
        page: ``width``, ``height``, ``entities`` and ``links``.
        file_name: Of its picture.
        roles: Classes to ``QUESTION`` or ``ANSWER``.
    """
    return {
        "id": file_name.rpartition(".")[0] or file_name,
        "document": [
            {
                "id": entity["id"],
                "text": entity["transcription"],
                "box": _box(entity["points"]),
                "label": _XFUND_LABELS.get(roles.get(entity["key_cls"], entity["key_cls"]), "other"),
                "key_cls": entity["key_cls"],
                "linking": [list(link) for link in _links_at(entity["id"], page["links"])],
                "words": [],
            }
            for entity in page["entities"]
        ],
        "img": {"fname": file_name, "width": page["width"], "height": page["height"]},
    }


def xfund_file(documents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the content of a file of XFUND."""
    return {"lang": "", "version": "0.1", "split": "predicted", "documents": list(documents)}


def _asked_field(question: Entity, pairs: Sequence[ClassPair]) -> str:
    """Return the field that a question asks for: by its class, or by its text."""
    kind = str(question["key_cls"])
    text = question["transcription"].strip().rstrip(_QUESTION_ENDS)
    return field_of_class(kind, pairs) or text or kind.lower()


def _own_field(entity: Entity, pairs: Sequence[ClassPair], *, by_class_alone: bool) -> str | None:
    """Return the field that an entity without a question is a value of, or None."""
    kind = str(entity["key_cls"])
    if kind == OTHER:
        return None
    # an answer whose class names no field belongs to no question, where links were looked for
    return field_of_class(kind, pairs) or (kind.lower() if by_class_alone else None)


def field_of_class(key_cls: str, pairs: Sequence[ClassPair] = ()) -> str | None:
    """Return the field that a class names; None for one that is only called question or answer."""
    role = role_of(key_cls, pairs)
    if role is None:
        return key_cls.lower()
    return role.field or None


def _joined(entities: Sequence[Entity]) -> str:
    return " ".join(entity["transcription"].strip() for entity in entities).strip()


def _links_at(entity: Any, links: Sequence[Link]) -> tuple[tuple[int, int], ...]:
    """Return the links that an entity is an end of, question first."""
    return tuple(
        (link["question"], link["answer"]) for link in links if entity in (link["question"], link["answer"])
    )


def _box(points: Sequence[Sequence[float]]) -> list[int]:
    """Return the upright rectangle around a box: left, top, right, bottom."""
    across, down = [x for x, _ in points], [y for _, y in points]
    return [round(min(across)), round(min(down)), round(max(across)), round(max(down))]
