"""``labels check --fix`` lists, repairs and checks again, and says what it leaves to people."""

from __future__ import annotations

import json

import pytest

from ppocr_kit.cli.main import main

BOX = '{"transcription": "%s", "points": %s, "difficult": false}'
CLOCKWISE = "[[1, 2], [90, 2], [90, 50], [1, 50]]"
COUNTER = "[[1, 2], [1, 50], [90, 50], [90, 2]]"
LABEL = f"29/a.png\t[{BOX % ('x', COUNTER)}, {BOX % ('', CLOCKWISE.replace('1, 2', '2, 2'))}]\r\n"


def run(capsys, *arguments):
    code = main(["labels", "check", *map(str, arguments), "--no-release"])
    out, err = capsys.readouterr()
    return code, out, err


def test_a_dry_run_lists_the_repairs_and_writes_nothing(make_folder, capsys):
    folder = make_folder(LABEL)
    code, out, _ = run(capsys, folder, "--fix", "--dry-run")
    assert code == 0
    assert "3 repairs would be made; nothing is written (--dry-run)" in out
    assert "L021: the key becomes <folder>/<image>: 1\n      line 1: 29/a.png -> batch/a.png" in out
    assert "line 1 box 0: [[1, 2], [1, 50], [90, 50], [90, 2]] -> [[1, 2], [90, 2]" in out
    assert "L052 1: the transcription is empty (only a person can read the text)" in out
    assert (folder / "Label.txt").read_bytes() == LABEL.encode()
    assert sorted(path.name for path in folder.iterdir()) == ["Label.txt", "a.png"]


def test_a_repair_is_followed_by_a_check_that_is_clean_of_it(make_folder, capsys):
    folder = make_folder(LABEL)
    code, out, _ = run(capsys, folder, "--fix")
    assert code == 0
    (backup,) = folder.glob("Label.txt.*.bak")
    assert f"as it was: {backup}" in out
    assert backup.read_bytes() == LABEL.encode()
    assert "warning L046" not in out
    assert "warning L052" in out
    assert "nothing to repair" in run(capsys, folder, "--fix")[1]


def test_json_of_a_repair_holds_every_place(make_folder, capsys):
    folder = make_folder(LABEL.replace("x", "a\\tb") * 5, ())
    code, out, _ = run(capsys, folder, "--fix", "--json")
    result = json.loads(out)
    assert code == 3
    assert result["dry_run"] is False
    (repair,) = result["repairs"]
    assert repair["repaired"]["by_code"] == {"L015": 4, "L046": 1, "L056": 1, "form": 1}
    assert [place["line"] for place in repair["repaired"]["places"]] == [2, 3, 4, 5, 1, 1, None]
    assert len(repair["backups"]) == 1
    assert "L056" not in result["counts"]["by_code"]


def test_a_check_says_that_something_can_be_repaired(make_folder, capsys):
    folder = make_folder(LABEL)
    out = run(capsys, folder)[1]
    assert f"2 findings can be repaired: ppocr-kit labels check {folder} --fix --dry-run" in out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--dry-run",), "--dry-run belongs to --fix"),
        (("--fix", "--from", "labelme"), "only PPOCRLabel folders are repaired"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_written(make_folder, capsys, arguments, told):
    folder = make_folder(LABEL)
    code, _, err = run(capsys, folder, *arguments)
    assert code == 2
    assert told in err
    assert (folder / "Label.txt").read_bytes() == LABEL.encode()
