"""What an export says about itself: the same preparation for the release and for the runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from made_runs import config_of

from ppocr_kit.configs.base import list_models
from ppocr_kit.errors import ConfigError
from ppocr_kit.runs.inference import (
    DETECTOR,
    DETECTOR_MIN,
    RECOGNISER,
    RECOGNISER_ARABIC,
    deployment_of,
    export_config,
    settings_of,
)
from ppocr_kit.tasks import TEXT_TASKS, Task


def config(task: Task, name: str | None = None, settings: Any = None) -> dict[str, Any]:
    found = config_of(task, Path("val.txt"), Path("data"))
    for step in found["Eval"]["dataset"]["transforms"]:
        if name in step:
            step[name] = settings
    return found


@pytest.mark.parametrize(
    ("settings", "name", "written"),
    [
        (None, DETECTOR_MIN, {"limit_side_len": 736, "limit_type": "min", "resize_long": 736}),
        (
            {"limit_side_len": 128, "limit_type": "min"},
            DETECTOR_MIN,
            {"limit_side_len": 128, "limit_type": "min", "resize_long": 128},
        ),
        (
            {"limit_side_len": 128},
            DETECTOR_MIN,
            {"limit_side_len": 128, "limit_type": "min", "resize_long": 128},
        ),
        (
            {"limit_side_len": 960, "limit_type": "max"},
            DETECTOR,
            {"limit_side_len": 960, "limit_type": "max", "resize_long": 960},
        ),
        ({"image_shape": [736, 1280]}, DETECTOR, {"image_shape": [736, 1280]}),
    ],
)
def test_detector_is_resized_by_the_runtime_as_in_evaluation(settings, name, written):
    deployment = deployment_of(config(Task.DET, "DetResizeForTest", settings))
    assert deployment.model_name == name
    assert settings_of(deployment.transforms, "DetResizeForTest") == written
    assert deployment.notes == ()


@pytest.mark.parametrize(
    "settings", [{"resize_long": 960}, {"limit_side_len": 960, "limit_type": "resize_long"}]
)
def test_a_resizing_that_the_runtime_lacks_is_said(settings):
    deployment = deployment_of(config(Task.DET, "DetResizeForTest", settings))
    assert "longer side" in deployment.notes[0]


def test_detector_thresholds_are_written_out_because_the_runtime_has_other_defaults():
    source = config(Task.DET)
    source["PostProcess"] = {"name": "DBPostProcess"}
    written = deployment_of(source).postprocess
    assert (written["thresh"], written["box_thresh"], written["unclip_ratio"]) == (0.3, 0.7, 2.0)


@pytest.mark.parametrize("task", TEXT_TASKS)
def test_label_encoders_are_left_out(task):
    names = [next(iter(step)) for step in deployment_of(config(task)).transforms]
    assert not any(name.endswith("LabelEncode") for name in names)
    assert names[0] == "DecodeImage" and names[-1] == "KeepKeys"


@pytest.mark.parametrize("task", TEXT_TASKS)
def test_only_picture_keys_are_kept(task):
    keys = settings_of(deployment_of(config(task)).transforms, "KeepKeys")["keep_keys"]
    assert set(keys) <= {"image", "shape"}


def test_decoding_has_exactly_the_keys_that_the_runtime_takes():
    source = config(
        Task.REC, "DecodeImage", {"img_mode": "BGR", "channel_first": False, "ignore_orientation": True}
    )
    assert settings_of(deployment_of(source).transforms, "DecodeImage") == {
        "img_mode": "BGR",
        "channel_first": False,
    }


@pytest.mark.parametrize(
    ("dictionary", "name"),
    [("a/dict.txt", RECOGNISER), (None, RECOGNISER), ("a/arabic.txt", RECOGNISER_ARABIC)],
)
def test_text_is_turned_round_by_the_runtime_where_the_release_does(dictionary, name):
    source = config(Task.REC)
    source["Global"]["character_dict_path"] = dictionary
    assert deployment_of(source).model_name == name


@pytest.mark.parametrize(
    ("algorithm", "shape"),
    [("CRNN", [3, 48, 320]), ("SVTR_LCNet", [3, 32, 320]), ("SVTR_HGNet", [3, 64, 320])],
)
def test_a_height_that_is_not_exported_is_refused(algorithm, shape):
    source = config(Task.REC, "RecResizeImg", {"image_shape": shape})
    source["Architecture"]["algorithm"] = algorithm
    with pytest.raises(ConfigError, match=f"{shape[1]} pixels high"):
        deployment_of(source)


def test_svtr_is_exported_for_its_own_height_and_prepared_by_the_name_that_the_runtime_knows():
    source = config_of(Task.REC, Path("val.txt"), Path("data"), "rec_svtrnet")
    deployment = deployment_of(source)
    resizing = {"image_shape": [3, 64, 256], "padding": False}
    assert settings_of(deployment.transforms, "RecResizeImg") == resizing
    made = export_config(source, deployment, Path("/runs/a/best_accuracy"), Path("/inference/a"))
    # the exporter looks for it there
    assert made["Eval"]["dataset"]["transforms"][-2] == {"SVTRRecResizeImg": resizing}
    assert "input_shape=(3, 64, 256)" in deployment.notes[0]


@pytest.mark.parametrize("task", TEXT_TASKS)
def test_official_models_keep_their_name_and_others_take_the_runtimes_default(task):
    default = {Task.DET: DETECTOR, Task.REC: RECOGNISER}[task]
    for recipe in list_models(task):
        source = config_of(task, Path("val.txt"), Path("data"), recipe.name)
        if task is Task.DET:
            source = config(task, "DetResizeForTest", {"limit_side_len": 960, "limit_type": "max"})
        name = deployment_of(source, recipe.name).model_name
        assert name == (recipe.name if "PP-OCR" in recipe.name else default)


def test_a_name_never_changes_how_a_detector_is_resized():
    source = config(Task.DET, "DetResizeForTest", {"limit_side_len": 736, "limit_type": "min"})
    assert deployment_of(source, "PP-OCRv5_mobile_det").model_name == DETECTOR_MIN


def test_a_recogniser_without_an_image_shape_is_refused():
    with pytest.raises(ConfigError, match="image_shape"):
        deployment_of(config(Task.REC, "RecResizeImg", None))


def test_squeezing_without_padding_is_said():
    deployment = deployment_of(
        config(Task.REC, "RecResizeImg", {"image_shape": [3, 32, 320], "padding": False})
    )
    assert "aspect ratio" in deployment.notes[0]


def test_another_decoder_is_refused():
    source = config(Task.REC)
    source["PostProcess"] = {"name": "NRTRLabelDecode"}
    with pytest.raises(ConfigError, match="NRTRLabelDecode"):
        deployment_of(source)


def test_export_configuration_names_weights_place_and_runtime_and_leaves_the_run_alone():
    source = config(Task.DET)
    deployment = deployment_of(source)
    made = export_config(source, deployment, Path("/runs/a/best_accuracy"), Path("/inference/a"))
    settings = made["Global"]
    assert settings["checkpoints"] == "/runs/a/best_accuracy"
    assert settings["save_inference_dir"] == "/inference/a"
    assert settings["model_name"] == deployment.model_name
    assert settings["use_gpu"] is False
    assert "model_name" not in source["Global"]
    assert any("DetLabelEncode" in step for step in source["Eval"]["dataset"]["transforms"])
