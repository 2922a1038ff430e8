from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from ppocr_kit.datasets import build as build_module
from ppocr_kit.datasets import crop_spool, cutting, lmdb_writing, page_index
from ppocr_kit.datasets.build import BuildRequest, build_dataset
from ppocr_kit.datasets.manifest import read_dataset
from ppocr_kit.datasets.reuse import INDEX_NAME
from ppocr_kit.errors import DataError, SetupError, UsageError
from ppocr_kit.synth.export import draw_pages
from ppocr_kit.tasks import TEXT_TASKS, Split, Task


def box(text="文a", left=1, **more):
    points = [[left, 2], [left + 40, 2], [left + 40, 20], [left, 20]]
    return {"transcription": text, "points": points, "difficult": False, **more}


def line(key, *boxes):
    return f"{key}\t{json.dumps(boxes, ensure_ascii=False)}\n"


def lines(count, folder="batch"):
    return [line(f"{folder}/p{number}.png", box(f"t{number}")) for number in range(count)]


def names(count):
    return tuple(f"p{number}.png" for number in range(count))


def build(tmp_path, *sources, **settings):
    return build_dataset(
        BuildRequest(tuple(sources), settings.pop("name", "set"), tmp_path / "out", **settings)
    )


def tree(folder: Path) -> dict[str, str]:
    """Return the hash of every file below a folder, but of the index, which holds times."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != INDEX_NAME
    }


def rows(folder: Path, task: str) -> dict[str, list[list[str]]]:
    """Read the lists of a task as PaddleOCR splits them."""
    found = {}
    for split in Split:
        raw = (folder / task / f"{split}.txt").read_bytes().split(b"\n")[:-1]
        found[str(split)] = [row.decode("utf-8").strip("\n").split("\t") for row in raw]
    return found


def page_of(crop: str) -> str:
    return Path(crop).stem.rpartition("_")[0]


def test_a_built_set_has_all_that_paddleocr_reads(tmp_path, make_folder):
    folder = make_folder("".join(lines(10)), names(10))
    result = build(tmp_path, folder)
    assert list(result.problems) == []
    det, rec = rows(result.folder, "det"), rows(result.folder, "rec")
    assert [len(det[split]) for split in det] == [8, 1, 1]
    for image, label in (row for split in det.values() for row in split):
        assert cv2.imread(str(result.folder / "det" / image)) is not None
        assert [set(entry) for entry in json.loads(label)] == [{"transcription", "points"}]
    for crop, _ in (row for split in rec.values() for row in split):
        assert cv2.imread(str(result.folder / "rec" / crop)).shape == (18, 40, 3)
    assert (result.folder / "rec/dict.txt").read_text("utf-8") == "".join(f"{n}\n" for n in "0123456789t")


def test_images_are_copied_byte_for_byte(tmp_path, make_folder):
    folder = make_folder("".join(lines(3)), names(3))
    result = build(tmp_path, folder)
    copied = sorted(tree(result.folder / "det/images").values())
    assert copied == sorted(tree(folder)[name] for name in names(3))


def test_all_rows_of_a_page_are_on_one_side(tmp_path):
    source = draw_pages(tmp_path / "pages", 40, lines=3).folder
    folder = build(tmp_path, source).folder
    det, rec = rows(folder, "det"), rows(folder, "rec")
    for split in det:
        pages = {Path(image).stem for image, _ in det[split]}
        assert {page_of(crop) for crop, _ in rec[split]} == pages
    sides = [{Path(image).stem for image, _ in det[split]} for split in det]
    assert not set.intersection(*sides) and sum(map(len, sides)) == 40


def test_neither_order_nor_place_changes_a_byte(tmp_path, make_folder):
    first, second = lines(6, "one"), lines(4, "two")
    a = make_folder("".join(first), names(6), name="one")
    b = make_folder("".join(second), names(4), name="two")
    for number in range(4):
        pixels = np.full((60, 100, 3), 20 * number, np.uint8)
        (b / f"p{number}.png").write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    one = tree(build(tmp_path, a, b).folder)
    moved = tmp_path / "elsewhere" / "deep"
    shutil.copytree(a, moved / "one")
    shutil.copytree(b, moved / "two")
    (moved / "one/Label.txt").write_bytes("".join(first[::-1]).replace("\n", "\r\n").encode("utf-8"))
    other = tmp_path / "other"
    two = tree(build_dataset(BuildRequest((moved / "two", moved / "one"), "set", other)).folder)
    assert one == two


def test_one_thread_and_many_give_the_same_bytes(tmp_path):
    source = draw_pages(tmp_path / "pages", 30, lines=2).folder
    request = BuildRequest((source,), "set", tmp_path / "out")
    one = tree(build_dataset(request, workers=1).folder)
    assert tree(build_dataset(request, workers=7).folder) == one


def test_correcting_a_text_moves_no_page(tmp_path, make_folder):
    folder = make_folder("".join(lines(20)), names(20))

    def places():
        # rare characters are spread: on twenty pages all are rare
        found = rows(build(tmp_path, folder, stratify=False).folder, "det")
        return {Path(image).stem.split("-")[0]: split for split in found for image, _ in found[split]}

    before = places()
    (folder / "Label.txt").write_text("".join(lines(20)).replace('"t7"', '"corrected"'), "utf-8")
    assert places() == before


def test_equal_names_in_two_folders_and_two_endings_do_not_collide(tmp_path, make_folder):
    one = make_folder(
        line("batch/a.png", box("png")) + line("batch/a.jpg", box("jpg")), ("a.png", "a.jpg"), name="x/batch"
    )
    two = make_folder(line("batch/a.png", box("two")), ("a.png",), name="y/batch")
    pixels = np.full((60, 100, 3), 99, np.uint8)
    (two / "a.png").write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    folder = build(tmp_path, one, two, ratio="1:1:1").folder
    texts = [text for split in rows(folder, "rec").values() for _, text in split]
    assert sorted(texts) == ["jpg", "png", "two"]
    assert len(list((folder / "det/images").iterdir())) == len(list((folder / "rec/crops").iterdir())) == 3


def test_the_same_page_in_two_folders_counts_once_and_is_listed(tmp_path, make_folder):
    one = make_folder("".join(lines(3, "one")), names(3), name="one")
    shutil.copytree(one, tmp_path / "two")
    result = build(tmp_path, one, tmp_path / "two")
    assert result.manifest["skipped"]["by_code"] == {"L018": 3}
    assert sum(len(split) for split in rows(result.folder, "rec").values()) == 3


def test_equal_images_under_two_names_go_to_one_split(tmp_path, make_folder):
    folder = make_folder("".join(lines(20)), names(20))
    for number in range(10):
        (folder / f"p{number + 10}.png").write_bytes((folder / f"p{number}.png").read_bytes())
    result = build(tmp_path, folder, ratio="1:1:1")
    hashes = {
        split: {(result.folder / "det" / image).read_bytes() for image, _ in entries}
        for split, entries in rows(result.folder, "det").items()
    }
    assert sum(map(len, hashes.values())) == 10
    assert [found.code for found in result.problems] == ["L027"] * 10


def test_ignored_regions_are_hashes_in_det_and_absent_in_rec(tmp_path, make_folder):
    page = line("batch/p0.png", box("ok"), box("hard", 50, difficult=True), box("待识别", 45), box("*", 55))
    folder = make_folder(page + "".join(lines(3)[1:]), names(3))
    result = build(tmp_path, folder)
    label = next(
        json.loads(label)
        for split in rows(result.folder, "det").values()
        for image, label in split
        if "p0" in image
    )
    assert [entry["transcription"] for entry in label] == ["ok", "###", "###", "###"]
    assert result.manifest["skipped"]["by_code"] == {"L053": 1, "L054": 1, "L055": 1}
    skipped = [json.loads(row) for row in (result.folder / "skipped.jsonl").read_text("utf-8").splitlines()]
    assert [(row["code"], row["drops"], row["file"], row["line"], row["box"]) for row in skipped] == [
        ("L055", "rec row", "batch/Label.txt", 1, 1),
        ("L054", "rec row", "batch/Label.txt", 1, 2),
        ("L053", "rec row", "batch/Label.txt", 1, 3),
    ]


def test_polygons_keep_all_corners_in_det(tmp_path, make_folder):
    arc = [[5, 20], [30, 10], [60, 20], [60, 40], [30, 30], [5, 40.5]]
    folder = make_folder(
        line("batch/p0.png", {"transcription": "arc", "points": arc}) + "".join(lines(3)[1:]), names(3)
    )
    result = build(tmp_path, folder)
    labels = {image: label for split in rows(result.folder, "det").values() for image, label in split}
    label = next(json.loads(label) for image, label in labels.items() if "p0" in image)
    assert label[0]["points"] == arc


def test_a_page_without_text_is_a_row_that_paddleocr_does_not_reject(tmp_path, make_folder):
    folder = make_folder("".join(lines(5)) + line("batch/p5.png"), names(6))
    result = build(tmp_path, folder)
    labels = [json.loads(label) for split in rows(result.folder, "det").values() for _, label in split]
    assert [len(label) for label in labels] == [1] * 6
    assert [{"transcription": "###", "points": [[0, 0], [2, 0], [2, 2], [0, 2]]}] in labels


def test_a_text_with_a_tab_or_line_break_fits_its_row(tmp_path, make_folder):
    folder = make_folder("".join([line("batch/p0.png", box("a\tb\nc")), *lines(3)[1:]]), names(3))
    result = build(tmp_path, folder)
    texts = [row[1] for split in rows(result.folder, "rec").values() for row in split]
    assert "a b c" in texts
    assert [found.code for found in result.problems] == ["L056"]
    assert result.manifest["tasks"]["rec"]["use_space_char"] is True
    assert " " not in (result.folder / "rec/dict.txt").read_text("utf-8")


def with_exif_orientation(jpeg: bytes, orientation: int) -> bytes:
    """Put an EXIF segment that only holds the orientation behind the start mark of a JPEG."""
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    tiff = b"MM\0*" + struct.pack(">IH", 8, 1) + entry + struct.pack(">I", 0)
    body = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def test_a_photo_is_cut_as_its_exif_orientation_shows_it(tmp_path, make_folder):
    stored = np.zeros((60, 100, 3), np.uint8)
    stored[:30, :50] = (0, 0, 255)
    # shown turned right, the red quarter is at the top right of a page 60 wide and 100 high
    red = {"transcription": "red", "points": [[32, 2], [58, 2], [58, 48], [32, 48]]}
    folder = make_folder(line("batch/p0.jpg", red) + "".join(lines(3)[1:]), names(3))
    jpeg = cv2.imencode(".jpg", stored)[1].tobytes()
    (folder / "p0.jpg").write_bytes(with_exif_orientation(jpeg, 6))
    result = build(tmp_path, folder)
    assert list(result.problems) == []
    rec = [row for split in rows(result.folder, "rec").values() for row in split]
    crop = cv2.imread(str(result.folder / "rec" / next(path for path, text in rec if text == "red")))
    assert crop[..., 2].min() > 200 and crop[..., 0].max() < 60


def test_odd_names_make_paths_that_paddleocr_does_not_misread(tmp_path, make_folder):
    images = ("[1].png", "http:x.png", "页 面.png", "n" * 200 + ".png", "#1 ('a').png")
    folder = make_folder("".join(line(f"batch/{image}", box()) for image in images), images)
    result = build(tmp_path, folder)
    for image, _ in (row for split in rows(result.folder, "det").values() for row in split):
        assert image.startswith("images/") and " " not in image
        assert (result.folder / "det" / image).is_file()


def test_the_labelled_folder_is_only_read(tmp_path, make_folder):
    folder = make_folder("".join(lines(5)), names(5))
    before = tree(folder)
    times = {path: path.stat().st_mtime_ns for path in [folder, *folder.iterdir()]}
    for path in [*folder.iterdir(), folder]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    build(tmp_path, folder)
    assert tree(folder) == before
    assert {path: path.stat().st_mtime_ns for path in times} == times
    folder.chmod(0o755)


def test_det_alone_writes_no_crops_and_needs_no_text(tmp_path, make_folder):
    folder = make_folder("".join(line(f"batch/p{n}.png", box("")) for n in range(5)), names(5))
    result = build(tmp_path, folder, tasks=(Task.DET,))
    assert sorted(path.name for path in result.folder.iterdir()) == [
        INDEX_NAME,
        "dataset.json",
        "det",
        "pages.jsonl",
        "skipped.jsonl",
    ]
    with pytest.raises(DataError, match="no box has a text"):
        build(tmp_path, folder)


def test_the_split_is_the_same_for_one_task_and_for_both(tmp_path):
    source = draw_pages(tmp_path / "pages", 20, lines=2).folder
    both = build(tmp_path, source, name="both").folder
    rec = build(tmp_path, source, name="rec", tasks=(Task.REC,)).folder
    det = build(tmp_path, source, name="det", tasks=(Task.DET,)).folder
    assert rows(both, "rec") == rows(rec, "rec")
    assert rows(both, "det") == rows(det, "det")


@pytest.mark.parametrize(
    ("label", "message", "place"),
    [
        ("", "L002", "Label.txt"),
        ("batch/none.png\t[]\nbatch/gone.png\t[]\n", r"L020, 2 times", "Label.txt:1"),
        ("batch/p0.png\t{broken\n", "L011", "Label.txt:1"),
        ('batch/p0.png\t[{"points": []}]\n', "L019", "Label.txt:1"),
        ("../../p0.png\t[]\n", "L026", "Label.txt:1"),
        ("no tab at all\n", "L010", "Label.txt:1"),
    ],
)
def test_a_folder_of_which_nothing_can_be_used_is_a_clear_error(tmp_path, make_folder, label, message, place):
    folder = make_folder(label, ("p0.png",))
    with pytest.raises(DataError, match=message) as caught:
        build(tmp_path, folder)
    assert place in str(caught.value.at)
    assert caught.value.hint
    assert not (tmp_path / "out" / "set").exists()


def test_unreadable_images_alone_are_a_clear_error(tmp_path, make_folder):
    folder = make_folder("".join(lines(3)), names(3))
    for name in names(3):
        (folder / name).write_bytes(b"not an image")
    with pytest.raises(DataError, match="cannot be decoded"):
        build(tmp_path, folder)
    assert list((tmp_path / "out").iterdir()) == []


def test_good_pages_beside_bad_ones_are_built_and_the_bad_ones_listed(tmp_path, make_folder):
    broken = ["batch/p1.png\t[{\n", "batch/none.png\t[]\n"]
    folder = make_folder("".join(lines(1) + broken + lines(6)[2:]), names(6))
    (folder / "p2.png").write_bytes(b"")
    result = build(tmp_path, folder)
    assert result.manifest["skipped"]["by_code"] == {"L011": 1, "L020": 1, "L030": 1}
    assert sum(map(len, rows(result.folder, "det").values())) == 4


@pytest.mark.parametrize(("count", "message"), [(1, "there are 1"), (2, "there are 2")])
def test_fewer_pages_than_splits_is_a_clear_error(tmp_path, make_folder, count, message):
    folder = make_folder("".join(lines(count)), names(count))
    with pytest.raises(DataError, match=message):
        build(tmp_path, folder)
    assert (
        build(tmp_path, folder, ratio="0:0:1").manifest["tasks"]["det"]["splits"]["test"]["samples"] == count
    )


def test_too_few_pages_with_text_are_named(tmp_path, make_folder):
    folder = make_folder("".join(lines(2) + [line(f"batch/p{n}.png") for n in range(2, 9)]), names(9))
    with pytest.raises(DataError, match="too few pages have a text"):
        build(tmp_path, folder)


def test_a_dictionary_that_lacks_characters_is_an_error_that_names_all(tmp_path, make_folder):
    folder = make_folder("".join(lines(3) + [line("batch/p3.png", box("é 1é"), box("中", 45))]), names(4))
    dictionary = tmp_path / "dict.txt"
    dictionary.write_text("t\n0\n1\n2\n3\n", "utf-8")
    with pytest.raises(DataError, match="2 characters are not in the dictionary") as caught:
        build(tmp_path, folder, dictionary=dictionary)
    assert "'é' (U+00E9) in 1 text (first at" in caught.value.message
    assert "Label.txt:4 box 1" in caught.value.message
    assert not (tmp_path / "out/set").exists()
    dictionary.write_text("t\n0\n1\n2\n3\né\n中\n", "utf-8")
    rec = build(tmp_path, folder, dictionary=dictionary).manifest["tasks"]["rec"]
    assert (rec["num_characters"], rec["use_space_char"]) == (8, True)
    assert (tmp_path / "out/set/rec/dict.txt").read_bytes() == dictionary.read_bytes()


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../x", ".hidden", "-x", "a\0b", "/abs"])
def test_a_name_that_is_no_name_is_refused(tmp_path, make_folder, name):
    folder = make_folder("".join(lines(3)), names(3))
    with pytest.raises(UsageError, match="cannot be the name"):
        build(tmp_path, folder, name=name)


def test_a_data_set_is_never_written_into_or_over_a_labelled_folder(tmp_path, make_folder):
    folder = make_folder("".join(lines(3)), names(3), name="out")
    with pytest.raises(UsageError, match="labelled folder"):
        build(tmp_path, folder)
    deep = make_folder("".join(lines(3, "labels")), names(3), name="out/set/labels")
    (tmp_path / "out/set/dataset.json").write_text("{}")
    with pytest.raises(UsageError, match="labelled folder"):
        build(tmp_path, deep)


def test_a_folder_that_is_no_data_set_is_not_replaced(tmp_path, make_folder):
    folder = make_folder("".join(lines(3)), names(3))
    (tmp_path / "out/set").mkdir(parents=True)
    (tmp_path / "out/set/thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="no data set"):
        build(tmp_path, folder)
    assert (tmp_path / "out/set/thesis.txt").read_text() == "mine"


def test_a_dry_run_says_what_would_be_and_writes_nothing(tmp_path, make_folder):
    folder = make_folder("".join(lines(10)), names(10))
    request = BuildRequest((folder,), "set", tmp_path / "out")
    planned = build_dataset(request, dry_run=True)
    assert not (tmp_path / "out").exists()
    assert build_dataset(request).manifest == planned.manifest


def test_a_full_disk_leaves_the_old_set_whole(tmp_path, make_folder, monkeypatch):
    folder = make_folder("".join(lines(10)), names(10))
    target = build(tmp_path, folder).folder
    before = tree(target)
    written = []

    def write(path, content):
        written.append(path)
        if len(written) > 3:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cutting, "write_file", write)
    with pytest.raises(SetupError, match="disk is full") as caught:
        build(tmp_path, folder, seed=1, rebuild=True)
    assert caught.value.exit_code == 5
    assert tree(target) == before
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["set"]


@pytest.mark.parametrize(
    ("module", "name", "fault"),
    [
        (crop_spool.SpoolWriter, "add", OSError(errno.ENOSPC, "No space left on device")),
        (page_index.PageIndex, "add", sqlite3.OperationalError("database or disk is full")),
        (lmdb_writing.LmdbWriter, "write_labels", OSError(errno.EDQUOT, "Disk quota exceeded")),
        (build_module, "write_index", OSError(errno.ENOSPC, "No space left on device")),
    ],
)
def test_wherever_the_disk_is_full_the_old_set_stays(tmp_path, make_folder, monkeypatch, module, name, fault):
    folder = make_folder("".join(lines(10)), names(10))
    before = tree(build(tmp_path, folder, format="lmdb").folder)

    def fail(*args, **settings):
        raise fault

    monkeypatch.setattr(module, name, fail)
    with pytest.raises(SetupError, match="disk is full"):
        build(tmp_path, folder, format="lmdb", rebuild=True)
    assert tree(tmp_path / "out/set") == before
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["set"]


SLOW_BUILD = r"""
import os, sys, time
from pathlib import Path
from ppocr_kit.datasets import build as build_module
from ppocr_kit.datasets import crop_spool, cutting, lmdb_writing, page_index
from ppocr_kit.datasets.build import BuildRequest, build_dataset

