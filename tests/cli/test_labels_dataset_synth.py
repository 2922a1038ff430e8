from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ppocr_kit.cli.main import main


@pytest.fixture
def in_tmp(tmp_path, monkeypatch):
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def pages(in_tmp, capsys):
    """Ten drawn pages in ./pages."""
    assert main(["synth", "pages", "--pages", "10", "--lines", "2"]) == 0
    capsys.readouterr()
    return in_tmp / "pages"


def test_synth_says_what_it_drew(in_tmp, capsys):
    assert main(["synth", "drawn", "--pages", "2", "--lines", "3", "--json"]) == 0
    expected = {"folder": "drawn", "pages": 2, "texts": 6, "seed": 0, "kind": "lines"}
    assert json.loads(capsys.readouterr().out) == expected


def test_synth_refuses_a_folder_of_somebody_else(in_tmp, capsys):
    Path("photos").mkdir()
    Path("photos/a.txt").write_text("mine")
    assert main(["synth", "photos"]) == 2
    assert "not drawn by synth" in capsys.readouterr().err


def test_check_of_a_clean_folder_ends_with_zero(pages, capsys):
    assert main(["labels", "check", "pages"]) == 0
    out = capsys.readouterr().out
    assert "pages 10 (0 without a box), boxes 20" in out
    assert "0 errors, 0 warnings" in out


def test_check_groups_findings_with_place_and_cure_and_ends_with_three(pages, capsys):
    with (pages / "Label.txt").open("a", encoding="utf-8") as stream:
        stream.write("".join(f"pages/none_{number}.jpg\t[]\n" for number in range(5)))
    assert main(["labels", "check", "pages"]) == 3
    out = capsys.readouterr().out
    assert "error L020: the image is missing [leaves out the page]: 5" in out
    assert "pages/Label.txt:11" in out
    assert "and 2 more (--all shows them)" in out
    assert "try: put the image beside Label.txt" in out
    assert main(["labels", "check", "pages", "--all"]) == 3
    assert "more (--all" not in capsys.readouterr().out


def test_check_prints_one_json_document_also_when_it_fails(pages, capsys):
    with (pages / "Label.txt").open("a", encoding="utf-8") as stream:
        stream.write("pages/page_0000.jpg\t{\n")
    assert main(["labels", "check", "pages", "--json"]) == 3
    value = json.loads(capsys.readouterr().out)
    assert value["ok"] is False
    assert value["counts"] == {"errors": 1, "warnings": 0, "notes": 0, "by_code": {"L011": 1}}
    assert value["problems"][0]["line"] == 11
    assert value["problems"][0]["file"] == os.path.join("pages", "Label.txt")  # noqa: PTH118
    assert value["statistics"]["pages"] == 10


def test_check_of_warnings_alone_ends_with_zero(pages, capsys):
    pages.rename("renamed")
    assert main(["labels", "check", "renamed", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["counts"]["by_code"] == {"L021": 1}


def test_check_of_an_empty_label_file_ends_with_three(pages, capsys):
    (pages / "Label.txt").write_text("")
    assert main(["labels", "check", "pages"]) == 3
    assert "nothing here can be used" in capsys.readouterr().out


def test_build_says_what_it_wrote_and_what_it_skipped(pages, capsys):
    with (pages / "Label.txt").open("a", encoding="utf-8") as stream:
        stream.write("pages/none.jpg\t[]\n")
    assert main(["dataset", "build", "pages", "--name", "demo"]) == 0
    captured = capsys.readouterr()
    assert "demo written to train_data/demo" in captured.out
    assert "det: train 8 rows from 8 pages, val 1 rows from 1 pages, test 1 rows from 1 pages" in captured.out
    assert "skipped: 1, listed in train_data/demo/skipped.jsonl" in captured.out
    assert "error L020" in captured.err
    assert "pages/Label.txt:11" in captured.err


def test_build_prints_its_manifest_as_json(pages, capsys):
    assert (
        main(["dataset", "build", "pages", "--name", "demo", "--tasks", "rec", "--seed", "4", "--json"]) == 0
    )
    value = json.loads(capsys.readouterr().out)
    assert value["dataset"] == json.loads(Path("train_data/demo/dataset.json").read_text("utf-8"))
    assert list(value["dataset"]["tasks"]) == ["rec"]
    assert value["dataset"]["seed"] == 4


def test_a_dry_run_writes_nothing(pages, capsys):
    assert main(["dataset", "build", "pages", "--name", "demo", "--dry-run"]) == 0
    assert "would be written" in capsys.readouterr().out
    assert not Path("train_data").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["none", "--name", "x"], 3, "no such folder"),
        (["pages", "--name", "../x"], 2, "cannot be the name"),
        (["pages", "--name", "x", "--ratio", "8:1"], 2, "not a ratio"),
        (["pages", "--name", "x", "--tasks", "det,kie"], 2, "'kie' is no task"),
        (["pages", "--name", "x", "--tasks", ""], 2, "no task is given"),
        (["pages", "--name", "x", "--dict", "none.txt"], 3, "cannot read the dictionary"),
        (["pages", "--name", "x", "--out", "pages"], 2, "labelled folder"),
        (["pages"], 2, "--name"),
        (["--name", "x"], 2, "SRC"),
    ],
)
def test_build_errors_have_their_exit_code_and_no_traceback(pages, capsys, arguments, code, message):
    assert main(["dataset", "build", *arguments]) == code
    err = capsys.readouterr().err
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize("command", [["labels", "check"], ["dataset", "build"], ["synth"]])
def test_help_ends_with_an_example(command, capsys):
    assert main([*command, "--help"]) == 0
    shown = capsys.readouterr().out.replace("Examples:\n\n  ", "Example: ")
    assert f"Example: ppocr-kit {' '.join(command)}" in shown
