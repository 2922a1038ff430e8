from __future__ import annotations

import pytest

from ppocr_kit.errors import DataError
from ppocr_kit.runs.weights import match_weights, require_match

MODEL = {"backbone.w": (8, 3), "neck.w": (8, 8), "head.fc.weight": (8, 12), "head.fc.bias": (12,)}


def test_all_weights_load_when_names_and_shapes_agree() -> None:
    match = match_weights(MODEL, MODEL, character_head=True)
    assert match.share == match.share_of_all == 1.0
    assert not match.missing and not match.mismatched and not match.unused
    require_match(match, "a.pdparams")


def test_a_head_of_another_dictionary_is_told_apart() -> None:
    file = {**MODEL, "head.fc.weight": (8, 97), "head.fc.bias": (97,)}
    match = match_weights(MODEL, file, character_head=True)
    assert match.head == ("head.fc.weight", "head.fc.bias")
    assert match.share == 1.0  # 24 + 64 of the 88 parameters outside the head
    assert match.share_of_all == pytest.approx(88 / 196)  # the head has 96 + 12
    require_match(match, "a.pdparams")


def test_the_same_mismatch_in_detection_is_another_model() -> None:
    file = {**MODEL, "head.fc.weight": (8, 97)}
    match = match_weights(MODEL, file, character_head=False)
    assert match.head == ()
    with pytest.raises(DataError, match=r"head.fc.weight is \[8, 97\] in the file and \[8, 12\]"):
        require_match(match, "a.pdparams")


def test_a_head_of_another_width_is_another_model() -> None:
    file = {**MODEL, "head.fc.weight": (16, 97)}
    match = match_weights(MODEL, file, character_head=True)
    assert match.head == ()
    with pytest.raises(DataError, match="another model"):
        require_match(match, "a.pdparams")


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ({}, "backbone.w is not in the file"),
        ({"other.w": (8, 3)}, "backbone.w is not in the file"),
        ({"backbone.w": (8, 3)}, "only 12% of it would load"),
    ],
)
def test_a_poor_match_is_refused_with_the_reason(file: dict[str, tuple[int, ...]], reason: str) -> None:
    with pytest.raises(DataError, match=reason) as caught:
        require_match(match_weights(MODEL, file, character_head=True), "some/a.pdparams")
    assert caught.value.at == "some/a.pdparams" and caught.value.exit_code == 3


def test_an_empty_model_has_share_zero() -> None:
    assert match_weights({}, MODEL, character_head=True).share == 0.0
