"""Prediction and measuring with the real engines, on real pages."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from made_runs import AT_HAND, Official

from ppocr_kit.cli.main import main
from ppocr_kit.errors import DataError
from ppocr_kit.runs.engines import ENGINES
from ppocr_kit.runs.model_source import find_source, read_export
from ppocr_kit.runs.predict import EngineUsed, predict_images
from ppocr_kit.tasks import TEXT_TASKS, Task

pytestmark = pytest.mark.release

SCORE = 1e-3


@pytest.fixture(scope="module")
def of_checkpoints(official: Official) -> list[Any]:
    """What both runs' checkpoints answer on the pages."""
    answers: list[Any] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(official.project)
        sources = [find_source(f"official-{task}") for task in TEXT_TASKS]
        predict_images(sources, official.pages, answers.append)
    return answers


@pytest.mark.parametrize("engine", AT_HAND)
def test_boxes_and_texts_are_those_of_the_checkpoints(
    official_project: Official, of_checkpoints: list[Any], engine: str
):
    answers: list[Any] = []
    used: list[EngineUsed] = []
    sources = [find_source(f"inference/official-{task}") for task in TEXT_TASKS]
    predict_images(
        sources, official_project.pages, answers.append, engine=engine, on_engine=used.append, threads=2
    )
    assert [(each.engine, each.why) for each in used] == [(engine, "as asked")] * 2
    for ours, theirs in zip(answers, of_checkpoints):
        assert [region["points"] for region in ours["regions"]] == [
            region["points"] for region in theirs["regions"]
        ]
        assert [region["transcription"] for region in ours["regions"]] == [
            region["transcription"] for region in theirs["regions"]
        ]
        for key in ("score", "rec_score"):
            assert [region[key] for region in ours["regions"]] == pytest.approx(
                [region[key] for region in theirs["regions"]], abs=SCORE
            )


def test_auto_takes_the_fastest_of_the_record_and_says_so(official_project: Official, capsys):
    checks = official_project.exports[Task.REC].engines
    fastest = min(
        (found.check for name, found in checks.items() if name in ENGINES),
        key=lambda check: check.milliseconds,
    )
    crops = [str(path) for path in official_project.crops]
    assert main(["predict", "inference/official-rec", *crops, "--json"]) == 0
    printed = capsys.readouterr()
    assert f"official-rec: {fastest.name} {fastest.version} (at export, per picture:" in printed.err
    assert json.loads(printed.out)["engines"][0]["engine"] == fastest.name


def test_a_damaged_onnx_file_is_refused_and_not_taken_by_itself(official_project: Official, tmp_path: Path):
    broken = tmp_path / "broken"
    shutil.copytree("inference/official-rec", broken)
    os.truncate(broken / "inference.onnx", 1000)
    used: list[EngineUsed] = []
    predict_images(
        [read_export(broken)], official_project.crops[:1], lambda answer: None, on_engine=used.append
    )
    assert used[0].engine == "paddle", "its check was of another file"
    with pytest.raises(DataError, match="ONNX file cannot be loaded"):
        predict_images([read_export(broken)], official_project.crops[:1], print, engine="onnxruntime")


def test_a_benchmark_measures_the_kit_beside_the_script_and_the_runtime(official_project: Official, capsys):
    words = ["--images", *(str(path) for path in official_project.crops[:1]), "--engines", "onnxruntime"]
    assert main(["benchmark", "inference/official-rec", *words, "--repeat", "1", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["contender"] for row in rows] == ["onnxruntime", "script", "script_no_onednn", "runtime"]
    assert all(row["problem"] is None and row["images_per_s"] > 0 for row in rows)
    assert all(row["agreement"] == 1.0 for row in rows)
