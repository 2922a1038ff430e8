"""Models to predict with: exports and runs, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.runs.model_source import find_source, read_export
from ppocr_kit.tasks import Task

REC_SETTINGS: dict[str, Any] = {
    "Global": {"model_name": "PP-OCRv6_medium_rec"},
    "PreProcess": {
        "transform_ops": [
            {"DecodeImage": {"img_mode": "BGR", "channel_first": False}},
            {"MultiLabelEncode": {"gtc_encode": "NRTRLabelEncode"}},
            {"RecResizeImg": {"image_shape": [3, 32, 320]}},
            {"KeepKeys": {"keep_keys": ["image", "label_ctc"]}},
        ]
    },
    "PostProcess": {"name": "CTCLabelDecode", "character_dict": ["a", "b"]},
}


def write_export(folder: Path, settings: Any = REC_SETTINGS, files: tuple[str, ...] = ()) -> Path:
    folder.mkdir(parents=True)
    text = settings if isinstance(settings, str) else yaml.safe_dump(settings, allow_unicode=True)
    (folder / "inference.yml").write_text(text, encoding="utf-8")
    for name in files or ("inference.json", "inference.pdiparams"):
        (folder / name).write_bytes(b"")
    return folder


def test_an_export_tells_its_task_and_transforms(tmp_path):
    source = read_export(write_export(tmp_path / "m"))
    assert (source.task, source.name, source.characters) == (Task.REC, "m", ("a", "b"))
    assert [next(iter(step)) for step in source.transforms] == ["DecodeImage", "RecResizeImg", "KeepKeys"]


def test_a_models_dictionary_is_handed_over_as_a_file(tmp_path):
    job = read_export(write_export(tmp_path / "m")).to_job(tmp_path)
    assert Path(job["settings"]["character_dict_path"]).read_text(encoding="utf-8") == "a\nb\n"
    assert job["settings"]["use_space_char"] is True
    assert "character_dict" not in job["postprocess"]


def test_a_dictionary_of_reversed_text_says_so_in_its_path(tmp_path):
    settings = {**REC_SETTINGS, "Global": {"model_name": "arabic_PP-OCRv3_mobile_rec"}}
    job = read_export(write_export(tmp_path / "m", settings)).to_job(tmp_path)
    assert "arabic" in Path(job["settings"]["character_dict_path"]).name


def test_an_older_export_is_known_by_its_program(tmp_path):
    folder = write_export(tmp_path / "m", files=("inference.pdmodel", "inference.pdiparams"))
    assert read_export(folder).task is Task.REC


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("Global: [", "not valid YAML"),
        ("", "no PreProcess"),
        ("- a\n- b\n", "no PreProcess"),
        ({"PreProcess": {"transform_ops": []}, "PostProcess": {"name": "DBPostProcess"}}, "no PreProcess"),
        ({**REC_SETTINGS, "PreProcess": {"transform_ops": ["RecResizeImg"]}}, "no PreProcess"),
        ({**REC_SETTINGS, "PostProcess": "CTC"}, "no PreProcess"),
        ({**REC_SETTINGS, "PostProcess": {"name": "SARLabelDecode"}}, "SARLabelDecode"),
        ({**REC_SETTINGS, "PostProcess": {"name": "CTCLabelDecode", "character_dict": "ab"}}, "not a list"),
        ({**REC_SETTINGS, "PostProcess": {"name": "CTCLabelDecode", "character_dict": []}}, "not a list"),
    ],
)
def test_damaged_settings_are_refused(tmp_path, settings, message):
    with pytest.raises(DataError, match=message) as caught:
        read_export(write_export(tmp_path / "m", settings))
    assert str(tmp_path / "m") in str(caught.value.at)


@pytest.mark.parametrize("files", [("inference.json",), ("inference.pdiparams",)])
def test_a_missing_file_of_the_model_is_named(tmp_path, files):
    with pytest.raises(DataError, match="the exported model has no inference"):
        read_export(write_export(tmp_path / "m", files=files))


def test_a_folder_without_a_model_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="neither an exported model"):
        find_source("empty")


def test_an_unknown_name_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="no run 'nothing'"):
        find_source("nothing")


def test_a_recogniser_in_place_of_a_detector_is_refused(tmp_path):
    with pytest.raises(UsageError, match="is a rec model, not a det model"):
        find_source(str(write_export(tmp_path / "m")), Task.DET)


def test_a_run_is_loaded_with_its_evaluation_settings(make_run):
    run = make_run(Task.DET)
    (run.checkpoints / "best_accuracy.pdparams").write_bytes(b"weights")
    source = find_source("a-run")
    assert (source.task, source.checkpoint) == (Task.DET, run.checkpoints / "best_accuracy")
    assert {"DetResizeForTest": {"limit_side_len": 128, "limit_type": "min"}} in source.transforms


def test_a_run_without_a_checkpoint_is_refused(make_run):
    make_run(Task.REC)
    with pytest.raises(UsageError, match="no best checkpoint"):
        find_source("a-run")
