"""Exporting: what is refused, and that nothing is put in place which does not answer as it should."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from lmdb_files import write_lmdb
from made_runs import AT_HAND, Official

from ppocr_kit.errors import ConfigError, DataError, ReportError, SetupError, UsageError
from ppocr_kit.runs import export as exporting
from ppocr_kit.runs.compared_pictures import pictures_to_compare
from ppocr_kit.runs.engines import EngineCheck
from ppocr_kit.runs.export import export_run
from ppocr_kit.runs.model_source import read_export, run_source
from ppocr_kit.runs.parity import EngineParity, Parity, check_parity
from ppocr_kit.runs.predict import predict_images
from ppocr_kit.tasks import TEXT_TASKS, Task
from ppocr_kit.vendor.environment import find_interpreter
from ppocr_kit.vendor.process import run_tool
from ppocr_kit.vendor.release import find_release
from ppocr_kit.vendor.tools import tool_invocation

SAME = Parity(
    images=1, regions=1, largest_score_gap=0.0, largest_point_gap_px=0.0, differences=(), widest_ratio=4
)
RUNTIME = Path(__file__).parent / "scripts" / "ask_the_runtime.py"


def on_engine(name: str, parity: Parity) -> EngineParity:
    return EngineParity(EngineCheck(name, "1.0", parity.same, 2.0), parity)


@pytest.fixture
def fake_tools(monkeypatch):
    """Let the release's exporter write empty files, and the comparison find what it is told."""

    def arm(parity: Parity = SAME) -> None:
        def run(call: Any) -> None:
            for path in call:
                path.write_bytes(b"")

        monkeypatch.setattr(exporting, "read_weights", lambda path: {})
        monkeypatch.setattr(
            exporting, "find_release", lambda: SimpleNamespace(version="3.7.0", source="pypi")
        )
        monkeypatch.setattr(
            exporting, "find_interpreter", lambda lane: SimpleNamespace(python=Path("python"))
        )
        monkeypatch.setattr(exporting, "tool_invocation", lambda *args, **more: more["expects"])
        monkeypatch.setattr(exporting, "run_tool", run)
        monkeypatch.setattr(exporting, "read_export", lambda folder: None)
        monkeypatch.setattr(
            exporting,
            "check_parity",
            lambda *args, **more: {name: on_engine(name, parity) for name in more["engines"]},
        )

    return arm


@pytest.fixture
def trained(make_run):
    run = make_run(Task.REC)
    (run.checkpoints / "best_accuracy.pdparams").write_bytes(b"weights")
    return run


def test_an_export_records_what_it_came_from(trained, fake_tools):
    fake_tools()
    made = export_run(trained, Path("inference/a-run"))
    record = json.loads(Path("inference/a-run/export.json").read_text(encoding="utf-8"))
    assert record == made.to_json()
    assert record["checkpoint"] == "checkpoints/best_accuracy.pdparams"
    assert set(record["files"]) == {"inference.json", "inference.pdiparams", "inference.yml"}
    kept = yaml.safe_load((trained.path / "export.yml").read_text(encoding="utf-8"))
    assert kept["Global"]["save_inference_dir"] == Path("inference/a-run").absolute().as_posix()


def test_an_export_that_answers_otherwise_is_not_put_in_place(trained, fake_tools):
    fake_tools()
    export_run(trained, Path("inference/a-run"))
    before = Path("inference/a-run/export.json").read_bytes()
    fake_tools(replace(SAME, differences=("page.png: reads 'b' for 'a'",)))
    with pytest.raises(ReportError, match="reads 'b' for 'a'"):
        export_run(trained, Path("inference/a-run"))
    assert Path("inference/a-run/export.json").read_bytes() == before
    assert [path.name for path in Path("inference").iterdir()] == ["a-run"]


def test_long_texts_are_warned_about(trained, fake_tools):
    fake_tools(replace(SAME, widest_ratio=10.5))
    assert "more than 10 times as wide" in export_run(trained, Path("inference/a-run")).notes[0]


def test_a_dictionary_lies_beside_the_model(make_run, fake_tools, tmp_path):
    fake_tools()
    (tmp_path / "letters.txt").write_text("a\nb\n", encoding="utf-8")

    def with_dictionary(config: dict[str, Any]) -> None:
        config["Global"]["character_dict_path"] = str(tmp_path / "letters.txt")

    run = make_run(Task.REC, change=with_dictionary)
    (run.checkpoints / "best_accuracy.pdparams").write_bytes(b"weights")
    made = export_run(run, Path("inference/a-run"))
    assert Path("inference/a-run/dict.txt").read_bytes() == b"a\nb\n" and "dict.txt" in made.files


def test_an_onnx_export_needs_its_converter_before_anything_runs(trained, fake_tools, monkeypatch):
    fake_tools()

    def missing(python: Path) -> None:
        raise SetupError("no paddle2onnx")

    monkeypatch.setattr(exporting, "require_converter", missing)
    with pytest.raises(SetupError, match="no paddle2onnx"):
        export_run(trained, Path("inference/a-run"), onnx=True)
    assert not Path("inference").exists()


