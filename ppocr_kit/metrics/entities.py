"""Entity recognition (SER) scored by whole entities: class, first and last token must all agree.

Source: the CoNLL-2000 shared task's ``conlleval``, whose reading of tags seqeval 1.2 follows in its
default mode; PaddleOCR 3.7.0 scores with seqeval (``ppocr/metrics/vqa_token_ser_metric.py``), and the
results equal those.

A tag is ``O``, or ``B-``, ``I-``, ``E-`` or ``S-`` and a class. An entity is a run of tags of one class:

* it begins at ``B`` and ``S``, at ``I`` and ``E`` after ``O``, ``E`` or ``S``, and where the class changes:
  so an ``I-`` without its ``B-`` begins an entity too;
* it ends after ``E`` and ``S``, before ``B``, ``S`` and ``O``, where the class changes, and with its page.

Over all pages together: precision = entities that agree / entities found, recall = entities that agree
/ entities labelled, hmean = 2 * precision * recall / (precision + recall); each is 0.0 where the divisor
is 0. The page is the list of tags that is given: for whole-page scores join its windows first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from ppocr_kit.errors import DataError
from ppocr_kit.metrics.class_counts import ClassCounts, MatchCounts
from ppocr_kit.metrics.core import MetricReport

DEFINITION = (
    "entities as conlleval and seqeval (default mode) read tags; one counts when class, first and last "
    "token agree; counts summed over pages, empty divisor 0.0"
)
# How tags begin. Anything else continues an entity of its class, as seqeval has it.
_OUTSIDE, _BEGIN, _INSIDE, _END, _SINGLE, _DOT, _OTHER = range(7)
_PREFIXES = {"O": _OUTSIDE, "B": _BEGIN, "I": _INSIDE, "E": _END, "S": _SINGLE, ".": _DOT}
_NO_CLASS = "_"  # seqeval's name for the class of a tag that names none


@dataclass(frozen=True)
class Entity:
    """An entity of a page.

    Attributes:
        kind: Its class, as in ``B-QUESTION`` without the ``B-``.
        begin: Its first token.
        end: The token behind its last.
    """

    kind: str
    begin: int
    end: int


@dataclass(frozen=True)
class _Spans:
    """The entities of several pages in a row, with a token between pages.

    Attributes:
        begin: (T,) where the entity begins that ends before this token, or -1 where none does.
        kind: (T,) the class number of that entity; without meaning where none ends.
    """

    begin: Any
    kind: Any


def parse_tag(tag: str) -> tuple[str, str]:
    """Return the letter that a tag begins with, and its class.

    Raises:
        DataError: The tag is empty.
    """
    if not tag:
        raise DataError("a tag is empty", hint="tokens outside of entities have the tag O")
    return tag[0], tag[1:].split("-", maxsplit=1)[-1] or _NO_CLASS


def find_entities(tags: Sequence[str]) -> list[Entity]:
    """Return the entities of one page, in the order of its tokens (rules: module docstring)."""
    numbers: dict[str, int] = {}
    spans = _find_spans([tags], numbers)
    names = list(numbers)
    ends = np.flatnonzero(spans.begin >= 0)
    return [Entity(names[spans.kind[end]], int(spans.begin[end]), int(end)) for end in ends]


def count_entities(pages: Iterable[tuple[Sequence[str], Sequence[str]]]) -> ClassCounts:
    """Compare found with labelled tags.

    Args:
        pages: ``(found, labelled)`` tags per page, one of each per token.

    Raises:
        DataError: A page has more of one than of the other, or an empty tag.
    """
    found, labelled = _unzip(pages)
    numbers: dict[str, int] = {}
    left, right = _find_spans(found, numbers), _find_spans(labelled, numbers)
    is_left, is_right = left.begin >= 0, right.begin >= 0
    agree = is_left & (left.begin == right.begin) & (left.kind == right.kind)
    columns = (
        np.bincount(kinds, minlength=len(numbers))
        for kinds in (left.kind[agree], left.kind[is_left], right.kind[is_right])
    )
    rows = zip(numbers, *(column.tolist() for column in columns))
    counts = {name: MatchCounts(*row) for name, *row in rows if any(row)}
    return ClassCounts(len(found), counts)


def score_entities(
    pages: Iterable[tuple[Sequence[str], Sequence[str]]], num_skipped: int = 0
) -> MetricReport:
    """Score found tags: precision, recall and hmean, over all and by class (formulas: module docstring).

    Args:
        pages: ``(found, labelled)`` tags per page, one of each per token.
        num_skipped: Pages that should have been scored and could not be, for the report.

    Raises:
        DataError: A page has more of one than of the other, or an empty tag.
    """
    return count_entities(pages).to_report("ser", DEFINITION, num_skipped)


def _unzip(
    pages: Iterable[tuple[Sequence[str], Sequence[str]]],
) -> tuple[list[Sequence[str]], list[Sequence[str]]]:
    """Part the found from the labelled pages.

    Raises:
        DataError: The tags of a page do not pair up.
    """
    found, labelled = [], []
    for number, (left, right) in enumerate(pages, 1):
        if len(left) != len(right):
            raise DataError(f"page {number} has {len(left)} found tags for {len(right)} labelled ones")
        found.append(left)
        labelled.append(right)
    return found, labelled


def _find_spans(pages: Sequence[Sequence[str]], numbers: dict[str, int]) -> _Spans:
    """Find the entities of all pages at once.

    Args:
        pages: Tags of each page.
        numbers: Number of each class; classes that are new are added.
    """
    tags = list(chain.from_iterable((*page, "O") for page in pages))
    table = {tag: number for number, tag in enumerate(dict.fromkeys(tags))}
    parsed = [parse_tag(tag) for tag in table]
    order = np.fromiter(map(table.__getitem__, tags), dtype=np.intp, count=len(tags))
    prefix = np.array([_PREFIXES.get(letter, _OTHER) for letter, _ in parsed], dtype=np.intp)[order]
    kind = np.array([numbers.setdefault(name, len(numbers)) for _, name in parsed], dtype=np.intp)[order]
    before, kind_before = _shift(prefix, _OUTSIDE), _shift(kind, -1)
    turns = kind != kind_before
    starts = (
        np.isin(prefix, (_BEGIN, _SINGLE))
        | np.isin(before, (_OUTSIDE, _END, _SINGLE)) & np.isin(prefix, (_INSIDE, _END))
        | ~np.isin(prefix, (_OUTSIDE, _DOT)) & turns
    )
    ends = (
        np.isin(before, (_END, _SINGLE))
        | np.isin(before, (_BEGIN, _INSIDE)) & np.isin(prefix, (_BEGIN, _SINGLE, _OUTSIDE))
        | ~np.isin(before, (_OUTSIDE, _DOT)) & turns
    )
    last_start = np.maximum.accumulate(np.where(starts, np.arange(len(tags)), 0)) if tags else order
    return _Spans(np.where(ends, _shift(last_start, 0), -1), kind_before)


def _shift(values: Any, first: int) -> Any:
    """Return what stands before each value."""
    return np.concatenate(([first], values[:-1])) if len(values) else values
