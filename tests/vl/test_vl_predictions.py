"""Files of predictions: read, gone on with, and never taken for those of another model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.errors import DataError, SetupError, UsageError
from ppocr_kit.vl.predictions import (
    Prediction,
    PredictionFile,
    Question,
    printable,
    read_predictions,
    read_settings,
    render_prediction,
    settings_file,
)

SETTINGS = {"model": "a", "max_new_tokens": 9}
# also halves of surrogate pairs, which are bytes of file names that are no UTF-8
ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()), max_size=30)
NAMES = ("a.png", "b.png", "c.png")


def questions(names=NAMES, prompt="OCR:"):
    return [Question(name, Path(name), prompt, f"right {name}") for name in names]


def answer(name, text="x", **more):
    return Prediction(name, "OCR:", text, tokens=2, ended=True, **more)


def rows_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_rows_are_in_the_order_of_the_questions_when_all_are_there(tmp_path):
    out = tmp_path / "new" / "out.jsonl"
    asked = questions()
    with PredictionFile(out, SETTINGS) as store:
        assert store.find_answered(asked) == {}
        for position in (2, 0, 1):
            store.add(position, answer(NAMES[position]))
        assert [row["image"] for row in rows_of(out)] == ["c.png", "a.png", "b.png"]
        assert read_settings(out) == {"settings": SETTINGS, "finished": False}
        store.finish(asked, {"failed": 0})
    assert [row["image"] for row in rows_of(out)] == list(NAMES)
    assert rows_of(out)[0] == {
        **{"image": "a.png", "prompt": "OCR:", "text": "x", "expected": "right a.png"},
        **{"tokens": 2, "ended": True},
    }
    assert read_settings(out) == {"settings": SETTINGS, "finished": True, "failed": 0}
    assert settings_file(out).name == "out.run.json"


@pytest.mark.parametrize("torn", [b"", b'{"image": "c.png", "te', b"\0" * 40, b'{"image": "c.png"}'])
def test_what_was_cut_off_is_asked_again_and_the_rest_is_not(tmp_path, torn):
    out = tmp_path / "out.jsonl"
    with PredictionFile(out, SETTINGS) as store:
        store.find_answered(questions())
        store.add(1, answer("b.png"))
        store.add(0, answer("a.png", "é\u2028\x9b"))
    with out.open("ab") as stream:
        stream.write(torn)
    with PredictionFile(out, SETTINGS) as store:
        found = store.find_answered(questions())
        assert {place: store.read(place).text for place in found} == {1: "x", 0: "é\u2028\x9b"}
        store.add(2, answer("c.png"))
        store.finish(questions(), {})
    assert [row["image"] for row in rows_of(out)] == list(NAMES)


def test_a_broken_line_in_the_middle_costs_its_own_row_only(tmp_path):
    out = tmp_path / "out.jsonl"
    with PredictionFile(out, SETTINGS) as store:
        store.find_answered(questions())
        for position in range(3):
            store.add(position, answer(NAMES[position]))
    lines = out.read_bytes().splitlines(keepends=True)
    out.write_bytes(lines[0] + b"[" * 100_000 + b"\n" + lines[2])
    with PredictionFile(out, SETTINGS) as store:
        assert sorted(store.find_answered(questions())) == [0, 2]


def test_rows_with_an_error_are_asked_again(tmp_path):
    out = tmp_path / "out.jsonl"
    with PredictionFile(out, SETTINGS) as store:
        store.find_answered(questions())
        store.add(0, answer("a.png", "", error="is an empty file"))
        store.add(1, answer("b.png"))
    with PredictionFile(out, SETTINGS) as store:
        assert list(store.find_answered(questions())) == [1]


def test_the_same_picture_asked_twice_has_two_rows(tmp_path):
    out = tmp_path / "out.jsonl"
    twice = questions(("a.png", "b.png", "a.png"))
    with PredictionFile(out, SETTINGS) as store:
        store.find_answered(twice)
        store.add(0, answer("a.png", "one"))
        store.add(1, answer("b.png"))
    with PredictionFile(out, SETTINGS) as store:
        assert sorted(store.find_answered(twice)) == [0, 1]
        store.add(2, answer("a.png", "two"))
        store.finish(twice, {})
    assert [row["text"] for row in rows_of(out)] == ["one", "x", "two"]


def test_rows_of_pictures_that_are_not_asked_for_go_and_new_ones_come(tmp_path):
    out = tmp_path / "out.jsonl"
    with PredictionFile(out, SETTINGS) as store:
        store.find_answered(questions())
        for position in range(3):
            store.add(position, answer(NAMES[position]))
        store.finish(questions(), {})
    later = questions(("d.png", "b.png"))
    with PredictionFile(out, SETTINGS) as store:
        assert list(store.find_answered(later)) == [1]
        store.add(0, answer("d.png"))
        assert read_settings(out)["finished"] is False
        store.finish(later, {})
    assert [row["image"] for row in rows_of(out)] == ["d.png", "b.png"]


def test_a_file_about_other_pictures_is_not_touched(tmp_path):
    out = tmp_path / "out.jsonl"
    with PredictionFile(out, SETTINGS) as store:
        store.find_answered(questions())
        store.add(0, answer("a.png"))
    before = out.read_bytes()
    with PredictionFile(out, SETTINGS) as store, pytest.raises(UsageError, match="none is about these"):
        store.find_answered(questions(("z.png",)))
    assert out.read_bytes() == before


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"model": "b", "max_new_tokens": 9}, 'model was "a" and is "b"'),
        ({"model": "a"}, "was 9 and is null"),
    ],
)
def test_a_file_of_another_model_is_not_gone_on_with(tmp_path, settings, match):
    out = tmp_path / "out.jsonl"
    with PredictionFile(out, SETTINGS) as store:
        store.find_answered(questions())
        store.add(0, answer("a.png"))
    before = out.read_bytes()
    with pytest.raises(UsageError, match=match):
        PredictionFile(out, settings)
    assert out.read_bytes() == before
    with PredictionFile(out, settings, resume=False) as store:
        assert store.find_answered(questions()) == {}
        assert out.read_bytes() == before
        store.add(0, answer("a.png", "other"))
    assert [row["text"] for row in rows_of(out)] == ["other"]
    assert read_settings(out)["settings"] == settings


@pytest.mark.parametrize("settings", [None, b"", b"[]", b'{"settings": 3}', b"\xff"])
def test_a_file_of_unknown_origin_is_not_gone_on_with(tmp_path, settings):
    out = tmp_path / "out.jsonl"
    out.write_text("my notes\n", encoding="utf-8")
    if settings is not None:
        settings_file(out).write_bytes(settings)
    with pytest.raises(UsageError, match="nothing says which model"):
        PredictionFile(out, SETTINGS)
    assert out.read_text(encoding="utf-8") == "my notes\n"


def test_nothing_is_left_of_a_call_that_answered_nothing(tmp_path):
    with PredictionFile(tmp_path / "out.jsonl", SETTINGS):
        pass
    assert list(tmp_path.iterdir()) == []


def test_two_commands_do_not_write_one_file(tmp_path):
    out = tmp_path / "out.jsonl"
    with PredictionFile(out, SETTINGS), pytest.raises(SetupError, match="another command"):
        PredictionFile(out, SETTINGS)
    with PredictionFile(out, SETTINGS):
        pass


def test_a_folder_is_no_file_for_predictions(tmp_path):
    with pytest.raises(SetupError):
        PredictionFile(tmp_path, SETTINGS)


@given(ANY_TEXT, ANY_TEXT)
def test_every_text_comes_back_and_steers_no_terminal(image, text):
    row = Prediction(image, "OCR:", text, tokens=1, ended=False, expected=text, error=image, sha256="0")
    line = render_prediction(row)
    assert Prediction(**json.loads(line)) == row
    assert line.encode("utf-8").decode("utf-8").splitlines() == [line]
    assert not set(map(ord, line)) & {*range(32), *range(0x7F, 0xA0)}


@given(st.binary(max_size=80))
def test_no_bytes_are_taken_for_a_row_or_break_the_reader(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    path.write_bytes(content)
    if content.strip():
        with pytest.raises(DataError, match="no prediction"):
            list(read_predictions(path))
    else:
        assert list(read_predictions(path)) == []


def test_rows_of_other_programs_need_picture_and_text_only(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"image": "a", "text": "b", "more": 1}\n\n', encoding="utf-8")
    assert list(read_predictions(path)) == [Prediction("a", "", "b", ended=True)]


@pytest.mark.parametrize(
    "line",
    [
        '{"image": "a"}',
        '{"text": "a"}',
        '{"image": 3, "text": "a"}',
        '{"image": "a", "text": null}',
        '{"image": "a", "text": "b", "tokens": "c"}',
        '{"image": "a", "text": "b", "expected": ["c"]}',
        '{"image": "a", "text": "b", "ended": 1}',
        "[]",
    ],
)
def test_a_damaged_row_is_named_by_its_line(tmp_path, line):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"image": "a", "text": "b"}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        list(read_predictions(path))
    assert caught.value.at == f"{path}:2"


def test_a_missing_file_of_predictions_is_an_error(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        list(read_predictions(tmp_path / "none.jsonl"))


def test_what_steers_a_terminal_is_not_shown():
    assert printable("a\x1b[2Jb\x9b\n") == "a\ufffd[2Jb\ufffd\ufffd"
