"""Labelled pages of key information, put together from the rows of lists.

A page that is longer than the network's window has several rows, which share entities; its links over
windows stand in none of them, and come from the list of windows.

Source: ppocr/data/imaug/label_ops.py (``VQATokenLabelEncode``) and vqa/token/vqa_token_relation.py@3.7.0
(which labels and links count).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ppocr_kit.datasets.kie_windows import Window, group_rows_by_page
from ppocr_kit.runs.inspection import RowCheck

Link = tuple[int, int]
# Roles of RE, which the release compares in lower case.
_QUESTION, _ANSWER = "question", "answer"
# Labels of what belongs to no class.
_OUTSIDE = ("OTHER", "OTHERS", "IGNORE")


@dataclass(frozen=True)
class LabelledPage:
    """A page with its labels.

    Attributes:
        picture: Path of its picture.
        entities: Its entities by id: ``id``, ``transcription``, ``points``, ``label``, and for RE
            ``key_cls`` where the row tells.
        links: Its links, ids of question and answer.
    """

    picture: str
    entities: Mapping[int, Mapping[str, Any]]
    links: frozenset[Link] = frozenset()

    def class_of(self, entity: int) -> str:
        """Return an entity's own class, by which links are told apart; its role where it has none."""
        found = self.entities.get(entity)
        return "" if found is None else str(found.get("key_cls") or found["label"]).upper()


def tags_of_label(label: str, tokens: int) -> list[str]:
    """Return the tags of an entity's tokens by its label."""
    kind = label.upper()
    if kind in _OUTSIDE:
        return ["O"] * tokens
    return [f"B-{kind}", *[f"I-{kind}"] * (tokens - 1)]


def read_pages(
    config: Mapping[str, Any], rows: RowCheck, windows: Mapping[int, Window]
) -> list[LabelledPage]:
    """Read the pages of a configuration's ``Eval`` lists, of their usable rows.

    Args:
        config: A complete configuration.
        rows: Which of its ``Eval`` rows are used.
        windows: Which rows are windows of one page, by their number from 0. Of a data set, which has one
            list; empty otherwise.
    """
    dataset = config["Eval"]["dataset"]
    folder = Path(dataset["data_dir"])
    lists = [Path(name).read_bytes().split(b"\n") for name in dataset["label_file_list"]]
    over = {window.page: window.links_over for window in windows.values() if window.links_over}
    pages = []
    for group in group_lines(rows, windows):
        page = _join([_read_row(folder, lists[place][line - 1]) for place, line in group])
        window = windows.get(group[0][1] - 1)
        missed = over.get(window.page, ()) if window is not None else ()
        pages.append(replace(page, links=page.links | set(missed)))
    return pages


def first_windows(rows: RowCheck, windows: Mapping[int, Window]) -> RowCheck:
    """Keep the first usable row of each page.

    Args:
        rows: Usable rows.
        windows: As for :func:`read_pages`.
    """
    firsts = {group[0] for group in group_lines(rows, windows)}
    kept = tuple(
        tuple(line for line in lines if (place, line) in firsts) for place, lines in enumerate(rows.kept)
    )
    left_out = tuple(
        {"list": "", "line": line, "reason": "not the first window of its page"}
        for place, lines in enumerate(rows.kept)
        for line in lines
        if (place, line) not in firsts
    )
    return replace(rows, kept=kept, rejected=(*rows.rejected, *left_out))


def group_lines(rows: RowCheck, windows: Mapping[int, Window]) -> list[list[tuple[int, int]]]:
    """Put usable lines together by page: number of the list, and of the line from 1."""
    groups = []
    for place, kept in enumerate(rows.kept):
        used = set(kept)
        for group in group_rows_by_page(range(1, max(used, default=0) + 1), windows):
            chosen = [(place, line) for line in group if line in used]
            if chosen:
                groups.append(chosen)
    return groups


def _read_row(folder: Path, line: bytes) -> tuple[str, list[dict[str, Any]]]:
    image, label = line.decode("utf-8").split("\t")[:2]
    return str(folder / image), json.loads(label)


def _join(rows: Sequence[tuple[str, list[dict[str, Any]]]]) -> LabelledPage:
    """Make a page of its rows; in SER a row by itself needs no ids."""
    alone = len(rows) == 1
    entities: dict[int, Mapping[str, Any]] = {}
    links: set[Link] = set()
    for _, boxes in rows:
        numbered = alone and len({box.get("id") for box in boxes}) < len(boxes)
        for place, box in enumerate(boxes):
            entity = {**box, "id": place} if numbered else box
            entities.setdefault(entity["id"], entity)
            links.update((min(link), max(link)) for link in box.get("linking") or ())
    return LabelledPage(rows[0][0], entities, frozenset(_directed(entities, links)))


def _directed(entities: Mapping[int, Mapping[str, Any]], links: set[Link]) -> set[Link]:
    """Keep the links of a question with an answer that both have a text, the question first."""
    directed = set()
    for one, other in links:
        ends = [entities.get(one), entities.get(other)]
        if all(end is not None and end["transcription"] for end in ends):
            roles = [end["label"] for end in ends if end is not None]
            if roles == [_QUESTION, _ANSWER]:
                directed.add((one, other))
            elif roles == [_ANSWER, _QUESTION]:
                directed.add((other, one))
    return directed
