"""Labels that the user's own models make: unverified, beside what is there, and as it was ended."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ppocr_kit.cli import prelabel as command
from ppocr_kit.cli.main import main
from ppocr_kit.errors import DataError, SetupError
from ppocr_kit.labels.folder_files import read_raw_pages
from ppocr_kit.labels.folder_lock import lock_folder
from ppocr_kit.runs import prelabelling
from ppocr_kit.runs.model_source import ModelSource
from ppocr_kit.runs.prelabelling import Prelabelled, find_candidates, prelabel_pages
from ppocr_kit.tasks import Task

MANUAL = {"transcription": "by hand", "points": [[1, 1], [9, 1], [9, 9], [1, 9]], "difficult": False, "id": 1}


@pytest.fixture
def models(tmp_path: Path) -> tuple[ModelSource, ModelSource]:
    sources = []
    for task in (Task.DET, Task.REC):
        folder = tmp_path / "inference" / f"x-{task}"
        folder.mkdir(parents=True)
        (folder / "inference.pdiparams").write_bytes(str(task).encode())
        sources.append(ModelSource(task, folder.name, (), {"box_thresh": 0.6}, export=folder))
    return sources[0], sources[1]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stand in for the models: one box on each page, less sure the later its name; names what was asked."""
    names: list[str] = []

    def predict(
        sources: Sequence[ModelSource], images: Sequence[Path], take: Callable[[Any], None], **_: Any
    ) -> None:
        for path in images:
            names.append(path.name)
            if path.name.startswith("bad"):
                take({"image": str(path), "error": "the image cannot be decoded"})
                continue
            points = [[1.4, 2.0], [30.6, 2], [30, 12], [1, 12]]
            sure = 1 - ord(path.name[0]) % 32 / 100
            region = {"points": points, "score": 0.95, "transcription": path.stem, "rec_score": sure}
            empty = {"points": points, "score": 0.95, "transcription": "", "rec_score": 0.0}
            regions = [region, empty] if path.name.startswith("e") else [region]
            take({"image": str(path), "width": 100, "height": 60, "regions": regions})

    monkeypatch.setattr(prelabelling, "predict_images", predict)
    return names


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """Pictures a.png to e.png, one that cannot be read, and a copy of the first."""
    folder = tmp_path / "scans"
    folder.mkdir()
    for number, name in enumerate("abcde"):
        pixels = np.full((60, 100, 3), 40 * number, dtype=np.uint8)
        (folder / f"{name}.png").write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    (folder / "bad.jpg").write_bytes(b"not an image")
    (folder / "z.png").write_bytes((folder / "a.png").read_bytes())
    return folder


def run(
    models: tuple[ModelSource, ModelSource], images: Path, out: Path, *, renew: bool = False, **options: Any
) -> Prelabelled:
    candidates = find_candidates(sorted(images.iterdir()), out, renew=renew)
    return prelabel_pages(*models, candidates, out, renew=renew, **options)


def test_pages_become_unverified_labels_in_whole_pixels(models, asked, scans: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in scans.iterdir()}
    result = run(models, scans, tmp_path / "out")
    pages = read_raw_pages(tmp_path / "out" / "Cache.cach")
    assert list(pages) == [f"out/{name}.png" for name in "abcde"] == list(result.pages)
    assert pages["out/a.png"] == [
        {"transcription": "a", "points": [[1, 2], [31, 2], [30, 12], [1, 12]], "difficult": False}
    ]
    # PPOCRLabel's own word for a text that nobody has typed
    assert [box["transcription"] for box in pages["out/e.png"]] == ["e", "TEMPORARY"]
    assert not (tmp_path / "out" / "Label.txt").exists()
    assert (tmp_path / "out" / "a.png").read_bytes() == (scans / "a.png").read_bytes()
    assert {path: path.read_bytes() for path in scans.iterdir()} == before
    assert result.failed == ((str(scans / "bad.jpg"), "the image cannot be decoded"),)
    assert result.boxes == 6


