"""Relation extraction (RE) scored by links: where its head and its tail lie must both agree.

Source: PaddleOCR 3.7.0, ``ppocr/metrics/vqa_token_re_metric.py`` (its mode "boundaries"); the results
equal that file's. What a head or tail is of (its class) plays no part, only its first and last token.

Over all pages together: precision = links that agree / links found, recall = links that agree / links
labelled, hmean = 2 * precision * recall / (precision + recall); each is 0.0 where the divisor is 0. A
link that is given twice counts once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ppocr_kit.metrics.class_counts import ClassCounts, MatchCounts
from ppocr_kit.metrics.core import MetricReport

DEFINITION = (
    "links: one counts when the first and last token of head and tail agree, whatever their classes; "
    "counts summed over pages, empty divisor 0.0; by class: that of the labelled head"
)


@dataclass(frozen=True)
class Relation:
    """A link of a page.

    Attributes:
        head: First token of the key and the token behind its last.
        tail: The same of the value.
        key_class: The key's class, by which scores are told apart; no part of the comparison.
    """

    head: tuple[int, int]
    tail: tuple[int, int]
    key_class: str = field(default="", compare=False)


def count_relations(pages: Iterable[tuple[Iterable[Relation], Iterable[Relation]]]) -> ClassCounts:
    """Compare found with labelled links.

    A found link that agrees with a labelled one counts in the class of that one, others in their own.

    Args:
        pages: ``(found, labelled)`` links per page.
    """
    counts = ClassCounts()
    for found, labelled in pages:
        wanted = {relation: relation.key_class for relation in labelled}
        page = [(key_class, MatchCounts(labelled=1)) for key_class in wanted.values()]
        for relation in dict.fromkeys(found):
            matched = int(relation in wanted)
            page.append((wanted.get(relation, relation.key_class), MatchCounts(matched, predicted=1)))
        by_class: dict[str, MatchCounts] = {}
        for key_class, count in page:
            by_class[key_class] = by_class.get(key_class, MatchCounts()) + count
        counts += ClassCounts(1, by_class)
    return counts


def score_relations(
    pages: Iterable[tuple[Iterable[Relation], Iterable[Relation]]], num_skipped: int = 0
) -> MetricReport:
    """Score found links: precision, recall and hmean, over all and by key class (formulas: module docstring).

    Args:
        pages: ``(found, labelled)`` links per page.
        num_skipped: Pages that should have been scored and could not be, for the report.
    """
    return count_relations(pages).to_report("re", DEFINITION, num_skipped)
