from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ppocr_kit.errors import ReportError, UsageError
from ppocr_kit.runs.rundir import (
    RunFolder,
    RunRecord,
    find_run,
    read_run,
    update_run,
    write_run,
)
from ppocr_kit.tasks import Task


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path / "output" / "wire-rec")
    write_run(
        folder, RunRecord(name="wire-rec", task=Task.REC, model="m", status="created", command=("a", "b"))
    )
    return folder


def test_a_record_comes_back_as_it_was_written(run: RunFolder) -> None:
    assert update_run(run, status="finished", final={"acc": 0.5}) == read_run(run)
    assert read_run(run).task is Task.REC and read_run(run).command == ("a", "b")


def test_a_run_is_found_by_name_and_by_path(run: RunFolder, tmp_path: Path) -> None:
    assert find_run("wire-rec", tmp_path / "output") == run
    assert find_run(str(run.path), tmp_path / "elsewhere") == run


def test_an_unknown_run_names_the_nearest(run: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'wire-rec'"):
        find_run("wire-rex", tmp_path / "output")


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2}, {"task": "ocr"}, {"task": None}, {"name": 3}, {"dataset": []}, {"seed": "1"},
        {"status": None}, {"command": "ls"},
    ],
)  # fmt: skip
def test_a_record_with_wrong_fields_is_a_report_error(run: RunFolder, change: dict[str, Any]) -> None:
    body = json.loads(run.record_file.read_text())
    run.record_file.write_text(json.dumps({**body, **change}))
    with pytest.raises(ReportError):
        read_run(run)


@pytest.mark.parametrize("content", ["", "[]", "{", "null"])
def test_a_record_that_is_no_record_is_a_report_error(run: RunFolder, content: str) -> None:
    run.record_file.write_text(content)
    with pytest.raises(ReportError):
        read_run(run)


def test_a_missing_checkpoint_says_which_there_are(run: RunFolder) -> None:
    with pytest.raises(UsageError, match="the run has no checkpoint at all"):
        run.checkpoint("best")
    run.checkpoints.mkdir()
    (run.checkpoints / "latest.pdparams").touch()
    with pytest.raises(UsageError, match="there is latest"):
        run.checkpoint("best")
    assert run.checkpoint("latest") == run.checkpoints / "latest"
    assert run.checkpoint(str(run.checkpoints / "latest.pdparams")) == run.checkpoints / "latest"
