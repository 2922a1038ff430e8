"""Rows of PaddleOCR's lists for key information: picture, tab, JSON list of entities.

SER has the classes in upper case. RE compares ``label`` with ``question`` and ``answer`` in lower case
(PaddleOCR 3.7.0, ppocr/data/imaug/vqa/token/vqa_token_relation.py); its rows keep the class as
``key_cls``, which the release does not read. Every id that a link names is in the row.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ppocr_kit.labels.kie_checks import links_within
from ppocr_kit.labels.kie_pages import Entity, KiePage
from ppocr_kit.labels.links import Link
from ppocr_kit.tasks import Task


def render_kie_row(task: Task, image: str, page: KiePage, window: range) -> str:
    """Return the row of one window of a page.

    Args:
        task: SER or RE.
        image: Path of the picture below the task's folder, POSIX.
        page: The page.
        window: Places of its entities.
    """
    entities = [page.entities[place] for place in window]
    links = links_within(page, window)
    rows = [_render_entity(task, entity, links) for entity in entities]
    return f"{image}\t{json.dumps(rows, ensure_ascii=False)}\n"


def _render_entity(task: Task, entity: Entity, links: Sequence[Link]) -> dict[str, Any]:
    """Return an entity as the release reads it; a link stands at both of its ends, as in XFUND."""
    row: dict[str, Any] = {
        "transcription": entity.text,
        "label": str(entity.side) if task is Task.RE else entity.key_cls,
        "points": [
            [int(x) if x.is_integer() else x, int(y) if y.is_integer() else y] for x, y in entity.points
        ],
        "id": entity.id,
        "linking": [list(link.ends) for link in links if entity.id in link.ends],
    }
    if task is Task.RE:
        row["key_cls"] = entity.key_cls
    return row
