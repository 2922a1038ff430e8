"""How matrices of a network start at random where no file has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

# The head of relation extraction: two layers for questions, two for answers, and a bilinear form of both.
_LINK_HEAD = "extractor."
_EMBEDDING = "_emb."


def scaled_normal(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """Draw a matrix that keeps the size of signals: normal, 1 / sqrt(inputs).

    Args:
        shape: (inputs, outputs) of a linear layer, (outputs, inputs, inputs) of a bilinear form.
        rng: Source of chance.

    Source: LeCun et al., "Efficient BackProp", 1998, section 4.6.
    """
    inputs = shape[1] if len(shape) > 2 else shape[0]
    return rng.normal(0.0, inputs**-0.5, shape).astype(np.float32)


def start_link_head(state: Mapping[str, Any], seed: int) -> None:
    """Let the head of relation extraction start so that its layers pass signals on.

    paddlenlp starts all its layers with 0.02, whatever their width. Of a narrow network three of them in
    a row leave nothing of a signal, and links are learnt ten times later, or not at all.

    Args:
        state: Parameters of the network by name; those of its head are set in place.
        seed: Of what is drawn.
    """
    rng = np.random.default_rng(seed)
    for name, value in state.items():
        if name.startswith(_LINK_HEAD) and value.ndim > 1 and _EMBEDDING not in name:
            value.set_value(scaled_normal(tuple(value.shape), rng))
