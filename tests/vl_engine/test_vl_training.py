"""Training on eight strings: resumed it is the same, killed it loses little, what goes wrong is said."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import signal
from dataclasses import replace

import pytest
import torch
from string_rows import TEXTS, Quiet, job, losses, make_strings, run_job

from ppocr_kit.errors import DataError, SetupError, ToolError
from ppocr_kit.vl.engine import supervised
from ppocr_kit.vl.engine import trainer as trainer_module
from ppocr_kit.vl.engine.checkpoints import find_latest, step_of
from ppocr_kit.vl.engine.loading import load_model
from ppocr_kit.vl.engine.stopping import StopRequest
from ppocr_kit.vl.engine.training_faults import training_errors
from ppocr_kit.vl.rows import read_rows, write_rows

# peft asks transformers for a name that this is about to drop
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")
# Three batches an epoch, the last of two rows; adapters with dropout, which draws from the generator.
UNEVEN = {"epochs": 4, "batch_size": 3, "save_steps": 5}


@pytest.fixture(scope="module")
def strings(tmp_path_factory):
    torch.set_num_threads(1)
    return make_strings(tmp_path_factory.mktemp("strings"))


@pytest.fixture(scope="module")
def whole(strings, tmp_path_factory):
    """An uninterrupted training: its folder and its result."""
    run = tmp_path_factory.mktemp("whole")
    return run, run_job(job(strings, run, **UNEVEN))[0]


def cut_and_resume(strings, run, at, **settings):
    """Interrupt a training in a step, go on, and return both results."""
    stop = Quiet()
    cut, _ = run_job(
        job(strings, run, **UNEVEN, **settings),
        at={"event": "step", "step": at},
        act=lambda: setattr(stop, "asked", True),
        stop=stop,
    )
    return cut, run_job(job(strings, run, resume=True, **UNEVEN, **settings))[0]


@pytest.mark.parametrize("at", [1, 2], ids=["in-an-epoch", "between-epochs"])
def test_interrupted_and_resumed_training_has_the_same_losses(strings, whole, tmp_path, at):
    cut, done = cut_and_resume(strings, tmp_path, at)
    # a step is told when it is over, so that the next one is the one that runs
    assert (cut["status"], cut["step"]) == ("interrupted", at + 1)
    assert (done["status"], done["step"]) == ("finished", 12)
    assert losses(tmp_path) == losses(whole[0])
    assert len(losses(tmp_path)) == 12
    assert {**done["base"], "seconds": 0} == {**whole[1]["base"], "seconds": 0}


@pytest.mark.parametrize(
    ("settings", "at"),
    [({"lora": True, "lora_dropout": 0.2}, 7), ({"grad_accum": 2}, 3)],
    ids=["adapters", "accumulated"],
)
def test_resumed_training_is_the_same_with_every_setting(strings, tmp_path, settings, at):
    run_job(job(strings, tmp_path / "whole", **UNEVEN, **settings))
    cut_and_resume(strings, tmp_path / "cut", at, **settings)
    assert losses(tmp_path / "cut") == losses(tmp_path / "whole")


def test_reloaded_model_is_the_one_in_memory(strings, tmp_path, monkeypatch):
    kept = {}
    save = trainer_module.save_best

    def keep(model, files):
        kept.update({name: tensor.clone() for name, tensor in model.state_dict().items()})
        save(model, files)

    monkeypatch.setattr(trainer_module, "save_best", keep)
    run_job(job(strings, tmp_path / "run", epochs=3))
    loaded, _ = load_model(tmp_path / "run" / "checkpoints" / "best")
    assert all(torch.equal(tensor, loaded.state_dict()[name]) for name, tensor in kept.items())
    base = load_model(strings / "tiny")[0].state_dict()
    assert not torch.equal(kept["lm_head.weight"], base["lm_head.weight"])


def test_checkpoints_have_every_file_of_the_base_unchanged(strings, whole):
    for checkpoint in (whole[0] / "checkpoints" / name for name in ("best", "latest")):
        for path in (strings / "tiny").iterdir():
            if path.suffix != ".safetensors":
                assert (checkpoint / path.name).read_bytes() == path.read_bytes()
        assert (checkpoint / "model.safetensors").stat().st_size > 1_000_000
        assert not (checkpoint / "training_args.bin").exists()


def in_child(work):
    """Run in a forked process, and return its exit code."""
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    process.join(120)
    return process.exitcode


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_run_loses_at_most_the_steps_since_its_last_checkpoint(strings, whole, tmp_path):
    def work():
        run_job(job(strings, tmp_path, **UNEVEN), at={"event": "step", "step": 9}, act=kill)

    assert in_child(work) == -signal.SIGKILL
    assert step_of(find_latest(tmp_path / "checkpoints")) == 5
    done, events = run_job(job(strings, tmp_path, resume=True, **UNEVEN))
    assert done["step"] == 12
    assert next(event["step"] for event in events if event["event"] == "step") == 6
    assert losses(tmp_path) == losses(whole[0])


def test_a_run_killed_while_it_saves_has_its_earlier_checkpoint(strings, tmp_path, monkeypatch):
    save, calls = torch.save, []

    def killed_at_the_second_optimizer(what, path, *rest, **more):
        if "optimizer" in str(path):
            calls.append(path)
            if len(calls) == 2:
                kill()
        save(what, path, *rest, **more)

    monkeypatch.setattr(torch, "save", killed_at_the_second_optimizer)
    assert in_child(lambda: run_job(job(strings, tmp_path / "cut", **UNEVEN))) == -signal.SIGKILL
    monkeypatch.undo()
    checkpoints = tmp_path / "cut" / "checkpoints"
    assert (checkpoints / "checkpoint-10").is_dir()
    assert step_of(find_latest(checkpoints)) == 5
    assert sorted(path.name for path in checkpoints.iterdir()) == ["latest"]


def test_sigterm_finishes_the_step_saves_and_ends(strings, tmp_path):
    def work():
        result, _ = run_job(
            job(strings, tmp_path / "cut", epochs=12),
            at={"event": "step", "step": 4},
            act=lambda: os.kill(os.getpid(), signal.SIGTERM),
            stop=StopRequest(),
        )
        os._exit(7 if result["status"] == "interrupted" else 1)

    assert in_child(work) == 7
    assert step_of(find_latest(tmp_path / "cut" / "checkpoints")) in (4, 5)


def test_a_loss_that_is_no_number_stops_and_leaves_the_last_checkpoint(strings, tmp_path, monkeypatch):
    spoilt: list[bool] = []
    plain = supervised.answer_loss
    monkeypatch.setattr(
        supervised, "answer_loss", lambda *args: plain(*args) * (float("nan") if spoilt else 1.0)
    )
    with pytest.raises(ToolError, match="not a number at step 8.*checkpoint of step 5 is whole"):
        run_job(
            job(strings, tmp_path / "run", **UNEVEN),
            at={"event": "step", "step": 7},
            act=lambda: spoilt.append(True),
        )
    assert step_of(find_latest(tmp_path / "run" / "checkpoints")) == 5


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.50 GiB."), ToolError, "2.50 GiB"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you"), ToolError, "memory"),
        (MemoryError(), ToolError, "memory ran out"),
        (OSError(errno.ENOSPC, "No space left on device"), SetupError, "disk is full"),
        (RuntimeError("[enforce fail at inline_container.cc] . unexpected pos 64 vs 0"), SetupError, "disk"),
        (OSError(errno.EACCES, "Permission denied", "/run/x"), SetupError, "cannot write"),
        (ToolError("said already"), ToolError, "said already"),
        (ZeroDivisionError("a bug"), ZeroDivisionError, "a bug"),
    ],
    ids=["gpu", "cpu", "python", "full", "torch-save", "rights", "known", "a-bug"],
)
def test_what_the_machine_lacks_is_said(tmp_path, error, kind, words):
    with pytest.raises(kind, match=words), training_errors(tmp_path):
        raise error


def test_a_disk_that_fills_up_while_the_best_model_is_saved_is_said(strings, tmp_path, monkeypatch):
    def fail(model, files):
        raise RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(trainer_module, "save_best", fail)
    with pytest.raises(SetupError, match="disk is full"):
        run_job(job(strings, tmp_path / "run", epochs=1))


def test_rows_that_cannot_be_trained_are_counted_before_the_first_step(strings, tmp_path):
    rows = list(read_rows(strings / "rows.jsonl"))
    (tmp_path / "tiny").symlink_to(strings / "tiny")
    (tmp_path / "vl").symlink_to(strings / "vl")
    broken = tmp_path / "vl-broken.png"
    broken.write_bytes(b"no picture")
    bad = [
        replace(rows[0], image="vl-broken.png"),
        replace(rows[1], completion=" "),
        replace(rows[2], width=9),
    ]
    write_rows(tmp_path / "rows.jsonl", rows[3:] + bad)
    with pytest.raises(DataError, match=r"3 of 8 rows cannot be used: .*vl-broken.png.*empty"):
        run_job(job(tmp_path, tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_rows_that_are_too_long_are_refused_not_cut(strings, tmp_path):
    with pytest.raises(DataError, match="8 of 8 rows.*--max-length is 20"):
        run_job(job(strings, tmp_path / "run", max_length=20))


@pytest.mark.parametrize("split", ["train", "val"])
def test_a_split_without_rows_is_refused(strings, tmp_path, split):
    (tmp_path / "none.jsonl").write_bytes(b"")
    with pytest.raises(DataError, match="there is no row to"):
        run_job(replace(job(strings, tmp_path / "run"), **{split: tmp_path / "none.jsonl"}))


def test_a_template_of_another_version_is_refused(strings, tmp_path):
    with pytest.raises(DataError, match="the model of 1.0"):
        run_job(replace(job(strings, tmp_path / "run"), version="1.0", version_from="its name"))


def test_training_ends_after_patience(strings, tmp_path):
    # with a rate of nearly nothing no evaluation is better than the first
    done, _ = run_job(job(strings, tmp_path / "run", epochs=30, eval_steps=2, lr=1e-9, patience=2))
    assert done["ended_early"]
    assert done["step"] == 6
    assert step_of(find_latest(tmp_path / "run" / "checkpoints")) == 6


def test_best_checkpoint_is_the_one_with_the_lowest_generated_cer(strings, tmp_path):
    done, events = run_job(job(strings, tmp_path / "run", epochs=30, eval_steps=10, max_new_tokens=20))
    evaluations = [event for event in events if event["event"] == "evaluation"]
    assert [event["step"] for event in evaluations] == [0, 10, 20, 30]
    tuned = evaluations[1:]
    assert done["best"]["cer"] == min(event["eval"]["cer"] for event in tuned) < done["base"]["cer"]
    lines = (tmp_path / "run" / "predictions" / "training-best.jsonl").read_text().splitlines()
    read = [json.loads(line) for line in lines]
    assert [row["expected"] for row in read] == list(TEXTS)
    assert sum(row["text"] == row["expected"] for row in read) == round(done["best"]["exact"] * len(TEXTS))


def test_gradient_checkpointing_changes_no_loss(strings, tmp_path):
    for name, wanted in (("plain", False), ("again", True)):
        run_job(job(strings, tmp_path / name, epochs=2, gradient_checkpointing=wanted))
    assert losses(tmp_path / "again") == pytest.approx(losses(tmp_path / "plain"), rel=1e-4)
