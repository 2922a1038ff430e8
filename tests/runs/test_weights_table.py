from __future__ import annotations

import numpy as np

from ppocr_kit.runs.transplant import transplant_head
from ppocr_kit.runs.weights import WeightMatch, match_weights, with_transplant
from ppocr_kit.runs.weights_table import list_fates, render_fates, summarise_parts

MODEL = {
    "backbone.w": (4, 3),
    "neck.w": (2, 2),
    "neck.new": (5,),
    "head.fc.weight": (8, 4),
    "head.fc.bias": (4,),
}
FILE = {"backbone.w": (4, 3), "neck.w": (3, 2), "head.fc.weight": (8, 3), "head.fc.bias": (3,), "old.w": (1,)}


def matched() -> WeightMatch:
    return match_weights(MODEL, FILE, character_head=True)


def carried_over() -> WeightMatch:
    fresh = {name: np.zeros(shape, np.float32) for name, shape in MODEL.items() if "fc" in name}
    old = {name: np.ones(shape, np.float32) for name, shape in FILE.items()}
    return with_transplant(matched(), transplant_head(fresh, old, "abc", "bx", "a test"))


def test_every_parameter_has_its_fate_and_the_reason() -> None:
    fates = {fate.name: fate.fate for fate in list_fates(matched())}
    assert fates == {
        "backbone.w": "loaded",
        "neck.w": "another shape in the file: starts at random; [3, 2] in the file, [2, 2] in the model",
        "neck.new": "not in the file: starts at random",
        "head.fc.weight": "another dictionary: starts at random; [8, 3] in the file, [8, 4] in the model",
        "head.fc.bias": "another dictionary: starts at random; [3] in the file, [4] in the model",
        "old.w": "not in the model: ignored",
    }


def test_carried_classes_are_counted_in_part() -> None:
    match = carried_over()
    fates = {fate.name: (fate.fate, fate.share) for fate in list_fates(match)}
    # blank and b of blank, a, b, c
    assert fates["head.fc.bias"] == ("carried over: 2 of 4 classes", 0.5)
    # 12 of the backbone, half of the 36 of the head, of 57 in all
    assert match.share_of_all == (12 + 18) / 57
    assert match.to_json()["new_head"] == []


def test_parts_are_summed_up_in_the_order_of_the_model() -> None:
    parts = summarise_parts(carried_over())
    assert [(part.part, part.loaded, part.carried, part.random) for part in parts] == [
        ("backbone", 1, 0, 0),
        ("neck", 0, 0, 2),
        ("head", 0, 2, 0),
    ]
    assert [part.share for part in parts] == [1.0, 0.0, 0.5]
    assert sum(part.numbers for part in parts) == 57


def test_the_full_list_has_one_line_for_each_parameter() -> None:
    lines = render_fates(matched()).splitlines()
    assert len(lines) == len(MODEL) + 1
    assert lines[0] == "backbone\tbackbone.w\tloaded"


def test_an_empty_model_has_no_parts() -> None:
    assert summarise_parts(match_weights({}, FILE, character_head=True)) == []
