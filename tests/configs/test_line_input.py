from __future__ import annotations

from typing import Any

import pytest

from ppocr_kit.configs.base import find_recipe_by_name, load_recipe
from ppocr_kit.configs.line_input import (
    frames_of,
    guides,
    image_width,
    with_image_width,
    with_text_length,
)
from ppocr_kit.errors import ConfigError

GUIDED = ("PP-OCRv5_mobile_rec", "en_PP-OCRv3_mobile_rec")


def recipe(name: str) -> dict[str, Any]:
    return load_recipe(find_recipe_by_name(name))


def settings_of(config: dict[str, Any], mode: str, transform: str) -> dict[str, Any]:
    steps = config[mode]["dataset"]["transforms"]
    return next(step[transform] for step in steps if transform in step)


@pytest.mark.parametrize(
    ("name", "width", "frames"),
    [
        ("rec_en_number_lite_train", 320, 80),
        ("rec_en_number_lite_train", 640, 160),
        ("rec_r34_vd_none_bilstm_ctc", 128, 32),
        ("en_PP-OCRv3_mobile_rec", 320, 40),
        ("en_PP-OCRv3_mobile_rec", 640, 80),
        ("PP-OCRv5_mobile_rec", 320, 40),
        ("PP-OCRv5_mobile_rec", 160, 20),
        # wider pictures are pooled to 40 columns while training
        ("PP-OCRv5_mobile_rec", 640, 40),
        # the straightened picture has one width whatever comes in
        ("rec_svtrnet", 512, 25),
    ],
)
def test_a_line_holds_as_many_characters_as_its_frames(name: str, width: int, frames: int) -> None:
    assert frames_of(with_image_width(recipe(name), width)) == frames


def test_detector_has_no_lines() -> None:
    detector = recipe("det_mv3_db")
    assert guides(detector) == [] and image_width(detector) is None
    with pytest.raises(ConfigError, match="for rec only"):
        with_image_width(detector, 320)


@pytest.mark.parametrize(
    ("longest", "kept"), [(1, 25), (23, 25), (24, 26), (25, 27), (40, 42), (41, 42), (500, 42)]
)
@pytest.mark.parametrize("name", GUIDED)
def test_guided_recogniser_gets_two_more_for_start_and_end(name: str, longest: int, kept: int) -> None:
    changed = with_text_length(recipe(name), longest)
    assert changed["Global"]["max_text_length"] == kept
    assert [settings["max_text_length"] for settings in guides(changed)] == [kept]
    assert settings_of(changed, "Train", "RecConAug")["max_text_length"] == kept


def test_plain_recogniser_gets_the_longest_label() -> None:
    assert with_text_length(recipe("rec_mv3_none_bilstm_ctc"), 24)["Global"]["max_text_length"] == 25
    assert with_text_length(recipe("rec_en_number_lite_train"), 60)["Global"]["max_text_length"] == 60


@pytest.mark.parametrize("name", [*GUIDED, "rec_en_number_lite_train", "rec_svtrnet"])
def test_width_is_set_wherever_it_stands(name: str) -> None:
    changed = with_image_width(recipe(name), 160)
    assert image_width(changed) == 160
    text = str(changed["Train"]) + str(changed["Eval"])
    assert "320" not in text and "256" not in text.replace("'batch_size_per_card': 256", "")
    for _, height in changed["Train"].get("sampler", {}).get("scales", []):
        assert height in (32, 48, 64)


@pytest.mark.parametrize(("width", "near"), [(0, 32), (31, 32), (100, 96), (-64, 32)])
def test_width_that_the_network_cannot_halve_is_refused(width: int, near: int) -> None:
    with pytest.raises(ConfigError) as caught:
        with_image_width(recipe("rec_svtrnet"), width)
    assert caught.value.hint == f"--image-width {near}"
