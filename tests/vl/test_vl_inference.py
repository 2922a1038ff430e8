"""Answering questions into a file: order, resuming, what is passed over."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from ppocr_kit.errors import ToolError
from ppocr_kit.vl.inference import infer
from ppocr_kit.vl.predictions import Prediction, Question
from ppocr_kit.vl.questions import questions_of_files, questions_of_rows
from ppocr_kit.vl.rows import VlRow


class Answering:
    """Answers with the picture's name, the last one first."""

    def __init__(self, name: str = "a", stop_after: int | None = None) -> None:
        self.name = name
        self.stop_after = stop_after
        self.asked: list[Question] = []

    def settings(self):
        return {"model": self.name}

    def answer(self, questions, put):
        for count, position in enumerate(reversed(range(len(questions)))):
            if count == self.stop_after:
                raise ToolError("killed")
            self.asked.append(questions[position])
            put(position, Prediction("?", "?", questions[position].path.stem, tokens=3, ended=count > 0))
        return {"seconds": 1.5}


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(5):
        Image.new("RGB", (30 + number, 20), (number, 0, 0)).save(folder / f"p{number}.png")
    return sorted(folder.iterdir())


def rows_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_answers_come_in_the_order_of_the_pictures(pictures, tmp_path):
    result = infer(questions_of_files(pictures, "OCR:"), Answering(), tmp_path / "out.jsonl")
    rows = rows_of(tmp_path / "out.jsonl")
    assert [row["image"] for row in rows] == [str(path) for path in pictures]
    assert [row["text"] for row in rows] == [path.stem for path in pictures]
    assert all(len(row["sha256"]) == 64 for row in rows)
    assert (result.images, result.reused, result.failed, result.cut_off) == (5, 0, 0, 1)
    assert (result.tokens, result.seconds) == (15, 1.5)


def test_a_call_that_was_killed_goes_on_where_it_was(pictures, tmp_path):
    out, asked = tmp_path / "out.jsonl", questions_of_files(pictures, "OCR:")
    with pytest.raises(ToolError):
        infer(asked, Answering(stop_after=3), out)
    assert [row["text"] for row in rows_of(out)] == ["p4", "p3", "p2"]
    again = Answering()
    result = infer(asked, again, out)
    assert [question.path.stem for question in again.asked] == ["p1", "p0"]
    assert [row["text"] for row in rows_of(out)] == [f"p{number}" for number in range(5)]
    # the cut off answers are one of the first call and one of the second
    assert (result.reused, result.cut_off) == (3, 2)


def test_a_finished_file_is_not_done_again(pictures, tmp_path):
    out, asked = tmp_path / "out.jsonl", questions_of_files(pictures, "OCR:")
    infer(asked, Answering(), out)
    before, idle = out.read_bytes(), Answering()
    assert infer(asked, idle, out).reused == 5
    assert (idle.asked, out.read_bytes()) == ([], before)


def test_a_picture_that_has_changed_is_read_again(pictures, tmp_path):
    out, asked = tmp_path / "out.jsonl", questions_of_files(pictures, "OCR:")
    infer(asked, Answering(), out)
    Image.new("RGB", (30, 20), "white").save(pictures[1])
    again = Answering()
    assert infer(asked, again, out).reused == 4
    assert [question.path for question in again.asked] == [pictures[1]]


def test_beginning_anew_reads_all(pictures, tmp_path):
    out, asked = tmp_path / "out.jsonl", questions_of_files(pictures, "OCR:")
    infer(asked, Answering(), out)
    again = Answering("b")
    assert infer(asked, again, out, resume=False).reused == 0
    assert len(again.asked) == 5


def test_bad_pictures_are_rows_with_an_error_and_never_reach_the_model(pictures, tmp_path):
    pictures[0].write_bytes(b"")
    pictures[3].write_bytes(b"hello")
    out, model = tmp_path / "out.jsonl", Answering()
    result = infer(questions_of_files([*pictures, tmp_path / "none.png"], "OCR:"), model, out)
    assert [question.path.stem for question in model.asked] == ["p4", "p2", "p1"]
    rows = rows_of(out)
    assert [bool(row.get("error")) for row in rows] == [True, False, False, True, False, True]
    assert ["sha256" in row for row in rows] == [False, True, True, False, True, False]
    assert (result.failed, len(result.failures), result.images) == (3, 3, 6)
    pictures[0].write_bytes(pictures[1].read_bytes())
    again = Answering()
    infer(questions_of_files([*pictures, tmp_path / "none.png"], "OCR:"), again, out)
    assert [question.path.stem for question in again.asked] == ["p0"]


def test_no_usable_picture_needs_no_model(tmp_path):
    model = Answering()
    result = infer(questions_of_files([tmp_path / "none.png"], "OCR:"), model, tmp_path / "out.jsonl")
    assert (result.failed, result.images, model.asked) == (1, 1, [])


def test_rows_of_a_data_set_bring_prompt_right_answer_and_size(pictures, tmp_path):
    row = VlRow("pictures/p1.png", "Table Recognition:", "<table>", "g", 31, 20)
    (question,) = questions_of_rows(tmp_path, [row])
    assert question == Question("pictures/p1.png", pictures[1], "Table Recognition:", "<table>", (31, 20))
    assert questions_of_rows(tmp_path, [row], "OCR:")[0].prompt == "OCR:"
    out = tmp_path / "out.jsonl"
    infer([question], Answering(), out)
    assert rows_of(out)[0]["expected"] == "<table>"
    # labels may be corrected between two calls; the answer is still the model's
    corrected = questions_of_rows(tmp_path, [VlRow(row.image, row.prompt, "better", "g", 31, 20)])
    infer(corrected, Answering(), out)
    assert rows_of(out)[0]["expected"] == "better"


def test_progress_passes_every_picture_that_is_read(pictures, tmp_path):
    seen = []

    def track(items, description, total=None):
        for item in items:
            yield item
            seen.append((description, total))

    out, asked = tmp_path / "out.jsonl", questions_of_files(pictures, "OCR:")
    with pytest.raises(ToolError):
        infer(asked, Answering(stop_after=2), out, track=track)
    seen.clear()
    infer(asked, Answering(), out, track=track)
    assert seen == [("comparing pictures", 2)] * 2 + [("reading pictures", 3)] * 3
