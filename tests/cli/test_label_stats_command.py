"""``labels stats`` writes one page and its pictures, and nothing into a labelled folder."""

from __future__ import annotations

import json

import pytest

from ppocr_kit.cli.main import main

BOX = '{"transcription": "ab", "points": [[1, 2], [90, 2], [90, 50], [1, 50]], "difficult": false}'


@pytest.fixture
def folder(make_folder):
    return make_folder(f"batch/a.png\t[{BOX}]\n")


def test_the_page_and_its_pictures_are_written(folder, tmp_path, capsys):
    out = tmp_path / "stats"
    assert main(["labels", "stats", str(folder), "--out", str(out)]) == 0
    shown = capsys.readouterr().out
    assert "pages 1, boxes 1, texts 1" in shown
    assert f"written: {out / 'labels.html'}" in shown
    assert {path.suffix for path in out.iterdir()} == {".html", ".png"}


def test_json_has_the_numbers_and_the_files(folder, tmp_path, capsys):
    out = tmp_path / "stats"
    assert main(["labels", "stats", str(folder), "--out", str(out), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["page"] == str(out / "labels.html")
    assert sorted(result["pictures"]) == sorted(str(path) for path in out.glob("*.png"))
    assert result["statistics"]["boxes"] == 1
    assert result["findings"] == {}


@pytest.mark.parametrize("source", ["", "Label.txt"])
def test_a_labelled_folder_is_no_place_for_pictures(folder, capsys, source):
    before = sorted(path.name for path in folder.iterdir())
    assert main(["labels", "stats", str(folder / source), "--out", str(folder)]) == 2
    assert "between the page images" in capsys.readouterr().err
    assert sorted(path.name for path in folder.iterdir()) == before