write = cutting.write_file
def slow(path, content):
    write(path, content)
    os.write(1, b"written\n")
    time.sleep(60)
cutting.write_file = slow
build_dataset(BuildRequest((Path(sys.argv[1]),), "set", Path(sys.argv[2]), seed=1, rebuild=True))
"""


@pytest.fixture
def slow_build(tmp_path, make_folder, project):
    """A build in another process that has written its first crop and then sleeps."""
    folder = make_folder("".join(lines(10)), names(10))
    build(tmp_path, folder)
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW_BUILD, str(folder), str(tmp_path / "out")],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(project)},
    )
    try:
        assert process.stdout.readline() == b"written\n"
        yield folder, process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_killed_build_leaves_the_old_set_and_the_next_build_clears_up(tmp_path, slow_build):
    folder, process = slow_build
    before = tree(tmp_path / "out/set")
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert tree(tmp_path / "out/set") == before
    assert any(path.name.endswith(".tmp") for path in (tmp_path / "out").iterdir())
    build(tmp_path, folder)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["set"]


def test_two_builds_of_one_set_at_once_are_refused(tmp_path, slow_build):
    folder, _ = slow_build
    with pytest.raises(SetupError, match="another command"):
        build(tmp_path, folder)
    assert build(tmp_path, folder, name="another").manifest["name"] == "another"


def test_a_set_that_was_moved_aside_by_a_killed_build_is_put_back(tmp_path, make_folder):
    folder = make_folder("".join(lines(10)), names(10))
    target = build(tmp_path, folder).folder
    before = tree(target)
    target.rename(target.with_name(".set.abcd1234.tmp.old"))
    (target.with_name(".set.abcd1234.tmp")).mkdir()
    (target.with_name(".set.two.abcd1234.tmp")).mkdir()
    with pytest.raises(DataError):
        build(tmp_path, folder, ratio="1:1:1", dictionary=tmp_path / "none.txt")
    assert tree(target) == before
    assert sorted(path.name for path in target.parent.iterdir()) == [".set.two.abcd1234.tmp", "set"]


def test_what_was_built_reads_back(tmp_path, make_folder):
    folder = make_folder("".join(lines(10)), names(10))
    result = build(tmp_path, folder, seed=3)
    dataset = read_dataset(result.folder)
    assert (dataset.name, dataset.seed, set(dataset.tasks)) == ("set", 3, set(TEXT_TASKS))
    rec = dataset.tasks[Task.REC]
    assert (rec.use_space_char, rec.max_text_length, rec.num_characters) == (False, 2, 11)
    assert rec.dictionary == result.folder / "rec/dict.txt"
    assert rec.splits[Split.TRAIN].samples == 8
    assert dataset.tasks[Task.DET].dictionary is None


@pytest.mark.parametrize(
    ("name", "pages", "boxes"), [("wire", 700, 711), ("mix", 120, 376), ("form_1040", 24, 77)]
)
def test_the_real_exports_build_without_a_loss_or_a_leak(tmp_path, shared, name, pages, boxes):
    result = build(tmp_path, shared / "real" / name, name=name)
    source = result.manifest["sources"][0]
    assert (source["pages"], source["regions"]) == (pages, boxes)
    det, rec = rows(result.folder, "det"), rows(result.folder, "rec")
    assert sum(len(json.loads(label)) for split in det.values() for _, label in split) == boxes
    texts = sum(map(len, rec.values()))
    assert texts + result.manifest["skipped"]["count"] == boxes
    for split in Split:
        det_pages = {Path(image).stem for image, _ in det[str(split)]}
        assert {page_of(crop) for crop, _ in rec[str(split)]} <= det_pages
    for entries in rec.values():
        for crop, _ in entries:
            assert cv2.imread(str(result.folder / "rec" / crop)) is not None
    known = set((result.folder / "rec/dict.txt").read_text("utf-8").split("\n")) | {" "}
    assert all(set(text) <= known for entries in rec.values() for _, text in entries)
