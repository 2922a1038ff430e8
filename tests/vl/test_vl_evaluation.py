"""Scores of answers beside the right texts: which rows count, and what is told of them."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from ppocr_kit.errors import DataError
from ppocr_kit.vl.evaluation import VlEvaluation, evaluate_predictions
from ppocr_kit.vl.predictions import Prediction
from ppocr_kit.vl.rows import VlRow


def rows(*texts: str, prompt: str = "OCR:") -> list[VlRow]:
    return [
        VlRow(f"{number}.png", prompt, text, f"page{number // 2}", 9, 9) for number, text in enumerate(texts)
    ]


def said(*texts: str | None, prompt: str = "OCR:") -> list[Prediction]:
    """Answers; None is a picture that could not be read."""
    return [
        Prediction(
            f"{number}.png", prompt, text or "", ended=True, error="is damaged" if text is None else None
        )
        for number, text in enumerate(texts)
    ]


def scores(found: VlEvaluation) -> tuple[int, int, float]:
    return len(found.rows), len(found.skipped), found.tuned.cer


def test_answers_are_found_by_picture_and_prompt_in_any_order():
    found = evaluate_predictions(rows("wire", "wine"), reversed(said("wire", "wane")))
    assert scores(found) == (2, 0, 1 / 8)
    assert [row.edits for row in found.rows] == [0, 1]


def test_rows_without_an_answer_are_neither_right_nor_wrong():
    found = evaluate_predictions(rows("ab", "cd", "ef"), said("ab", None))
    assert scores(found) == (1, 2, 0.0)
    assert [one.reason for one in found.skipped] == ["is damaged", "there is no answer"]


def test_both_models_are_scored_on_the_rows_that_both_answered():
    found = evaluate_predictions(rows("ab", "cd", "ef"), said("ab", "cx", "ef"), said("xx", "cd", None))
    assert scores(found) == (2, 1, 1 / 4)
    assert found.base is not None
    assert found.base.cer == 2 / 4
    document = found.to_json()
    assert (document["better"], document["worse"]) == (1, 1)
    assert [one["image"] for one in document["worsened"]] == ["1.png"]


def test_answers_about_other_pictures_do_not_count():
    found = evaluate_predictions(rows("ab"), [*said("ab", "cd"), *said("zz", prompt="Table Recognition:")])
    assert (scores(found), found.strangers) == ((1, 0, 0.0), 2)


def test_a_later_answer_takes_the_place_of_an_error():
    found = evaluate_predictions(rows("ab"), [*said(None), *said("ab"), *said("zz")])
    assert scores(found) == (1, 0, 0.0)


@pytest.mark.parametrize("answers", [[], said(None), [Prediction("x.png", "OCR:", "ab")]])
def test_no_answer_at_all_is_a_clear_error(answers: Sequence[Prediction]):
    with pytest.raises(DataError, match="no row of the split was answered"):
        evaluate_predictions(rows("ab"), answers)


def test_worst_rows_are_those_with_the_most_wrong_characters():
    found = evaluate_predictions(rows("abcdef", "ab", "abc", "abcd"), said("", "xy", "abc", "xbcd"))
    assert [row.row.image for row in found.worst] == ["0.png", "1.png", "3.png"]


def test_each_prompt_has_its_scores_where_there_are_several():
    both = [*rows("ab", "cd"), *rows("t", prompt="Table Recognition:")]
    answers = [*said("ab", "cx"), *said("t", prompt="Table Recognition:")]
    found = evaluate_predictions(both, answers)
    assert found.by_prompt["OCR:"]["cer"] == 1 / 4
    assert found.by_prompt["Table Recognition:"]["exact_match"] == 1.0
    assert evaluate_predictions(rows("ab"), said("ab")).by_prompt == {}


REMARKS = [
    ("ax", "ab", "READS WORSE"),
    ("ab", "xy", "reads better"),
    ("ab", "ab", "cannot be told apart"),
]


@pytest.mark.parametrize(("tuned", "base", "remark"), REMARKS)
def test_what_the_comparison_says_is_told_in_words(tuned: str, base: str, remark: str):
    found = evaluate_predictions(rows(*["ab"] * 40), said(*[tuned] * 40), said(*[base] * 40))
    assert sum(remark in one for one in found.remarks()) == 1
    assert not any("few" in one for one in found.remarks())


def test_few_rows_and_answers_that_were_cut_off_are_told():
    answers = [Prediction("0.png", "OCR:", "abab", ended=False)]
    found = evaluate_predictions(rows("ab"), answers)
    assert found.cut_off == 1
    assert any("1 rows are few" in one for one in found.remarks())
    assert any("cut off" in one for one in found.remarks())


def test_intervals_draw_pages_where_there_are_several():
    assert evaluate_predictions(rows("a", "b", "c"), said("a", "b", "c")).resampled == "pages"
    assert evaluate_predictions(rows("a", "b"), said("a", "b")).resampled == "rows"


def test_document_is_json_with_the_headline_first():
    found = evaluate_predictions(rows("ab", "cd"), said("ab", "cx"), said("ab", "cd"), nfkc=True)
    document = json.loads(json.dumps(found.to_json()))
    assert document["values"] == {"cer": 0.25, "mean_cer": 0.25, "exact_match": 0.5}
    assert set(document["views"]) == {"raw", "without_space", "nfkc", "nfkc_without_space"}
    assert document["base"]["views"]["raw"]["cer"] == 0.0
    assert len(document["differences"]["raw"]["cer"]) == 2
