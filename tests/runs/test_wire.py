"""Fine-tuning official weights on real pages helps, and the exported pair reads real pages.

The whole figures stand in docs/LOG.md; this is the same path, shortened.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ppocr_kit.cli.main import main
from ppocr_kit.vendor.release import sync_release

pytestmark = pytest.mark.release

WEIGHTS = {
    "det": "train_ch_ppocr_mobile_v2.0_det/best_accuracy.pdparams",
    "rec": "train_en_number_mobile_v2.0_rec/best_accuracy.pdparams",
}
OPTIONS = {
    "det": ("--model", "ch_det_mv3_db_v2.0", "--image-size", "128", "--epochs", "3"),
    # so short a run wants a higher rate than the default for all 25 epochs
    "rec": ("--model", "rec_en_number_lite_train", "--epochs", "4", "--lr", "0.001"),
}


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory, release_path: Path, shared: Path) -> Iterator[Path]:
    """A project with the 700 wire pages as a data set, with the dictionary of the official weights."""
    project = tmp_path_factory.mktemp("wire")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        sync_release(project=project, source=str(release_path))
        dictionary = release_path / "ppocr" / "utils" / "en_dict.txt"
        source = str(shared / "real" / "wire")
        assert main(["dataset", "build", source, "--name", "wire", "--dict", str(dictionary)]) == 0
        yield project


# Three epochs teach the detector to find what this folder labels; its Hmean needs the thirteen of
# docs/LOG.md, because precision falls first: these pages show text that nobody labelled.
@pytest.mark.parametrize(("task", "indicator"), [("det", "recall"), ("rec", "acc")])
def test_fine_tuning_official_weights_helps_on_the_test_split(
    wire: Path, shared: Path, capsys: pytest.CaptureFixture[str], task: str, indicator: str
) -> None:
    weights = str(shared / "weights" / WEIGHTS[task])
    words = ["train", task, "--dataset", "train_data/wire", "--name", f"wire-{task}", "--pretrained", weights]
    record = printed_json(capsys, *words, *OPTIONS[task])
    assert record["plan"]["weights"]["share_of_all"] == 1.0
    before = printed_json(capsys, "eval", f"wire-{task}", "--checkpoint", "pretrained")["values"][indicator]
    after = printed_json(capsys, "eval", f"wire-{task}")["values"][indicator]
    assert after > before


def test_the_exported_pair_reads_pages_it_has_never_seen(
    wire: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for task in ("det", "rec"):
        assert main(["export", f"wire-{task}"]) == 0
    rows = (wire / "train_data/wire/det/test.txt").read_text(encoding="utf-8").splitlines()[:20]
    pages = {Path(row.split("\t")[0]).name: json.loads(row.split("\t")[1]) for row in rows}
    images = [str(wire / "train_data/wire/det" / row.split("\t")[0]) for row in rows]
    assert (
        main(["predict", "inference/wire-det", "--rec", "inference/wire-rec", *images, "--out", "found"]) == 0
    )
    lines = (wire / "found" / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    right = sum(
        any(region["transcription"] == truth["transcription"] for region in found["regions"])
        for found in map(json.loads, lines)
        for truth in pages[Path(found["image"]).name]
    )
    assert right >= len(pages) / 2


def printed_json(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)
