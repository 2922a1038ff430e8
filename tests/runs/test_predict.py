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
from ppocr_kit.runs.answering import ask
from ppocr_kit.runs.predict import collect_images, predict_images
from ppocr_kit.runs.workers.readers import in_mode
from ppocr_kit.vendor.answers import AnswerReader, refusal


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
    reader = AnswerReader(stream, came.append)
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
