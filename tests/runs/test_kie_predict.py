"""Predicting key information: what is asked, what is kept, and what one bad picture does not do."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ppocr_kit.errors import SetupError, ToolError, UsageError
from ppocr_kit.runs import kie_predict
from ppocr_kit.runs.kie_predict import KieModels, Running, predict_key_information
from ppocr_kit.runs.kie_source import KieSource
from ppocr_kit.runs.model_source import ModelSource
from ppocr_kit.tasks import Task

TEXTS = {"good.jpg": ["Name", "Thomas", " "], "white.jpg": []}


@pytest.fixture
def pages(tmp_path: Path) -> list[Path]:
    for number, name in enumerate(TEXTS):
        cv2.imwrite(str(tmp_path / name), np.full((40, 60, 3), 200 + number, np.uint8))
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    return [tmp_path / name for name in (*TEXTS, "bad.jpg", "gone.jpg")]


@pytest.fixture
def models(tmp_path: Path) -> KieModels:
    export = tmp_path / "ser"
    export.mkdir()
    (export / "inference.pdiparams").write_bytes(b"weights")
    return KieModels(KieSource(Task.SER, "ser", (), {}, {}, ("OTHER", "NAME_Q", "NAME_A"), export=export))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Any]]:
    """Fakes the two workers; tells what they were asked."""
    calls: dict[str, list[Any]] = {"texts": [], "classes": [], "jobs": []}

    def predict_images(sources: Any, images: list[Path], take: Callable[[Any], None], **options: Any) -> None:
        calls["texts"].append([image.name for image in images])
        for image in images:
            if image.name == "bad.jpg":
                take({"image": str(image), "error": "the image cannot be decoded"})
                continue
            points = [[0, 0], [9, 0], [9, 9], [0, 9]]
            regions = [
                {"points": points, "score": 0.9, "transcription": text, "rec_score": 0.8}
                for text in TEXTS[image.name]
            ]
            take({"image": str(image), "width": 60, "height": 40, "regions": regions})

    def ask(worker: str, job: Any, scratch: Path, take: Callable[[Any], None], **options: Any) -> None:
        assert worker == "kie_predict_pages.py" and options["lane"] == "kie"
        bodies = [json.loads(line) for line in Path(job["pages"]).read_text(encoding="utf-8").splitlines()]
        calls["classes"].append(bodies)
        calls["jobs"].append(job)
        for body in bodies:
            take(
                {
                    "image": body["image"],
                    "fields": {"name": "Thomas"},
                    "entities": body["entities"],
                    "links": [],
                }
            )

    monkeypatch.setattr(kie_predict, "predict_images", predict_images)
    monkeypatch.setattr(kie_predict, "ask", ask)
    monkeypatch.setattr(kie_predict, "name_models", lambda det, rec: {"det": "d", "rec": "r"})
    return calls


def predict(models: KieModels, pages: list[Path], **running: Any) -> list[dict[str, Any]]:
    answers: list[dict[str, Any]] = []
    text_models = [ModelSource(Task.DET, "d", (), {}), ModelSource(Task.REC, "r", (), {})]
    predict_key_information(models, pages, text_models, answers.append, running=Running(**running))
    return answers


def test_every_picture_gets_an_answer_in_its_order(models: KieModels, pages: Any, asked: Any) -> None:
    good, white, bad, gone = predict(models, pages)
    assert good["fields"] == {"name": "Thomas"}
    # an empty text is no entity
    assert [entity["id"] for entity in good["entities"]] == [0, 1]
    assert white["note"] == "no text was found" and (white["width"], white["fields"]) == (60, {})
    assert "decoded" in bad["error"] and "not there" in gone["error"]
    assert asked["texts"] == [["good.jpg", "white.jpg", "bad.jpg"]] and len(asked["classes"][0]) == 1


def test_what_was_answered_is_not_asked_again(
    models: KieModels, pages: Any, asked: Any, tmp_path: Path
) -> None:
    first = predict(models, pages, kept=tmp_path / "kept")
    assert predict(models, pages, kept=tmp_path / "kept") == first
    assert len(asked["texts"]) == 1 and len(asked["classes"]) == 1
    cv2.imwrite(str(pages[0]), np.zeros((40, 60, 3), np.uint8))
    predict(models, pages, kept=tmp_path / "kept")
    assert asked["texts"][1] == ["good.jpg"] and len(asked["classes"]) == 2


def test_other_weights_and_other_pairs_ask_again(
    models: KieModels, pages: Any, asked: Any, tmp_path: Path
) -> None:
    predict(models, pages, kept=tmp_path / "kept")
    predict(KieModels(models.ser, None, (("name_a", "name_q"),)), pages, kept=tmp_path / "kept")
    assert len(asked["texts"]) == 1 and len(asked["classes"]) == 2
    assert asked["jobs"][1]["roles"] == {"NAME_A": "QUESTION", "NAME_Q": "ANSWER"}
    assert models.ser.export is not None
    (models.ser.export / "inference.pdiparams").write_bytes(b"retrained")
    predict(models, pages, kept=tmp_path / "kept")
    assert len(asked["classes"]) == 3


def test_a_picture_that_was_not_drawn_yet_is_asked_again(
    models: KieModels, pages: Any, asked: Any, tmp_path: Path
) -> None:
    predict(models, pages, kept=tmp_path / "kept")
    predict(models, pages, kept=tmp_path / "kept", pictures=tmp_path / "drawn")
    assert asked["classes"][1][0]["picture"] == str(tmp_path / "drawn" / "good.jpg")


def test_links_need_classes_that_are_questions_and_answers(models: KieModels) -> None:
    re = KieSource(Task.RE, "re", (), {}, {}, ("OTHER", "QUESTION", "ANSWER"))
    plain = KieSource(Task.SER, "ser", (), {}, {}, ("OTHER", "TOTAL", "DATE"))
    with pytest.raises(UsageError, match="no class of 'ser' is an answer: TOTAL, DATE"):
        KieModels(plain, re).require_roles()
    KieModels(plain).require_roles()
    KieModels(plain, re, (("total", "date"),)).require_roles()
    KieModels(models.ser, re).require_roles()


def test_two_devices_are_a_usage_error(models: KieModels, pages: Any) -> None:
    with pytest.raises(UsageError, match="one device"):
        predict(models, pages, device="cpu:2")


def test_a_tokenizer_that_cannot_be_fetched_is_named(
    models: KieModels, pages: Any, asked: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise ToolError("it died")

    monkeypatch.setattr(kie_predict, "ask", fail)
    with pytest.raises(SetupError, match="the tokenizer of 'ser' is not here"):
        predict(models, pages)
    with pytest.raises(ToolError, match="it died"):
        predict(KieModels(replace(models.ser, tokenizer=tmp_path)), pages)
