"""Lint knows every form that published configurations have: what it finds in one is truly wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ppocr_kit.configs.lint.yaml_file import lint_file

SHAPES: dict[str, dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "published_shapes.yml").read_text(encoding="utf-8")
)
# The files that such a configuration names are not here.
ABSENT = {"C010", "C011"}


def config_of(shape: dict[str, Any]) -> dict[str, Any]:
    """Fill in what all published configurations share."""
    shared = {
        "use_gpu": True, "epoch_num": 200, "log_smooth_window": 20, "print_batch_step": 10,
        "save_model_dir": "./output/run", "save_epoch_step": 10, "eval_batch_step": [0, 2000],
        "cal_metric_during_train": True, "pretrained_model": None, "checkpoints": None,
        "save_inference_dir": None, "use_visualdl": False, "infer_img": "doc/word_1.jpg", "infer_mode": False,
        "save_res_path": "./output/predicts.txt",
    }  # fmt: skip
    config = {"Global": {**shared, **shape.get("Global", {})}}
    for section in ("Architecture", "Loss", "Optimizer", "PostProcess", "Metric"):
        config[section] = shape[section]
    for mode in ("Train", "Eval"):
        rows = {"name": "SimpleDataSet", "data_dir": f"./{mode}/", "label_file_list": [f"./{mode}.txt"]}
        given = {**rows, **shape.get("dataset", {})}
        dataset = {key: value for key, value in given.items() if value is not None}
        trains = mode == "Train"
        loader = {"shuffle": trains, "drop_last": trains, "batch_size_per_card": 8, "num_workers": 4}
        config[mode] = {
            "dataset": {**dataset, "transforms": shape[mode]},
            "loader": {**loader, **shape.get("loader", {})},
        }
    if "sampler" in shape:
        config["Train"]["sampler"] = shape["sampler"]
    return config


@pytest.mark.parametrize("name", SHAPES)
def test_only_what_is_truly_wrong_is_found(name: str, tmp_path: Path) -> None:
    shape = SHAPES[name]
    file = tmp_path / "published.yml"
    file.write_text(yaml.safe_dump({**config_of(shape), "profiler_options": None}), encoding="utf-8")
    found = [problem for problem in lint_file(file, tmp_path) if problem.code not in ABSENT]
    assert sorted({problem.code for problem in found}) == shape["expect"], found