def test_nothing_that_is_labelled_is_changed(models, asked, scans: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name in "ab":
        (out / f"{name}.png").write_bytes((scans / f"{name}.png").read_bytes())
    label = f"out/a.png\t{json.dumps([MANUAL])}\n"
    (out / "Label.txt").write_text(label)
    (out / "Cache.cach").write_text(f"out/b.png\t{json.dumps([MANUAL])}\n")
    run(models, scans, out)
    assert asked == ["bad.jpg", "c.png", "d.png", "e.png"]
    assert (out / "Label.txt").read_text() == label
    pages = read_raw_pages(out / "Cache.cach")
    assert pages["out/b.png"] == [MANUAL] and list(pages) == [f"out/{name}.png" for name in "bcde"]
    run(models, scans, out, renew=True)
    renewed = read_raw_pages(out / "Cache.cach")
    assert renewed["out/b.png"][0]["transcription"] == "b" and "out/a.png" not in renewed


def test_another_picture_of_the_same_name_gets_a_name_of_its_own(
    models, asked, scans: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    # crops of a.jpg and a.png would have one name in PPOCRLabel
    (out / "a.jpg").write_bytes(cv2.imencode(".jpg", np.zeros((9, 9, 3), np.uint8))[1].tobytes())
    before = (out / "a.jpg").read_bytes()
    result = run(models, scans, out)
    assert result.pages[0].startswith("out/a-") and result.pages[0].endswith(".png")
    assert (out / "a.jpg").read_bytes() == before
    assert (tmp_path / result.pages[0]).read_bytes() == (scans / "a.png").read_bytes()


def test_the_same_command_goes_on_where_it_was_ended(models, asked, scans: Path, tmp_path: Path, monkeypatch):
    out = tmp_path / "out"
    whole = prelabelling.predict_images

    def ended(sources: Any, images: Sequence[Path], take: Any, **_: Any) -> None:
        whole(sources, images[:3], take)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(prelabelling, "predict_images", ended)
        run(models, scans, out)
    assert asked == ["a.png", "b.png", "bad.jpg"] and not (out / "Cache.cach").exists()
    result = run(models, scans, out)
    assert asked[3:] == ["c.png", "d.png", "e.png"]
    assert (result.predicted, result.reused, len(result.pages)) == (3, 3, 5)


def test_only_the_pages_worth_it_are_taken_and_the_rest_needs_no_second_look(
    models, asked, scans: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = run(models, scans, out, only_uncertain=2)
    # e has a box without a text
    assert result.pages[0] == "out/e.png" and len(result.pages) == 2
    assert sorted(path.name for path in out.glob("*.png")) == sorted(Path(key).name for key in result.pages)
    record = json.loads((out / "prelabel.json").read_text(encoding="utf-8"))
    assert [page["image"] for page in record["pages"]] == list(result.pages)
    assert "probably misread" in " ".join(record["pages"][0]["why"])
    count = len(asked)
    assert len(run(models, scans, out, only_uncertain=9).pages) == 3
    assert len(asked) == count


def test_labels_can_be_added_to_the_folder_that_holds_the_pictures(
    models, asked, scans: Path, tmp_path: Path
) -> None:
    (scans / "crop_img").mkdir()
    (scans / "crop_img" / "x.png").write_bytes((scans / "a.png").read_bytes() + b" ")
    files = {path.name for path in scans.iterdir()}
    candidates = find_candidates(sorted(scans.rglob("*.png")), scans)
    result = prelabel_pages(*models, candidates, scans)
    assert len(result.pages) == 5 and "x.png" not in asked
    assert {path.name for path in scans.iterdir()} == files | {
        "Cache.cach",
        "prelabel.json",
        "prelabel.jsonl",
    }


def test_a_folder_that_is_open_in_ppocrlabel_is_left_alone(
    models, asked, scans: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with lock_folder(out), pytest.raises(SetupError, match="labelling or repairing"):
        run(models, scans, out)
    assert asked == []


def test_pictures_of_which_none_can_be_read_are_an_error(models, asked, tmp_path: Path) -> None:
    folder = tmp_path / "scans"
    folder.mkdir()
    (folder / "bad.png").write_bytes(b"x")
    with pytest.raises(DataError, match="no picture could be read"):
        run(models, folder, tmp_path / "out")


def test_the_command_says_what_it_did_and_what_is_next(
    models, asked, scans: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(command, "find_source", lambda name, task: models[task is Task.REC])
    words = ["prelabel", str(scans), "--det", "d", "--rec", "r", "--out", str(tmp_path / "out")]
    assert main([*words, "--dry-run"]) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines()[0] == str(scans / "a.png") and not (tmp_path / "out").exists()
    assert printed.err == "pictures: 6 without labels, 1 equal to another\n"
    assert main([*words, "--only-uncertain", "1"]) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines()[-2:] == [
        f"1 pages, 2 boxes to check in {tmp_path / 'out'}",
        f"next: ppocr-kit label {tmp_path / 'out'}",
    ]
    assert "passed over" in printed.err
    assert main([*words, "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert (len(body["pages"]), body["reused"], len(body["failed"])) == (4, 5, 1)
    assert main(words) == 0
    assert main(["prelabel", str(tmp_path / "absent.png"), *words[2:]]) == DataError.exit_code
