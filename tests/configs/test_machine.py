from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.configs.base import find_recipe_by_name, list_models, load_recipe
from ppocr_kit.configs.device import parse_device
from ppocr_kit.configs.fine_tuning import (
    FINE_TUNING,
    SMALL_NETWORKS,
    fine_tuning_of,
    with_fine_tuning_schedule,
)
from ppocr_kit.configs.machine import cpu_batch, published_rows, scaled_rate, with_mixed_precision
from ppocr_kit.configs.patches import with_image_size
from ppocr_kit.errors import UsageError
from ppocr_kit.tasks import TEXT_TASKS, Task

RECIPES = [recipe for recipe in list_models() if not recipe.name.startswith("quickstart")]
EACH = pytest.mark.parametrize("recipe", RECIPES, ids=[recipe.name for recipe in RECIPES])


@pytest.mark.parametrize(
    ("name", "rows"),
    [("PP-OCRv5_mobile_det", 64), ("PP-OCRv5_mobile_rec", 1024), ("ch_det_mv3_db_v2.0", 8),
     ("rec_en_number_lite_train", 256)],
)  # fmt: skip
def test_rates_were_published_for_all_cards_together(name: str, rows: int) -> None:
    assert published_rows(load_recipe(find_recipe_by_name(name))) == rows


@pytest.mark.parametrize(
    ("rows", "published", "rate"),
    [
        (64, 64, 1e-3),
        (49, 64, 8.75e-4),
        (36, 64, 7.5e-4),
        (1, 64, 7.5e-4),
        (128, 64, 1.41e-3),
        (1024, 64, 2e-3),
    ],
)
def test_rate_follows_the_square_root_of_the_rows(rows: int, published: int, rate: float) -> None:
    assert scaled_rate(1e-3, rows, published) == rate


@given(st.integers(1, 4096), st.integers(1, 4096), st.floats(1e-6, 1.0))
def test_rate_stays_near_the_published_one(rows: int, published: int, rate: float) -> None:
    assert 0.745 * rate <= scaled_rate(rate, rows, published) <= 2.01 * rate


@pytest.mark.parametrize(
    ("name", "size", "batch", "kept"),
    [("PP-OCRv5_mobile_det", None, 8, 4), ("PP-OCRv3_mobile_det", None, 8, 2),
     ("PP-OCRv5_mobile_det", 320, 8, 8), ("PP-OCRv5_mobile_det", 2048, 8, 1)],
)  # fmt: skip
def test_cpu_takes_fewer_crops_of_larger_size(name: str, size: int | None, batch: int, kept: int) -> None:
    config = load_recipe(find_recipe_by_name(name))
    assert cpu_batch(config if size is None else with_image_size(config, size), batch) == kept


def test_cpu_takes_fewer_lines_than_a_card() -> None:
    assert cpu_batch(load_recipe(find_recipe_by_name("PP-OCRv5_mobile_rec")), 128) == 32
    assert cpu_batch(load_recipe(find_recipe_by_name("rec_svtrnet")), 1) == 1


def test_mixed_precision_is_for_gpus_and_on_request() -> None:
    config = load_recipe(find_recipe_by_name("PP-OCRv5_server_rec"))
    with pytest.raises(UsageError, match="mixed precision needs a GPU"):
        with_mixed_precision(config, parse_device("cpu:2"), wanted=True)
    on = with_mixed_precision(config, parse_device("gpu:0"), wanted=True)
    assert (on["Global"]["use_amp"], on["Global"]["amp_level"]) == (True, "O1")
    assert with_mixed_precision(config, parse_device("cpu"), wanted=False) == config
    assert with_mixed_precision(on, parse_device("cpu"), wanted=False)["Global"]["use_amp"] is False


@EACH
def test_fine_tuning_is_gentler_and_shorter_than_training(recipe) -> None:
    config = load_recipe(recipe)
    schedule, defaults = config["Optimizer"]["lr"], fine_tuning_of(config)
    assert 0 < defaults.rate_share < 1
    assert defaults.batch_size <= config["Train"]["loader"]["batch_size_per_card"]
    for epochs in (3, 20, 60):
        tuned = with_fine_tuning_schedule(config, epochs)["Optimizer"]["lr"]
        assert tuned["warmup_epoch"] <= min(1, schedule.get("warmup_epoch", 0), epochs / 20)
        assert (tuned["name"], tuned["learning_rate"]) == ("Cosine", schedule["learning_rate"])


def test_every_task_has_fine_tuning_defaults() -> None:
    assert FINE_TUNING.keys() == set(Task)
    assert SMALL_NETWORKS.keys() == set(TEXT_TASKS)
