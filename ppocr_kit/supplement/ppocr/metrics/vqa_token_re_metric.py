"""``VQAReTokenMetric``: ``ppocr_kit.metrics.relations`` behind the calls that PaddleOCR's tools make."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ppocr_kit.errors import DataError
from ppocr_kit.metrics.class_counts import ClassCounts
from ppocr_kit.metrics.relations import Relation, count_relations

_LINKED = 1  # the ``type`` of a found pair that is a link; 0 is a pair that is none


class VQAReTokenMetric:
    """Add up the links of an evaluation.

    Args:
        main_indicator: Which of precision, recall and hmean chooses the best checkpoint.
        **options: Other keys of the configuration; none changes the score (as upstream).
    """

    def __init__(self, main_indicator: str = "hmean", **options: Any) -> None:
        self.main_indicator = main_indicator
        self.reset()

    def __call__(self, preds: tuple[Sequence[Any], Sequence[Any], Sequence[Any]], batch: Any) -> None:
        """Take in a batch.

        Args:
            preds: For each page its found pairs (dictionaries with ``head``, ``tail``, ``head_type`` and
                ``type``), its labelled links (R, 2) as numbers of head and tail entity, and its entities
                (E, 3) as begin, end and class. In both tables row 0 says how many rows follow that count.
            batch: Not used.

        Raises:
            DataError: A labelled link names an entity that the page does not have.
        """
        pages = (
            (_found_links(found), list(_labelled_links(np.asarray(links), np.asarray(entities))))
            for found, links, entities in zip(*preds)
        )
        self._counts += count_relations(pages)

    def get_metric(self) -> dict[str, float]:
        """Return precision, recall and hmean of all pages since the last call, and start anew."""
        counts = self._counts
        self.reset()
        return counts.total.scores()

    def reset(self) -> None:
        """Forget all pages."""
        self._counts = ClassCounts()


def _found_links(pairs: Iterable[Mapping[str, Any]]) -> Iterator[Relation]:
    """Read the pairs that the model calls links."""
    for pair in pairs:
        if pair["type"] == _LINKED:
            yield Relation(_span(pair["head"]), _span(pair["tail"]), str(pair["head_type"]))


def _labelled_links(links: Any, entities: Any) -> Iterator[Relation]:
    """Read a page's labelled links.

    Raises:
        DataError: A link names an entity that the page does not have.
    """
    number = int(entities[0, 0])
    for head, tail in links[1 : int(links[0, 0]) + 1, :2]:
        if not (0 <= head < number and 0 <= tail < number):
            raise DataError(
                f"a link joins the entities {head} and {tail} of a page that has {number}",
                hint="repair the linking of the label file: every id in it must be one of the page's",
            )
        yield Relation(
            _span(entities[head + 1, :2]), _span(entities[tail + 1, :2]), str(entities[head + 1, 2])
        )


def _span(ends: Any) -> tuple[int, int]:
    """Return the first token and the token behind the last as plain numbers."""
    begin, end = ends
    return int(begin), int(end)
