"""Prediction with the real release and official weights on real pages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from made_runs import Official
from PIL import Image

from ppocr_kit.cli.main import main
from ppocr_kit.tasks import Task

pytestmark = pytest.mark.release


def predict(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[Any], str]:
    code = main(["predict", *words])
    printed = capsys.readouterr()
    return code, [json.loads(line) for line in printed.out.splitlines()], printed.err


def test_an_exported_pair_finds_and_reads_real_pages(official_project: Official, tmp_path, capsys):
    pages = [str(path) for path in official_project.pages]
    out = tmp_path / "found"
    assert (
        main(
            [
                "predict",
                "inference/official-det",
                "--rec",
                "inference/official-rec",
                *pages,
                "--out",
                str(out),
            ]
        )
        == 0
    )
    answers = [json.loads(line) for line in (out / "predictions.jsonl").read_text("utf-8").splitlines()]
    assert [answer["image"] for answer in answers] == pages
    read = [[region["transcription"] for region in answer["regions"]] for answer in answers]
    # without training on such wires the official pair reads about half of them
    assert sum(text in found for text, found in zip(official_project.texts, read)) >= 3, read
    for answer in answers:
        for region in answer["regions"]:
            assert all(0 <= x <= answer["width"] and 0 <= y <= answer["height"] for x, y in region["points"])
    assert sorted(path.stem for path in (out / "pictures").iterdir()) == sorted(
        Path(page).stem for page in pages
    )


def test_a_run_answers_as_its_export(
    official_project: Official, exports_answers: dict[Task, list[Any]], capsys
):
    crops = [str(path) for path in official_project.crops]
    _, trained, _ = predict(capsys, "official-rec", *crops, "--batch-size", "4", "--threads", "2")
    for ours, theirs in zip(trained, exports_answers[Task.REC]):
        assert ours["regions"][0]["transcription"] == theirs["regions"][0]["transcription"]


def write_unusual_pictures(page: Path, folder: Path) -> list[Path]:
    """Write a page as grey, transparent, 16 bit and turned by EXIF; and bad and tiny pictures."""
    image = cv2.imread(str(page))
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    clear = np.dstack([image, np.full(grey.shape, 255, np.uint8)])
    pictures = {
        "grey.png": grey,
        "alpha.png": clear,
        "sixteen.png": image.astype(np.uint16) * 257,
        "tiny.png": image[:1, :1],
        "thin.png": image[:2],
    }
    for name, pixels in pictures.items():
        (folder / name).write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(image[:, :, ::-1]).rotate(90, expand=True).save(folder / "turned.png", exif=exif)
    (folder / "broken.jpg").write_bytes(page.read_bytes()[:700])
    (folder / "text.png").write_text("no picture", encoding="utf-8")
    return [folder / name for name in [*pictures, "turned.png", "broken.jpg", "text.png", "missing.png"]]


def test_unusual_pictures_are_read_and_bad_ones_passed_over(official_project: Official, tmp_path, capsys):
    page = official_project.pages[0]
    pictures = [page, *write_unusual_pictures(page, tmp_path)]
    code, answers, said = predict(
        capsys, "inference/official-det", "--rec", "inference/official-rec", *[str(path) for path in pictures]
    )
    found = {Path(answer["image"]).name: answer for answer in answers}
    assert code == 0
    assert [name for name, answer in found.items() if "error" in answer] == [
        "broken.jpg",
        "text.png",
        "missing.png",
    ]
    assert said.count("passed over") == 3
    whole = found[page.name]["regions"]
    assert whole and found["alpha.png"]["regions"] == found["sixteen.png"]["regions"] == whole
    assert found["turned.png"]["regions"] == whole, "boxes are those of the upright picture"
    assert len(found["grey.png"]["regions"]) >= 1
