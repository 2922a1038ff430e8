"""Workers of the lane: started by themselves, answers as they come, refusals as they were meant."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from ppocr_kit.configs.device import parse_device
from ppocr_kit.errors import DataError, ToolError, UsageError
from ppocr_kit.vl import lane
from ppocr_kit.vl.lane import engine_invocation, run_engine

WORKER = """
import json, sys
module, spec, answers, announcement = sys.argv[1:]
spec = json.load(open(spec, encoding="utf-8"))
for answer in spec["answers"]:
    open(answers, "a", encoding="utf-8").write(json.dumps({**answer, "worker": module}) + "\\n")
    print(announcement)
print("last words")
sys.exit(spec["code"])
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This Python as the lane's, and a worker that says what it is told."""
    (tmp_path / "start.py").write_text(WORKER, encoding="utf-8")
    monkeypatch.setattr(lane, "_STARTER", tmp_path / "start.py")
    python = SimpleNamespace(python=Path(sys.executable))
    monkeypatch.setattr(lane, "find_interpreter", lambda name: python)


def ask(*answers: dict, code: int = 0, **more):
    return run_engine("some", {"answers": list(answers), "code": code}, **more)


def test_answers_come_in_order_and_the_last_is_returned(tmp_path):
    came = []
    last = ask({"step": 1}, {"text": "ü\n€"}, on_event=came.append, log=tmp_path / "log.txt")
    assert came == [{"step": 1, "worker": "some"}, {"text": "ü\n€", "worker": "some"}]
    assert last == came[-1]
    assert "last words" in (tmp_path / "log.txt").read_text()


def test_a_refusal_is_raised_as_what_it_was():
    body = {"kind": "DataError", "message": "no picture", "at": "a.png", "hint": "bring it"}
    with pytest.raises(DataError, match="no picture") as caught:
        ask({"step": 1}, {"refused": body})
    assert (caught.value.at, caught.value.hint) == ("a.png", "bring it")


def test_a_worker_that_dies_shows_its_last_lines():
    with pytest.raises(ToolError, match="last words"):
        ask({"step": 1}, code=3)


def test_a_worker_without_an_answer_has_failed():
    with pytest.raises(ToolError, match="ended without an answer"):
        ask()


def test_several_processes_are_started_by_torchrun(tmp_path):
    call = engine_invocation("training", tmp_path, device=parse_device("cpu:2"))
    assert call.argv[1:5] == ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2")
    alone = engine_invocation("training", tmp_path, device=parse_device("cpu"))
    assert "torch.distributed.run" not in alone.argv


def test_the_cpu_sees_no_gpu_and_a_gpu_is_the_one_that_was_named(tmp_path, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert engine_invocation("x", tmp_path, device=parse_device("cpu")).env["CUDA_VISIBLE_DEVICES"] == ""
    assert engine_invocation("x", tmp_path, device=parse_device("gpu:3")).env["CUDA_VISIBLE_DEVICES"] == "3"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    assert engine_invocation("x", tmp_path, device=parse_device("gpu")).env["CUDA_VISIBLE_DEVICES"] == "7"
    with pytest.raises(UsageError, match="does not exist"):
        engine_invocation("x", tmp_path, device=parse_device("gpu:1"))


def test_workers_are_offline_unless_the_caller_says_otherwise(tmp_path):
    assert engine_invocation("x", tmp_path).env["HF_HUB_OFFLINE"] == "1"
    assert engine_invocation("x", tmp_path, env={"HF_HUB_OFFLINE": "0"}).env["HF_HUB_OFFLINE"] == "0"


def test_the_spec_is_json_that_any_text_survives(tmp_path):
    came = ask({"text": "\u2028 \ud83d\ude00 ' \""})
    assert came["text"] == json.loads(json.dumps("\u2028 \ud83d\ude00 ' \""))
