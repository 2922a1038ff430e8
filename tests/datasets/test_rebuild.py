"""Building again over a data set: only what changed is cut, and nobody can tell from the result."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from pathlib import Path

import cv2
import pytest

from ppocr_kit.datasets import cutting, file_placing
from ppocr_kit.datasets.build import BuildRequest, build_dataset
from ppocr_kit.datasets.page_facts import read_page_facts
from ppocr_kit.datasets.reuse import INDEX_NAME
from ppocr_kit.synth.export import draw_pages
from ppocr_kit.tasks import Task

PAGES = 12
LONG_AGO_NS = 1_600_000_000_000_000_000


def tree(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != INDEX_NAME
    }


@pytest.fixture
def source(tmp_path):
    """A labelled folder that was drawn long ago."""
    folder = draw_pages(tmp_path / "labels", PAGES, lines=3).folder
    for path in folder.iterdir():
        os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))
    return folder


@pytest.fixture(params=["files", "lmdb"])
def keeping(request):
    return request.param


def build(tmp_path, source, name="set", **settings):
    return build_dataset(BuildRequest((source,), name, tmp_path / "out", **settings), workers=2)


def assert_as_fresh(tmp_path, result, source, **settings):
    """Compare with a build of the same name in an empty place."""
    shutil.rmtree(tmp_path / "fresh", ignore_errors=True)
    request = BuildRequest((source,), result.folder.name, tmp_path / "fresh", **settings)
    fresh = build_dataset(request)
    assert fresh.reused == 0
    assert tree(result.folder) == tree(fresh.folder)
    assert [found.to_json() for found in result.problems] == [found.to_json() for found in fresh.problems]


def edit_lines(source, change):
    label = source / "Label.txt"
    lines = label.read_text("utf-8").splitlines(keepends=True)
    label.write_text("".join(change(lines)), "utf-8")


def no_cutting(*args):
    raise AssertionError("a page was opened that did not change")


def test_nothing_changed_means_nothing_is_opened(tmp_path, source, keeping, monkeypatch):
    first = build(tmp_path, source, format=keeping)
    before = tree(first.folder)
    assert first.reused == 0
    monkeypatch.setattr(cutting, "open_page_image", no_cutting)
    second = build(tmp_path, source, format=keeping)
    assert second.reused == second.pages == PAGES
    assert tree(second.folder) == before


def test_a_corrected_text_cuts_its_page_alone(tmp_path, source, keeping):
    build(tmp_path, source, format=keeping)

    def correct(lines):
        key, boxes = lines[3].split("\t")
        boxes = json.loads(boxes)
        boxes[0]["transcription"] = "0"
        return [*lines[:3], f"{key}\t{json.dumps(boxes)}\n", *lines[4:]]

    edit_lines(source, correct)
    result = build(tmp_path, source, format=keeping)
    assert result.reused == PAGES - 1
    assert_as_fresh(tmp_path, result, source, format=keeping)


def test_pages_more_and_less_are_cut_and_forgotten(tmp_path, source, keeping):
    build(tmp_path, source, format=keeping)
    more = draw_pages(tmp_path / "more", 2, 9, lines=2).folder
    shutil.copy(more / "page_0000.jpg", source / "new.jpg")
    line = (more / "Label.txt").read_text("utf-8").splitlines()[0].replace("more/page_0000", "labels/new")
    edit_lines(source, lambda lines: [line + "\n", *lines[2:]])
    result = build(tmp_path, source, format=keeping)
    assert (result.pages, result.reused) == (PAGES - 1, PAGES - 2)
    assert_as_fresh(tmp_path, result, source, format=keeping)


def test_an_image_of_the_same_size_with_another_time_is_looked_at(tmp_path, source, keeping):
    build(tmp_path, source, format=keeping)
    image = source / "page_0004.jpg"
    pixels = 255 - cv2.imread(str(image))
    cv2.imwrite(str(image), pixels)
    os.utime(source / "page_0005.jpg", ns=(LONG_AGO_NS + 5, LONG_AGO_NS + 5))
    result = build(tmp_path, source, format=keeping)
    assert result.reused == PAGES - 1
    assert_as_fresh(tmp_path, result, source, format=keeping)


def test_an_image_that_is_younger_than_the_set_is_looked_at_whatever_its_time(tmp_path, source):
    image = source / "page_0004.jpg"
    os.utime(image)
    build(tmp_path, source)
    stat = image.stat()
    content = bytearray(image.read_bytes())
    content[-200] ^= 1
    image.write_bytes(content)
    os.utime(image, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    result = build(tmp_path, source)
    assert result.reused == PAGES - 1
    assert_as_fresh(tmp_path, result, source)


def test_a_moved_folder_is_known_by_its_content(tmp_path, source, keeping):
    build(tmp_path, source, format=keeping)
    moved = tmp_path / "elsewhere" / "labels"
    shutil.copytree(source, moved)
    result = build(tmp_path, moved, format=keeping)
    assert result.reused == PAGES
    assert_as_fresh(tmp_path, result, moved, format=keeping)


def test_a_renamed_image_takes_its_crops_along(tmp_path, source, keeping):
    build(tmp_path, source, format=keeping)
    (source / "page_0001.jpg").rename(source / "renamed.jpg")
    edit_lines(source, lambda lines: [line.replace("page_0001.jpg", "renamed.jpg") for line in lines])
    result = build(tmp_path, source, format=keeping)
    assert result.reused == PAGES
    assert_as_fresh(tmp_path, result, source, format=keeping)


def test_another_seed_and_ratio_cut_nothing(tmp_path, source, keeping):
    build(tmp_path, source, format=keeping)
    result = build(tmp_path, source, format=keeping, seed=5, ratio="1:1:1")
    assert result.reused == PAGES
    assert_as_fresh(tmp_path, result, source, format=keeping, seed=5, ratio="1:1:1")


def test_rebuild_takes_nothing(tmp_path, source, keeping):
    build(tmp_path, source, format=keeping)
    assert build(tmp_path, source, format=keeping, rebuild=True).reused == 0


def test_a_task_more_or_another_format_is_cut(tmp_path, source):
    build(tmp_path, source, tasks=(Task.DET,))
    result = build(tmp_path, source)
    assert result.reused == 0
    assert_as_fresh(tmp_path, result, source)
    assert build(tmp_path, source, tasks=(Task.DET,)).reused == PAGES
    assert build(tmp_path, source, tasks=(Task.REC,)).reused == 0
    assert build(tmp_path, source, tasks=(Task.REC,), format="lmdb").reused == 0


@pytest.mark.parametrize("settings", [{"tasks": (Task.DET,)}, {"near_duplicates": False}])
def test_what_is_known_of_pages_follows_from_the_request_alone(tmp_path, source, settings):
    build(tmp_path, source)
    shutil.copy(source / "page_0001.jpg", source / "page_0001_rotated.jpg")
    with (source / "page_0001_rotated.jpg").open("ab") as image:
        image.write(b"other bytes")
    edit_lines(source, lambda lines: [*lines, lines[1].replace("page_0001", "page_0001_rotated")])
    result = build(tmp_path, source, **settings)
    assert result.reused == PAGES
    assert_as_fresh(tmp_path, result, source, **settings)
    assert build(tmp_path, source, **settings).reused == PAGES + 1
    facts = list(read_page_facts(result.folder))
    known = sum(fact.fingerprint is not None for fact in facts)
    assert known == (2 if "tasks" in settings else 0)


def test_files_of_the_set_that_were_changed_by_hand_are_not_taken(tmp_path, source):
    folder = build(tmp_path, source).folder
    crops = sorted((folder / "rec/crops").iterdir())
    crops[0].write_bytes(b"drawn over")
    crops[-1].unlink()
    next((folder / "det/images").glob("page_0005*")).write_bytes(b"drawn over")
    result = build(tmp_path, source)
    assert result.reused == PAGES - 3
    assert_as_fresh(tmp_path, result, source)


def test_an_lmdb_that_was_changed_by_hand_is_not_taken(tmp_path, source):
    import lmdb

    folder = build(tmp_path, source, format="lmdb").folder
    environment = lmdb.open(str(folder / "rec/train.lmdb"), lock=False)
    with environment, environment.begin(write=True) as transaction:
        transaction.put(b"image-000000001", b"drawn over")
    result = build(tmp_path, source, format="lmdb")
    assert result.reused == 0
    assert_as_fresh(tmp_path, result, source, format="lmdb")


def spoil(folder, how):
    index = folder / INDEX_NAME
    if how == "gone":
        index.unlink()
    elif how == "no database":
        index.write_bytes(b"not a database, but long enough to look like one" * 99)
    elif how == "other set":
        manifest = folder / "dataset.json"
        manifest.write_text(manifest.read_text("utf-8") + " ", "utf-8")
    else:
        with sqlite3.connect(index) as database:
            database.execute(how)
        database.close()


@pytest.mark.parametrize(
    "how",
    [
        "gone",
        "no database",
        "other set",
        "DROP TABLE pages",
        "DROP TABLE facts",
        "UPDATE facts SET value = '0 of another OpenCV' WHERE name = 'recipe'",
        "UPDATE facts SET value = 'long ago' WHERE name = 'started_ns'",
        "UPDATE pages SET name = '../../../etc/passwd-0123456789ab'",
        "UPDATE pages SET name = NULL",
        "UPDATE pages SET width = 'wide'",
        "UPDATE pages SET height = -4",
        "UPDATE pages SET split = 'dev'",
        "UPDATE pages SET image_sha256 = 'x'",
    ],
)
def test_a_damaged_index_costs_time_and_nothing_else(tmp_path, source, how):
    folder = build(tmp_path, source).folder
    spoil(folder, how)
    result = build(tmp_path, source)
    assert result.reused == 0
    assert_as_fresh(tmp_path, result, source)


def test_without_hard_links_crops_are_copied_within_the_set(tmp_path, source, monkeypatch):
    build(tmp_path, source)

    def refuse(*args):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(file_placing.os, "link", refuse)
    result = build(tmp_path, source)
    assert (result.reused, result.copied) == (PAGES, 0)
    monkeypatch.undo()
    assert_as_fresh(tmp_path, result, source)


def test_linked_images_are_one_file_with_the_originals(tmp_path, source):
    folder = build(tmp_path, source, images="link").folder
    originals = {path.stat().st_ino for path in source.glob("*.jpg")}
    assert {path.stat().st_ino for path in (folder / "det/images").iterdir()} == originals
    again = build(tmp_path, source, images="link")
    assert again.reused == PAGES
    assert {path.stat().st_ino for path in (again.folder / "det/images").iterdir()} == originals


def test_a_set_of_links_that_is_built_with_copies_has_copies(tmp_path, source):
    build(tmp_path, source, images="link")
    folder = build(tmp_path, source, images="copy").folder
    originals = {path.stat().st_ino for path in source.glob("*.jpg")}
    assert not {path.stat().st_ino for path in (folder / "det/images").iterdir()} & originals


def test_links_and_copies_make_the_same_set(tmp_path, source):
    linked = tree(build(tmp_path, source, images="link").folder)
    assert linked == tree(build(tmp_path, source, images="copy").folder)


def test_where_links_cannot_be_had_images_are_copied_and_it_is_said(tmp_path, source, monkeypatch):
    def refuse(*args):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(file_placing.os, "link", refuse)
    result = build(tmp_path, source, images="link")
    assert result.copied == PAGES
    assert_as_fresh(tmp_path, result, source)


def test_a_symbolic_link_is_followed_before_it_is_linked(tmp_path, source):
    image = source / "page_0000.jpg"
    image.rename(tmp_path / "kept.jpg")
    image.symlink_to(tmp_path / "kept.jpg")
    folder = build(tmp_path, source, images="link").folder
    linked = next((folder / "det/images").glob("page_0000*"))
    assert not linked.is_symlink()
    assert linked.stat().st_ino == (tmp_path / "kept.jpg").stat().st_ino


def test_the_old_set_is_as_it_was_when_the_new_one_fails(tmp_path, source, keeping):
    folder = build(tmp_path, source, format=keeping, images="link").folder
    before = tree(folder)
    (tmp_path / "dict.txt").write_text("x\n", "utf-8")
    with pytest.raises(Exception, match="not in the dictionary"):
        build(tmp_path, source, format=keeping, images="link", dictionary=tmp_path / "dict.txt")
    assert tree(folder) == before
    assert build(tmp_path, source, format=keeping, images="link").reused == PAGES


def test_the_index_names_no_folder_of_the_machine(tmp_path, source):
    folder = build(tmp_path, source).folder
    assert os.fsencode(tmp_path) not in (folder / INDEX_NAME).read_bytes()