@pytest.mark.parametrize(
    ("engine", "refused"), [("paddle_no_onednn", True), ("onnxruntime", True), ("openvino", False)]
)
def test_an_engine_that_answers_otherwise_refuses_the_export_or_is_told(
    trained, fake_tools, monkeypatch, engine, refused
):
    fake_tools()
    other = replace(SAME, differences=("page.png: reads 'b' for 'a'",))
    monkeypatch.setattr(exporting, "require_converter", lambda python: None)
    monkeypatch.setattr(exporting, "_write_onnx", lambda deployment, work, log: None)
    monkeypatch.setattr(
        exporting,
        "check_parity",
        lambda *args, **more: {
            name: on_engine(name, other if name == engine else SAME) for name in more["engines"]
        },
    )
    if refused:
        with pytest.raises(ReportError, match=f"on {engine}"):
            export_run(trained, Path("inference/a-run"), onnx=True)
        assert not Path("inference/a-run").exists()
        return
    made = export_run(trained, Path("inference/a-run"), onnx=True)
    assert "openvino answers otherwise" in made.notes[-1]
    assert made.to_json()["engines"]["openvino"]["same"] is False


def test_a_folder_of_something_else_is_not_replaced(trained, fake_tools):
    fake_tools()
    Path("work").mkdir()
    Path("work/thesis.txt").write_text("years", encoding="utf-8")
    with pytest.raises(UsageError, match="not an exported model"):
        export_run(trained, Path("work"))
    assert Path("work/thesis.txt").is_file()


def test_a_run_without_a_checkpoint_is_refused(make_run):
    with pytest.raises(UsageError, match="no best checkpoint"):
        export_run(make_run(Task.DET), Path("inference/a-run"))


def test_damaged_weights_are_refused(trained):
    with pytest.raises(DataError, match="not a PaddleOCR checkpoint"):
        export_run(trained, Path("inference/a-run"))
    assert not Path("inference").exists()


def test_a_height_that_cannot_be_exported_is_refused_before_anything_runs(make_run, fake_tools):
    fake_tools()

    def higher(config: dict[str, Any]) -> None:
        for step in config["Eval"]["dataset"]["transforms"]:
            if "RecResizeImg" in step:
                step["RecResizeImg"]["image_shape"] = [3, 48, 320]

    run = make_run(Task.REC, change=higher)
    (run.checkpoints / "best_accuracy.pdparams").write_bytes(b"weights")
    with pytest.raises(ConfigError, match="48 pixels high"):
        export_run(run, Path("inference/a-run"))


def test_pictures_to_compare_on_are_spread_over_the_rows(tmp_path):
    names = [f"{number:03}.png" for number in range(50)]
    for name in names:
        (tmp_path / name).write_bytes(b"")
    rows = tmp_path / "val.txt"
    rows.write_text("".join(f"{name}\ttext\n" for name in [*names, "gone.png"]), encoding="utf-8")
    dataset = {"data_dir": str(tmp_path), "label_file_list": [str(rows)]}
    with pictures_to_compare({"Eval": {"dataset": dataset}}) as chosen:
        pass
    assert len(chosen) == len(set(chosen)) == 20
    assert (chosen[0].name, chosen[-1].name) == ("000.png", "047.png")


def test_pictures_of_an_lmdb_are_files_while_they_are_compared(tmp_path):
    folder = write_lmdb(tmp_path / "val.lmdb", [(b"picture %d" % number, b"1") for number in range(1, 31)])
    rows = tmp_path / "val.txt"
    rows.write_text("".join(f"image-{number:09d}\t1\n" for number in range(1, 40)), encoding="utf-8")
    dataset = {"name": "LMDBDataSet", "data_dir": str(folder), "label_file_list": [str(rows)]}
    with pictures_to_compare({"Eval": {"dataset": dataset}}) as chosen:
        assert len(chosen) == 20
        assert chosen[0].read_bytes() == b"picture 1" and chosen[-1].read_bytes() == b"picture 29"
    assert not chosen[0].exists()
    rows.write_text("image-000000099\t1\n", encoding="utf-8")
    with pytest.raises(DataError, match="none of the 1"), pictures_to_compare({"Eval": {"dataset": dataset}}):
        pass


@pytest.mark.parametrize(
    ("content", "message"), [(None, "cannot read"), ("", "none of the 0"), ("gone.png\tx\n", "none of the 1")]
)
def test_nothing_to_compare_on_is_refused(tmp_path, content, message):
    rows = tmp_path / "val.txt"
    if content is not None:
        rows.write_text(content, encoding="utf-8")
    dataset = {"data_dir": str(tmp_path), "label_file_list": [str(rows)]}
    with (
        pytest.raises(DataError, match=message) as caught,
        pictures_to_compare({"Eval": {"dataset": dataset}}),
    ):
        pass
    assert "--images" in str(caught.value.hint)


