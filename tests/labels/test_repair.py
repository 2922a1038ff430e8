"""What --fix repairs is gone at the second check; what it does not repair is there byte for byte."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ppocr_kit.errors import DataError, SetupError, UsageError
from ppocr_kit.labels.checks import check_sources
from ppocr_kit.labels.codes import LABEL_CODES
from ppocr_kit.labels.folder_lock import lock_folder
from ppocr_kit.labels.repair import repair_sources
from ppocr_kit.labels.repair_table import FILE_FORM, LEFT_ON_PURPOSE, REPAIRS

SQUARE = "[[1, 2], [90, 2], [90, 50], [1, 50]]"
SCORED, TWO_TEXTS, TWELVE, CHINESE = '["ab", 0.98]', '["ab", "cd"]', '"12.50"', '"文"'
REPEATED = '1, "a": 2'
OTHER = "[[5, 6], [80, 6], [80, 40], [5, 40]]"


def box(text='"ab"', points=SQUARE, **more):
    fields = "".join(f', "{name}": {value}' for name, value in more.items())
    return f'{{"transcription": {text}, "points": {points}, "difficult": false{fields}}}'


PAGE = f"batch/a.png\t[{box()}]"


def codes_of(folder):
    return {found.code for found in check_sources([folder]).problems}


def fixed(folder):
    """Repair a folder and return the bytes of its label file."""
    repair_sources([folder])
    return (folder / "Label.txt").read_bytes()


# code -> (labels before, labels after)
MADE = {
    "L003": (f"batch/a.png\t[{box(CHINESE)}]\n".encode("gb18030"), None),
    "L013": (PAGE.replace("\t", "   ") + "\n", PAGE + "\n"),
    "L014": (
        "batch/a.png\t[{'transcription': 'ab', 'points': [(1, 2), (90, 2), (90, 50), (1, 50)], "
        "'difficult': False}]\n",
        PAGE + "\n",
    ),
    "L015": (f"{PAGE}\n{PAGE}\n", PAGE + "\n"),
    "L016": (f"{PAGE.replace('ab', 'old')}\n{PAGE}\n", PAGE + "\n"),
    "L021": (PAGE.replace("batch/", "29/") + "\n", PAGE + "\n"),
    "L022": (PAGE.replace("batch/", "C:\\Users\\x\\batch\\") + "\n", PAGE + "\n"),
    "L023": (PAGE.replace("batch/", "batch\\") + "\n", PAGE + "\n"),
    "L024": (PAGE.replace("batch/a.png", "batch/A.PNG") + "\n", PAGE + "\n"),
    "L045": (
        f"batch/a.png\t[{box(points='[[1, 2], [90, 50], [90, 2], [1, 50]]')}]\n",
        f"batch/a.png\t[{box(points='[[1, 2], [90, 2], [90, 50], [1, 50]]')}]\n",
    ),
    "L046": (
        f"batch/a.png\t[{box(points='[[1, 2], [1, 50], [90, 50], [90, 2]]')}]\n",
        PAGE + "\n",
    ),
    "L047": (f"batch/a.png\t[{box()}, {box()}]\n", PAGE + "\n"),
    "L050": (f"batch/a.png\t[{box(SCORED)}]\n", PAGE + "\n"),
    "L051": (f"batch/a.png\t[{box('12.50')}]\n", f"batch/a.png\t[{box(TWELVE)}]\n"),
    "L056": (PAGE.replace("ab", "a\\tb\\nc") + "\n", PAGE.replace("ab", "a b c") + "\n"),
}


@pytest.mark.parametrize("code", sorted(REPAIRS))
def test_every_code_of_the_table_is_made_repaired_and_gone(make_folder, code):
    before, after = MADE[code]
    folder = make_folder(before)
    assert code in codes_of(folder)
    content = fixed(folder)
    assert code not in codes_of(folder)
    if after is None:
        after = before.decode("gb18030")
    assert content.decode("utf-8") == after


def test_tables_name_real_codes_and_none_twice():
    assert set(REPAIRS) | set(LEFT_ON_PURPOSE) <= set(LABEL_CODES)
    assert not set(REPAIRS) & set(LEFT_ON_PURPOSE)


@pytest.mark.parametrize(
    "content",
    [
        f"\ufeff{PAGE}\n",
        f"{PAGE}\r\n",
        f"{PAGE}\r",
        PAGE,
        f"\n  \n{PAGE}\n\n",
        f"\ufeff{PAGE}\r\n".encode("utf-16-le"),
        f"{PAGE}\n".encode("utf-16-be"),
        f"{PAGE}\r\r\n",
    ],
)
def test_the_form_of_the_file_is_mended_though_no_check_minds_it(make_folder, content):
    folder = make_folder(content)
    (repair,) = repair_sources([folder])
    assert (folder / "Label.txt").read_text("utf-8") == f"{PAGE}\n"
    assert repair.changes.codes == [None]
    assert [path.read_bytes() for path in repair.backups] == [
        content if isinstance(content, bytes) else content.encode()
    ]


def test_what_is_not_repaired_stays_byte_for_byte(make_folder):
    odd = [
        b"batch/b.png\t[{broken",
        b"no tab at all",
        b"batch/x.png\t\xff\xff\xff",
        b'batch/missing.png\t[{"points":[[1,1.50]],"mine":{"z":1,"a":[1e3,-0.0]}}]',
        '  batch/a.png \t [{"transcription":"字\\u00e9","points":[[1,2.0],[90,2],[90,50],[1,50]]}]'.encode(),
    ]
    content = b"\n".join([*odd, b"29/b.png\t" + b'[{"points": 1, "transcription": "a"}]', b""])
    folder = make_folder(content, ("a.png", "b.png"))
    lines = fixed(folder).split(b"\n")
    assert lines == [*odd, b"batch/b.png\t" + b'[{"points": 1, "transcription": "a"}]', b""]


def test_a_repaired_line_keeps_unknown_keys_order_of_boxes_and_digits(make_folder):
    boxes = [
        box(
            '["one", 0.5]',
            "[[1.50, 2], [90, 2], [90, 50], [1e0, 50]]",
            key_cls='"q"',
            mine="[1.0, null]",
        ),
        '{"broken": true}',
        box('"\\ud83d"', OTHER),
    ]
    folder = make_folder(f"batch/a.png\t[{', '.join(boxes)}]\n")
    boxes[0] = boxes[0].replace('["one", 0.5]', '"one"')
    assert fixed(folder).decode() == f"batch/a.png\t[{', '.join(boxes)}]\n"


@pytest.mark.parametrize(
    ("label", "code"),
    [
        (f"batch/a.png\t[{box()}, {box(id=1)}]", "L047"),
        (
            f"batch/a.png\t[{box(TWO_TEXTS)}]",
            "L050",
        ),
        (f"batch/a.png\t[{box(points='[[1, 2], [1, 50], [50, 3], [90, 2], [90, 50]]')}]", "L045"),
        (f"other/deep/a.png\t[{box()}]", "L021"),
        ("batch/a.png\t[{'transcription': 'ab', 'points': " + SQUARE + ", 1: 2}]", "L014"),
    ],
)
def test_what_only_looks_repairable_is_left_and_the_reason_told(make_folder, label, code):
    make_folder("", ("a.png",), name="other/deep")
    folder = make_folder(label + "\n", () if "deep" in label else ("a.png",))
    assert code in codes_of(folder)
    (repair,) = repair_sources([folder])
    assert repair.left.counts == {code: 1}
    assert (folder / "Label.txt").read_text() == label + "\n"
    assert repair.backups == ()


def test_an_object_with_a_repeated_key_is_left_because_one_value_would_be_lost(make_folder):
    label = f"batch/a.png\t[{box('12', a=REPEATED)}]\n"
    folder = make_folder(label)
    (repair,) = repair_sources([folder])
    assert repair.left.total == 1
    assert (folder / "Label.txt").read_text() == label


def test_a_dry_run_writes_nothing_and_lists_the_same(make_folder):
    folder = make_folder(f"29/a.png\t[{box('7', '[[1, 2], [1, 50], [90, 50], [90, 2]]')}]\r\n")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    (planned,) = repair_sources([folder], dry_run=True)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    (done,) = repair_sources([folder])
    assert done.changes == planned.changes
    assert planned.changes.counts == {"L021": 1, "L051": 1, "L046": 1, None: 1}
    place = planned.changes.places["L046"][0]
    assert (place.line, place.change.region) == (1, 0)
    assert json.loads(place.change.before) == [[1, 2], [1, 50], [90, 50], [90, 2]]
    assert json.loads(place.change.after) == json.loads(SQUARE)


def test_backups_are_the_bytes_before_and_never_overwritten(make_folder):
    folder = make_folder(f"{PAGE}\r\n")
    contents = []
    for _ in range(3):
        contents.append(f"{PAGE}\r\n{'# ' * len(contents)}\n".encode())
        (folder / "Label.txt").write_bytes(contents[-1])
        (repair,) = repair_sources([folder])
        assert repair.backups[0].read_bytes() == contents[-1]
    assert sorted(path.read_bytes() for path in folder.glob("Label.txt.*.bak")) == sorted(contents)


def test_a_clean_folder_is_not_written_and_gets_no_backup(make_folder):
    folder = make_folder(f"{PAGE}\n")
    stamp = (folder / "Label.txt").stat()
    (repair,) = repair_sources([folder])
    assert repair.changes.total == 0
    assert (folder / "Label.txt").stat() == stamp
    assert list(folder.glob("*.bak")) == []


def test_file_state_follows_the_keys_so_that_ppocrlabel_keeps_the_pages(make_folder):
    folder = make_folder(f"29/a.png\t[{box()}]\nbatch/b.png\t[{box()}]\n", ("a.png", "b.png"))
    state = folder / "fileState.txt"
    state.write_bytes(b"/home/x/29/a.png\t1\nbatch/b.png\t1\nC:\\y\\29\\c.png\t1\n")
    before = state.read_bytes()
    (repair,) = repair_sources([folder])
    assert state.read_bytes() == b"batch/a.png\t1\nbatch/b.png\t1\nC:\\y\\29\\c.png\t1\n"
    assert [path.read_bytes() for path in repair.backups][1:] == [before]


def test_boxes_and_names_that_rec_gt_counts_by_stay(make_folder):
    label = f"batch/A.png\t[{box()}, {box()}]\n"
    folder = make_folder(label)
    (folder / "rec_gt.txt").write_text("crop_img/A_crop_1.jpg\tab\n")
    (repair,) = repair_sources([folder])
    assert repair.left.counts == {"L024": 1, "L047": 1}
    assert (folder / "Label.txt").read_text() == label


def test_a_symbolic_link_stays_one_and_its_target_is_repaired(make_folder, tmp_path):
    folder = make_folder(f"{PAGE}\r\n")
    link = tmp_path / "linked.txt"
    link.symlink_to(folder / "Label.txt")
    repair_sources([link])
    assert link.is_symlink()
    assert (folder / "Label.txt").read_text() == f"{PAGE}\n"


def test_permissions_of_the_label_file_stay(make_folder):
    folder = make_folder(f"{PAGE}\r\n")
    (folder / "Label.txt").chmod(0o600)
    (repair,) = repair_sources([folder])
    assert (folder / "Label.txt").stat().st_mode & 0o777 == 0o600
    assert repair.backups[0].stat().st_mode & 0o777 == 0o600


def test_damaged_utf_16_is_refused_and_stays(make_folder):
    content = f"\ufeff{PAGE}\n".encode("utf-16-le") + b"\x00\xd8\n\x00"
    folder = make_folder(content)
    with pytest.raises(DataError, match="UTF-16"):
        repair_sources([folder])
    assert (folder / "Label.txt").read_bytes() == content


def test_a_folder_in_use_is_refused(make_folder):
    folder = make_folder(f"{PAGE}\r\n")
    with lock_folder(folder), pytest.raises(SetupError, match="labelling or repairing"):
        repair_sources([folder])
    assert (folder / "Label.txt").read_bytes() == f"{PAGE}\r\n".encode()


def test_labels_that_change_meanwhile_are_not_overwritten(make_folder, monkeypatch):
    folder = make_folder(f"{PAGE}\r\n")

    def save_in_between(items, description, total=None):
        yield from items
        (folder / "Label.txt").write_text("saved by PPOCRLabel")

    with pytest.raises(DataError, match="changed"):
        repair_sources([folder], track=save_in_between)
    assert (folder / "Label.txt").read_text() == "saved by PPOCRLabel"
    assert list(folder.glob("*.bak")) == []


def test_a_folder_that_cannot_be_written_is_a_clear_error(make_folder, monkeypatch):
    folder = make_folder(f"{PAGE}\r\n")

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    with pytest.raises(SetupError, match="cannot write here"):
        repair_sources([folder])
    assert (folder / "Label.txt").read_bytes() == f"{PAGE}\r\n".encode()


_KILLED = """
import os, signal, sys
from pathlib import Path
from ppocr_kit.labels import repair
lines = repair._repaired_lines
def die_in_between(label_file, removed):
    for number, line in enumerate(lines(label_file, removed)):
        if number == 3 and list(label_file.parent.glob("*.bak")):
            os.kill(os.getpid(), signal.SIGKILL)
        yield line
