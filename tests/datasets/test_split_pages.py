"""What the build tells the split: copies, groups, strata, and which pages are opened for it."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from ppocr_kit.datasets import split_pages
from ppocr_kit.datasets.build import BuildRequest, build_dataset
from ppocr_kit.datasets.page_facts import read_page_facts
from ppocr_kit.errors import UsageError
from ppocr_kit.synth.export import draw_pages
from ppocr_kit.tasks import Split, Task


@pytest.fixture
def source(tmp_path):
    """Thirty pages; the last three are turned copies of the first three."""
    folder = draw_pages(tmp_path / "labels", 27, lines=4).folder
    lines = (folder / "Label.txt").read_text("utf-8").splitlines(keepends=True)
    for number in range(3):
        stem = f"page_{number:04d}"
        turned = cv2.rotate(cv2.imread(str(folder / f"{stem}.jpg")), cv2.ROTATE_90_CLOCKWISE)
        cv2.imwrite(str(folder / f"{stem}_rotated.jpg"), turned)
        boxes = json.loads(lines[number].split("\t")[1])
        height = turned.shape[1]
        for box in boxes:
            box["points"] = [[height - y, x] for x, y in box["points"]]
        lines.append(f"labels/{stem}_rotated.jpg\t{json.dumps(boxes)}\n")
    (folder / "Label.txt").write_text("".join(lines), "utf-8")
    return folder


def build(tmp_path, source, name="set", **settings):
    return build_dataset(BuildRequest((source,), name, tmp_path / "out", ratio="1:1:1", **settings))


def splits(result):
    return {fact.image.rpartition("/")[2]: fact.split for fact in read_page_facts(result.folder)}


@pytest.mark.parametrize("tasks", [(Task.DET,), (Task.REC,), (Task.DET, Task.REC)])
def test_turned_copies_are_on_the_side_of_their_originals(tmp_path, source, tasks):
    found = splits(build(tmp_path, source, tasks=tasks, seed=3))
    for number in range(3):
        assert found[f"page_{number:04d}.jpg"] == found[f"page_{number:04d}_rotated.jpg"]


def test_copies_go_their_own_ways_when_nobody_looks(tmp_path, source):
    found = [splits(build(tmp_path, source, seed=seed, near_duplicates=False)) for seed in range(4)]
    assert any(
        places[f"page_{number:04d}.jpg"] != places[f"page_{number:04d}_rotated.jpg"]
        for places in found
        for number in range(3)
    )


def test_detection_alone_opens_only_pages_that_may_be_copies(tmp_path, source, monkeypatch):
    opened = []
    read = split_pages.read_page_image

    def note(path):
        opened.append(path.name)
        return read(path)

    monkeypatch.setattr(split_pages, "read_page_image", note)
    build(tmp_path, source, tasks=(Task.DET,))
    pairs = {f"page_{number:04d}{end}.jpg" for number in range(3) for end in ("", "_rotated")}
    assert pairs <= set(opened) and len(opened) < 30
    opened.clear()
    build(tmp_path, source, "alone", tasks=(Task.DET,), near_duplicates=False)
    assert opened == []


def test_detection_alone_divides_as_both_tasks_do(tmp_path, source):
    assert splits(build(tmp_path, source, tasks=(Task.DET,))) == splits(build(tmp_path, source, "both"))


def test_groups_of_a_pattern_stay_together_and_are_kept(tmp_path, source):
    result = build(tmp_path, source, group_by=r"page_00(\d)")
    facts = list(read_page_facts(result.folder))
    assert {fact.group for fact in facts} == {"0", "1", "2"}
    assert len({(fact.group, fact.split) for fact in facts}) == 3
    assert result.manifest["grouping"] == {"by": r"page_00(\d)", "table": None}


def test_groups_of_a_table_stay_together(tmp_path, source):
    table = tmp_path / "customers.csv"
    rows = [f"page_{number:04d}.jpg,{'abc'[number % 3]}\n" for number in range(27)]
    table.write_text("image,customer\n" + "".join(rows), "utf-8")
    result = build(tmp_path, source, group_by="customer", groups=table)
    places = {(fact.group, fact.split) for fact in read_page_facts(result.folder) if fact.group}
    assert len(places) == 3
    assert result.manifest["grouping"] == {"by": "customer", "table": "customers.csv"}


def test_a_table_without_a_column_is_refused(tmp_path, source):
    with pytest.raises(UsageError, match="not which of its columns"):
        build(tmp_path, source, groups=tmp_path / "customers.csv")


def test_a_kept_test_set_stays_though_pages_and_seed_are_others(tmp_path, source):
    first = build(tmp_path, source, near_duplicates=False)
    before = {name for name, split in splits(first).items() if split is Split.TEST}
    lines = (source / "Label.txt").read_text("utf-8").splitlines(keepends=True)
    more = draw_pages(tmp_path / "more", 5, 7, lines=2).folder
    for number in range(5):
        (more / f"page_{number:04d}.jpg").rename(source / f"new_{number:04d}.jpg")
        text = (more / "Label.txt").read_text("utf-8").splitlines(keepends=True)[number]
        lines.append(text.replace("more/page", "labels/new"))
    (source / "Label.txt").write_text("".join(lines), "utf-8")
    second = build(tmp_path, source, seed=9, keep_test=first.folder, near_duplicates=False)
    assert {name for name, split in splits(second).items() if split is Split.TEST} == before
    assert second.manifest["kept_test"]["images"] == len(before)
    assert second.manifest["kept_test"]["name"] == "set"


def test_an_image_that_cannot_be_decoded_after_all_is_no_copy(tmp_path, source):
    damaged = source / "page_0001_rotated.jpg"
    content = damaged.read_bytes()
    scan = content.index(b"\xff\xda")
    damaged.write_bytes(content[: scan + 12] + b"\xff\xd9")
    assert build(tmp_path, source, tasks=(Task.DET,)).pages == 30


def test_pages_without_any_text_are_compared_by_their_pictures(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    lines = []
    for number in range(6):
        noise = np.random.default_rng(number).integers(0, 256, (9, 12, 3), dtype=np.uint8)
        pixels = cv2.resize(noise, (240, 180), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / f"{number}.png"), pixels)
        cv2.imwrite(str(folder / f"again{number}.jpg"), pixels)
        lines += [f"photos/{number}.png\t[]\n", f"photos/again{number}.jpg\t[]\n"]
    (folder / "Label.txt").write_text("".join(lines), "utf-8")
    found = splits(build(tmp_path, folder, tasks=(Task.DET,)))
    assert all(found[f"{number}.png"] == found[f"again{number}.jpg"] for number in range(6))
