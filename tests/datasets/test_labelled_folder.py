from __future__ import annotations

import base64
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.datasets.build import BuildRequest, build_dataset
from ppocr_kit.datasets.labelled_folder import ConvertRequest, convert_labels
from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.labels.checks import check_sources
from ppocr_kit.labels.ppocrlabel import write_label_file
from ppocr_kit.labels.region import TextRegion
from ppocr_kit.labels.sources import ReadOptions, read_sources

QUAD = "[[5, 6], [60, 6], [60, 20], [5, 20]]"
ENTITY = {
    "box": [5, 6, 60, 20],
    "text": "Net:",
    "label": "question",
    "id": 0,
    "linking": [[0, 1]],
    "words": [],
}
SHAPE = {"label": "Kreuz 7", "points": [[5, 6], [60, 20]], "shape_type": "rectangle", "flags": {}}
COCO_TEXT = {
    "imgs": {"9": {"id": 9, "file_name": "s.jpg", "set": "val"}},
    "anns": {
        "3": {
            "id": 3,
            "image_id": 9,
            "mask": [5, 6, 60, 6, 60, 20, 5, 20],
            "utf8_string": "STOP",
            "legibility": "legible",
        },
        "4": {"id": 4, "image_id": 9, "bbox": [5, 30, 20, 10], "legibility": "illegible"},
    },
    "imgToAnns": {"9": [3, 4]},
}
VALUES = {"company": "OAK & SONS", "date": "03/02/2024", "total": "7.20"}

# format: the files of a small set of it, and its pictures
SETS = {
    "icdar": (
        {"gt/gt_img_1.txt": "\ufeff5,6,60,6,60,20,5,20,Oak, 12\r\n5,30,60,30,60,44,5,44,###\r\n"},
        ("images/img_1.jpg",),
    ),
    "icdar2013": ({"gt_road.txt": '5, 6, 60, 20, "MAIN"\n5, 30, 60, 44, "\\"ST\\""\n'}, ("road.jpg",)),
    "mlt": ({"tr_img_1.txt": "5,6,60,6,60,20,5,20,Korean,가,나\n"}, ("tr_img_1.jpg",)),
    "sroie": (
        {
            "box/R1.txt": "5,6,60,6,60,14,5,14,OAK & SONS\n5,16,60,16,60,24,5,24,03/02/2024\n"
            "5,26,60,26,60,34,5,34,TOTAL 7.20\n",
            "entities/R1.txt": json.dumps(VALUES),
        },
        ("img/R1.jpg",),
    ),
    "coco": ({"annotations/cocotext.json": json.dumps(COCO_TEXT)}, ("images/s.jpg",)),
    "labelme": (
        {"p.json": json.dumps({"shapes": [SHAPE], "imagePath": "p.jpg", "imageData": None})},
        ("p.jpg",),
    ),
    "funsd": (
        {
            "annotations/f.json": json.dumps(
                {
                    "form": [
                        ENTITY,
                        {**ENTITY, "id": 1, "label": "answer", "text": "4,10", "box": [5, 30, 60, 44]},
                    ]
                }
            )
        },
        ("images/f.png",),
    ),
    "xfund": (
        {
            "de.val.json": json.dumps(
                {
                    "documents": [
                        {"id": "de_0", "document": [{**ENTITY, "linking": []}], "img": {"fname": "de_0.jpg"}}
                    ]
                }
            )
        },
        ("de_0.jpg",),
    ),
    "det": (
        {"train.txt": f'images/d.jpg\t[{{"transcription": "ü", "points": {QUAD}}}]\n'},
        ("images/d.jpg",),
    ),
    "kie": (
        {"train.json": f'k.jpg\t[{{"transcription": "v", "label": "other", "points": {QUAD}, "id": 2}}]\n'},
        ("image/k.jpg",),
    ),
    "rec": (
        {"rec_train.txt": "crops/w_1.jpg\tfünf 5\ncrops/w_2.png\t\u3000全角\n"},
        ("crops/w_1.jpg", "crops/w_2.png"),
    ),
}


def write_set(root: Path, name: str) -> Path:
    files, pictures = SETS[name]
    for relative, content in files.items():
        path = root / name / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8"))
    for number, relative in enumerate(pictures):
        path = root / name / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng([number, len(name)]).integers(0, 256, (60, 100, 3), dtype=np.uint8)
        path.write_bytes(cv2.imencode(path.suffix, pixels)[1].tobytes())
    return root / name


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", sorted(SETS))
def test_every_format_becomes_the_folder_that_a_person_wrote_down(tmp_path, golden, name):
    source = write_set(tmp_path, name)
    before = snapshot(source)
    result = convert_labels(ConvertRequest((source,), tmp_path / "out"))
    assert not result.problems
    assert result.pages.read == result.pages.written == len(SETS[name][1])
    assert result.regions.read == result.regions.written
    golden(f"convert_{name}.txt", (tmp_path / "out/Label.txt").read_bytes().decode("utf-8"))
    assert snapshot(source) == before
    pictures = sorted(content for path, content in before.items() if Path(path).suffix in (".jpg", ".png"))
    written = snapshot(tmp_path / "out")
    assert (
        sorted(content for path, content in written.items() if Path(path).suffix in (".jpg", ".png"))
        == pictures
    )


