"""PPOCRLabel 3.1.6 itself opens what the kit wrote, shows it, and writes it back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ppocr_kit.cli.main import main
from ppocr_kit.labels.folder_files import folder_key, read_checked, read_raw_pages, write_raw_pages
from ppocr_kit.labels.ppocrlabel import write_label_file
from ppocr_kit.labels.region import TextRegion
from ppocr_kit.labels.sources import ReadOptions, read_sources
from ppocr_kit.synth.export import draw_pages

MakeFolder = Callable[..., Path]
Drive = Callable[..., dict[str, Any]]
TAXES = {
    "transcription": "construed as null",
    "points": [[5, 5], [60, 6], [60, 20], [5, 20]],
    "difficult": False,
}
TOTAL = {"transcription": "総額 1,200", "points": [[5, 30], [60, 30], [60, 45], [5, 45]], "difficult": False}
# what PPOCRLabel has no place for
RICH = {
    "transcription": "true",
    "points": [[70.5, 5.25], [95.0, 5.0], [95.0, 20.75], [70.0, 20.0]],
    "difficult": True,
    "key_cls": "total",
    "id": 3,
    "linking": [[1, 3]],
    "source": "scanner 2",
}
PENTAGON = {
    "transcription": "round",
    "points": [[5, 30], [40, 28], [60, 40], [40, 50], [5, 50]],
    "difficult": False,
}


def label_line(name: str, boxes: list[dict[str, Any]]) -> str:
    return f"batch/{name}\t{json.dumps(boxes, ensure_ascii=False)}\n"


def as_shown(box: dict[str, Any], key_cls: str = "None") -> list[Any]:
    return [box["transcription"], [[float(x), float(y)] for x, y in box["points"]], key_cls]


def test_automatic_labels_are_shown_and_become_labels_when_a_page_is_checked(
    make_folder: MakeFolder, drive: Drive, tmp_path: Path
) -> None:
    folder = make_folder("", images=("a.png", "b.png"))
    (folder / "Label.txt").unlink()
    write_raw_pages(folder / "Cache.cach", {"batch/a.png": [TAXES, TOTAL], "batch/b.png": [TOTAL]})
    before = (folder / "Cache.cach").read_bytes()
    seen = drive(folder, check=("a.png",), screenshot=tmp_path / "screen.png")
    assert seen["shown"] == {"a.png": [as_shown(TAXES), as_shown(TOTAL)], "b.png": [as_shown(TOTAL)]}
    assert read_raw_pages(folder / "Label.txt") == {"batch/a.png": [TAXES, TOTAL]}
    assert read_checked(folder) == ["batch/a.png"]
    assert (folder / "Cache.cach").read_bytes() == before
    pixels = cv2.imread(str(tmp_path / "screen.png"))
    # boxes are drawn in pure green (the chosen one in yellow) over grey noise
    assert np.all(pixels == (0, 255, 0), axis=2).sum() > 20


def test_boxes_that_were_all_deleted_do_not_come_back_from_the_automatic_labels(
    make_folder: MakeFolder, drive: Drive
) -> None:
    folder = make_folder(label_line("a.png", [TOTAL]), images=("a.png", "b.png"))
    write_raw_pages(folder / "Cache.cach", {"batch/b.png": [TAXES]})
    # as PPOCRLabel leaves it: b.png was checked and has no line in Label.txt
    (folder / "fileState.txt").write_text("batch/a.png\t1\nbatch/b.png\t1\n")
    assert drive(folder, export=True)["shown"]["b.png"] == []
    assert read_raw_pages(folder / "Label.txt") == {"batch/b.png": [], "batch/a.png": [TOTAL]}


def test_a_folder_that_the_kit_wrote_comes_back_box_by_box(make_folder: MakeFolder, drive: Drive) -> None:
    folder = make_folder("", images=("a.png", "b.png", "empty.png"))
    region = TextRegion("4-K071", ((5.0, 5.0), (60.0, 5.0), (60.0, 20.0), (5.0, 20.0)))
    pages = {"batch/a.png": [region], "batch/b.png": [region], "batch/empty.png": []}
    write_label_file(folder / "Label.txt", pages.items())
    before = read_raw_pages(folder / "Label.txt")
    # no fileState.txt: PPOCRLabel alone would keep the page that is checked here and delete the others
    drive(folder, check=("b.png",))
    assert read_raw_pages(folder / "Label.txt") == before
    assert sorted(read_checked(folder)) == sorted(before)


def test_pages_of_another_format_are_shown_and_come_back_box_by_box(
    make_folder: MakeFolder, drive: Drive, tmp_path: Path
) -> None:
    scans = make_folder("", images=("img_1.png", "img_2.png"), name="scans")
    (scans / "Label.txt").unlink()
    for name, text in (
        ("gt_img_1.txt", "5,5,60,6,60,20,5,20,4-K071\n"),
        ("gt_img_2.txt", "1,1,50,1,50,9,1,9,###\n"),
    ):
        (scans / name).write_text(text)
    assert main(["labels", "convert", str(scans), "--from", "icdar", "--out", str(tmp_path / "mine")]) == 0
    folder = tmp_path / "mine"
    before = read_raw_pages(folder / "Label.txt")
    seen = drive(folder, check=("img_1.png",))["shown"]
    assert seen["img_1.png"] == [["4-K071", [[5.0, 5.0], [60.0, 6.0], [60.0, 20.0], [5.0, 20.0]], "None"]]
    assert [row[0] for row in seen["img_2.png"]] == ["###"]
    assert read_raw_pages(folder / "Label.txt") == before


def test_synthetic_pages_come_back_box_by_box(tmp_path: Path, drive: Drive) -> None:
    folder = tmp_path / "pages"
    draw_pages(folder, 3, seed=1)
    before = read_raw_pages(folder / "Label.txt")
    names = tuple(Path(key).name for key in before)
    seen = drive(folder, check=names, export=True)
    for key, boxes in before.items():
        assert [row[0] for row in seen["shown"][Path(key).name]] == [box["transcription"] for box in boxes]
    assert read_raw_pages(folder / "Label.txt") == before
    rows = (folder / "rec_gt.txt").read_text(encoding="utf-8").splitlines()
    assert [row.split("\t")[1] for row in rows] == [
        box["transcription"] for key in read_checked(folder) for box in before[key]
    ]


def test_nothing_that_the_window_does_not_show_is_lost(make_folder: MakeFolder, drive: Drive) -> None:
    folder = make_folder(label_line("a.png", [TAXES, RICH]))
    seen = drive(folder, check=("a.png",), kie=True, offered=("total", "date"))
    assert sorted(seen["classes"]) == ["None", "date", "total"]
    assert [row[2] for row in seen["shown"]["a.png"]] == ["None", "total"]
    assert read_raw_pages(folder / "Label.txt") == {"batch/a.png": [{**TAXES, "key_cls": "None"}, RICH]}


def test_classes_stay_where_the_window_is_opened_without_them(make_folder: MakeFolder, drive: Drive) -> None:
    folder = make_folder(label_line("a.png", [TAXES, RICH]))
    drive(folder, check=("a.png",))
    assert read_raw_pages(folder / "Label.txt") == {"batch/a.png": [TAXES, RICH]}


def test_what_plain_ppocrlabel_cannot_hold(make_folder: MakeFolder, drive: Drive) -> None:
    """The list of docs/tasks/labelling.md, as the program without the kit's workarounds shows it."""
    folder = make_folder(
        label_line("a.png", [TAXES, RICH]) + label_line("b.png", [TOTAL]), ("a.png", "b.png")
    )
    drive(folder, check=("a.png",), plain=True)
    assert read_raw_pages(folder / "Label.txt") == {
        "batch/a.png": [
            {**TAXES, "transcription": "consTrued as None"},
            {
                "transcription": "True",
                "points": [[70, 5], [95, 5], [95, 20], [70, 20]],
                "difficult": False,
            },
        ]
    }


