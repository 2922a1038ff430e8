"""The options of ``dataset build`` that are about how it is built, through the command line."""

from __future__ import annotations

import json
import os

import pytest

from ppocr_kit.cli.main import main

LONG_AGO_NS = 1_600_000_000_000_000_000


@pytest.fixture
def pages(tmp_path, monkeypatch, capsys):
    """Twelve pages in ./pages, drawn long ago."""
    monkeypatch.chdir(tmp_path)
    assert main(["synth", "pages", "--pages", "12", "--lines", "2"]) == 0
    for path in (tmp_path / "pages").iterdir():
        os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))
    capsys.readouterr()
    return tmp_path / "pages"


def build(*options):
    return main(["dataset", "build", "pages", "--name", "set", *options])


def test_a_second_build_says_what_it_did_not_cut_again(pages, capsys):
    assert build() == 0
    assert "did not change" not in capsys.readouterr().out
    assert build() == 0
    assert "12 of 12 pages did not change and were not cut again" in capsys.readouterr().out
    assert build("--rebuild", "--json") == 0
    assert json.loads(capsys.readouterr().out)["pages"] == {"total": 12, "reused": 0, "images_copied": 0}


def test_a_dry_run_says_what_it_would_not_cut_again_and_changes_nothing(pages, capsys):
    assert build() == 0
    before = (pages.parent / "train_data/set/dataset.json").stat().st_ino
    capsys.readouterr()
    assert build("--dry-run", "--seed", "5", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["dry_run"] and found["pages"]["reused"] == 12
    assert (pages.parent / "train_data/set/dataset.json").stat().st_ino == before


def test_crops_go_into_lmdbs(pages, capsys):
    assert build("--format", "lmdb", "--workers", "1", "--json") == 0
    rec = json.loads(capsys.readouterr().out)["dataset"]["tasks"]["rec"]
    assert rec["format"] == "lmdb"
    assert (pages.parent / "train_data/set" / rec["splits"]["train"]["lmdb"] / "data.mdb").is_file()


def test_images_are_linked(pages):
    assert build("--images", "link", "--tasks", "det") == 0
    assert {path.stat().st_nlink for path in pages.glob("*.jpg")} == {2}


def test_groups_and_their_notes(pages, capsys):
    assert build("--group-by", r"page_00(\d)", "--ratio", "1:1:0", "--no-stratify") == 0
    assert "12 pages are in 2 groups" in capsys.readouterr().err


def test_a_kept_test_set(pages, capsys):
    assert build() == 0
    capsys.readouterr()
    assert build("--seed", "9", "--keep-test", "train_data/set", "--json") == 0
    assert json.loads(capsys.readouterr().out)["dataset"]["kept_test"]["name"] == "set"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--format", "zip"), 2),
        (("--images", "move"), 2),
        (("--workers", "0"), 2),
        (("--group-by", "no group"), 2),
        (("--group-by", "("), 2),
        (("--groups", "table.csv"), 2),
        (("--keep-test", "nowhere"), 3),
    ],
)
def test_what_cannot_be_is_refused(pages, capsys, options, code):
    assert build(*options) == code
    assert not (pages.parent / "train_data/set").exists()
    assert "Traceback" not in capsys.readouterr().err
