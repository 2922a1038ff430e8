"""``dataset build`` for key information, through the command line."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ppocr_kit.cli.main import main


@pytest.fixture
def forms(tmp_path, monkeypatch, capsys):
    """Eight forms in ./forms."""
    monkeypatch.chdir(tmp_path)
    assert main(["synth", "forms", "--kind", "form", "--pages", "8"]) == 0
    capsys.readouterr()
    return tmp_path / "forms"


def build(*options):
    return main(["dataset", "build", "forms", "--name", "set", "--ratio", "2:1:1", *options])


def test_classes_and_links_are_shown_in_a_table(forms, capsys):
    assert build("--tasks", "ser,re") == 0
    shown = capsys.readouterr().out
    assert "class      train  val  test  in the labels" in shown
    (other,) = [line.split() for line in shown.splitlines() if line.split()[:1] == ["OTHER"]][:1]
    counts = json.loads(Path("train_data/set/dataset.json").read_text())["tasks"]["ser"]["class_counts"]
    assert other[1:4] == [str(counts[split]["OTHER"]) for split in ("train", "val", "test")]
    assert other[4] == "(unset)"
    assert "links in train: " in shown and "(file " in shown
    assert "windows" not in shown


def test_the_same_is_in_the_json(forms, capsys):
    assert build("--tasks", "ser,re", "--json", "--max-seq-len", "64", "--window-overlap", "16") == 0
    tasks = json.loads(capsys.readouterr().out)["dataset"]["tasks"]
    assert set(tasks) == {"ser", "re"}
    assert set(tasks["re"]["links"]) == {"train", "val", "test"}
    assert tasks["ser"]["windows"] == "ser/windows.jsonl"
    assert tasks["ser"]["window"] == {"tokens": 64, "overlap": 16, "counted_by": "estimate"}


def test_windows_are_told(forms, capsys):
    assert build("--tasks", "ser", "--max-seq-len", "64", "--window-overlap", "16") == 0
    shown = capsys.readouterr()
    assert "windows of 64 tokens with 16 in common, counted by estimate" in shown.out
    assert "note L100: " in shown.err


def test_classes_that_do_not_count_are_told(forms, capsys):
    Path("classes.txt").write_text("name_q\n\nname_a\n", encoding="utf-8")
    assert build("--tasks", "ser", "--classes", "classes.txt") == 0
    shown = capsys.readouterr()
    assert "warning L096: " in shown.err and "blank lines were passed over: 2" in shown.err
    (line,) = [line for line in shown.out.splitlines() if line.split()[:1] == ["OTHER"]]
    assert "(unset) 27, address_a 8, " in line and " more" in line


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--tasks", "sre"), 2, "'sre' is no task"),
        (("--tasks", "re", "--pair", "name"), 2, "does not pair two classes"),
        (("--pair", "a=b"), 2, "--pair is for --tasks ser,re"),
        (("--tasks", "ser", "--tokenizer", "forms"), 2, "there is no sentencepiece.bpe.model"),
        (("--tasks", "ser", "--classes", "none.txt"), 3, "the classes cannot be read"),
        (("--tasks", "ser", "--window-overlap", "300"), 2, "cannot have 300 in common"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_written(forms, capsys, options, code, message):
    assert build(*options) == code
    assert message in capsys.readouterr().err
    assert not os.path.lexists("train_data/set")


def test_what_was_built_is_verified_and_compared(forms, capsys):
    assert build("--tasks", "ser,re") == 0
    assert build("--tasks", "ser,re", "--out", "other", "--seed", "1") == 0
    capsys.readouterr()
    assert main(["dataset", "verify", "train_data/set"]) == 0
    assert "ser 8 rows, re 8 rows" in capsys.readouterr().out
    assert main(["dataset", "diff", "train_data/set", "other/set"]) == 0
    shown = capsys.readouterr().out
    assert "ser train: rows 4" in shown and "pages changed" not in shown
