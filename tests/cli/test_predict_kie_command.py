"""``ppocr-kit predict --ser``: which options go together, and what is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ppocr_kit.cli import predict_kie as command
from ppocr_kit.cli.main import main
from ppocr_kit.runs.kie_source import KieSource
from ppocr_kit.tasks import Task

ENTITIES = [
    {"id": 0, "transcription": "Name", "points": [[1, 1], [9, 1], [9, 5], [1, 5]], "key_cls": "NAME_Q"},
    {"id": 1, "transcription": "Ada", "points": [[1, 6], [9, 6], [9, 9], [1, 9]], "key_cls": "NAME_A"},
]


@pytest.fixture
def scans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two pictures; the models are played: they answer the first and fail at the second."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "scans"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(folder / name), np.full((20, 30, 3), 255, np.uint8))

    def predict(models: Any, pages: Any, texts: Any, on_page: Any, **options: Any) -> None:
        for page in pages:
            if Path(page).name == "b.png":
                on_page({"image": str(page), "error": "broken"})
                continue
            links = [{"question": 0, "answer": 1, "score": 0.9}]
            on_page(
                {"image": str(page), "width": 30, "height": 20, "fields": {"name": "Ada"},
                 "entities": ENTITIES, "links": links}
            )  # fmt: skip

    monkeypatch.setattr(command, "predict_key_information", predict)
    monkeypatch.setattr(command, "find_source", lambda name, task, **more: name)
    classes = ("OTHER", "NAME_Q", "NAME_A")
    monkeypatch.setattr(
        command, "find_kie_source", lambda name, task, **more: KieSource(task, name, (), {}, {}, classes)
    )
    return folder


ALL = ("--ser", "s", "--det", "d", "--rec", "r")


def test_lines_have_fields_first(scans: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", *ALL, "scans"]) == 0
    out, err = capsys.readouterr()
    first, second = (json.loads(line) for line in out.splitlines())
    assert first["fields"] == {"name": "Ada"} and second["error"] == "broken"
    assert "passed over scans/b.png: broken" in err


def test_all_formats_are_written(scans: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["predict", *ALL, "scans", "--out", "found", "--format", "jsonl,ppocrlabel,xfund"]
    assert main(words) == 0
    assert "1 pictures, 1 fields, 1 links" in capsys.readouterr().out
    line = Path("found/ppocrlabel/Label.txt").read_text(encoding="utf-8")
    key, boxes = line.rstrip("\n").split("\t")
    assert key == "ppocrlabel/a.png" and json.loads(boxes)[1]["key_cls"] == "NAME_A"
    document = json.loads(Path("found/xfund/predicted.json").read_text(encoding="utf-8"))
    assert [page["id"] for page in document["documents"]] == ["a"]
    assert Path("found/xfund/a.png").read_bytes() == (scans / "a.png").read_bytes()
    # labels that people may have corrected are not replaced
    assert main(words) == 2 and "corrected" in capsys.readouterr().err


def test_the_kit_reads_what_it_wrote(scans: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", *ALL, "scans", "--out", "found", "--format", "ppocrlabel,xfund"]) == 0
    assert main(["labels", "convert", "found/xfund", "--out", "converted"]) == 0
    for folder in ("found/ppocrlabel", "converted"):
        capsys.readouterr()
        assert main(["labels", "link", folder, "--dry-run", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["links"]["file"] == 1


def test_json_is_one_document(scans: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", *ALL, "scans", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["failed"] == 1 and document["images"][0]["fields"] == {"name": "Ada"}


def test_when_no_picture_could_be_answered_that_is_an_error(scans: Path) -> None:
    assert main(["predict", *ALL, "scans/b.png"]) == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--ser", "s", "scans"], "needs the texts"),
        (["--ser", "s", "--det", "d", "scans"], "needs the texts"),
        ([*ALL, "--labels", "Label.txt", "scans"], "from labels or from models"),
        ([*ALL, "scans", "--format", "csv", "--out", "x"], "no format 'csv'"),
        ([*ALL, "scans", "--format", "xfund"], "written into a folder"),
        ([*ALL, "scans", "--draw"], "need a folder"),
        ([*ALL, "scans", "--pair", "nothing"], "does not pair two classes"),
        ([*ALL], "no pictures"),
        (["m", "scans", "--re", "x"], "--re belongs to key information"),
        (["m", "scans", "--format", "xfund"], "--format belongs to key information"),
        (["m"], "a model and pictures"),
        ([], "a model and pictures"),
    ],
)
def test_options_that_do_not_go_together(
    scans: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main(["predict", *words]) == 2
    assert said in capsys.readouterr().err


def test_both_networks_are_found_by_their_task(scans: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []

    def find(name: str, task: Task, *, checkpoint: str) -> KieSource:
        found.append((name, task, checkpoint))
        return KieSource(task, name, (), {}, {}, ("OTHER", "NAME_Q", "NAME_A"))

    monkeypatch.setattr(command, "find_kie_source", find)
    assert main(["predict", *ALL, "--re", "x", "scans", "--checkpoint", "latest"]) == 0
    assert sorted(found) == [("s", Task.SER, "latest"), ("x", Task.RE, "latest")]