def test_keys_of_a_renamed_folder_are_shown_and_written_as_its_own(
    make_folder: MakeFolder, drive: Drive
) -> None:
    line = label_line("a.png", [TAXES]).replace("batch/", "D:\\\\old\\\\", 1).replace("\\\\", "\\")
    folder = make_folder(("\ufeff" + line + "\n").encode("utf-8"))
    assert drive(folder, check=("a.png",))["shown"]["a.png"] == [as_shown(TAXES)]
    assert read_raw_pages(folder / "Label.txt") == {"batch/a.png": [TAXES]}
    (source,) = read_sources([folder], ReadOptions(checked_only=True))
    assert len(source.pages) == 1 and not len(source.problems)


def test_a_damaged_image_is_passed_over(make_folder: MakeFolder, drive: Drive) -> None:
    folder = make_folder(label_line("b.png", [TOTAL]), images=("a.png", "b.png"))
    (folder / "a.png").write_bytes(b"not an image")
    seen = drive(folder, check=("b.png",))
    assert seen["listed"] == ["b.png"]
    assert any("a.png is passed over" in text for text in seen["said"])
    assert read_raw_pages(folder / "Label.txt") == {"batch/b.png": [TOTAL]}


def test_crops_count_every_box_and_end_at_one_that_cannot_be_cut(
    make_folder: MakeFolder, drive: Drive
) -> None:
    """What rec_gt.txt's numbers mean: labels/rec_gt.py and docs/formats.md rely on it."""
    ignored = {**TAXES, "transcription": "###", "difficult": True}
    folder = make_folder(
        label_line("a.png", [ignored, TOTAL, PENTAGON, TAXES]) + label_line("b.png", [TOTAL]),
        images=("a.png", "b.png"),
    )
    drive(folder, export=True)
    assert (folder / "rec_gt.txt").read_text(encoding="utf-8").splitlines() == [
        "crop_img/a_crop_0.jpg\t###",
        "crop_img/a_crop_1.jpg\t総額 1,200",
        "crop_img/b_crop_0.jpg\t総額 1,200",
    ]


def test_a_real_export_comes_back_byte_for_byte(shared: Path, tmp_path: Path, drive: Drive) -> None:
    source = shared / "real" / "mix"
    folder = tmp_path / "mix"
    folder.mkdir()
    for path in source.iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    before = (folder / "Label.txt").read_bytes()
    names = tuple(sorted(path.name for path in folder.glob("*.png")))
    seen = drive(folder, check=names)
    assert len(seen["listed"]) == 120
    # the export lacks the last line end
    assert (folder / "Label.txt").read_bytes() == before.rstrip(b"\n") + b"\n"
    assert read_checked(folder)[0] == folder_key(folder / names[0])
