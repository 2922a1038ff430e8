from __future__ import annotations

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from ppocr_kit.errors import UsageError
from ppocr_kit.labels.checks import check_sources
from ppocr_kit.synth.export import draw_pages
from ppocr_kit.synth.page import PageStyle, draw_page
from ppocr_kit.synth.words import DEFAULT_ALPHABET, draw_word


def tree(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_same_seed_draws_the_same_bytes_and_another_seed_others(tmp_path):
    first = tree(draw_pages(tmp_path / "pages", 4, seed=3).folder)
    assert tree(draw_pages(tmp_path / "again" / "pages", 4, seed=3).folder) == first
    other = tree(draw_pages(tmp_path / "pages", 4, seed=4).folder)
    assert [name for name in first if first[name] == other[name]] == ["fileState.txt"]


def test_more_pages_begin_with_the_same_pages(tmp_path):
    few = tree(draw_pages(tmp_path / "few", 2).folder)
    many = tree(draw_pages(tmp_path / "many", 3).folder)
    assert all(many[name] == few[name] for name in few if name.startswith(("page", "crop_img")))


def test_the_folder_is_laid_out_as_ppocrlabel_exports_it(tmp_path):
    folder = draw_pages(tmp_path / "my pages", 3, lines=2).folder
    labels = [line.split("\t") for line in (folder / "Label.txt").read_text("utf-8").splitlines()]
    assert [key for key, _ in labels] == [f"my pages/page_{n:04d}.jpg" for n in range(3)]
    assert list(json.loads(labels[0][1])[0]) == ["transcription", "points", "difficult"]
    states = (folder / "fileState.txt").read_text("utf-8").splitlines()
    assert states == [f"{key}\t1" for key, _ in labels]
    crops = [line.split("\t") for line in (folder / "rec_gt.txt").read_text("utf-8").splitlines()]
    assert [text for _, text in crops] == [
        box["transcription"] for _, boxes in labels for box in json.loads(boxes)
    ]
    assert [name for name, _ in crops][:3] == [
        "crop_img/page_0000_crop_0.jpg",
        "crop_img/page_0000_crop_1.jpg",
        "crop_img/page_0001_crop_0.jpg",
    ]
    assert all((folder / name).is_file() for name, _ in crops)


def test_drawn_labels_have_no_findings(tmp_path):
    folder = draw_pages(tmp_path / "pages", 20).folder
    result = check_sources([folder])
    assert list(result.problems) == []
    assert (result.statistics.pages, result.statistics.texts) == (20, 160)
    assert set(result.statistics.characters) <= set(DEFAULT_ALPHABET)


@pytest.mark.parametrize("lines", [1, 2, 5, 8, 20])
def test_every_text_has_ink_inside_its_box_and_none_outside(lines):
    page = draw_page(np.random.default_rng(0), PageStyle(lines, DEFAULT_ALPHABET))
    grey = page.image.min(axis=2).astype(int)
    inside = np.zeros(grey.shape, np.uint8)
    for text in page.texts:
        own = np.zeros(grey.shape, np.uint8)
        cv2.fillPoly(own, [np.array(text.points)], 255)
        assert (grey[own > 0] < 110).sum() > 10 * len(text.transcription)
        inside |= own
    around = cv2.dilate(inside, np.ones((3, 3), np.uint8))
    assert (grey[around == 0] < 85).mean() < 1e-3


def test_boxes_of_a_page_do_not_touch():
    for seed in range(20):
        page = draw_page(np.random.default_rng(seed), PageStyle(8, DEFAULT_ALPHABET, 7, 7))
        cover = np.zeros(page.image.shape[:2], np.uint8)
        for text in page.texts:
            own = np.zeros_like(cover)
            cv2.fillPoly(own, [np.array(text.points)], 1)
            cover += own
        assert cover.max() == 1


def test_words_have_the_wanted_length_and_no_separator_at_an_end():
    rng = np.random.default_rng(0)
    words = [draw_word(rng, "01-.", 3, 7) for _ in range(500)]
    assert {len(word) for word in words} == set(range(3, 8))
    assert not any(set(word[0] + word[-1]) & set("-.") for word in words)
    assert not any(mark in word for word in words for mark in ("--", "..", "-.", ".-"))


@pytest.mark.parametrize(
    "settings",
    [
        {"pages": 0},
        {"lines": 0},
        {"seed": -1},
        {"alphabet": ""},
        {"alphabet": "-."},
        {"alphabet": "0\n"},
        {"alphabet": "中"},
    ],
)
def test_what_cannot_be_drawn_is_refused(tmp_path, settings):
    with pytest.raises(UsageError):
        draw_pages(tmp_path / "pages", **settings)
    assert not (tmp_path / "pages").exists()


def test_a_folder_that_was_drawn_is_drawn_over_and_no_other(tmp_path):
    folder = draw_pages(tmp_path / "pages", 3).folder
    assert draw_pages(folder, 2).pages == 2
    assert not (folder / "page_0002.jpg").exists()
    (tmp_path / "mine").mkdir()
    draw_pages(tmp_path / "mine", 1)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/cat.jpg").write_bytes(b"cat")
    with pytest.raises(UsageError, match="not drawn by synth"):
        draw_pages(tmp_path / "photos", 1)
    assert (tmp_path / "photos/cat.jpg").read_bytes() == b"cat"


def test_labels_that_somebody_corrected_are_not_drawn_over(tmp_path):
    folder = draw_pages(tmp_path / "pages", 3).folder
    label_file = folder / "Label.txt"
    label_file.write_bytes(label_file.read_bytes() + b"\n")
    with pytest.raises(UsageError, match="edited since"):
        draw_pages(folder, 3)


def test_pages_that_people_linked_are_not_drawn_over(tmp_path):
    folder = draw_pages(tmp_path / "pages", 1).folder
    (folder / "links.json").touch()
    with pytest.raises(UsageError, match="linked"):
        draw_pages(folder, 1)
