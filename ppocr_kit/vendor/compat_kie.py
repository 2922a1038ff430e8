"""Workarounds for paddlenlp in the ``kie`` lane: relation extraction, and tokenizers by path."""

from __future__ import annotations

import os
from functools import wraps
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Numbers = npt.NDArray[np.int64]

# Folder of the tokenizer (``sentencepiece.bpe.model``), set by whoever starts the tool.
TOKENIZER_VARIABLE = "PPOCR_KIT_KIE_TOKENIZER"
TOKENIZER_FILE = "sentencepiece.bpe.model"

# Classes of entities in the release's RE data (VQAReTokenChunk).
_QUESTION, _ANSWER = 1, 2
# Where a page has no question or no answer, these two stand for a pair that is not linked.
_NO_PAIR = (0, 1)


def pair_entities(module: ModuleType) -> None:
    """Give every question of a page with every answer to relation extraction, linked or not.

    ``REDecoder.build_relation`` compares tensors with ``is False`` and ``is True``, which Paddle 3
    answers with a plain ``bool``: every training step ends with an error. And it takes a page of two
    entities for an empty one, so that a question and its only answer are never learnt.
    """
    module.REDecoder.build_relation = _build_relation


def _build_relation(self: Any, relations: Any, entities: Any) -> Any:
    """Do :func:`lay_out_pairs` with Paddle's tensors, as a method of ``REDecoder``."""
    from importlib import import_module

    to_tensor = import_module("paddle").to_tensor
    return tuple(map(to_tensor, lay_out_pairs(relations.numpy(), entities.numpy())))


def lay_out_pairs(links: Numbers, entities: Numbers) -> tuple[Numbers, Numbers]:
    """Lay out all pairs of each page: links first, then the pairs without one.

    Args:
        links: (N, R, 2): in row 0 the number of links, then question and answer by index.
        entities: (N, E, 3): in row 0 the number of entities, then start, end and class.

    Returns:
        Pairs (N, E * E, 3) in the same layout, with 1 in the last column where linked; and the
        entities, where a page with fewer than two got two stand-ins without a link.
    """
    import numpy as np

    found = entities.copy()
    pages, longest = found.shape[:2]
    pairs = np.full((pages, longest * longest, 3), -1, dtype=links.dtype)
    for page in range(pages):
        if found[page, 0, 0] < len(_NO_PAIR):
            found[page] = -1
            found[page, 0] = len(_NO_PAIR)
            found[page, 1:3] = (0, 1, 0)
        kinds = found[page, 1 : found[page, 0, 2] + 1, 2]
        questions, answers = np.flatnonzero(kinds == _QUESTION), np.flatnonzero(kinds == _ANSWER)
        possible = {(head, tail) for head in questions.tolist() for tail in answers.tolist()}
        named = [tuple(link) for link in links[page, 1 : links[page, 0, 0] + 1].tolist()]
        linked = [pair for pair in named if pair in possible]
        unlinked = sorted(possible.difference(linked) or ([] if linked else [_NO_PAIR]))
        rows = [(*pair, 1) for pair in linked] + [(*pair, 0) for pair in unlinked]
        pairs[page, 0] = len(rows)
        pairs[page, 1 : len(rows) + 1] = rows
    return pairs, found


def tokenizer_by_path(module: ModuleType) -> None:
    """Take the tokenizer from the folder that the caller names, in place of a name on the hub.

    ``VQATokenLabelEncode`` asks for ``layoutxlm-base-uncased`` whatever the configuration says.
    """
    kind = module.LayoutXLMTokenizer
    original = kind.from_pretrained.__func__

    @wraps(original)
    def from_pretrained(cls: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        folder = os.environ.get(TOKENIZER_VARIABLE)
        return original(cls, name if not folder or Path(name).is_dir() else folder, *args, **kwargs)

    kind.from_pretrained = classmethod(from_pretrained)
