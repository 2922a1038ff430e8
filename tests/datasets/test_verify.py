from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from ppocr_kit.datasets.build import BuildRequest, build_dataset
from ppocr_kit.datasets.codes import DATASET_CODES
from ppocr_kit.datasets.diff import diff_datasets
from ppocr_kit.datasets.keep_test import read_kept_test
from ppocr_kit.datasets.page_facts import PAGES_NAME, read_page_facts
from ppocr_kit.datasets.verify import describe_verification, verify_datasets
from ppocr_kit.errors import DataError
from ppocr_kit.storage import sha256_of
from ppocr_kit.synth.export import draw_pages
from ppocr_kit.tasks import Split, Task


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return draw_pages(tmp_path_factory.mktemp("pages") / "pages", 24, lines=3).folder


@pytest.fixture(scope="module")
def built(source, tmp_path_factory):
    """Data sets by format, for copying."""
    out = tmp_path_factory.mktemp("built")
    for keeping in ("files", "lmdb"):
        build_dataset(BuildRequest((source,), keeping, out, format=keeping))
    return out


@pytest.fixture
def dataset(built, tmp_path):
    return Path(shutil.copytree(built / "files", tmp_path / "files"))


def codes(*folders):
    return dict(verify_datasets(folders).problems.by_code)


def edit_manifest(folder, change):
    path = folder / "dataset.json"
    value = json.loads(path.read_text("utf-8"))
    change(value)
    path.write_text(json.dumps(value), "utf-8")


def forget_facts(folder):
    """Make the data set one of the version that kept no facts of pages."""
    (folder / PAGES_NAME).unlink()
    edit_manifest(folder, lambda value: value.pop("pages", None))


def set_list(folder, name, content):
    """Change a list and the manifest with it, as somebody does who wants to."""
    (folder / name).write_bytes(content)
    task, split = name[:-4].split("/")

    def change(value):
        entry = value["tasks"][task]["splits"][split]
        entry["sha256"], entry["samples"] = sha256_of(folder / name), content.count(b"\n")

    edit_manifest(folder, change)


@pytest.mark.parametrize("keeping", ["files", "lmdb"])
@pytest.mark.parametrize("facts", [True, False])
def test_what_was_built_is_verified(built, tmp_path, keeping, facts):
    folder = Path(shutil.copytree(built / keeping, tmp_path / keeping))
    if not facts:
        forget_facts(folder)
    result = verify_datasets([folder])
    assert result.passed
    assert set(result.problems.by_code) == (set() if facts or keeping == "files" else {"D030"})
    assert result.datasets[0].rows == {Task.DET: 24, Task.REC: 72}
    assert describe_verification(result)["ok"] is True


def test_a_missing_manifest_is_told_and_the_others_are_verified(dataset, tmp_path):
    result = verify_datasets([tmp_path / "nothing", dataset])
    assert dict(result.problems.by_code) == {"D001": 1}
    assert [entry.pages for entry in result.datasets] == [0, 24]


def _append(path, content):
    path.write_bytes(path.read_bytes() + content)


def _first(folder, pattern):
    return next(iter(sorted(folder.glob(pattern))))


