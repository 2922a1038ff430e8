"""A picture that is one line of text is its own crop: its bytes are copied."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from ppocr_kit.datasets.build import BuildRequest, build_dataset

SIZES = {"a.png": (80, 24), "b.jpg": (80, 24), "c.png": (24, 80)}


@pytest.fixture
def lines_of_text(tmp_path):
    folder = tmp_path / "words"
    folder.mkdir()
    for number, (name, (width, height)) in enumerate(SIZES.items()):
        pixels = np.random.default_rng(number).integers(0, 256, (height, width, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / name), pixels)
    return folder


def crops(folder, ratio="0:0:1", **settings):
    result = build_dataset(
        BuildRequest((folder,), "set", folder.parent / "out", ratio=ratio, near_duplicates=False, **settings)
    )
    rows = (result.folder / "rec/test.txt").read_text("utf-8").splitlines()
    return {row.split("\t")[1]: result.folder / "rec" / row.split("\t")[0] for row in rows}


def write_labels(folder, grow=0):
    rows = []
    for name, (width, height) in SIZES.items():
        points = [[0, 0], [width - grow, 0], [width - grow, height], [0, height]]
        rows.append(f"words/{name}\t{json.dumps([{'transcription': name, 'points': points}])}\n")
    (folder / "Label.txt").write_text("".join(rows), "utf-8")


def test_a_box_that_is_the_whole_picture_copies_its_bytes(lines_of_text):
    write_labels(lines_of_text)
    found = crops(lines_of_text)
    for name in ("a.png", "b.jpg"):
        assert found[name].suffix == name[-4:]
        assert found[name].read_bytes() == (lines_of_text / name).read_bytes()


def test_a_standing_picture_is_turned_and_so_encoded(lines_of_text):
    write_labels(lines_of_text)
    crop = crops(lines_of_text)["c.png"]
    assert crop.suffix == ".jpg"
    assert cv2.imread(str(crop)).shape == (24, 80, 3)


def test_a_box_that_is_a_column_narrower_is_cut(lines_of_text):
    write_labels(lines_of_text, grow=1)
    found = crops(lines_of_text)
    assert cv2.imread(str(found["a.png"])).shape == (24, 79, 3)
    assert {path.suffix for path in found.values()} == {".jpg"}


def test_rows_of_a_recognition_list_are_copied_also_when_they_stand(lines_of_text):
    rows = "".join(f"{name}\t{name}\n" for name in SIZES)
    (lines_of_text / "rec_gt_train.txt").write_text(rows, "utf-8")
    found = crops(lines_of_text)
    assert {name: path.read_bytes() for name, path in found.items()} == {
        name: (lines_of_text / name).read_bytes() for name in SIZES
    }
