"""Beam search over a decoder that tells how likely each next character is.

Source: what NRTR's decoder of PaddleOCR 3.7.0 does with ``beam_size``: the score of a text is the sum
of its characters' likelihoods, and a search ends when its best text does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import paddle

START, END = 2, 3


def search_beams(
    likelihoods: Callable[[Any, Any], Any], memory: Any, beam_size: int, max_len: int
) -> list[Any]:
    """Find the likeliest text of each row.

    Args:
        likelihoods: From texts (N, T) and memory (N, S, C) to how likely each next character is, (N, V).
        memory: What the decoder reads, (N, S, C).
        beam_size: Texts that each row keeps, at least 1.
        max_len: Characters of a text, the start included.

    Returns:
        Character numbers (N, max_len), without the start, filled up with ends, and (N, max_len) the
        mean likelihood of the text, the same at each place.
    """
    rows = memory.shape[0]
    memory = memory.repeat_interleave(beam_size, axis=0)
    texts = paddle.full([rows, beam_size, 1], START, dtype="int64")
    scores = paddle.zeros([rows, beam_size])
    # at first all texts of a row are the same: only one of them may go on
    scores[:, 1:] = -float("inf")
    lengths = paddle.zeros([rows], dtype="int64")
    done = paddle.zeros([rows], dtype="bool")
    for _ in range(1, max_len):
        chances = likelihoods(texts.flatten(0, 1), memory).reshape([rows, beam_size, -1])
        best, number = (chances + scores.unsqueeze(2)).flatten(1).topk(beam_size, axis=1)
        origin, character = number // chances.shape[2], number % chances.shape[2]
        longer = paddle.concat([_choose(texts, origin), character.unsqueeze(2)], axis=2)
        ended = paddle.concat([texts, paddle.full([rows, beam_size, 1], END, dtype="int64")], axis=2)
        texts = paddle.where(done.reshape([-1, 1, 1]), ended, longer)
        scores = paddle.where(done.unsqueeze(1), scores, best)
        lengths = lengths + (~done).astype("int64")
        done = done | (texts[:, 0, -1] == END)
        if bool(done.all()):
            break
    found = texts[:, 0, 1:]
    missing = paddle.full([rows, max_len - found.shape[1]], END, dtype="int64")
    means = scores[:, :1] / lengths.unsqueeze(1).astype(scores.dtype)
    return [paddle.concat([found, missing], axis=1), means.tile([1, max_len])]


def _choose(texts: Any, origin: Any) -> Any:
    """Return the texts (N, B, T) that the numbers (N, B) name."""
    return paddle.take_along_axis(texts, origin.unsqueeze(2), axis=1)