@pytest.mark.release
@pytest.mark.parametrize("task", TEXT_TASKS)
def test_official_weights_answer_the_same_after_export(official: Official, task: Task):
    parity = official.exports[task].parity
    assert parity.same and parity.images == len(official.pages)
    assert parity.regions >= parity.images
    assert parity.largest_score_gap < 1e-4 and parity.largest_point_gap_px == 0


@pytest.mark.release
@pytest.mark.parametrize("task", TEXT_TASKS)
def test_every_engine_answers_as_the_checkpoint_on_real_pictures(official: Official, task: Task):
    found = official.exports[task].engines
    assert set(found) == {"paddle_no_onednn", *AT_HAND}
    assert all(engine.parity.same for engine in found.values())
    assert {name: engine.parity.images for name, engine in found.items()} == {
        **dict.fromkeys(found, len(official.pages)),
        # without oneDNN big networks take seconds
        "paddle_no_onednn": 3,
    }
    assert all(engine.check.milliseconds > 0 for engine in found.values())


@pytest.mark.release
def test_the_onnx_file_says_what_it_is_and_takes_any_batch_height_and_width(official: Official):
    import onnx

    for task, height in ((Task.DET, "height"), (Task.REC, 32)):
        export = official.exports[task]
        network = onnx.load(str(official.project / export.folder / "inference.onnx"))
        onnx.checker.check_model(network, full_check=True)
        assert {node.domain for node in network.graph.node} == {""}
        axes = network.graph.input[0].type.tensor_type.shape.dim
        assert [axis.dim_param or axis.dim_value for axis in axes] == ["batch", 3, height, "width"]
        inside = {entry.key: entry.value for entry in network.metadata_props}
        assert (inside["model_name"], inside["task"]) == (export.model_name, str(task))
        if task is Task.REC:
            words = (official.project / export.folder / "dict.txt").read_text(encoding="utf-8")
            assert inside["character"].split("\n") == words.splitlines()
        assert export.formats == ("paddle", "onnx") and "inference.onnx" in export.files


@pytest.mark.release
def test_exports_load_and_answer_in_the_paddleocr_runtime(
    official_project: Official, exports_answers: dict[Task, list[Any]], tmp_path: Path
):
    """The runtime as its users call it: oneDNN on, the name from inference.yml, or no name at all."""
    job = {
        "det": {
            "model_name": official_project.exports[Task.DET].model_name,
            "model_dir": "inference/official-det",
        },
        "rec": {"model_dir": "inference/official-rec"},
        "pages": [str(path) for path in official_project.pages],
        "crops": [str(path) for path in official_project.crops],
    }
    asked, result = tmp_path / "job.json", tmp_path / "result.json"
    asked.write_text(json.dumps(job), encoding="utf-8")
    call = tool_invocation(
        find_release(),
        find_interpreter("paddle").python,
        str(RUNTIME),
        [str(asked), str(result)],
        cwd=Path.cwd(),
        log=tmp_path / "runtime.log",
        timeout_s=300,
        expects=(result,),
    )
    run_tool(call)
    runtime = json.loads(result.read_text(encoding="utf-8"))
    for ours, theirs in zip(exports_answers[Task.DET], runtime["pages"]):
        assert [region["points"] for region in ours["regions"]] != []
        assert sorted(region["points"] for region in ours["regions"]) == sorted(theirs["boxes"])
        assert sorted(region["score"] for region in ours["regions"]) == pytest.approx(
            sorted(theirs["scores"]), abs=1e-4
        )
    for ours, theirs in zip(exports_answers[Task.REC], runtime["crops"]):
        (region,) = ours["regions"]
        assert region["transcription"] == theirs["text"]
        assert region["rec_score"] == pytest.approx(theirs["score"], abs=1e-4)


@pytest.mark.release
def test_weights_of_another_dictionary_are_refused(official_project: Official, tmp_path: Path):
    source = run_source(official_project.runs[Task.REC])
    smaller = replace(source, settings={**source.settings, "use_space_char": False})
    export = read_export(Path("inference/official-rec"))
    with pytest.raises(
        DataError, match=r"head\.fc\.weight is \[96, 97\] in the file and \[96, 96\] in the model"
    ):
        check_parity(smaller, export, official_project.crops[:1], engines=["paddle"])


@pytest.mark.release
def test_a_dictionary_of_another_length_is_refused(official_project: Official):
    export = read_export(Path("inference/official-rec"))
    assert export.characters is not None
    with pytest.raises(DataError, match="97 classes apart and its dictionary names 50"):
        predict_images(
            [replace(export, characters=export.characters[:48])], official_project.crops[:1], print
        )


@pytest.mark.release
def test_a_damaged_model_file_is_refused(official_project: Official, tmp_path: Path):
    broken = tmp_path / "broken"
    shutil.copytree("inference/official-det", broken)
    os.truncate(broken / "inference.json", 1000)
    with pytest.raises(DataError, match="cannot be loaded"):
        predict_images([read_export(broken)], official_project.pages[:1], print, engine="paddle")
