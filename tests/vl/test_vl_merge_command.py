"""vl merge on the side of the command: which base model is found, and what is refused before loading."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ppocr_kit.errors import DataError, ReportError, UsageError
from ppocr_kit.vl import merging
from ppocr_kit.vl.merging import MergeRequest, merge_run
from ppocr_kit.vl.model_folder import ModelFolder
from ppocr_kit.vl.record import VlRun, VlRunFolder, write_vl_run


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run with both checkpoints, its base model, and a worker that says what it is told."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "base"
    folder.mkdir()
    run = VlRunFolder(tmp_path / "output" / "run")
    for which in ("best", "latest"):
        (run.checkpoints / which).mkdir(parents=True)
    write_vl_run(run, VlRun("run", "finished", model={"path": str(folder)}))

    def find(name: str) -> ModelFolder:
        if not Path(name).is_dir():
            raise DataError("there is no such model folder", at=name)
        return ModelFolder(Path(name), (), (), None, "nothing", 1)

    def work(worker: str, spec: dict, *, on_event: object = None) -> dict:
        Path(spec["out"]).mkdir(exist_ok=True)
        return {"event": "result", **spec}

    monkeypatch.setattr(merging, "find_run_model", find)
    monkeypatch.setattr(merging, "read_model_folder", find)
    monkeypatch.setattr(merging, "run_engine", work)
    return folder


def merge(run: str = "run", out: str = "out", **more):
    return merge_run(MergeRequest(run, Path(out), **more))


def test_a_run_is_merged_into_the_model_that_it_started_from(base):
    made = merge(checkpoint="latest")
    assert Path(made.facts["base"]) == base
    assert made.checkpoint.name == "latest"
    assert "event" not in made.facts


def test_adapters_alone_name_their_base_model(base, tmp_path):
    folder = tmp_path / "adapters"
    folder.mkdir()
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(base)}))
    assert merge("adapters").base == base


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"base_model_name_or_path": null}'])
def test_adapters_that_name_no_base_are_refused(base, tmp_path, content):
    (tmp_path / "adapters").mkdir()
    (tmp_path / "adapters" / "adapter_config.json").write_text(content)
    with pytest.raises(DataError, match="adapters"):
        merge("adapters")


def test_a_base_model_that_has_moved_is_asked_for(base, tmp_path):
    base.rename(tmp_path / "moved")
    with pytest.raises(DataError, match="base model cannot be used") as caught:
        merge()
    assert "--model DIR" in caught.value.hint
    assert merge(model=str(tmp_path / "moved")).base == tmp_path / "moved"


@pytest.mark.parametrize("out", ["base", ".", "output", "output/run/checkpoints/best"])
def test_what_is_read_is_never_replaced(base, out):
    with pytest.raises(UsageError, match="replace what it is made of"):
        merge(out=out, force=True)


def test_a_folder_that_is_there_needs_force(base, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(UsageError, match="exists"):
        merge()
    assert merge(force=True).folder.path == Path("out")


def test_a_checkpoint_that_is_not_there_and_a_run_of_another_kind_are_told(base, tmp_path):
    (tmp_path / "output" / "run" / "checkpoints" / "best").rmdir()
    with pytest.raises(UsageError, match="no checkpoint 'best': there is latest"):
        merge()
    record = tmp_path / "output" / "run" / "run.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "task": "rec"}))
    with pytest.raises(ReportError, match="not of PaddleOCR-VL but of rec"):
        merge()
    with pytest.raises(UsageError, match="did you mean 'run'"):
        merge("rum")