DAMAGES = {
    "a list was edited": (lambda f: _append(f / "det/train.txt", b"\n"), {"D002", "D004", "D005"}),
    "a row is cut off": (
        lambda f: (f / "rec/train.txt").write_bytes((f / "rec/train.txt").read_bytes()[:-30]),
        {"D002", "D004", "D005"},
    ),
    "a list is missing": (lambda f: (f / "det/val.txt").unlink(), {"D003"}),
    "the dictionary is missing": (lambda f: (f / "rec/dict.txt").unlink(), {"D003"}),
    "a dictionary lacks a character": (
        lambda f: (f / "rec/dict.txt").write_bytes((f / "rec/dict.txt").read_bytes().split(b"\n", 1)[1]),
        {"D002", "D010"},
    ),
    "the list of pages was edited": (
        lambda f: (f / PAGES_NAME).write_bytes((f / PAGES_NAME).read_bytes().replace(b'"val"', b'"test"')),
        {"D002"},
    ),
    "the list of pages is damaged": (lambda f: _append(f / PAGES_NAME, b"{}\n"), {"D001", "D002"}),
    "an image is missing": (lambda f: _first(f, "det/images/*").unlink(), {"D006"}),
    "an image is another": (
        lambda f: shutil.copy(*sorted((f / "det/images").iterdir())[:2]),
        {"D008"},
    ),
    "a crop is missing": (lambda f: _first(f, "rec/crops/*").unlink(), {"D006"}),
    "a crop is empty": (lambda f: _first(f, "rec/crops/*").write_bytes(b""), {"D007"}),
    "a crop is cut short": (
        lambda f: _first(f, "rec/crops/*").write_bytes(_first(f, "rec/crops/*").read_bytes()[:-40]),
        {"D007"},
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_found(dataset, damage):
    act, expected = DAMAGES[damage]
    act(dataset)
    found = codes(dataset)
    assert expected <= set(found) | {"D004"} and found
    assert set(found) <= expected


def test_damage_in_an_lmdb_is_found(built, tmp_path):
    import lmdb

    folder = Path(shutil.copytree(built / "lmdb", tmp_path / "lmdb"))
    environment = lmdb.open(str(folder / "rec/train.lmdb"))
    with environment.begin(write=True) as transaction:
        transaction.delete(b"image-000000002")
        transaction.put(b"label-000000003", b"another text")
    environment.close()
    assert codes(folder) == {"D002": 1, "D006": 1, "D009": 1}


def test_a_row_that_leads_out_of_the_data_set_is_not_followed(dataset):
    rows = (dataset / "det/val.txt").read_bytes()
    set_list(dataset, "det/val.txt", rows + b"../../secret.jpg\t[]\n")
    assert codes(dataset) == {"D005": 1}


def test_a_page_on_two_sides_is_found(dataset):
    row = (dataset / "det/test.txt").read_bytes().split(b"\n")[0] + b"\n"
    set_list(dataset, "det/train.txt", (dataset / "det/train.txt").read_bytes() + row)
    assert codes(dataset) == {"D020": 1}


def test_crops_on_another_side_than_their_page_are_found(dataset):
    row = (dataset / "rec/test.txt").read_bytes().split(b"\n")[0] + b"\n"
    set_list(dataset, "rec/train.txt", (dataset / "rec/train.txt").read_bytes() + row)
    assert codes(dataset) == {"D020": 1}


@pytest.mark.parametrize("facts", [True, False])
def test_near_duplicates_on_two_sides_are_found(source, tmp_path, facts):
    folder = tmp_path / "pages"
    shutil.copytree(source, folder)
    line = next(line for line in (folder / "Label.txt").read_text("utf-8").splitlines())
    key, _, boxes = line.partition("\t")
    for number in range(8):
        pixels = np.ascontiguousarray(np.rot90(cv2.imread(str(folder.parent / key)), number % 4))
        cv2.imwrite(
            str(folder / f"twin{number}.png"),
            cv2.resize(pixels, None, fx=1 - number / 20, fy=1 - number / 20),
        )
        with (folder / "Label.txt").open("a", encoding="utf-8") as stream:
            stream.write(f"{folder.name}/twin{number}.png\t{boxes}\n")
    request = BuildRequest((folder,), "torn", tmp_path / "out", tasks=(Task.DET,), ratio="1:1:1")
    together = build_dataset(request).folder
    assert codes(together) == {}
    torn = build_dataset(
        BuildRequest(
            request.sources, "torn", request.out, request.tasks, request.ratio, near_duplicates=False
        )
    ).folder
    if not facts:
        forget_facts(torn)
    assert set(codes(torn)) == {"D022"}


def test_groups_on_two_sides_are_found(source, tmp_path):
    out = tmp_path / "out"
    folder = build_dataset(BuildRequest((source,), "one", out, group_by=r"page_00(\d)", ratio="1:1:1")).folder
    assert codes(folder) == {}
    lines = (folder / PAGES_NAME).read_text("utf-8").replace('"group": "0"', '"group": "1"')
    (folder / PAGES_NAME).write_text(lines, "utf-8")
    assert codes(folder) == {"D002": 1, "D021": 1}


def test_leaks_from_one_data_set_into_another_are_found(source, tmp_path):
    out = tmp_path / "out"
    det = build_dataset(BuildRequest((source,), "det", out, tasks=(Task.DET,))).folder
    rec = build_dataset(BuildRequest((source,), "rec", out, tasks=(Task.REC,))).folder
    other = build_dataset(BuildRequest((source,), "other", out, tasks=(Task.REC,), seed=5)).folder
    assert codes(det, rec) == {}
    assert set(codes(det, other)) == {"D020"}


def test_codes_are_listed_as_they_are_said(project):
    text = (project / "docs/formats.md").read_text("utf-8")
    listed = [
        tuple(cell.strip() for cell in line.split("|")[1:-1])
        for line in text.splitlines()
        if re.match(r"\| D\d", line)
    ]
    assert listed == [
        (kind.code, str(kind.severity), kind.meaning, kind.remedy) for kind in DATASET_CODES.values()
    ]


def test_nothing_changed_between_equal_builds(built):
    found = diff_datasets(built / "files", built / "files")
    assert found.same_training_data
    assert not (found.added or found.removed or found.moved or found.changed or any(found.characters))


@pytest.mark.parametrize("facts", [True, False])
@pytest.mark.parametrize("tasks", [(Task.DET, Task.REC), (Task.REC,)])
def test_a_diff_tells_what_changed(source, tmp_path, facts, tasks):
    folder = Path(shutil.copytree(source, tmp_path / "pages"))
    lines = (folder / "Label.txt").read_text("utf-8").splitlines(keepends=True)
    before = build_dataset(BuildRequest((folder,), "before", tmp_path / "out", tasks=tasks)).folder
    key, _, boxes = lines[2].partition("\t")
    value = json.loads(boxes)
    value[0]["transcription"] = "çorrected"
    value.pop()
    lines[2] = f"{key}\t{json.dumps(value)}\n"
    (folder / "Label.txt").write_text("".join(lines[1:]), "utf-8")
    after = build_dataset(BuildRequest((folder,), "after", tmp_path / "out", tasks=tasks, seed=0)).folder
    if not facts:
        forget_facts(before)
        forget_facts(after)
    found = diff_datasets(before, after)
    assert len(found.removed) == 1 and not found.added
    (changed,) = found.changed
    assert changed.texts[1] == ("çorrected",) and len(changed.texts[0]) == 2
    assert changed.boxes == ((1, 0) if Task.DET in tasks else (0, 0))
    assert "ç" in found.characters[1]
    assert sum(count.rows[0] - count.rows[1] for count in found.counts if count.task is Task.REC) == 4
    assert json.dumps(found.to_json())


def test_a_kept_test_set_is_read_with_facts_and_without(dataset):
    with_facts = read_kept_test(dataset)
    forget_facts(dataset)
    assert read_kept_test(dataset) == with_facts
    assert set(with_facts.split_of.values()) == {Split.TEST} and len(with_facts.split_of) == 2


def test_a_data_set_without_test_pages_cannot_be_kept(source, tmp_path):
    folder = build_dataset(BuildRequest((source,), "no_test", tmp_path, ratio="1:1:0")).folder
    with pytest.raises(DataError, match="no test page"):
        read_kept_test(folder)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[]",
        "{}",
        '{"name": 3}',
        '{"name": "a", "image": "a", "image_sha256": "xyz", "split": "train", "crops": 1}',
    ]
    + ['{"name": "a", "image": "a", "image_sha256": "' + "0" * 64 + '", "split": "all", "crops": 1}']
    + ['{"name": "a", "image": "a", "image_sha256": "' + "0" * 64 + '", "split": "val", "crops": -1}'],
)
def test_a_damaged_list_of_pages_is_refused(dataset, line):
    (dataset / PAGES_NAME).write_text(line + "\n", "utf-8")
    with pytest.raises(DataError, match="page"):
        list(read_page_facts(dataset) or [])


