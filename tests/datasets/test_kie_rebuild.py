"""Building key information again: links and classes are never those of the older set."""

from __future__ import annotations

import hashlib
import json
import os
import shutil

import pytest
from kie_labels import build

from ppocr_kit.datasets import cutting
from ppocr_kit.datasets.diff import diff_datasets
from ppocr_kit.datasets.reuse import INDEX_NAME
from ppocr_kit.datasets.verify import verify_datasets
from ppocr_kit.labels.kie_window_plan import WindowOptions
from ppocr_kit.labels.link_boxes import digest_boxes
from ppocr_kit.labels.links_file import LinksFile, PageLinks
from ppocr_kit.labels.sources import read_sources
from ppocr_kit.storage import sha256_of
from ppocr_kit.synth.export import draw_pages
from ppocr_kit.tasks import KIE_TASKS, Task

PAGES = 10
LONG_AGO_NS = 1_600_000_000_000_000_000


def tree(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != INDEX_NAME
    }


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Forms that were drawn long ago."""
    folder = draw_pages(tmp_path_factory.mktemp("forms") / "labels", PAGES, kind="form").folder
    for path in folder.iterdir():
        os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))
    return folder


@pytest.fixture
def source(drawn, tmp_path):
    return shutil.copytree(drawn, tmp_path / "labels")


def build_split(tmp_path, source, **settings):
    return build(tmp_path, source, ratio="3:1:1", **settings)


def assert_as_fresh(tmp_path, result, source, **settings):
    fresh = build_split(tmp_path, source, out="fresh", **settings)
    assert fresh.reused == 0 and tree(result.folder) == tree(fresh.folder)
    assert [found.to_json() for found in result.problems] == [found.to_json() for found in fresh.problems]


def edit_labels(source, change):
    label = source / "Label.txt"
    lines = []
    for row in label.read_text("utf-8").splitlines():
        key, boxes = row.split("\t")
        value = json.loads(boxes)
        change(value)
        lines.append(f"{key}\t{json.dumps(value, ensure_ascii=False)}\n")
    label.write_text("".join(lines), encoding="utf-8")


def test_nothing_changed_means_nothing_is_opened(tmp_path, source, monkeypatch):
    before = tree(build_split(tmp_path, source).folder)
    monkeypatch.setattr(cutting, "read_image_size", lambda content: pytest.fail("a page was opened"))
    second = build_split(tmp_path, source)
    assert second.reused == PAGES and tree(second.folder) == before


@pytest.mark.parametrize("tasks", [[Task.SER], [Task.RE], [Task.DET, *KIE_TASKS], list(Task)])
def test_tasks_may_change_from_build_to_build(tmp_path, source, tasks):
    build_split(tmp_path, source)
    result = build_split(tmp_path, source, tasks=tasks)
    assert_as_fresh(tmp_path, result, source, tasks=tasks)


@pytest.mark.parametrize("images", ["copy", "link"])
def test_a_set_for_detection_hands_its_images_on(tmp_path, source, images):
    build_split(tmp_path, source, tasks=[Task.DET], images=images)
    result = build_split(tmp_path, source, images=images)
    assert result.reused == PAGES
    assert_as_fresh(tmp_path, result, source, images=images)


def test_links_that_people_made_since_are_in_the_next_build(tmp_path, source):
    build_split(tmp_path, source)
    entry = read_sources([source])[0].pages[0]
    state = PageLinks(1, True, digest_boxes(entry.read().page.regions), ())
    LinksFile(source).change(entry.path.name, lambda old: state)
    result = build_split(tmp_path, source)
    assert result.reused == PAGES
    assert result.manifest["sources"][0]["links"]["sha256"] == sha256_of(source / "links.json")
    image = f"images/{entry.path.stem}"
    lists = "".join(
        (result.folder / f"re/{split}.txt").read_text("utf-8") for split in ("train", "val", "test")
    )
    (row,) = [row for row in lists.splitlines() if row.startswith(image)]
    assert not any(entity["linking"] for entity in json.loads(row.split("\t")[1]))
    assert_as_fresh(tmp_path, result, source)


@pytest.mark.parametrize(
    "settings",
    [
        {"windows": WindowOptions(64, 16)},
        {"pairs": (("name_q", "date_a"),)},
        {"classes": ["name_q", "name_a"]},
    ],
)
def test_options_may_change_from_build_to_build(tmp_path, source, settings):
    if "classes" in settings:
        (tmp_path / "classes.txt").write_text("\n".join(settings["classes"]), encoding="utf-8")
        settings = {"classes": tmp_path / "classes.txt"}
    build_split(tmp_path, source)
    result = build_split(tmp_path, source, **settings)
    assert result.reused == PAGES
    assert_as_fresh(tmp_path, result, source, **settings)


def test_a_class_that_changed_is_in_the_next_build_and_in_the_difference(tmp_path, source):
    build_split(tmp_path, source, name="before")
    build_split(tmp_path, source)

    def rename(boxes):
        for box in boxes:
            box["key_cls"] = {"total_a": "sum_a"}.get(box["key_cls"], box["key_cls"])

    edit_labels(source, rename)
    result = build_split(tmp_path, source)
    assert "SUM_A" in result.manifest["tasks"]["ser"]["class_counts"]["train"]
    assert_as_fresh(tmp_path, result, source)
    found = diff_datasets(tmp_path / "out/before", result.folder)
    assert found.changed and all(change.classes and not any(change.boxes) for change in found.changed)
    assert found.to_json()["changed"][0]["classes"] >= 1


def test_links_that_changed_are_in_the_difference(tmp_path, source):
    build_split(tmp_path, source, name="before")

    def cut(boxes):
        for box in boxes:
            box["linking"] = [] if box["key_cls"].startswith("name") else box["linking"]
            box["key_cls"] = "unnamed" if box["key_cls"].startswith("name") else box["key_cls"]

    edit_labels(source, cut)
    found = diff_datasets(tmp_path / "out/before", build_split(tmp_path, source).folder)
    assert found.changed and all(change.links[0] >= 1 and not change.links[1] for change in found.changed)


@pytest.fixture
def built(tmp_path, source):
    folder = build_split(tmp_path, source, windows=WindowOptions(64, 16)).folder
    assert verify_datasets([folder]).passed
    return folder


def refresh(folder, task, file, key):
    """Write the hash of a changed file into the manifest, as somebody does who wants to get by."""
    manifest = json.loads((folder / "dataset.json").read_text("utf-8"))
    entry = manifest["tasks"][task]
    holder = entry["splits"]["train"] if key == "sha256" else entry
    holder[key] = sha256_of(folder / task / file)
    (folder / "dataset.json").write_text(json.dumps(manifest), encoding="utf-8")


def edit(folder, task, file, key, before, after):
    path = folder / task / file
    text = path.read_text("utf-8")
    assert before in text
    path.unlink()  # the older text may be another name of the same file
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    refresh(folder, task, file, key)


@pytest.mark.parametrize(
    ("task", "file", "key", "before", "after", "code"),
    [
        ("ser", "train.txt", "sha256", '"label": "DATE_Q"', '"label": "DAY_Q"', "D011"),
        ("ser", "classes.txt", "classes_sha256", "DATE_Q\n", "", "D011"),
        ("re", "train.txt", "sha256", '"linking": [[', '"linking": [[99, 98], [', "D005"),
        ("re", "train.txt", "sha256", '"id": ', '"id": "x", "was": ', "D005"),
        ("ser", "train.txt", "sha256", '"points": [[', '"points": [["x", 1], [', "D005"),
        ("ser", "windows.jsonl", "windows_sha256", '"row": ', '"row": 9', "D012"),
        ("re", "windows.jsonl", "windows_sha256", '"split"', '"side"', "D012"),
    ],
)
def test_rows_that_the_release_could_not_use_are_found(built, task, file, key, before, after, code):
    edit(built, task, file, key, before, after)
    found = verify_datasets([built])
    assert code in found.problems.by_code and not found.passed


def test_changed_and_missing_files_are_found(built):
    (built / "ser/classes.txt").write_text("OTHER\n", encoding="utf-8")
    (built / "re/windows.jsonl").unlink()
    image = next((built / "re/images").iterdir())
    image.unlink()
    by_code = verify_datasets([built]).problems.by_code
    assert by_code["D002"] >= 1 and by_code["D003"] == 1 and by_code["D006"] == 1


def test_a_picture_that_was_replaced_is_found(built):
    first, second = sorted((built / "re/images").iterdir())[:2]
    content = second.read_bytes()
    first.unlink()
    first.write_bytes(content)
    assert verify_datasets([built]).problems.by_code["D008"] >= 1
