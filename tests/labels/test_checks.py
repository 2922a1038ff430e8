from __future__ import annotations

import re
from pathlib import Path

import pytest

from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.labels.checks import check_sources
from ppocr_kit.labels.codes import LABEL_CODES, Drops
from ppocr_kit.labels.sources import read_sources
from ppocr_kit.problems import Severity

BOX = '{"transcription": "文a", "points": [[1, 2], [90, 2], [90, 50], [1, 50]], "difficult": false}'


def test_a_clean_folder_has_no_findings_and_is_counted(make_folder):
    ignored = BOX.replace("文a", "###").replace("[1, 2]", "[2, 2]")
    folder = make_folder(f"batch/a.png\t[{BOX}, {ignored}]\nbatch/b.png\t[{BOX}]\n", ("a.png", "b.png"))
    result = check_sources([folder])
    assert [found.code for found in result.problems] == ["L053"]
    assert result.errors == 0
    statistics = result.statistics
    assert (statistics.pages, statistics.boxes, statistics.ignored_boxes, statistics.texts) == (2, 3, 1, 2)
    assert statistics.characters == {"a": 2, "文": 2}


def test_all_findings_come_at_once_in_the_order_of_the_file(make_folder):
    lines = [
        "batch/none.png\t[]",
        "batch/a.png\t{",
        "batch/cut.png\t[" + BOX + "]",
        "batch/b.png\t[" + BOX.replace("[1, 50]", "[1, 500]") + "]",
        "/abs/c.png\t[" + BOX.replace("文a", "") + "]",
    ]
    folder = make_folder("\n".join(lines), ("a.png", "b.png", "c.png", "cut.png"))
    whole = (folder / "cut.png").read_bytes()
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    result = check_sources([folder])
    assert [(found.code, found.line) for found in result.problems] == [
        ("L017", 1),
        ("L020", 1),
        ("L011", 2),
        ("L031", 3),
        ("L019", 4),
        ("L043", 4),
        ("L022", 5),
        ("L052", 5),
    ]
    assert all(found.hint for found in result.problems)


def test_images_with_the_same_bytes_are_told(make_folder):
    folder = make_folder(f"batch/a.png\t[{BOX}]\nbatch/b.png\t[{BOX}]\n", ("a.png", "b.png"))
    (folder / "b.png").write_bytes((folder / "a.png").read_bytes())
    assert [(found.code, found.line) for found in check_sources([folder]).problems] == [("L027", 2)]


def test_how_keys_are_written_is_told_once_per_file(make_folder):
    folder = make_folder(f"old/a.png\t[{BOX}]\nold/b.png\t[{BOX}]\n", ("a.png", "b.png"))
    problems = check_sources([folder]).problems
    assert [found.code for found in problems] == ["L021"]
    assert "2 of 2 keys" in problems[0].message


def test_two_keys_that_mean_one_image_count_once(make_folder):
    folder = make_folder(f"batch/a.png\t[{BOX}]\na.png\t[{BOX}]\n")
    source = read_sources([folder])[0]
    assert [page.line for page in source.pages] == [2]
    assert "L016" in [found.code for found in source.problems]


def test_the_hash_of_labels_does_not_depend_on_the_order_of_lines(make_folder):
    lines = [f"batch/a.png\t[{BOX}]", f"batch/b.png\t[{BOX}]"]
    first = read_sources([make_folder("\n".join(lines), ("a.png", "b.png"))])[0]
    second = read_sources([make_folder("\r\n".join(lines[::-1]), ("a.png", "b.png"))])[0]
    assert first.labels_sha256 == second.labels_sha256


@pytest.mark.parametrize("name", ["Label.txt", "label.TXT"])
def test_a_label_file_may_be_named_itself(make_folder, name):
    folder = make_folder(f"batch/a.png\t[{BOX}]\n")
    (folder / "Label.txt").rename(folder / name)
    assert len(read_sources([folder / name])[0].pages) == 1
    assert len(read_sources([folder])[0].pages) == 1


def test_a_folder_without_a_label_file_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"no Label\.txt"):
        check_sources([tmp_path])


def test_automatic_labels_are_never_taken_for_checked_ones(make_folder):
    folder = make_folder(f"batch/a.png\t[{BOX}]\n")
    (folder / "Label.txt").rename(folder / "Cache.cach")
    with pytest.raises(DataError) as caught:
        check_sources([folder])
    assert "Cache.cach" in str(caught.value.hint)


@pytest.mark.parametrize("name", ["none", "n" * 5000])
def test_a_missing_folder_is_refused(tmp_path, name):
    with pytest.raises(DataError, match="no such folder|cannot be read"):
        check_sources([tmp_path / name])


def test_a_folder_given_twice_is_refused(make_folder):
    folder = make_folder(f"batch/a.png\t[{BOX}]\n")
    with pytest.raises(UsageError, match="the same folder"):
        check_sources([folder, folder / "Label.txt"])


def test_every_code_is_documented_as_it_is(project):
    rows = re.findall(
        r"^\| (L\d{3}) \| (\w+) \| ([\w ]+) \| (.+?) \| (.+?) \|$",
        (project / "docs/formats.md").read_text("utf-8"),
        flags=re.MULTILINE,
    )
    assert rows == [
        (kind.code, str(kind.severity), str(kind.drops), kind.meaning, kind.remedy)
        for kind in LABEL_CODES.values()
    ]


def test_a_code_that_drops_nothing_on_purpose_is_a_warning_or_a_settled_error():
    assert all(re.fullmatch(r"L\d{3}", code) and kind.code == code for code, kind in LABEL_CODES.items())
    errors_without_loss = [
        code
        for code, kind in LABEL_CODES.items()
        if kind.severity is Severity.ERROR and kind.drops is Drops.NOTHING
    ]
    assert errors_without_loss == ["L051", "L081"]


def test_the_real_exports_are_read_whole(shared: Path):
    for name, pages, boxes in (("wire", 700, 711), ("mix", 120, 376), ("form_1040", 24, 77)):
        result = check_sources([shared / "real" / name])
        assert (result.errors, result.statistics.pages, result.statistics.boxes) == (0, pages, boxes)
