"""``ppocr-kit predict`` and ``export`` as a user meets them, with the models played by a fake."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ppocr_kit.cli import export as export_command
from ppocr_kit.cli import predict as command
from ppocr_kit.cli.main import main
from ppocr_kit.errors import ToolError
from ppocr_kit.runs.engines import EngineCheck
from ppocr_kit.runs.parity import EngineParity, Parity
from ppocr_kit.runs.predict import EngineUsed
from ppocr_kit.tasks import Task

GOOD = {"width": 9, "height": 9, "regions": [{"transcription": "é", "rec_score": 0.5}]}


@pytest.fixture
def predicts(tmp_path, monkeypatch):
    """Answer pictures whose name begins with ``bad`` with an error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        command, "find_source", lambda name, task=None, **more: SimpleNamespace(task=Task.REC)
    )
    asked: dict[str, Any] = {}
    used = EngineUsed("m", "rec", "onnxruntime", "1.2", "the fastest")

    def predict_images(sources: Any, images: Any, on_prediction: Any, **options: Any) -> None:
        asked.update(options, images=[str(image) for image in images])
        options["on_engine"](used)
        for image in images:
            if image.name.startswith("dies"):
                raise ToolError("the worker died")
            bad = image.name.startswith("bad")
            on_prediction({"image": str(image), **({"error": "no picture"} if bad else GOOD)})

    monkeypatch.setattr(command, "predict_images", predict_images)
    return asked


def test_one_json_line_per_picture(predicts, capsys):
    assert main(["predict", "m", "a.png", "b.png"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["image"] for line in lines] == ["a.png", "b.png"]
    assert lines[0]["regions"][0]["transcription"] == "é"


def test_json_is_one_document(predicts, capsys):
    assert main(["predict", "m", "a.png", "bad.png", "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert (len(body["images"]), body["failed"]) == (2, 1)
    assert body["engines"][0]["engine"] == "onnxruntime"


def test_the_engine_is_told_on_stderr(predicts, capsys):
    assert main(["predict", "m", "a.png"]) == 0
    assert "m: onnxruntime 1.2 (the fastest)" in capsys.readouterr().err


def test_bad_pictures_are_named_and_passed_over(predicts, capsys):
    assert main(["predict", "m", "bad.png", "a.png"]) == 0
    printed = capsys.readouterr()
    assert "passed over bad.png: no picture" in printed.err
    assert len(printed.out.splitlines()) == 2


def test_no_readable_picture_is_a_data_error(predicts, capsys):
    assert main(["predict", "m", "bad.png"]) == 3
    assert "no picture could be read" in capsys.readouterr().err


def test_predictions_are_written_whole(predicts, capsys, tmp_path):
    assert main(["predict", "m", "a.png", "bad.png", "--out", "found"]) == 0
    lines = (tmp_path / "found" / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2 and "é" in lines[0]
    assert capsys.readouterr().out.startswith("1 pictures, 1 regions")
    assert predicts["pictures"] == Path("found/pictures")


def test_pictures_are_not_drawn_on_request(predicts):
    assert main(["predict", "m", "a.png", "--out", "found", "--no-draw"]) == 0
    assert predicts["pictures"] is None


def test_a_failed_prediction_leaves_the_old_file(predicts, tmp_path):
    assert main(["predict", "m", "a.png", "--out", "found"]) == 0
    before = (tmp_path / "found" / "predictions.jsonl").read_bytes()
    assert main(["predict", "m", "b.png", "dies.png", "--out", "found"]) == 6
    assert (tmp_path / "found" / "predictions.jsonl").read_bytes() == before
    assert [path.name for path in (tmp_path / "found").iterdir()] == ["predictions.jsonl"]


def test_drawing_needs_a_folder(predicts, capsys):
    assert main(["predict", "m", "a.png", "--draw"]) == 2
    assert "--out FOLDER" in capsys.readouterr().err


def test_an_unwritable_folder_is_a_setup_error(predicts, tmp_path):
    (tmp_path / "found").write_text("a file", encoding="utf-8")
    assert main(["predict", "m", "a.png", "--out", "found"]) == 5


def test_options_reach_the_prediction(predicts):
    main(["predict", "m", "a.png", "--batch-size", "4", "--threads", "2", "--engine", "openvino"])
    assert (predicts["batch_size"], predicts["threads"], predicts["engine"]) == (4, 2, "openvino")
    main(["predict", "m", "a.png", "--device", "gpu:1"])
    assert (predicts["device"], predicts["threads"], predicts["engine"]) == ("gpu:1", None, "auto")


@pytest.mark.parametrize("words", [["predict", "nothing", "a.png"], ["export", "nothing"]])
def test_an_unknown_model_is_a_usage_error(tmp_path, monkeypatch, capsys, words):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    assert "there is no run 'nothing'" in capsys.readouterr().err


def test_export_says_how_to_load_it(tmp_path, monkeypatch, capsys):
    parity = Parity(images=3, regions=5, largest_score_gap=2e-6, largest_point_gap_px=0.0, differences=())
    made = SimpleNamespace(
        folder=Path("inference/a"),
        task=Task.DET,
        parity=parity,
        engines={
            name: EngineParity(EngineCheck(name, "1.2", True, milliseconds), parity)
            for name, milliseconds in (("paddle", 9.0), ("paddle_no_onednn", 1.0), ("onnxruntime", 2.0))
        },
        model_name="PP-X_det",
        notes=["mind the gap"],
    )
    monkeypatch.setattr(export_command, "find_run", lambda name: SimpleNamespace(name="a"))
    monkeypatch.setattr(export_command, "read_run", lambda folder: SimpleNamespace(task=Task.DET))
    monkeypatch.setattr(export_command, "export_run", lambda *args, **more: made)
    assert main(["export", "a"]) == 0
    printed = capsys.readouterr()
    assert 'paddleocr.TextDetection(model_name="PP-X_det", model_dir="inference/a")' in printed.out
    assert "same as the checkpoint on 3 pictures: 5 boxes" in printed.out
    assert "on onnxruntime 1.2 (2 ms a picture), paddle 1.2 (9 ms a picture)\n" in printed.out
    assert "note: mind the gap" in printed.err


@pytest.mark.parametrize(
    ("words", "onnx"),
    [
        ([], False),
        (["--format", "paddle"], False),
        (["--format", "onnx"], True),
        (["--format", "paddle", "--format", "onnx"], True),
    ],
)
def test_onnx_comes_beside_paddle_when_it_is_asked_for(tmp_path, monkeypatch, words, onnx):
    asked: dict[str, Any] = {}

    def export_run(*args: Any, **options: Any) -> Any:
        asked.update(options)
        raise ToolError("far enough")

    monkeypatch.setattr(export_command, "find_run", lambda name: SimpleNamespace(name="a"))
    monkeypatch.setattr(export_command, "read_run", lambda folder: SimpleNamespace(task=Task.DET))
    monkeypatch.setattr(export_command, "export_run", export_run)
    assert main(["export", "a", *words]) == 6
    assert asked["onnx"] is onnx
