"""Batches: lengths in eights, filling where it belongs, and no way to fill a question on the right."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.vl.engine.collating import Collator
from ppocr_kit.vl.engine.encoding import IGNORED, Encoded

PAD = 9


def row(length: int, answer: int | None) -> Encoded:
    """A row of ``length`` tokens 1, 2, 3…, the last ``answer`` of them supervised; None asks only."""
    ids = torch.arange(1, length + 1) + 100
    labels = None
    if answer is not None:
        labels = ids.clone()
        labels[: length - answer] = IGNORED
    types = torch.zeros_like(ids)
    types[0] = 1
    return Encoded(ids, labels, types, torch.full((4, 3, 14, 14), float(length)), torch.tensor([[1, 2, 2]]))


lengths = st.lists(st.integers(1, 40), min_size=1, max_size=6)


@given(lengths=lengths, multiple=st.sampled_from([1, 8, 64]))
def test_answers_are_filled_up_behind_and_questions_before(lengths, multiple):
    for asking in (False, True):
        rows = [row(length, None if asking else 1) for length in lengths]
        batch = Collator(PAD, multiple)(rows)
        width = batch["input_ids"].shape[1]
        assert width % multiple == 0 and max(lengths) <= width < max(lengths) + multiple
        for number, one in enumerate(rows):
            real = slice(width - one.length, width) if asking else slice(0, one.length)
            mask = torch.zeros(width, dtype=torch.int64)
            mask[real] = 1
            assert torch.equal(batch["attention_mask"][number], mask)
            assert torch.equal(batch["input_ids"][number, real], one.input_ids)
            assert batch["input_ids"][number][mask == 0].eq(PAD).all()
            assert torch.equal(batch["mm_token_type_ids"][number, real], one.mm_token_type_ids)
            assert batch["mm_token_type_ids"][number][mask == 0].eq(0).all()
            if asking:
                assert "labels" not in batch
            else:
                assert torch.equal(batch["labels"][number, real], one.labels)
                assert batch["labels"][number][mask == 0].eq(IGNORED).all()


def test_the_last_column_of_a_question_is_never_filling():
    batch = Collator(PAD)([row(3, None), row(17, None), row(8, None)])
    assert batch["attention_mask"][:, -1].tolist() == [1, 1, 1]
    assert batch["input_ids"][:, -1].tolist() == [103, 117, 108]


def test_nobody_can_choose_the_side():
    assert [name for name in inspect.signature(Collator).parameters if "side" in name] == []
    assert [name for name in inspect.signature(Collator.__call__).parameters] == ["self", "rows"]


def test_a_pad_token_that_is_the_end_token_hides_no_end():
    end = 103
    batch = Collator(end)([row(3, 1), row(9, 2)])
    assert batch["labels"][0, 2] == end and batch["attention_mask"][0, 2] == 1


def test_patches_follow_each_other_in_the_order_of_the_rows():
    batch = Collator(PAD)([row(3, 1), row(5, 1)])
    assert batch["pixel_values"].shape == (8, 3, 14, 14)
    assert np.unique(batch["pixel_values"].numpy()[:4]).tolist() == [3.0]
    assert batch["image_grid_thw"].tolist() == [[1, 2, 2], [1, 2, 2]]


@pytest.mark.parametrize("rows", [[], [row(3, 1), row(3, None)]])
def test_questions_and_answers_are_not_mixed(rows):
    with pytest.raises(ValueError, match="at least one"):
        Collator(PAD)(rows)


def test_a_multiple_below_one_is_refused():
    with pytest.raises(ValueError, match="multiple of 0"):
        Collator(PAD, 0)