def test_real_photographs_leak_nowhere_and_a_kept_test_set_stays(shared, tmp_path):
    wire = shared / "real/wire"
    lines = (wire / "Label.txt").read_text("utf-8").splitlines(keepends=True)[:250]
    folder = tmp_path / "wire"
    folder.mkdir()
    for line in lines:
        name = line.partition("\t")[0].rpartition("/")[2]
        (folder / name).symlink_to(wire / name)
    out = tmp_path / "out"
    (folder / "Label.txt").write_text("".join(lines[::2]), "utf-8")
    first = build_dataset(BuildRequest((folder,), "half", out)).folder
    (folder / "Label.txt").write_text("".join(lines), "utf-8")
    whole = build_dataset(BuildRequest((folder,), "whole", out, keep_test=first)).folder
    assert codes(first) == {}

    def test_images(folder):
        facts = read_page_facts(folder) or []
        return {fact.image_sha256 for fact in facts if fact.split is Split.TEST}

    added = test_images(whole) - test_images(first)
    units = {fact.unit for fact in read_page_facts(whole) or [] if fact.image_sha256 in test_images(first)}
    copies = {fact.image_sha256 for fact in read_page_facts(whole) or [] if fact.unit and fact.unit in units}
    assert test_images(first) <= test_images(whole) and added <= copies
    assert codes(whole) == {}
