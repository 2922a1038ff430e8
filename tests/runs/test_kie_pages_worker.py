"""The worker of key information with networks that are played, and the pictures that it draws."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from ppocr_kit.errors import DataError
from ppocr_kit.runs.workers import kie_network, kie_predict_pages
from ppocr_kit.runs.workers.kie_drawing import colour_of, write_kie_picture

ROLES = {"NAME_Q": "QUESTION", "NAME_A": "ANSWER"}
BOX = [[-5, 10], [70, 10], [70, 30], [-5, 30]]


class PlayedNetwork:
    """Knows the class of an entity by its text; cannot read pages that say so."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.asked = job.setdefault("asked", [])

    def tags_of(self, pages: Any) -> Any:
        for page in pages:
            self.asked.append(page)
            if any(entity["transcription"] == "boom" for entity in page.entities):
                raise ValueError("boom")
            if any(entity["transcription"] == "refuse" for entity in page.entities):
                raise DataError("refused")
            kinds = {"Name": "NAME_Q", "Thomas": "NAME_A"}
            yield [
                SimpleNamespace(entity=entity, kind=kinds.get(entity["transcription"], "OTHER"), score=0.75)
                for entity in page.entities
                if entity["transcription"] != "no token"
            ]

    def links_of_pages(self, pages: Any) -> Any:
        for _, kinds in pages:
            ids = {kind: key for key, kind in kinds.items()}
            both = {"QUESTION", "ANSWER"} <= ids.keys()
            yield [(ids["QUESTION"], ids["ANSWER"], 0.9)] if both else []


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(kie_predict_pages, "KieNetwork", PlayedNetwork)
    made = kie_predict_pages._Reader({"ser": {}, "re": {"name": "re"}, "roles": ROLES, "pairs": []})
    made.asked = made._ser.asked
    return made


def body(tmp_path: Path, name: str, texts: list[str], picture: str | None = None) -> dict[str, Any]:
    if not (tmp_path / name).exists():
        cv2.imwrite(str(tmp_path / name), np.full((50, 60, 3), 255, np.uint8))
    entities = [
        {"id": 10 + number, "transcription": text, "points": BOX} for number, text in enumerate(texts)
    ]
    return {"image": str(tmp_path / name), "picture": picture, "entities": entities}


def test_classes_links_and_fields_of_a_page(tmp_path: Path, reader: Any) -> None:
    (answer,) = reader.answer([body(tmp_path, "a.png", ["Name", "Thomas", "no token"])])
    assert answer["fields"] == {"name": "Thomas"} and (answer["width"], answer["height"]) == (60, 50)
    assert answer["links"] == [{"question": 10, "answer": 11, "score": 0.9}]
    assert [each["key_cls"] for each in answer["entities"]] == ["NAME_Q", "NAME_A", "OTHER"]
    # the network sees boxes inside the picture, the answer has them as they came
    assert reader.asked[0].entities[0]["points"][0] == [0, 10]
    assert answer["entities"][0]["points"] == BOX


def test_one_bad_page_does_not_end_a_batch(tmp_path: Path, reader: Any, capsys: Any) -> None:
    (tmp_path / "cut.png").write_bytes(b"\x89PNG")
    pages = [
        body(tmp_path, name, texts)
        for name, texts in (
            ("a.png", ["Name", "Thomas"]), ("b.png", ["boom"]), ("cut.png", ["Name"]),
            ("c.png", ["refuse"]), ("d.png", ["Thomas"]),
        )
    ]  # fmt: skip
    answers = reader.answer(pages)
    assert [Path(answer["image"]).name for answer in answers] == [
        "a.png",
        "b.png",
        "cut.png",
        "c.png",
        "d.png",
    ]
    assert [answer.get("error") for answer in answers] == [
        None, "ValueError: boom", "the picture cannot be read", "refused", None,
    ]  # fmt: skip
    assert "Traceback" in capsys.readouterr().err


def test_the_picture_is_drawn_where_it_is_asked_for(tmp_path: Path, reader: Any) -> None:
    drawn = tmp_path / "drawn" / "a.jpg"
    reader.answer([body(tmp_path, "a.png", ["Name", "Thomas"], str(drawn))])
    picture = cv2.imread(str(drawn))
    # the page, and a column with the fields beside it
    assert picture.shape[0] == 50 and picture.shape[1] > 60


def test_a_page_shows_classes_and_links_in_colour(tmp_path: Path) -> None:
    page = np.full((120, 160, 3), 255, np.uint8)
    square = [[10, 20], [60, 20], [60, 40], [10, 40]]
    below = [[x, y + 60] for x, y in square]
    entities = [
        {"id": 0, "points": square, "key_cls": "NAME_Q"},
        {"id": 1, "points": below, "key_cls": "OTHER"},
    ]
    links = [{"question": 0, "answer": 1, "score": None}]
    write_kie_picture(tmp_path / "p.jpg", page, {"entities": entities, "links": links, "fields": {}})
    drawn = cv2.imread(str(tmp_path / "p.jpg")).astype(int)
    # tinted inside, untouched elsewhere, and an arrow from one box to the other
    assert np.abs(drawn[30, 30] - 255).max() > 20 and np.abs(drawn[10, 120] - 255).max() < 6
    assert np.abs(drawn[60, 30:40] - 255).max() > 60


def test_both_sides_of_a_field_have_one_hue_and_other_is_grey() -> None:
    question, answer = (np.array(colour_of(kind)) for kind in ("NAME_Q", "NAME_A"))
    assert question.argmax() == answer.argmax() and question.max() < answer.max()
    assert len(set(colour_of("OTHER"))) == 1 and colour_of("NAME_A") != colour_of("TOTAL_A")


def test_classes_of_another_network_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    tags = {0: "O", 1: "B-NAME", 2: "I-NAME"}
    release = ModuleType("ppocr.postprocess")
    release.build_post_process = lambda settings, more: SimpleNamespace(id2label_map=tags)
    monkeypatch.setitem(sys.modules, "ppocr", ModuleType("ppocr"))
    monkeypatch.setitem(sys.modules, "ppocr.postprocess", release)
    decoder = kie_network._TagDecoder({"name": "VQASerTokenLayoutLMPostProcess"}, {})
    row = SimpleNamespace(order=(0,), ends=(4,))
    with pytest.raises(DataError, match="the list has 2 classes, and the network tells 3 apart"):
        decoder.read(np.zeros((4, 5), np.float32), row)
