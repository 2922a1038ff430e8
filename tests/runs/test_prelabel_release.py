"""Prelabelling with real exported models on real pages, and what PPOCRLabel's files then hold."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from made_runs import Official

from ppocr_kit.cli.main import main
from ppocr_kit.labels.folder_files import read_raw_pages
from ppocr_kit.labels.sources import ReadOptions, read_sources

pytestmark = pytest.mark.release


def prelabel(scans: Path, out: Path, *words: str) -> int:
    models = ["--det", "inference/official-det", "--rec", "inference/official-rec"]
    return main(["prelabel", str(scans), *models, "--out", str(out), *words])


def test_real_models_label_real_pages_as_they_predict_them(
    official_project: Official, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scans, out = tmp_path / "scans", tmp_path / "to_check"
    scans.mkdir()
    for page in official_project.pages:
        shutil.copy(page, scans)
    assert prelabel(scans, out, "--only-uncertain", "2", "--json") == 0
    picked: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["pages"]
    assert len(picked) == 2 and all(page["why"] for page in picked)
    assert prelabel(scans, out, "--json") == 0
    body = json.loads(capsys.readouterr().out)
    # the models were asked once
    assert (body["predicted"], len(body["pages"])) == (0, len(official_project.pages) - 2)
    labelled = read_raw_pages(out / "Cache.cach")
    names = [str(scans / page.name) for page in official_project.pages]
    assert (
        main(["predict", "inference/official-det", "--rec", "inference/official-rec", *names, "--json"]) == 0
    )
    answers = json.loads(capsys.readouterr().out)["images"]
    for answer in answers:
        boxes = labelled[f"to_check/{Path(answer['image']).name}"]
        assert [box["transcription"] for box in boxes] == [
            region["transcription"] or "TEMPORARY" for region in answer["regions"]
        ]
    (source,) = read_sources([out], ReadOptions(with_unverified=True))
    assert len(source.pages) == len(official_project.pages)
