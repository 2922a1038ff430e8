from __future__ import annotations

import json
from pathlib import Path

import pytest

from ppocr_kit.datasets.build import BuildRequest, build_dataset
from ppocr_kit.labels.sources import ReadOptions

IMAGES = tuple(f"p{number}.png" for number in range(6))


def line(image, *texts):
    boxes = [
        {"transcription": text, "points": [[1, y], [90, y], [90, y + 20], [1, y + 20]]}
        for text, y in zip(texts, (2, 30))
    ]
    return f"batch/{image}\t{json.dumps(boxes)}\n"


@pytest.fixture
def folder(make_folder) -> Path:
    return make_folder("".join(line(image, f"text{image[1]}") for image in IMAGES[:5]), IMAGES)


def build(folder, **reading):
    request = BuildRequest((folder,), "set", folder.parents[0] / "out", reading=ReadOptions(**reading))
    return build_dataset(request)


def test_a_usual_build_does_not_speak_of_reading(folder):
    (folder / "Cache.cach").write_text(line("p5.png", "auto"))
    manifest = build(folder).manifest
    assert "reading" not in manifest
    assert manifest["sources"][0]["pages"] == 5


def test_automatic_labels_in_a_data_set_are_on_record_and_their_file_is_named(folder):
    (folder / "Cache.cach").write_text(line("p5.png", "auto", "###"))
    result = build(folder, with_unverified=True)
    assert result.manifest["reading"] == {"with_unverified": True, "rec_text": "label"}
    assert result.manifest["sources"][0]["pages"] == 6
    skipped = [json.loads(row) for row in (result.folder / "skipped.jsonl").read_text("utf-8").splitlines()]
    assert [(row["code"], row["file"]) for row in skipped] == [("L053", "batch/Cache.cach")]


def test_pages_that_nobody_checked_are_left_out_and_listed(folder):
    (folder / "fileState.txt").write_text("".join(f"/home/x/batch/{image}\t1\n" for image in IMAGES[:4]))
    result = build(folder, checked_only=True)
    assert result.manifest["reading"] == {"checked_only": True, "rec_text": "label"}
    assert result.manifest["skipped"]["by_code"] == {"L061": 1}


@pytest.mark.parametrize(("choice", "learnt"), [("label", "text0"), ("rec_gt", "corrected")])
def test_the_text_that_the_option_names_is_learnt(folder, choice, learnt):
    (folder / "rec_gt.txt").write_text("crop_img/p0_crop_0.jpg\tcorrected\n")
    result = build(folder, rec_text=choice)
    assert [found.code for found in result.problems] == ["L060"]
    written = "".join(path.read_text("utf-8") for path in (result.folder / "rec").glob("*.txt"))
    assert (f"\t{learnt}\n" in written, len(written.split("\t")) - 1) == (True, 5)


def test_changing_the_text_that_counts_builds_anew_what_it_changes(folder):
    (folder / "rec_gt.txt").write_text("crop_img/p0_crop_0.jpg\tcorrected\n")
    first = build(folder, rec_text="label")
    second = build(folder, rec_text="rec_gt")
    assert first.manifest["sources"] != second.manifest["sources"]
    assert "\ttext0\n" not in "".join(path.read_text() for path in (second.folder / "rec").glob("*.txt"))
