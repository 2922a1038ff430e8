"""Checkpoints take their place whole, whenever the process is killed."""

from __future__ import annotations

import json
import os
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from ppocr_kit.errors import SetupError, UsageError
from ppocr_kit.vl.engine.checkpoints import find_latest, finish_folder, put_latest, require_space, step_of


def checkpoint(folder, step):
    folder.mkdir(parents=True)
    (folder / "trainer_state.json").write_text(json.dumps({"global_step": step}))
    return folder


def test_a_new_checkpoint_replaces_the_old_one(tmp_path):
    checkpoint(tmp_path / "latest", 5)
    put_latest(tmp_path, checkpoint(tmp_path / "checkpoint-10", 10))
    assert step_of(find_latest(tmp_path)) == 10
    assert [path.name for path in tmp_path.iterdir()] == ["latest"]


@pytest.mark.parametrize("renames", [0, 1], ids=["before", "between"])
def test_killed_while_it_takes_its_place_one_whole_checkpoint_is_there(tmp_path, monkeypatch, renames):
    checkpoint(tmp_path / "latest", 5)
    made = checkpoint(tmp_path / "checkpoint-10", 10)
    replace, done = os.replace, []

    def killed(*paths):
        if len(done) == renames:
            raise KeyboardInterrupt
        done.append(paths)
        replace(*paths)

    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        put_latest(tmp_path, made)
    monkeypatch.undo()
    assert step_of(find_latest(tmp_path)) == 5
    assert [path.name for path in tmp_path.iterdir()] == ["latest"]


def test_what_a_killed_process_left_half_written_is_no_checkpoint(tmp_path):
    (tmp_path / "checkpoint-3").mkdir()
    (tmp_path / "latest").mkdir()
    assert find_latest(tmp_path) is None
    assert find_latest(tmp_path / "absent") is None


def test_killed_while_the_best_takes_its_place_the_old_one_comes_back(tmp_path):
    checkpoint(tmp_path / "latest", 5)
    (tmp_path / ".best.abc.tmp").mkdir()
    (tmp_path / ".best.abc.tmp.old").mkdir()
    (tmp_path / ".best.abc.tmp.old" / "model.safetensors").write_text("old")
    find_latest(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best", "latest"]
    assert (tmp_path / "best" / "model.safetensors").read_text() == "old"


@pytest.mark.parametrize(
    ("free", "weights", "trained", "fits"),
    [(700, 100, 100, True), (699, 100, 100, False), (206, 100, 1, True), (202, 100, 1, False)],
    ids=["all", "all-too-little", "adapters", "adapters-too-little"],
)
def test_a_disk_that_is_too_small_is_refused_before_the_first_step(
    tmp_path, monkeypatch, free, weights, trained, fits
):
    monkeypatch.setattr("shutil.disk_usage", lambda place: SimpleNamespace(free=free))
    with nullcontext() if fits else pytest.raises(SetupError, match="are free"):
        require_space(tmp_path / "not" / "there", weights, trained)


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"global_step": null}'])
def test_a_damaged_state_is_said(tmp_path, content):
    (tmp_path / "trainer_state.json").write_text(content)
    with pytest.raises(UsageError, match="trainer_state"):
        step_of(tmp_path)


@pytest.mark.parametrize(
    ("name", "body", "wanted"),
    [
        # as the hub has it, and as transformers 5 writes it
        (
            "preprocessor_config.json",
            {"min_pixels": 1, "max_pixels": 2, "a": 3},
            {"min_pixels": 1, "max_pixels": 9, "a": 3},
        ),
        (
            "processor_config.json",
            {"image_processor": {"size": {"shortest_edge": 1, "longest_edge": 2}}},
            {"image_processor": {"size": {"shortest_edge": 1, "longest_edge": 9}}},
        ),
        ("processor_config.json", {"processor_class": "P"}, {"processor_class": "P"}),
    ],
)
def test_a_checkpoint_asks_about_pictures_as_large_as_in_training(tmp_path, name, body, wanted):
    base, made = tmp_path / "base", tmp_path / "made"
    base.mkdir(), made.mkdir()
    (base / name).write_text(json.dumps(body))
    finish_folder(base, made, (None, 9))
    assert json.loads((made / name).read_text()) == wanted
    assert json.loads((base / name).read_text()) == body


def test_files_of_the_base_replace_those_of_a_library_and_weights_do_not(tmp_path):
    base, made = tmp_path / "base", tmp_path / "made"
    base.mkdir(), made.mkdir()
    for name in ("config.json", "chat_template.jinja", "tokenizer.model", "processing_paddleocr_vl.py"):
        (base / name).write_text("base's")
    for name in ("model.safetensors", "model.safetensors.index.json", "optimizer.pt", "trainer_state.json"):
        (base / name).write_text("base's weights")
    for name in ("config.json", "model.safetensors", "training_args.bin", "README.md"):
        (made / name).write_text("new")
    finish_folder(base, made)
    assert {path.name: path.read_text() for path in made.iterdir()} == {
        **dict.fromkeys(
            ["config.json", "chat_template.jinja", "tokenizer.model", "processing_paddleocr_vl.py"], "base's"
        ),
        "model.safetensors": "new",
    }
