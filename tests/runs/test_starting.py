"""How heads start at random."""

from __future__ import annotations

from typing import Any

import numpy as np

from ppocr_kit.runs.workers.starting import start_link_head


class Parameter:
    """Stands for one of Paddle's."""

    def __init__(self, *shape: int) -> None:
        self.values = np.full(shape, 0.02, np.float32)

    @property
    def shape(self) -> list[int]:
        return list(self.values.shape)

    @property
    def ndim(self) -> int:
        return self.values.ndim

    def set_value(self, values: np.ndarray[Any, Any]) -> None:
        self.values = values


def test_a_signal_passes_the_link_head_of_a_narrow_network_undiminished() -> None:
    state = {
        "extractor.ffnn_head.0.weight": Parameter(96, 48),
        "extractor.ffnn_head.3.weight": Parameter(48, 24),
        "extractor.rel_classifier.bilinear.weight": Parameter(2, 24, 24),
    }
    start_link_head(state, 0)
    first, second, form = (parameter.values for parameter in state.values())
    signal = np.random.default_rng(1).normal(size=(1000, 96)) @ first @ second
    assert 0.5 < np.std(signal) < 2
    assert 2 < np.std(np.einsum("ni,oij,nj->no", signal, form, signal)) < 8


def test_nothing_else_is_touched_and_a_seed_gives_the_same() -> None:
    names = ("layoutxlm.pooler.dense.weight", "classifier.weight", "extractor.entity_emb.weight")
    state = {name: Parameter(8, 8) for name in (*names, "extractor.rel_classifier.linear.weight")}
    state["extractor.rel_classifier.linear.bias"] = Parameter(8)
    start_link_head(state, 3)
    assert all((state[name].values == np.float32(0.02)).all() for name in (*names, list(state)[-1]))
    again = {"extractor.rel_classifier.linear.weight": Parameter(8, 8)}
    start_link_head(again, 3)
    (name,) = again
    assert (again[name].values == state[name].values).all()