repair._repaired_lines = die_in_between
repair.repair_sources([Path(sys.argv[1])])
"""


def test_a_killed_repair_leaves_the_old_labels_and_the_next_one_succeeds(make_folder):
    names = tuple(f"{number}.png" for number in range(6))
    content = "".join(f"29/{name}\t[{box()}]\n" for name in names)
    folder = make_folder(content, names)
    ended = subprocess.run([sys.executable, "-c", _KILLED, str(folder)], env={**os.environ}, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert (folder / "Label.txt").read_text() == content
    assert list(folder.glob(".Label.txt.*.tmp"))
    assert fixed(folder).decode() == content.replace("29/", "batch/")
    assert list(folder.glob(".Label.txt.*")) == []


def test_real_exports_are_repaired_without_changing_what_is_read(shared, tmp_path):
    for name in ("wire", "mix", "form_1040"):
        folder = tmp_path / name
        folder.mkdir()
        for path in (shared / "real" / name).iterdir():
            (folder / path.name).symlink_to(path)
        (folder / "Label.txt").unlink()
        (folder / "Label.txt").write_bytes((shared / "real" / name / "Label.txt").read_bytes())
        before = check_sources([folder])
        repair_sources([folder])
        after = check_sources([folder])
        assert after.statistics == before.statistics
        assert not {found.code for found in after.problems} & set(REPAIRS)
        assert Path(folder).is_dir()


@pytest.mark.parametrize("name", ["", "gt_a.txt"])
def test_labels_of_another_format_are_refused_with_the_way_to_have_them_repaired(tmp_path, name):
    (tmp_path / "gt_a.txt").write_text("1,2,90,2,90,50,1,50,ab\n")
    with pytest.raises(UsageError, match="looks like icdar") as caught:
        repair_sources([tmp_path / name])
    assert caught.value.hint is not None
    assert "labels convert" in caught.value.hint


def test_the_documentation_lists_every_repair_and_what_is_left(project):
    text = (project / "docs/formats.md").read_text("utf-8").replace("`<folder>/<image>`", "<folder>/<image>")
    section = text.split("## Repairs\n")[1].split("\n## ")[0]
    for code, what in {**REPAIRS, **LEFT_ON_PURPOSE}.items():
        assert f"| {code} | {what} |" in section
    assert FILE_FORM in section
