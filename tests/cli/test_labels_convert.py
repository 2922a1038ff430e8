from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from ppocr_kit.cli.main import main


@pytest.fixture
def signs(tmp_path, monkeypatch):
    """Two pages of ICDAR 2015 in ./signs, one of them without labels."""
    monkeypatch.chdir(tmp_path)
    Path("signs/gt").mkdir(parents=True)
    Path("signs/images").mkdir()
    for name in ("img_1", "img_2"):
        picture = np.random.default_rng(1).integers(0, 256, (60, 100, 3), dtype=np.uint8)
        Path(f"signs/images/{name}.png").write_bytes(cv2.imencode(".png", picture)[1].tobytes())
    Path("signs/gt/gt_img_1.txt").write_text("5,6,60,6,60,20,5,20,Oak\n5,6,60,6\n")
    return Path("signs")


def test_convert_says_what_went_over_what_did_not_and_what_is_next(signs, capsys):
    assert main(["labels", "convert", "signs", "--out", "my signs"]) == 0
    out = capsys.readouterr().out
    assert "signs: icdar" in out
    assert "1 of 2 pages and 1 of 2 regions written to my signs" in out
    assert "error L072: the region cannot be read [leaves out the box]: 1" in out
    assert "signs/gt/gt_img_1.txt box 1  line 2: it has 4 of 8 numbers" in out
    assert "next: ppocr-kit labels check 'my signs'" in out
    assert main(["labels", "check", "my signs", "--no-release"]) == 0


def test_convert_prints_one_json_document_and_a_dry_run_writes_nothing(signs, capsys):
    assert main(["labels", "convert", "signs", "--out", "new", "--dry-run", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["dry_run"]
    assert result["sources"] == [{"path": "signs", "format": "icdar"}]
    assert (result["pages"], result["regions"]) == ({"read": 2, "written": 1}, {"read": 2, "written": 1})
    assert not Path("new").exists()


def test_convert_refuses_what_is_there_and_formats_that_are_not(signs, capsys):
    assert main(["labels", "convert", "signs", "--out", "signs/new"]) == 2
    assert "only read" in capsys.readouterr().err
    assert main(["labels", "convert", "signs", "--out", "new", "--from", "voc"]) == 2
    assert "'voc' is no format of labels" in capsys.readouterr().err
    Path("new").mkdir()
    Path("new/mine").touch()
    assert main(["labels", "convert", "signs", "--out", "new"]) == 2
    assert "it is not replaced" in capsys.readouterr().err


def test_check_and_build_take_other_formats_too(signs, capsys):
    assert main(["labels", "check", "signs", "--no-release", "--json"]) == 3
    result = json.loads(capsys.readouterr().out)
    assert result["sources"][0]["format"] == "icdar"
    assert result["counts"]["by_code"] == {"L071": 1, "L072": 1}
    assert main(["dataset", "build", "signs", "--name", "signs", "--ratio", "1:0:0"]) == 0
    skipped = [json.loads(line) for line in Path("train_data/signs/skipped.jsonl").read_text().splitlines()]
    assert [(row["code"], row["file"]) for row in skipped] == [
        ("L072", "signs/gt/gt_img_1.txt"),
        ("L071", "signs/images/img_2.png"),
    ]


def test_labels_of_another_format_are_not_repaired(signs, capsys):
    list_file = Path("train.txt")
    list_file.write_text(
        'signs/images/img_1.png\t[{"transcription": "x", "points": [[5, 6], [60, 6], [60, 20], [5, 20]]}]\r\n'
    )
    before = list_file.read_bytes()
    assert main(["labels", "check", "train.txt", "--fix"]) == 2
    assert "labels convert" in capsys.readouterr().err
    assert list_file.read_bytes() == before
