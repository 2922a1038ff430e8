"""A head for another dictionary reads what both dictionaries have as the old head did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.runs.transplant import (
    CLASS_LAYERS,
    Numbering,
    class_labels,
    explain_misfit,
    transplant_head,
)

Array = np.ndarray[Any, Any]
WIDTH = 5

dictionaries = st.lists(st.sampled_from("abcdefghij 字é"), min_size=1, max_size=12)


def head(characters: Sequence[str], seed: int) -> dict[str, Array]:
    """All class layers that there are, for a dictionary; no two numbers are the same."""
    draw = np.random.default_rng(seed)
    made = {}
    for name, layer in CLASS_LAYERS.items():
        classes = len(class_labels(layer.numbering, characters)) - (".prediction." in name)
        shape = [classes] if name.endswith(".bias") else [WIDTH, WIDTH]
        shape[layer.axis] = classes
        made[name] = draw.normal(size=shape).astype(np.float32)
    return made


def carried(old: str, new: str) -> tuple[dict[str, Array], dict[str, Array], Mapping[str, Array]]:
    before, built = head(list(old), 1), head(list(new), 2)
    return before, built, transplant_head(built, before, list(new), list(old), "a test").arrays


def ctc_text(logits: Array, labels: Sequence[tuple[str, str]]) -> str:
    """Decode as CTC does: repeated classes once, blanks away."""
    best = logits.argmax(axis=1)
    kept = [index for place, index in enumerate(best) if place == 0 or index != best[place - 1]]
    return "".join(labels[index][1] for index in kept if labels[index][0] == "character")


@given(dictionaries, dictionaries, st.integers(0, 1000))
def test_texts_of_common_characters_are_read_as_before(old: list[str], new: list[str], seed: int) -> None:
    before, built = head(old, 1), head(new, 2)
    after = transplant_head(built, before, new, old, "a test").arrays
    features = np.random.default_rng(seed).normal(size=(30, WIDTH)).astype(np.float32)
    texts = []
    for parameters, characters in ((before, old), (after, new)):
        labels = class_labels(Numbering.CTC, characters)
        logits = features @ parameters["head.fc.weight"] + parameters["head.fc.bias"]
        # of a repeated character only the last class is ever trained
        last = {label: index for index, label in enumerate(labels)}
        common = sorted(
            label for label in last if label[0] == "special" or (label[1] in old and label[1] in new)
        )
        texts.append(ctc_text(logits[:, [last[label] for label in common]], common))
    assert texts[0] == texts[1]


@given(dictionaries, dictionaries)
def test_every_class_is_either_carried_over_or_as_it_was_built(old: list[str], new: list[str]) -> None:
    before, built = head(old, 1), head(new, 2)
    done = transplant_head(built, before, new, old, "a test")
    assert set(done.arrays) == set(CLASS_LAYERS)
    for layer in done.layers:
        numbering, axis = CLASS_LAYERS[layer.name].numbering, CLASS_LAYERS[layer.name].axis
        rows, was, fresh = (np.moveaxis(each[layer.name], axis, 0) for each in (done.arrays, before, built))
        old_labels = class_labels(numbering, old)[: len(was)]
        for row, label, unused in zip(rows, class_labels(numbering, new), fresh):
            places = [index for index, known in enumerate(old_labels) if known == label]
            assert np.array_equal(row, was[places[-1]] if places else unused)
    assert done.carried == len(set(new) & set(old)) and set(done.new) == set(new) - set(old)


@given(dictionaries)
def test_the_same_dictionary_changes_no_trained_class(characters: list[str]) -> None:
    distinct = list(dict.fromkeys(characters))
    before = head(distinct, 1)
    done = transplant_head(head(distinct, 2), before, distinct, distinct, "a test")
    assert all(np.array_equal(done.arrays[name], before[name]) for name in before)
    assert all(layer.carried == layer.total for layer in done.layers)


@pytest.mark.parametrize(
    ("numbering", "labels"),
    [
        (Numbering.CTC, ["blank", "a", "b"]),
        (Numbering.NRTR, ["blank", "<unk>", "<s>", "</s>", "a", "b", "spare"]),
        (Numbering.SAR, ["a", "b", "<UKN>", "<BOS/EOS>", "<PAD>"]),
    ],
)
def test_classes_are_numbered_as_the_decoders_do(numbering: Numbering, labels: list[str]) -> None:
    assert [name for _, name in class_labels(numbering, "ab")] == labels


def test_special_classes_of_sar_move_with_the_end_of_the_dictionary() -> None:
    before, _, after = carried("abc", "xa")
    name = "head.sar_head.decoder.embedding.weight"
    assert np.array_equal(after[name][2:], before[name][3:])
    assert np.array_equal(after[name][1], before[name][0])


def test_a_character_that_is_called_like_a_special_class_is_not_one() -> None:
    before, built = head(["blank", "a"], 1), head(["a", "<s>"], 2)
    done = transplant_head(built, before, ["a", "<s>"], ["blank", "a"], "a test")
    name = "head.gtc_head.embedding.embedding.weight"
    assert np.array_equal(done.arrays[name][2], before[name][2])
    assert np.array_equal(done.arrays[name][5], built[name][5]) and done.new == ("<s>",)


def test_half_precision_weights_take_the_models_precision() -> None:
    before = {name: value.astype(np.float16) for name, value in head("ab", 1).items()}
    done = transplant_head(head("b", 2), before, "b", "ab", "a test")
    assert {value.dtype for value in done.arrays.values()} == {np.dtype(np.float32)}


def test_a_layer_of_another_width_is_left_as_it_was_built() -> None:
    before = head("ab", 1)
    before["head.fc.weight"] = np.zeros((WIDTH + 1, 3), np.float32)
    done = transplant_head(head("b", 2), before, "b", "ab", "a test")
    assert "head.fc.weight" not in done.arrays and "head.fc.bias" in done.arrays


@pytest.mark.parametrize(
    ("shapes", "fits"),
    [
        ({}, True),
        ({"backbone.w": (3, 3)}, True),
        ({"head.fc.bias": (3,)}, True),
        ({"head.fc.bias": (4,)}, False),
        ({"head.fc.weight": (4, 3)}, True),
        ({"head.gtc_head.embedding.embedding.weight": (7, 8)}, True),
        ({"head.gtc_head.embedding.embedding.weight": (8, 7)}, False),
        ({"head.sar_head.decoder.embedding.weight": (5, 8)}, True),
        ({"head.sar_head.decoder.prediction.weight": (8, 4)}, True),
        ({"head.sar_head.decoder.prediction.bias": (5,)}, False),
        ({"head.ctc_head.fc2.weight": (8, 3), "head.gtc_head.tgt_word_prj.weight": (8, 6)}, False),
    ],
)
def test_a_dictionary_fits_when_every_class_layer_has_its_size(
    shapes: dict[str, tuple[int, ...]], fits: bool
) -> None:
    assert (explain_misfit(shapes, "ab") is None) == fits
