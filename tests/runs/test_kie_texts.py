"""Texts of pictures from labels, in place of a detector and a recogniser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ppocr_kit.errors import DataError
from ppocr_kit.runs.kie_texts import read_page_texts


def box(text: str, x: int, y: int, **more: Any) -> dict[str, Any]:
    return {"transcription": text, "points": [[x, y], [x + 40, y], [x + 40, y + 10], [x, y + 10]], **more}


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        cv2.imwrite(str(folder / name), np.full((80, 120, 3), 255, np.uint8))
    pages = {
        "a.jpg": [
            box("right", 60, 20), box("left", 5, 22), box("top", 30, 2), box("###", 5, 60), box("", 5, 9),
        ],
        "b.jpg": [box("###", 5, 5)],
    }  # fmt: skip
    lines = [f"scans/{name}\t{json.dumps(boxes)}\n" for name, boxes in pages.items()]
    (folder / "Label.txt").write_text("".join(lines), encoding="utf-8")
    return folder


def test_texts_stand_in_reading_order_by_their_place_in_the_line(labelled: Path) -> None:
    texts, pages = read_page_texts(labelled / "Label.txt", [])
    assert [page.name for page in pages] == ["a.jpg", "b.jpg"]
    entities = texts.of_page(pages[0])["entities"]
    assert [(each["id"], each["transcription"]) for each in entities] == [
        (2, "top"),
        (1, "left"),
        (0, "right"),
    ]
    assert entities[0]["points"][0] == [30, 2]


def test_pictures_below_this_folder_are_named_from_here(
    labelled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(labelled.parent)
    texts, pages = read_page_texts(Path("scans/Label.txt"), [])
    assert [str(page) for page in pages] == ["scans/a.jpg", "scans/b.jpg"]
    assert len(texts.of_page(pages[0])["entities"]) == 3


def test_a_page_without_text_has_its_size(labelled: Path) -> None:
    texts, pages = read_page_texts(labelled, [])
    assert texts.of_page(pages[1]) == {"entities": [], "width": 120, "height": 80}


def test_ids_of_the_file_are_kept(labelled: Path) -> None:
    row = [box("a", 5, 5, id=31), box("b", 60, 5, id=12)]
    (labelled / "Label.txt").write_text(f"scans/a.jpg\t{json.dumps(row)}\n", encoding="utf-8")
    texts, (page,) = read_page_texts(labelled, [])
    assert [each["id"] for each in texts.of_page(page)["entities"]] == [31, 12]


def test_pictures_without_labels_are_told_and_only_others_are_an_error(labelled: Path) -> None:
    texts, pages = read_page_texts(labelled, [labelled / "a.jpg", labelled / "c.jpg"])
    assert len(pages) == 2 and "no labels for this picture" in texts.of_page(pages[1])["error"]
    with pytest.raises(DataError, match="of other pictures"):
        read_page_texts(labelled, [labelled / "c.jpg"])


def test_labels_whose_pictures_are_gone_are_an_error(labelled: Path) -> None:
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        (labelled / name).unlink()
    with pytest.raises(DataError):
        read_page_texts(labelled, [])
