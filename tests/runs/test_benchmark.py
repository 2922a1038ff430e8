"""The benchmark: turns, medians, ratios, and what becomes of a contender that fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ppocr_kit.errors import DataError, SetupError, ToolError, UsageError
from ppocr_kit.runs import benchmark
from ppocr_kit.runs.benchmark import readable, render_benchmark, run_benchmark
from ppocr_kit.runs.model_source import ModelSource
from ppocr_kit.tasks import Task

IMAGES = [Path("a.png"), Path("b.png")]


def export(folder: Path, onnx: bool = True) -> ModelSource:
    folder.mkdir(parents=True, exist_ok=True)
    for name, size in (
        ("inference.json", 1000),
        ("inference.pdiparams", 1_999_000),
        ("inference.onnx", 1_500_000),
    ):
        (folder / name).write_bytes(bytes(size))
    return ModelSource(Task.REC, folder.name, (), {}, export=folder, has_onnx=onnx)


@pytest.fixture
def measures(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Let contenders answer with these speeds, round by round; an exception is raised."""

    def arm(**speeds: Any) -> list[str]:
        turns: list[str] = []

        def measure(source: Any, name: str, *more: Any) -> dict[str, Any]:
            turns.append(name)
            speed = speeds[name][turns.count(name) - 1]
            if isinstance(speed, Exception):
                raise speed
            replies = ["x", "y" if name != "openvino" else "z"]
            return {"images_per_s": speed, "milliseconds": [1.0, 2.0, 9.0], "answers": replies}

        monkeypatch.setattr(benchmark, "_measure", measure)
        return turns

    return arm


SPEEDS: dict[str, Any] = {
    "paddle": [20.0, 30.0, 10.0],
    "onnxruntime": [80.0, 90.0, 70.0],
    "openvino": [60.0, 60.0, 60.0],
    "script": [20.0, 10.0, 30.0],
    "script_no_onednn": [8.0, 8.0, 8.0],
    "runtime": [25.0, 25.0, 25.0],
}


def test_contenders_take_turns_and_medians_are_compared(tmp_path, measures):
    turns = measures(**SPEEDS)
    found = run_benchmark([export(tmp_path / "a")], IMAGES, rounds=3, threads=2)
    assert turns == list(SPEEDS) * 3
    rows = {row["contender"]: row for row in found.to_json()["rows"]}
    assert {name: row["images_per_s"] for name, row in rows.items()} == {
        "paddle": 20.0,
        "onnxruntime": 80.0,
        "openvino": 60.0,
        "script": 20.0,
        "script_no_onednn": 8.0,
        "runtime": 25.0,
    }
    assert rows["onnxruntime"]["times_the_script"] == 4.0
    assert rows["onnxruntime"]["times_the_script_without_onednn"] == 10.0
    assert (rows["onnxruntime"]["slowest_per_s"], rows["onnxruntime"]["fastest_per_s"]) == (70.0, 90.0)
    assert (rows["paddle"]["p50_ms"], rows["paddle"]["p99_ms"]) == (2.0, 9.0)
    assert (rows["paddle"]["megabytes"], rows["onnxruntime"]["megabytes"]) == (2.0, 1.5)
    assert (rows["onnxruntime"]["agreement"], rows["openvino"]["agreement"]) == (1.0, 0.5)


def test_a_contender_that_fails_is_told_and_not_asked_again(tmp_path, measures):
    turns = measures(**{**SPEEDS, "script": [ToolError("it refused")], "openvino": [SetupError("not here")]})
    found = run_benchmark([export(tmp_path / "a")], IMAGES, rounds=3)
    assert turns.count("script") == turns.count("openvino") == 1
    rows = {row["contender"]: row for row in found.to_json()["rows"]}
    assert rows["script"]["problem"] == "it refused" and rows["openvino"]["problem"] == "not here"
    assert rows["onnxruntime"]["times_the_script"] is None
    assert "it refused" in render_benchmark(found)


def test_an_engine_that_is_asked_for_must_be_installed(tmp_path, measures):
    measures(**{**SPEEDS, "openvino": [SetupError("not here")]})
    with pytest.raises(SetupError, match="not here"):
        run_benchmark([export(tmp_path / "a")], IMAGES, engines=["openvino"])


def test_only_engines_asked_for_are_measured_beside_the_peers(tmp_path, measures):
    turns = measures(**SPEEDS)
    run_benchmark([export(tmp_path / "a")], IMAGES, engines=["onnxruntime"], rounds=1)
    assert turns == ["onnxruntime", "script", "script_no_onednn", "runtime"]


def test_an_export_without_onnx_is_measured_on_paddle(tmp_path, measures):
    turns = measures(**SPEEDS)
    run_benchmark([export(tmp_path / "a", onnx=False)], IMAGES, rounds=1)
    assert turns == ["paddle", "script", "script_no_onednn", "runtime"]


def test_what_cannot_be_measured_is_refused(tmp_path, measures):
    measures(**SPEEDS)
    with pytest.raises(UsageError, match="no ONNX file"):
        run_benchmark([export(tmp_path / "a", onnx=False)], IMAGES, engines=["openvino"])
    with pytest.raises(UsageError, match="a run's checkpoint"):
        run_benchmark([ModelSource(Task.REC, "a", (), {}, checkpoint=Path("best"))], IMAGES)


def test_no_contender_at_all_is_a_tool_error(tmp_path, measures):
    measures(**{name: [ToolError("broken")] for name in SPEEDS})
    with pytest.raises(ToolError, match="no contender"):
        run_benchmark([export(tmp_path / "a")], IMAGES)


def test_the_page_has_one_row_for_each_contender(tmp_path, measures):
    measures(**SPEEDS)
    page = render_benchmark(run_benchmark([export(tmp_path / "a")], IMAGES, rounds=3, threads=2))
    assert "2 pictures, 2 CPU threads" in page and "medians of 3 interleaved rounds" in page
    assert (
        "| a | ppocr-kit predict, onnxruntime | 1.5 | 2.0 | 9.0 | 80.0 (70.0-90.0) | 4.00 | 10.00 | 100 % |"
        in page
    )


def test_pictures_are_chosen_evenly_and_bad_ones_left_out(tmp_path):
    paths = []
    for number in range(10):
        path = tmp_path / f"{number}.png"
        path.write_bytes(cv2.imencode(".png", np.zeros((4, 4, 3), np.uint8))[1].tobytes())
        paths.append(path)
    paths[4].write_bytes(b"text")
    assert [path.stem for path in readable(paths, 5)] == ["0", "2", "6", "8"]
    assert len(readable(paths, 100)) == 9
    with pytest.raises(DataError, match="none of 1 pictures"):
        readable([paths[4]], 5)
