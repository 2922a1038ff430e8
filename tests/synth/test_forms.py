"""Synthetic forms: questions, answers, and which belongs to which."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from ppocr_kit.cli.main import main
from ppocr_kit.errors import UsageError
from ppocr_kit.synth.export import draw_pages
from ppocr_kit.synth.form import FIELDS, draw_form


@pytest.mark.parametrize("seed", range(30))
def test_links_lead_from_questions_to_answers_of_the_same_field(seed: int):
    page = draw_form(np.random.default_rng(seed))
    assert [text.id for text in page.texts] == list(range(len(page.texts)))
    linked = {pair for text in page.texts for pair in text.linking}
    for question, answer in linked:
        asked, filled = page.texts[question], page.texts[answer]
        assert asked.key_cls is not None and asked.key_cls.endswith("_q")
        assert filled.key_cls == asked.key_cls[:-1] + "a"
        assert (question, answer) in asked.linking and (question, answer) in filled.linking
    answers = [text.id for text in page.texts if text.key_cls and text.key_cls.endswith("_a")]
    assert sorted(answer for _, answer in linked) == answers


@pytest.mark.parametrize("seed", range(30))
def test_texts_stand_inside_the_page_and_apart(seed: int):
    page = draw_form(np.random.default_rng(seed))
    height, width = page.image.shape[:2]
    taken = np.zeros((height, width), dtype=bool)
    for text in page.texts:
        (left, top), _, (right, bottom), _ = text.points
        assert 0 <= left < right < width and 0 <= top < bottom < height
        assert not taken[top : bottom + 1, left : right + 1].any(), text
        taken[top : bottom + 1, left : right + 1] = True
        ink = page.image[top : bottom + 1, left : right + 1]
        assert int(ink.max()) - int(ink.min()) > 60, "nothing is written there"


def test_all_fields_come_and_some_answers_are_left_empty():
    pages = [draw_form(np.random.default_rng(seed)) for seed in range(60)]
    classes = [text.key_cls for page in pages for text in page.texts]
    assert {f"{field.name}_{end}" for field in FIELDS for end in "qa"} | {None} == set(classes)
    asked = [text for page in pages for text in page.texts if (text.key_cls or "").endswith("_q")]
    assert 0 < sum(not text.linking for text in asked) < len(asked) / 4
    assert any(len(text.linking) == 2 for text in asked), "an address has two lines"


def test_a_folder_of_forms_is_written_with_classes_and_links(tmp_path: Path, capsys):
    assert main(["synth", str(tmp_path / "forms"), "--kind", "form", "--pages", "3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "form"
    rows = (tmp_path / "forms" / "Label.txt").read_text("utf-8").splitlines()
    boxes = [box for row in rows for box in json.loads(row.split("\t")[1])]
    assert list(boxes[0]) == ["transcription", "points", "difficult", "key_cls", "id", "linking"]
    assert boxes[0]["key_cls"] == "None", "a title has no class"
    assert any(box["linking"] for box in boxes)


def test_the_same_seed_draws_the_same_form(tmp_path: Path):
    first, again = (
        draw_pages(tmp_path / place / "forms", 2, seed=5, kind="form").folder for place in ("a", "b")
    )
    for path in first.rglob("*.*"):
        same = again / path.relative_to(first)
        assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(same.read_bytes()).digest()


def test_an_unknown_kind_is_refused(tmp_path: Path):
    with pytest.raises(UsageError, match="cannot be drawn"):
        draw_pages(tmp_path / "x", 1, kind="poem")
