"""Answers are on disk as soon as they are known, and are those of the models that are asked."""

from __future__ import annotations

from pathlib import Path

from ppocr_kit.runs.answer_file import AnswerFile

MODELS = {"det": "d 1", "rec": "r 1"}


def test_answers_are_found_again(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    with AnswerFile(path, MODELS) as answers:
        answers.add("aa", {"regions": [], "text": "é"})
        answers.add("bb", {"error": "broken"})
        assert answers.read("aa") == {"regions": [], "text": "é"}
    with AnswerFile(path, MODELS) as answers:
        assert "aa" in answers and "cc" not in answers
        assert answers.read("bb") == {"error": "broken"}


def test_answers_of_other_models_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    with AnswerFile(path, MODELS) as answers:
        answers.add("aa", {})
    with AnswerFile(path, {**MODELS, "rec": "r 2"}) as answers:
        assert "aa" not in answers
    with AnswerFile(path, MODELS) as answers:
        assert "aa" not in answers


def test_half_an_answer_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    with AnswerFile(path, MODELS) as answers:
        answers.add("aa", {"regions": []})
        answers.add("bb", {"regions": []})
    path.write_bytes(path.read_bytes()[:-5])
    with AnswerFile(path, MODELS) as answers:
        assert "aa" in answers and "bb" not in answers
        answers.add("bb", {"regions": [1]})
    with AnswerFile(path, MODELS) as answers:
        assert answers.read("bb") == {"regions": [1]}


def test_a_file_of_something_else_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_bytes(b"\xff\xfe not JSON")
    with AnswerFile(path, MODELS) as answers:
        answers.add("aa", {})
    assert path.read_text(encoding="utf-8").startswith('{"models": {"det": "d 1"')
