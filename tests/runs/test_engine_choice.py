"""Which engine is taken for an export, and why."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ppocr_kit.errors import SetupError, UsageError
from ppocr_kit.runs import engines
from ppocr_kit.runs.engines import EngineCheck, choose_engines, read_checks, require_converter
from ppocr_kit.runs.predict import _choice, _share, _used
from ppocr_kit.storage import sha256_of
from ppocr_kit.tasks import Task


def check(name: str, milliseconds: float, same: bool = True) -> EngineCheck:
    return EngineCheck(name, "1.0", same, milliseconds)


@pytest.mark.parametrize(
    ("checks", "order"),
    [
        ([], ("paddle",)),
        ([check("paddle", 9)], ("paddle",)),
        (
            [check("paddle", 9), check("onnxruntime", 2), check("openvino", 3)],
            ("onnxruntime", "openvino", "paddle"),
        ),
        ([check("paddle", 1), check("onnxruntime", 2)], ("paddle", "onnxruntime")),
        ([check("paddle", 9), check("onnxruntime", 2, same=False)], ("paddle",)),
        ([check("paddle", 9, same=False)], ("paddle",)),
    ],
)
def test_auto_is_the_fastest_that_answered_as_the_checkpoint(checks, order):
    assert choose_engines("auto", checks, has_onnx=True).engines == order


def test_the_reason_names_times_and_what_was_passed_over():
    why = choose_engines("auto", [check("paddle", 9), check("openvino", 2, same=False)], has_onnx=True).why
    assert "paddle 9 ms" in why and "not the checkpoint's answers: openvino" in why


def test_a_gpu_is_paddles():
    checks = [check("paddle", 9), check("onnxruntime", 2)]
    assert choose_engines("auto", checks, has_onnx=True, gpu=True).engines == ("paddle",)
    with pytest.raises(UsageError, match="on the CPU"):
        choose_engines("onnxruntime", checks, has_onnx=True, gpu=True)


def test_an_engine_that_is_asked_for_is_taken_and_its_failed_check_told():
    choice = choose_engines("openvino", [check("openvino", 2, same=False)], has_onnx=True)
    assert choice.engines == ("openvino",) and "otherwise than the checkpoint" in choice.why


def test_an_engine_without_its_file_is_refused_with_the_command_that_makes_it():
    with pytest.raises(UsageError, match="needs an ONNX file") as caught:
        choose_engines("onnxruntime", [], has_onnx=False)
    assert "--format onnx" in str(caught.value.hint)


def test_an_unknown_engine_is_refused():
    with pytest.raises(UsageError, match="no engine 'tensorrt'"):
        choose_engines("tensorrt", [], has_onnx=True)


ENTRY = {"version": "1.2", "same": True, "milliseconds": 2.0}


def record(folder: Path, **entries: Any) -> dict[str, Any]:
    """An export's record with an ONNX file of that content."""
    (folder / "inference.onnx").write_bytes(b"network")
    files = {"inference.onnx": sha256_of(folder / "inference.onnx")}
    return {"engines": {"paddle": ENTRY, "onnxruntime": ENTRY, **entries}, "files": files}


def test_checks_are_read_from_the_record(tmp_path):
    names = [found.name for found in read_checks(record(tmp_path, paddle_no_onednn=ENTRY), tmp_path)]
    assert names == ["paddle", "onnxruntime"], "without oneDNN it is checked, never chosen"


def test_a_changed_onnx_file_is_unchecked(tmp_path):
    made = record(tmp_path)
    (tmp_path / "inference.onnx").write_bytes(b"another")
    assert [found.name for found in read_checks(made, tmp_path)] == ["paddle"]
    (tmp_path / "inference.onnx").unlink()
    assert [found.name for found in read_checks(made, tmp_path)] == ["paddle"]


@pytest.mark.parametrize(
    "damaged", [None, {}, {"engines": None}, {"engines": []}, {"engines": {"paddle": {"version": "1"}}}, []]
)
def test_a_damaged_record_is_no_record(tmp_path, damaged):
    assert read_checks(damaged, tmp_path) == ()


def source(export: bool = True, **more: Any) -> Any:
    found = {"name": "a", "task": Task.REC, "checks": (), "has_onnx": False}
    return SimpleNamespace(**{**found, "export": Path("inference/a") if export else None, **more})


def test_a_checkpoint_runs_on_training_code_only():
    assert _choice(source(export=False), "auto", False).engines == ()
    with pytest.raises(UsageError, match="a run's checkpoint") as caught:
        _choice(source(export=False), "onnxruntime", False)
    assert "ppocr-kit export a --format onnx" in str(caught.value.hint)


def test_engines_that_are_not_installed_are_told():
    choice = choose_engines("auto", [check("paddle", 9), check("onnxruntime", 2)], has_onnx=True)
    used = _used(source(), choice, {"name": "paddle", "version": "3.3.1"})
    assert (used.engine, used.version) == ("paddle", "3.3.1")
    assert "not installed: onnxruntime" in used.why


@pytest.mark.parametrize(
    ("exports", "images", "threads", "gpu", "shared"),
    [
        ([True], 100, 4, False, (4, 1)),
        ([True, True], 100, 2, False, (2, 1)),
        # one picture has all threads to itself
        ([True], 1, 4, False, (1, 4)),
        ([True], 3, 8, False, (3, 2)),
        ([False], 100, 4, False, (1, 4)),
        ([True, False], 100, None, False, (1, 1)),
        ([True], 100, None, True, (1, 1)),
        ([True], 0, 2, False, (1, 2)),
    ],
)
def test_threads_are_shared_out(exports, images, threads, gpu, shared):
    assert _share([source(export) for export in exports], images, threads, gpu) == shared


def test_a_missing_converter_is_told_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setattr(engines, "ask_python", lambda python, packages: {"onnx": "1.17.0"})
    with pytest.raises(SetupError, match="no paddle2onnx, onnxruntime") as caught:
        require_converter(Path("/envs/a/bin/python"))
    hint = str(caught.value.hint)
    assert hint.startswith("/envs/a/bin/python -m pip install --no-deps -r ")
    assert Path(hint.split()[-1]).is_file()


def test_json_of_a_record_is_read_back(tmp_path):
    made = json.loads(json.dumps(record(tmp_path)))
    assert read_checks(made, tmp_path)[1] == EngineCheck("onnxruntime", "1.2", True, 2.0)
