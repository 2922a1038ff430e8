from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny_dataset import make_dataset

from ppocr_kit.configs import patches
from ppocr_kit.configs.base import find_recipe, load_recipe
from ppocr_kit.configs.device import parse_device
from ppocr_kit.configs.fine_tuning import with_fine_tuning_schedule
from ppocr_kit.configs.line_input import with_image_width
from ppocr_kit.configs.machine import with_mixed_precision
from ppocr_kit.configs.sampling import with_batch_size
from ppocr_kit.datasets.manifest import Dataset
from ppocr_kit.errors import ConfigError, DataError
from ppocr_kit.tasks import Split, Task

Config = dict[str, Any]
DATASET = make_dataset()
PATCHES: dict[str, Callable[[Config], Config]] = {
    "dataset": lambda config: patches.with_dataset(config, DATASET),
    "split": lambda config: patches.with_split(config, DATASET, Split.TEST),
    "epochs": lambda config: patches.with_epochs(config, 3),
    "evaluation": lambda config: patches.with_evaluation(config, 2),
    "batch size": lambda config: with_batch_size(config, 3),
    "learning rate": lambda config: patches.with_learning_rate(config, 0.5),
    "device": lambda config: patches.with_device(config, parse_device("gpu:0,1")),
    "run folder": lambda config: patches.with_run_folder(config, Path("/run")),
    "pretrained": lambda config: patches.with_pretrained(config, Path("/w")),
    "checkpoint": lambda config: patches.with_checkpoint(config, Path("/w")),
    "model name": lambda config: patches.with_model_name(config, "PP-OCRv5_mobile_rec"),
    "seed": lambda config: patches.with_seed(config, 9),
    "logging": lambda config: patches.with_logging(config, 4),
    "fine-tuning": lambda config: with_fine_tuning_schedule(config, 10),
    "image width": lambda config: with_image_width(config, 640),
    "mixed precision": lambda config: with_mixed_precision(config, parse_device("gpu:0"), True),
}


@pytest.fixture(params=["rec_en_number_lite_train", "rec_mv3_none_bilstm_ctc"])
def recipe(request: pytest.FixtureRequest) -> Config:
    return load_recipe(find_recipe(Task.REC, request.param))


@pytest.mark.parametrize("name", PATCHES)
def test_patch_leaves_its_input_alone_and_is_idempotent(name: str, recipe: Config) -> None:
    before = copy.deepcopy(recipe)
    once = PATCHES[name](recipe)
    assert recipe == before
    assert once != before
    assert PATCHES[name](once) == once


def test_split_changes_evaluation_only(recipe: Config) -> None:
    changed = patches.with_split(recipe, DATASET, Split.TEST)
    assert changed["Eval"]["dataset"]["label_file_list"] == ["/data/tiny/rec/test.txt"]
    changed["Eval"] = recipe["Eval"]
    assert changed == recipe


def test_missing_split_is_refused(recipe: Config) -> None:
    data = DATASET.tasks[Task.REC]
    cut = {split: found for split, found in data.splits.items() if split is not Split.TEST}
    tasks = {Task.REC: type(data)(data_dir=data.data_dir, splits=cut)}
    dataset = Dataset(name="cut", root=DATASET.root, seed=0, tasks=tasks, checksum="")
    with pytest.raises(DataError, match="has no test split"):
        patches.with_split(recipe, dataset, Split.TEST)


def test_recipe_dictionary_stays_when_the_dataset_has_none(recipe: Config) -> None:
    data = DATASET.tasks[Task.REC]
    tasks = {Task.REC: type(data)(data_dir=data.data_dir, splits=data.splits)}
    dataset = Dataset(name="bare", root=DATASET.root, seed=0, tasks=tasks, checksum="")
    changed = patches.with_dataset(recipe, dataset)
    for key in ("character_dict_path", "use_space_char", "max_text_length"):
        assert changed["Global"][key] == recipe["Global"][key]


def test_checkpoint_keeps_the_record_of_the_pretrained_weights(recipe: Config) -> None:
    started = patches.with_pretrained(recipe, Path("/w/v1.0.pdparams"))
    resumed = patches.with_checkpoint(started, Path("/run/checkpoints/latest"))
    assert resumed["Global"]["pretrained_model"] == "/w/v1.0"
    assert resumed["Global"]["checkpoints"] == "/run/checkpoints/latest"


def test_dot_in_a_prefix_is_no_suffix(recipe: Config) -> None:
    assert patches.with_checkpoint(recipe, Path("/w/v2.0"))["Global"]["checkpoints"] == "/w/v2.0"


def test_longer_run_evaluates_as_before(recipe: Config) -> None:
    short = patches.with_evaluation(patches.with_epochs(recipe, 12), 3)
    assert patches.with_epochs(short, 24)["Global"]["eval_batch_epoch"] == 3


def test_run_folder_takes_all_that_is_written(recipe: Config) -> None:
    settings = patches.with_run_folder(recipe, Path("/run"))["Global"]
    assert settings["save_model_dir"] == "/run/checkpoints"
    assert settings["save_res_path"].startswith("/run/predictions/")


@pytest.fixture
def detector() -> Config:
    return load_recipe(find_recipe(Task.DET, "det_mv3_db"))


def test_image_size_sets_crops_and_leaves_pages_at_their_own_size(detector: Config) -> None:
    changed = patches.with_image_size(detector, 160)
    crop = next(step for step in changed["Train"]["dataset"]["transforms"] if "EastRandomCropData" in step)
    page = next(step for step in changed["Eval"]["dataset"]["transforms"] if "DetResizeForTest" in step)
    assert crop["EastRandomCropData"]["size"] == [160, 160]
    assert page["DetResizeForTest"] == {"limit_side_len": 4000, "limit_type": "max"}


@pytest.mark.parametrize(("size", "near"), [(0, 32), (31, 32), (100, 96), (-64, 32)])
def test_image_size_that_the_network_cannot_halve_is_refused(size: int, near: int, detector: Config) -> None:
    with pytest.raises(ConfigError) as caught:
        patches.with_image_size(detector, size)
    assert caught.value.hint == f"--image-size {near}"


def test_recogniser_has_no_image_size_to_choose(recipe: Config) -> None:
    with pytest.raises(ConfigError, match="for det only"):
        patches.with_image_size(recipe, 160)
