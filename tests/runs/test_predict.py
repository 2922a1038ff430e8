"""Prediction without a network: pictures gathered, answers passed on, errors as documented."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.runs import answering
from ppocr_kit.runs.answering import ask, refusal
from ppocr_kit.runs.predict import collect_images, predict_images
from ppocr_kit.runs.workers import predict_images as worker
from ppocr_kit.runs.workers.readers import Box, Text, in_mode


def write_image(path: Path, height: int = 20, width: int = 60) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".png", np.full((height, width, 3), 255, np.uint8))[1].tobytes())
    return path


def test_pictures_come_from_files_folders_and_patterns_without_repeats(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("b/2.PNG", "b/1.jpg", "b/deep/3.tif", "b/notes.txt", "b/.hidden.png", "c/4.webp", "a.png"):
        write_image(tmp_path / name)
    found = collect_images(["a.png", "b", "c/*", "b/1.jpg"])
    assert [path.as_posix() for path in found] == ["a.png", "b/1.jpg", "b/2.PNG", "b/deep/3.tif", "c/4.webp"]


def test_a_named_file_is_tried_whatever_its_suffix(tmp_path):
    picture = write_image(tmp_path / "scan.dat")
    assert collect_images([str(picture)]) == [picture]


def test_a_name_with_brackets_is_a_file_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_image(tmp_path / "page[1].png")
    assert collect_images(["page[1].png"]) == [Path("page[1].png")]


def test_a_missing_file_is_kept_to_be_reported():
    assert collect_images(["nothing.png"]) == [Path("nothing.png")]


@pytest.mark.parametrize("names", [["empty"], ["*.png"], []])
def test_no_picture_at_all_is_refused(tmp_path, monkeypatch, names):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no pictures"):
        collect_images(names)


def test_prediction_runs_on_one_device():
    with pytest.raises(UsageError, match="one device"):
        predict_images([], [Path("a.png")], print, device="cpu:2")


class FakeDetector:
    """Finds what it was told to."""

    def __init__(self, *boxes: Box) -> None:
        self.boxes = list(boxes)

    def find(self, image: np.ndarray) -> tuple[list[Box], float]:
        if image.shape[0] == 1:
            raise ValueError("too small")
        return self.boxes, 1.0


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
    answer = worker._answer_page(entry(page), FakeDetector(quad(30, 0, 25), quad(0, 1)), FakeRecogniser())
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
    answer = worker._answer_page(entry(page), FakeDetector(quad(0, 0, 20, 0), quad(0, 5)), FakeRecogniser())
    assert [region["transcription"] for region in answer["regions"]] == ["", "20x10"]


def test_a_page_without_text_has_no_regions(tmp_path):
    page = write_image(tmp_path / "page.png")
    assert worker._answer_page(entry(page), FakeDetector(), FakeRecogniser())["regions"] == []


def test_without_a_recogniser_regions_have_no_text(tmp_path):
    page = write_image(tmp_path / "page.png")
    (region,) = worker._answer_page(entry(page), FakeDetector(quad(0, 0)), None)["regions"]
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
    answer = worker._answer_page(entry(page), FakeDetector(), None)
    assert answer["image"] == str(page) and error in answer["error"]


def test_a_bad_crop_does_not_spoil_its_batch(tmp_path):
    paths = [
        write_image(tmp_path / "a.png"),
        tmp_path / "gone.png",
        write_image(tmp_path / "thin.png", 1),
        write_image(tmp_path / "b.png", 30),
    ]
    answers: list[Any] = []
    worker._answer_crops([entry(path) for path in paths], FakeRecogniser(), answers.append)
    assert [answer["image"] for answer in answers] == [str(path) for path in paths]
    assert [("error" in answer) for answer in answers] == [False, True, True, False]
    assert answers[3]["regions"] == [{"transcription": "60x30", "rec_score": 0.5}]


def test_pictures_are_drawn_beside_their_texts(tmp_path):
    page, drawn = write_image(tmp_path / "page.png"), tmp_path / "out" / "page.jpg"
    worker._answer_page(entry(page, drawn), FakeDetector(quad(0, 0)), FakeRecogniser())
    picture = cv2.imdecode(np.frombuffer(drawn.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape[0] >= 20 and picture.shape[1] > 60
    assert (picture[:, 60:] < 128).any(), "the text column is empty"


def test_a_picture_is_drawn_without_texts_too(tmp_path):
    page, drawn = write_image(tmp_path / "page.png"), tmp_path / "page.jpg"
    worker._answer_page(entry(page, drawn), FakeDetector(quad(2, 2)), None)
    assert cv2.imread(str(drawn)).shape == (20, 60, 3)


def test_colours_are_brought_to_the_order_a_model_was_trained_on():
    blue = np.zeros((2, 2, 3), np.uint8)
    blue[..., 0] = 255
    assert in_mode(blue, "BGR")[0, 0].tolist() == [255, 0, 0]
    assert in_mode(blue, "RGB")[0, 0].tolist() == [0, 0, 255]
    assert len(set(in_mode(blue, "GRAY")[0, 0].tolist())) == 1


@given(st.lists(st.dictionaries(st.text(max_size=4), st.text(max_size=8), max_size=2), max_size=6), st.data())
def test_answers_arrive_whole_however_the_file_grows(answers, data):
    content = "".join(json.dumps(answer, ensure_ascii=False) + "\n" for answer in answers).encode()
    came: list[Any] = []

    class Growing:
        """A file that is read while it is written."""

        def __init__(self) -> None:
            self.rest, self.there = content, b""

        def grow(self) -> None:
            cut = data.draw(st.integers(0, len(self.rest)))
            self.there, self.rest = self.there + self.rest[:cut], self.rest[cut:]

        def readline(self) -> bytes:
            end = self.there.find(b"\n") + 1 or len(self.there)
            line, self.there = self.there[:end], self.there[end:]
            return line

    stream: Any = Growing()
    reader = answering._AnswerReader(stream, came.append)
    for _ in range(4):
        stream.grow()
        reader.take()
    stream.there, stream.rest = stream.there + stream.rest, b""
    reader.take()
    assert came == answers


def test_a_worker_refuses_with_the_error_of_the_kit():
    error = refusal({"kind": "DataError", "message": "no", "at": "here", "hint": None})
    assert isinstance(error, DataError) and (error.message, error.at, error.hint) == ("no", "here", None)


@pytest.fixture
def fake_worker(tmp_path, monkeypatch):
    """Run these answers in place of a worker process."""

    def arm(*lines: str) -> None:
        monkeypatch.setattr(answering, "find_release", lambda: None)
        monkeypatch.setattr(
            answering, "find_interpreter", lambda lane: SimpleNamespace(python=Path("python"))
        )
        monkeypatch.setattr(answering, "tool_invocation", lambda *args, **more: args[3])

        def run(arguments: Any, on_line: Any) -> None:
            for line in lines:
                with Path(arguments[1]).open("a", encoding="utf-8") as stream:
                    stream.write(line + "\n")
                on_line("a line of Paddle's")
                on_line(arguments[2])

        monkeypatch.setattr(answering, "run_tool", run)

    return arm


def test_answers_come_in_order(tmp_path, fake_worker):
    came: list[Any] = []
    fake_worker('{"image": "a"}', '{"image": "b"}')
    ask("predict_images.py", {}, tmp_path, came.append)
    assert came == [{"image": "a"}, {"image": "b"}]


def test_a_refusal_ends_the_asking(tmp_path, fake_worker):
    came: list[Any] = []
    fake_worker(
        '{"image": "a"}', '{"refused": {"kind": "DataError", "message": "no", "at": null, "hint": null}}'
    )
    with pytest.raises(DataError, match="no"):
        ask("predict_images.py", {}, tmp_path, came.append)
    assert came == [{"image": "a"}]
