"""``ppocr-kit benchmark`` as a user meets it, with the measuring played by a fake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ppocr_kit.cli import benchmark as command
from ppocr_kit.cli.main import main
from ppocr_kit.runs.benchmark import Benchmark, Measured

ROWS = (
    Measured("a", "paddle", 2.0, 20.0, 40.0, 50.0, 49.0, 51.0, 1.0),
    Measured("a", "onnxruntime", 1.5, 5.0, 9.0, 200.0, 190.0, 210.0, 1.0),
    Measured("a", "script", 2.0, 30.0, 50.0, 40.0, 39.0, 41.0, 1.0),
    Measured("a", "script_no_onednn", 2.0, 60.0, 99.0, 10.0, 9.0, 11.0, 1.0),
    Measured("a", "runtime", 2.0, problem="the name is not known"),
)


@pytest.fixture
def measures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.png").write_bytes(b"")
    asked: dict[str, Any] = {}

    def run(sources: Any, images: Any, **options: Any) -> Benchmark:
        asked.update(options, sources=sources, images=images)
        return Benchmark(len(images), options["rounds"], options["threads"], ROWS)

    monkeypatch.setattr(command, "find_source", lambda name: name)
    monkeypatch.setattr(command, "readable", lambda images, most: list(images)[:most])
    monkeypatch.setattr(command, "run_benchmark", run)
    return asked


def test_a_table_for_people(measures, capsys):
    assert main(["benchmark", "inference/a", "--images", "a.png", "--threads", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split() == [
        "ppocr-kit",
        "predict,",
        "onnxruntime",
        "1.5",
        "5.0",
        "9.0",
        "200.0",
        "5.00",
        "20.00",
        "100",
        "%",
    ]
    assert lines[5] == "  paddleocr runtime: the name is not known"


def test_json_has_every_row_and_its_ratio(measures, capsys):
    assert main(["benchmark", "inference/a", "--images", "a.png", "--json", "--repeat", "5"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert (body["rounds"], body["images"]) == (5, 1)
    assert [row["times_the_script"] for row in body["rows"]] == [1.25, 5.0, 1.0, 0.25, None]


def test_results_are_written_by_the_suffix(measures, tmp_path):
    words = ["benchmark", "inference/a", "--images", "a.png", "--out"]
    assert main([*words, "speed.md"]) == 0 and main([*words, "speed.json"]) == 0
    assert Path("speed.md").read_text(encoding="utf-8").startswith("# Speed of exports")
    assert json.loads(Path("speed.json").read_text(encoding="utf-8"))["rows"][0]["contender"] == "paddle"


def test_options_reach_the_measuring(measures):
    words = ["--engines", "paddle", "--engines", "openvino", "--limit", "1", "--batch-size", "4"]
    assert main(["benchmark", "a", "b", "--images", "a.png", *words]) == 0
    assert (measures["sources"], measures["engines"]) == (["a", "b"], ("paddle", "openvino"))
    assert (measures["batch_size"], measures["rounds"]) == (4, 3)


def test_pictures_are_asked_for(measures, capsys):
    assert main(["benchmark", "a"]) == 2
    assert "--images" in capsys.readouterr().err
