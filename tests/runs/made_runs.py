"""Run folders around official training weights, made by hand."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ppocr_kit.configs.base import find_recipe, load_recipe
from ppocr_kit.runs.export import Export
from ppocr_kit.runs.rundir import RunFolder, RunRecord, write_run
from ppocr_kit.tasks import Task

MODELS = {Task.DET: "ch_det_mv3_db_v2.0", Task.REC: "rec_en_number_lite_train"}
WEIGHTS = {Task.DET: "train_ch_ppocr_mobile_v2.0_det", Task.REC: "train_en_number_mobile_v2.0_rec"}
COMPARED = 6
# What the locks install: there is no OpenVINO for Python 3.9 that takes every export (decisions/007).
AT_HAND = ("paddle", "onnxruntime", *(("openvino",) if sys.version_info >= (3, 10) else ()))


def config_of(task: Task, rows: Path, data_dir: Path, model: str | None = None) -> dict[str, Any]:
    """A recipe, by default that of the official weights, evaluated on one list."""
    config = load_recipe(find_recipe(task, model or MODELS[task]))
    config["Eval"]["dataset"]["data_dir"] = data_dir.as_posix()
    config["Eval"]["dataset"]["label_file_list"] = [rows.as_posix()]
    if task is Task.DET:
        for step in config["Eval"]["dataset"]["transforms"]:
            if "DetResizeForTest" in step:
                step["DetResizeForTest"] = {"limit_side_len": 128, "limit_type": "min"}
    return config


def write_a_run(folder: Path, task: Task, config: dict[str, Any], weights: Path | None) -> RunFolder:
    run = RunFolder(folder.absolute())
    run.checkpoints.mkdir(parents=True)
    run.config_file.write_text(yaml.safe_dump(config), encoding="utf-8")
    write_run(run, RunRecord(name=folder.name, task=task, model=MODELS[task], status="finished"))
    if weights is not None:
        shutil.copyfile(weights, run.checkpoints / "best_accuracy.pdparams")
    return run


@dataclass(frozen=True)
class Official:
    """A project folder with the official detector and recogniser, exported from runs."""

    project: Path
    runs: dict[Task, RunFolder]
    exports: dict[Task, Export]
    pages: tuple[Path, ...]
    crops: tuple[Path, ...]
    texts: tuple[str, ...]
