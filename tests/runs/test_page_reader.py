"""From pictures to regions, with the networks played by fakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ppocr_kit.runs.workers.page_reader import PageReader
from ppocr_kit.runs.workers.readers import Box, Text


def write_image(path: Path, height: int = 20, width: int = 60) -> Path:
    path.write_bytes(cv2.imencode(".png", np.full((height, width, 3), 255, np.uint8))[1].tobytes())
    return path


def only(answers: list[Any]) -> Any:
    (answer,) = answers
    return answer


class FakeDetector:
    """Finds what it was told to."""

    def __init__(self, *boxes: Box) -> None:
        self.boxes = list(boxes)

    def find_all(self, images: Any) -> list[Any]:
        return ["too small" if image.shape[0] == 1 else self.boxes for image in images]


class FakeRecogniser:
    """Reads the size of a picture, and refuses pictures one pixel high."""

    def read(self, images: Any) -> list[Text]:
        if any(image.shape[0] == 1 for image in images):
            raise ValueError("too small")
        return [Text(f"{image.shape[1]}x{image.shape[0]}", 0.5) for image in images]


def quad(left: float, top: float, width: float = 20, height: float = 10) -> Box:
    corners = ((left, top), (left + width, top), (left + width, top + height), (left, top + height))
    return Box(corners, 0.75)


def entry(path: Path, picture: Path | None = None) -> dict[str, Any]:
    return {"path": str(path), "picture": str(picture) if picture else None}


def test_boxes_are_read_in_reading_order(tmp_path):
    page = write_image(tmp_path / "page.png")
    answer = only(
        PageReader(FakeDetector(quad(30, 0, 25), quad(0, 1)), FakeRecogniser()).answer([entry(page)])
    )
    assert answer == {
        "image": str(page),
        "width": 60,
        "height": 20,
        "regions": [
            {
                "points": [[0, 1], [20, 1], [20, 11], [0, 11]],
                "score": 0.75,
                "transcription": "20x10",
                "rec_score": 0.5,
            },
            {
                "points": [[30, 0], [55, 0], [55, 10], [30, 10]],
                "score": 0.75,
                "transcription": "25x10",
                "rec_score": 0.5,
            },
        ],
    }


def test_a_box_too_thin_to_cut_out_has_no_text(tmp_path):
    page = write_image(tmp_path / "page.png")
    answer = only(
        PageReader(FakeDetector(quad(0, 0, 20, 0), quad(0, 5)), FakeRecogniser()).answer([entry(page)])
    )
    assert [region["transcription"] for region in answer["regions"]] == ["", "20x10"]


def test_a_page_without_text_has_no_regions(tmp_path):
    page = write_image(tmp_path / "page.png")
    assert only(PageReader(FakeDetector(), FakeRecogniser()).answer([entry(page)]))["regions"] == []


def test_without_a_recogniser_regions_have_no_text(tmp_path):
    page = write_image(tmp_path / "page.png")
    (region,) = only(PageReader(FakeDetector(quad(0, 0)), None).answer([entry(page)]))["regions"]
    assert set(region) == {"points", "score"}


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (None, "cannot be read"),
        (b"", "empty file"),
        (b"text", "decoded"),
        (b"\xff\xd8\xff\xda12", "cut short"),
    ],
)
def test_a_bad_picture_is_answered_with_the_reason(tmp_path, content, error):
    page = tmp_path / "page.jpg"
    if content is not None:
        page.write_bytes(content)
    answer = only(PageReader(FakeDetector(), None).answer([entry(page)]))
    assert answer["image"] == str(page) and error in answer["error"]


def test_a_bad_crop_does_not_spoil_its_batch(tmp_path):
    paths = [
        write_image(tmp_path / "a.png"),
        tmp_path / "gone.png",
        write_image(tmp_path / "thin.png", 1),
        write_image(tmp_path / "b.png", 30),
    ]
    answers = PageReader(None, FakeRecogniser()).answer([entry(path) for path in paths])
    assert [answer["image"] for answer in answers] == [str(path) for path in paths]
    assert [("error" in answer) for answer in answers] == [False, True, True, False]
    assert answers[3]["regions"] == [{"transcription": "60x30", "rec_score": 0.5}]


def test_pictures_are_drawn_beside_their_texts(tmp_path):
    page, drawn = write_image(tmp_path / "page.png"), tmp_path / "out" / "page.jpg"
    only(PageReader(FakeDetector(quad(0, 0)), FakeRecogniser()).answer([entry(page, drawn)]))
    picture = cv2.imdecode(np.frombuffer(drawn.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape[0] >= 20 and picture.shape[1] > 60
    assert (picture[:, 60:] < 128).any(), "the text column is empty"


def test_a_picture_is_drawn_without_texts_too(tmp_path):
    page, drawn = write_image(tmp_path / "page.png"), tmp_path / "page.jpg"
    only(PageReader(FakeDetector(quad(2, 2)), None).answer([entry(page, drawn)]))
    assert cv2.imread(str(drawn)).shape == (20, 60, 3)


def test_pages_that_share_a_batch_keep_their_own_boxes_and_errors(tmp_path):
    paths = [write_image(tmp_path / "a.png"), write_image(tmp_path / "b.png", 1), tmp_path / "gone.png"]
    paths.append(write_image(tmp_path / "c.png", 40))
    answers = PageReader(FakeDetector(quad(0, 0)), FakeRecogniser()).answer([entry(path) for path in paths])
    assert [answer["image"] for answer in answers] == [str(path) for path in paths]
    assert [len(answer.get("regions", [])) for answer in answers] == [1, 0, 0, 1]
    assert answers[1]["error"] == "too small" and "cannot be read" in answers[2]["error"]
