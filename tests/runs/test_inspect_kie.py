"""The worker's row check with transforms of one's own in place of the release's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ppocr_kit.runs.workers.inspect_kie import Pages, size_of

WINDOW = 4


class Encoder:
    """Makes a token of every character, and knows the classes A and B."""

    def __init__(self, contains_re: bool = False) -> None:
        self.contains_re = contains_re
        self.label2id_map = {"O": 0, "B-A": 1, "I-A": 2, "B-B": 3, "I-B": 4, "B-QUESTION": 5, "B-ANSWER": 6}

    def __call__(self, data: dict[str, Any]) -> dict[str, Any]:
        boxes = json.loads(data["label"])
        height, width, _ = data["image"].shape
        assert (height, width) == (20, 30)
        for box in boxes:
            box["points"], box["transcription"]
            if box["label"].lower() != "other":
                self.label2id_map[f"B-{box['label']}".upper()]
        known = {box["id"] for box in boxes} if self.contains_re else set()
        for box in boxes if self.contains_re else ():
            for end in (end for link in box["linking"] for end in link):
                if end not in known:
                    raise KeyError(end)
        data["input_ids"] = [ord(sign) for box in boxes for sign in box["transcription"]]
        return data


class Chunk:
    """Answers nothing where there is nothing."""

    max_seq_len = WINDOW

    def __call__(self, data: dict[str, Any]) -> dict[str, Any] | None:
        return data if len(data["input_ids"]) else None


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.png").write_bytes(cv2.imencode(".png", np.zeros((20, 30, 3), np.uint8))[1].tobytes())
    (tmp_path / "broken.png").write_bytes(b"no picture")
    (tmp_path / "empty.png").write_bytes(b"")
    return tmp_path


def box(text: str = "ab", label: str = "A", **other: Any) -> dict[str, Any]:
    return {"transcription": text, "label": label, "points": [[0, 0]] * 4, "id": 0, "linking": [], **other}


def row(*boxes: dict[str, Any], image: str = "a.png") -> bytes:
    return f"{image}\t{json.dumps(list(boxes))}\n".encode()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (row(box()), None),
        (row(box(), box("c", "other")), None),
        (row(box(), image="none.png"), "image not found, or not one: none.png"),
        (row(box(), image="broken.png"), "image not found, or not one: broken.png"),
        (row(box(), image="empty.png"), "image not found, or not one: empty.png"),
        (b"a.png  [{}]\n", "not 'image<tab>JSON list of boxes' in UTF-8"),
        (b"a.png\t[{\n", "not 'image<tab>JSON list of boxes' in UTF-8"),
        (b"a.png\t\xff[]\n", "not 'image<tab>JSON list of boxes' in UTF-8"),
        (row(box(label="C")), "the class 'C' is not one of A, ANSWER, B, QUESTION"),
        (row({"transcription": "x", "label": "A"}), "a box has no 'points'"),
        (row(box("")), "no text in any box"),
        (row(), "no text in any box"),
        (b"a.png\t{}\n", "no text in any box"),
        (b"a.png\t[3]\n", "TypeError: 'int' object is not subscriptable"),
    ],
)
def test_a_row_that_the_release_could_not_use_is_named_with_the_reason(
    line: bytes, reason: str | None, folder: Path
) -> None:
    assert Pages(folder, [Encoder(), Chunk()]).refusal(line) == reason


def test_a_link_to_a_box_that_is_not_there_is_named(folder: Path) -> None:
    pages = Pages(folder, [Encoder(contains_re=True), Chunk()])
    line = row(box(label="question", linking=[[0, 7]]))
    assert pages.refusal(line) == "a link names box 7, which the page has not"


def test_what_lies_beyond_the_window_and_what_has_no_pair_is_counted(folder: Path) -> None:
    pages = Pages(folder, [Encoder(contains_re=True), Chunk()])
    lines = [
        row(box("abcdef", "question"), box("z", "answer", id=1)),
        row(box("abcd", "question")),
        row(box("ab", "other")),
        row(box("ab", "C")),
    ]
    pages.read_list("train.txt", lines)
    assert pages.facts["lists"] == [[1, 2, 3]] and pages.facts["total"] == 4
    assert [found["line"] for found in pages.facts["rejected"]] == [4]
    assert (pages.facts["cut_pages"], pages.facts["cut_tokens"]) == (1, 3)
    assert pages.facts["unpaired"] == 2 and pages.facts["largest_id"] == ord("z")


def test_a_picture_of_another_format_is_decoded_for_its_size(tmp_path: Path) -> None:
    file = tmp_path / "a.bmp"
    file.write_bytes(cv2.imencode(".bmp", np.zeros((5, 7, 3), np.uint8))[1].tobytes())
    assert size_of(file) == (7, 5)
    assert size_of(tmp_path / "none.bmp") is None
