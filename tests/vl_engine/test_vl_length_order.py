"""The order of training rows: each once, like lengths together, the same for the same seed and epoch."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.vl.engine.length_order import LengthOrder

LENGTHS = st.lists(st.integers(1, 500), max_size=300)


def order(lengths, batch=4, seed=0, epoch=0):
    sampler = LengthOrder(lengths, batch, seed)
    sampler.set_epoch(epoch)
    return list(sampler)


@given(LENGTHS, st.integers(1, 9), st.integers(0, 5), st.integers(0, 3))
def test_each_row_comes_once(lengths, batch, seed, epoch):
    assert sorted(order(lengths, batch, seed, epoch)) == list(range(len(lengths)))


@given(LENGTHS.filter(bool), st.integers(1, 9))
def test_the_first_batch_of_all_has_the_longest_row(lengths, batch):
    first = order(lengths, batch)[:batch] if len(lengths) >= batch else order(lengths, batch)
    whole = len(lengths) // batch * batch
    longest = max(lengths)
    # rows of the last, incomplete batch are the shortest of their portion
    assert longest in [lengths[row] for row in first] or whole == 0


def test_epochs_and_seeds_differ_and_are_repeatable():
    lengths = list(range(100))
    assert order(lengths, epoch=1) == order(lengths, epoch=1)
    assert order(lengths, epoch=1) != order(lengths, epoch=2)
    assert order(lengths, seed=1) != order(lengths, seed=2)


def test_rows_of_a_batch_are_of_like_length():
    lengths = [(position * 37) % 101 for position in range(200)]
    rows = order(lengths, batch=4)
    spreads = [
        max(lengths[row] for row in rows[first : first + 4])
        - min(lengths[row] for row in rows[first : first + 4])
        for first in range(0, 200, 4)
    ]
    assert max(spreads) <= 8
