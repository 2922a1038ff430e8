"""Run folders of every lane: names, finding one, and moving one out of the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from ppocr_kit.errors import ReportError, UsageError
from ppocr_kit.run_folders import check_run_name, find_run_folder, move_aside, read_record_file


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/tmp", "a b", "-x", "x" * 101, "a\n"])
def test_a_name_that_is_no_folder_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        check_run_name(name)


def test_a_run_is_found_by_its_record_and_the_nearest_name_is_told(tmp_path: Path) -> None:
    run = tmp_path / "output" / "wire-rec"
    run.mkdir(parents=True)
    with pytest.raises(UsageError, match="runs here: none"):
        find_run_folder("wire-rec", tmp_path / "output", "train it")
    (run / "run.json").write_text("{}", encoding="utf-8")
    assert find_run_folder("wire-rec", tmp_path / "output", "train it") == run
    with pytest.raises(UsageError, match="did you mean 'wire-rec'"):
        find_run_folder("wire-rex", tmp_path / "output", "train it")


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"format": 2}', "[" * 100_000])
def test_a_record_that_cannot_be_read_is_named(content: str, tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    with pytest.raises(ReportError, match="No such file"):
        read_record_file(file)
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ReportError) as caught:
        read_record_file(file)
    assert caught.value.at == str(file)


def test_a_run_moves_aside_over_what_was_left_there_before(tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert move_aside(run) is None
    for content in ("old", "new"):
        run.mkdir()
        (run / "run.json").write_text(content, encoding="utf-8")
        aside = move_aside(run)
    assert aside is not None and not run.exists()
    assert [path.read_text() for path in aside.iterdir()] == ["new"]