def test_all_formats_together_make_one_folder_that_checks_and_builds(tmp_path):
    sources = tuple(write_set(tmp_path / "sets", name) for name in sorted(SETS))
    out = tmp_path / "out"
    converted = convert_labels(ConvertRequest(sources, out))
    assert converted.pages.written == sum(len(pictures) for _, pictures in SETS.values())
    straight = check_sources(sources)
    check = check_sources([out])
    assert check.errors == straight.errors == 0
    assert check.statistics.characters == straight.statistics.characters
    state = (out / "fileState.txt").read_text("utf-8").splitlines()
    assert [line.split("\t")[1] for line in state] == ["1"] * converted.pages.written
    assert len(read_sources([out], ReadOptions(checked_only=True))[0].pages) == converted.pages.written
    built = build_dataset(BuildRequest((out,), "set", tmp_path / "train_data", ratio="1:0:0"))
    direct = build_dataset(BuildRequest(sources, "direct", tmp_path / "train_data", ratio="1:0:0"))
    for task in ("det", "rec"):
        rows = [result.manifest["tasks"][task]["splits"]["train"]["samples"] for result in (built, direct)]
        assert rows[0] == rows[1] > 0


def test_what_is_left_out_is_counted_and_listed(tmp_path):
    source = write_set(tmp_path, "icdar")
    (source / "gt/gt_img_2.txt").write_text("5,6,60,6,60,20,5,20,a\noops\n")
    (source / "gt/gt_img_3.txt").write_text("5,6,60,6,60,20,5,20,a\n")
    (source / "images/img_2.jpg").write_bytes((source / "images/img_1.jpg").read_bytes())
    (source / "images/img_4.jpg").write_bytes(b"")
    result = convert_labels(ConvertRequest((source,), tmp_path / "out"))
    assert (result.pages.read, result.pages.written) == (4, 2)
    assert (result.regions.read, result.regions.written) == (4, 3)
    assert sorted(found.code for found in result.problems) == ["L020", "L071", "L072"]
    assert result.to_json()["by_code"] == {"L020": 1, "L071": 1, "L072": 1}


def test_a_dry_run_writes_nothing_and_says_the_same(tmp_path):
    source = write_set(tmp_path, "funsd")
    dry = convert_labels(ConvertRequest((source,), tmp_path / "out"), dry_run=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["funsd"]
    assert convert_labels(ConvertRequest((source,), tmp_path / "out")).to_json() == dry.to_json()


def test_links_are_second_names_of_the_same_files(tmp_path):
    source = write_set(tmp_path, "labelme")
    convert_labels(ConvertRequest((source,), tmp_path / "out", link=True))
    assert (tmp_path / "out/p.jpg").samefile(source / "p.jpg")


def test_a_picture_inside_a_labelme_file_is_taken_out(tmp_path):
    source = write_set(tmp_path, "labelme")
    picture = (source / "p.jpg").read_bytes()
    document = json.loads((source / "p.json").read_text())
    (source / "p.json").write_text(json.dumps({**document, "imageData": base64.b64encode(picture).decode()}))
    (source / "p.jpg").unlink()
    convert_labels(ConvertRequest((source,), tmp_path / "out"))
    assert (tmp_path / "out/p.jpg").read_bytes() == picture


@pytest.mark.parametrize("place", ["labelme/inside", "full", "labelme"])
def test_nothing_is_written_into_a_source_or_over_something(tmp_path, place):
    source = write_set(tmp_path, "labelme")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/Label.txt").write_text("corrected by hand")
    before = snapshot(tmp_path)
    with pytest.raises(UsageError):
        convert_labels(ConvertRequest((source,), tmp_path / place))
    assert snapshot(tmp_path) == before


def test_a_source_without_a_usable_page_leaves_no_folder(tmp_path):
    source = write_set(tmp_path, "labelme")
    (source / "p.jpg").unlink()
    with pytest.raises(DataError, match="no page can be converted: the image is missing"):
        convert_labels(ConvertRequest((source,), tmp_path / "out"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["labelme"]


CORNER = st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
REGIONS = st.lists(
    st.builds(
        TextRegion,
        transcription=st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
        points=st.lists(CORNER, min_size=4, max_size=7).map(tuple),
        difficult=st.booleans(),
        key_cls=st.none()
        | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6).filter("None".__ne__),
        id=st.none() | st.integers(0, 1 << 40),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda region: region.id if region.id is not None else object(),
)


@given(REGIONS, st.data())
def test_regions_written_as_label_txt_read_back_the_same(tmp_path_factory, regions, data):
    ids = [region.id for region in regions if region.id is not None]
    pairs = (
        st.lists(st.tuples(st.sampled_from(ids), st.sampled_from(ids)), max_size=3, unique=True)
        if ids
        else st.just([])
    )
    regions = [
        TextRegion(r.transcription, r.points, r.difficult, r.key_cls, index, r.id, tuple(data.draw(pairs)))
        for index, r in enumerate(regions)
    ]
    folder = tmp_path_factory.mktemp("batch")
    (folder / "a.jpg").write_bytes(b"")
    write_label_file(folder / "Label.txt", [(f"{folder.name}/a.jpg", regions)])
    (entry,) = read_sources([folder])[0].pages
    read = entry.read()
    assert (read.page.regions, read.findings) == (tuple(regions), ())
