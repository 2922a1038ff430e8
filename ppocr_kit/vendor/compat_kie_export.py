"""A workaround for paddlenlp in the ``kie`` lane: relation extraction that can be exported."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

# Classes of entities in the release's RE data (VQAReTokenChunk).
_QUESTION, _ANSWER = 1, 2
# A score has its place in a table of whole numbers, as millionths.
SCORE_UNIT = 1_000_000


def export_relations(module: ModuleType) -> None:
    """Let relation extraction be written as a graph: all pairs of a page at once, without its loops.

    ``REDecoder.forward`` walks over pages and pairs in Python and asks tensors for their values, which
    a graph does not have yet. Training and evaluation go on with paddlenlp's own; only while a graph is
    built :func:`link_entities` takes its place.
    """
    decoder = module.REDecoder
    original = decoder.forward

    # not functools.wraps: who builds a graph looks behind it
    def forward(self: Any, hidden_states: Any, entities: Any, relations: Any) -> Any:
        if _paddle().in_dynamic_mode():
            return original(self, hidden_states, entities, relations)
        return link_entities(self, hidden_states, entities, relations)

    decoder.forward = forward


def link_entities(decoder: Any, hidden: Any, entities: Any, relations: Any) -> tuple[Any, Any]:
    """Score every pair of a question and an answer, with operators that a graph has.

    Args:
        decoder: The ``REDecoder``.
        hidden: (N, T, H) what the network makes of the tokens.
        entities: (N, E, 3) in row 0 the number of entities, then start, end and class.
        relations: (N, R, 2) in row 0 the number of links, then question and answer by index.

    Returns:
        The loss of the links that were given; and the table of links found (N, E * E, 7, 2) as
        ``VQAReTokenLayoutLMPostProcess`` reads it, with the score in millionths at [6, 1], where
        paddlenlp has -1.
    """
    paddle = _paddle()
    slots = entities.shape[1] - 1
    number = paddle.arange(slots, dtype="int64")
    # the graph is made for one row less than the release's scripts give it; a slice would let that in
    rows = paddle.index_select(entities, number + 1, axis=1)
    there = number.unsqueeze(0) < entities[:, 0, :1]
    kinds = rows[:, :, 2]
    possible = paddle.logical_and(
        paddle.logical_and(there, kinds == _QUESTION).unsqueeze(2),
        paddle.logical_and(there, kinds == _ANSWER).unsqueeze(1),
    )
    logits = _score_pairs(decoder, hidden, rows)
    loss = _loss(logits, possible, relations, slots)
    linked = paddle.logical_and(possible, logits[:, 1] > logits[:, 0])
    score = paddle.nn.functional.softmax(logits, axis=1)[:, 1]
    return loss, _table(rows, linked, score, slots)


def _score_pairs(decoder: Any, hidden: Any, rows: Any) -> Any:
    """Return logits (N, 2, S, S) of all pairs: not linked and linked, by question and answer."""
    paddle = _paddle()
    start = paddle.clip(rows[:, :, 0], 0, hidden.shape[1] - 1).unsqueeze(2)
    said = paddle.take_along_axis(hidden, start, axis=1, broadcast=True)
    kind = decoder.entity_emb(paddle.clip(rows[:, :, 2], 0, 2))
    entity = paddle.concat([said, kind], axis=2)
    heads, tails = decoder.ffnn_head(entity), decoder.ffnn_tail(entity)
    attention = decoder.rel_classifier
    width = attention.in_features
    both = paddle.matmul(
        paddle.matmul(heads.unsqueeze(1), attention.bilinear.weight.unsqueeze(0)),
        tails.unsqueeze(1).transpose([0, 1, 3, 2]),
    )
    of_head = paddle.matmul(heads, attention.linear.weight[:width]).transpose([0, 2, 1])
    of_tail = paddle.matmul(tails, attention.linear.weight[width:]).transpose([0, 2, 1])
    bias = attention.linear.bias.reshape([1, 2, 1, 1])
    return both + of_head.unsqueeze(3) + of_tail.unsqueeze(2) + bias


def _loss(logits: Any, possible: Any, relations: Any, slots: int) -> Any:
    """Return the cross entropy of the possible pairs, where the given links are the linked ones."""
    paddle = _paddle()
    heads, tails = relations[:, 1:, 0], relations[:, 1:, 1]
    given = paddle.logical_and(heads >= 0, tails >= 0).astype("int64")
    flat = (heads * slots + tails) * given
    page = paddle.zeros_like(flat) + paddle.arange(flat.shape[0], dtype="int64").unsqueeze(1)
    none = paddle.zeros([flat.shape[0], slots * slots], dtype="int64")
    named = paddle.scatter_nd_add(none, paddle.stack([page, flat], axis=2), given)
    linked = named.reshape([-1, slots, slots]) > 0
    pairs = possible.astype("float32")
    share = paddle.nn.functional.log_softmax(logits, axis=1)
    right = paddle.where(linked, share[:, 1], share[:, 0])
    count = paddle.clip(pairs.sum([1, 2]), min=1.0)
    return -((right * pairs).sum([1, 2]) / count).sum()


def _table(rows: Any, linked: Any, score: Any, slots: int) -> Any:
    """Lay the links of each page out, in the order of question and answer, below their number."""
    paddle = _paddle()
    ends = paddle.stack([rows[:, :, 0], rows[:, :, 1]], axis=2)
    kind = paddle.stack([rows[:, :, 2], paddle.full_like(rows[:, :, 2], -1)], axis=2)
    number = paddle.arange(slots, dtype="int64")
    index = paddle.stack([number, paddle.full_like(number, -1)], axis=1)
    of_head = [entry.unsqueeze(2) for entry in (index.unsqueeze(0), ends, kind)]
    of_tail = [entry.unsqueeze(1) for entry in (index.unsqueeze(0), ends, kind)]
    millionths = (score * SCORE_UNIT).round().astype("int64")
    last = paddle.stack([paddle.ones_like(millionths), millionths], axis=3)
    blank = paddle.zeros_like(last)
    columns = [*(blank + entry for entry in (*of_head, *of_tail)), last]
    chosen = linked.astype("int64")
    # what is added to a table of -1; pairs without a link add nothing to row 0
    values = (paddle.stack(columns, axis=3) + 1) * chosen.unsqueeze(3).unsqueeze(4)
    flat = chosen.reshape([-1, slots * slots])
    place = paddle.cumsum(flat, axis=1) * flat
    page = paddle.zeros_like(place) + paddle.arange(place.shape[0], dtype="int64").unsqueeze(1)
    size = (slots + 1) * (slots + 1)
    empty = paddle.full([place.shape[0], size, 7, 2], -1, dtype="int64")
    count = flat.sum(1).reshape([-1, 1, 1, 1])
    first = (paddle.arange(size) == 0).astype("int64").reshape([1, size, 1, 1])
    filled = paddle.scatter_nd_add(
        empty, paddle.stack([page, place], axis=2), values.reshape([-1, slots * slots, 7, 2])
    )
    return filled + first * (count + (count > 0).astype("int64"))


def _paddle() -> Any:
    """Return Paddle, which only launched processes have."""
    return import_module("paddle")
