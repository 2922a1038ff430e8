"""vl prepare: what rows are made from, and that sources stay as they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from vl_sources import WORDS, all_rows, content_of, draw, left_out, make_words, prepare, row, write_jsonl

from ppocr_kit.datasets.build import build_dataset
from ppocr_kit.datasets.request import BuildRequest
from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.tasks import Split, Task
from ppocr_kit.vl.pictures import read_picture
from ppocr_kit.vl.sources.detecting import detect_kind
from ppocr_kit.vl.sources.row_fields import read_fields
from ppocr_kit.vl.sources.split_names import splits_of_names


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """A PPOCRLabel folder: twelve pages of two words, and a column that stands upright."""
    folder = tmp_path / "labels"
    folder.mkdir()
    lines = []
    for number in range(12):
        page = np.full((120, 260, 3), 235, np.uint8)
        boxes = []
        for place, word in enumerate((WORDS[number], f"No. {number}")):
            crop = cv2.imdecode(np.frombuffer(draw(word), np.uint8), cv2.IMREAD_COLOR)[:, :150]
            top = 5 + 55 * place
            page[top : top + 40, 5 : 5 + crop.shape[1]] = crop
            boxes.append((word, (5, top, 5 + crop.shape[1], top + 40)))
        page[10:110, 220:250] = (200, 60, 60)
        page[10:40, 220:250] = (60, 60, 200)
        page[60 : 62 + 3 * number, 225 : 230 + number] = 255
        boxes.append((f"column {number}", (220, 10, 250, 110)))
        cv2.imwrite(str(folder / f"{number}.png"), page)
        found = [
            {"transcription": text, "points": [[a, b], [c, b], [c, d], [a, d]], "difficult": False}
            for text, (a, b, c, d) in boxes
        ]
        lines.append(f"labels/{number}.png\t{json.dumps(found)}\n")
    lines[0] = lines[0].replace('"No. 0"', '"###"')
    (folder / "Label.txt").write_text("".join(lines), encoding="utf-8")
    return folder


def test_labelled_folder_becomes_crops_that_stand_upright(tmp_path: Path, labelled: Path):
    before = content_of(labelled)
    result = prepare(tmp_path, labelled, ratio="4:1:1")
    rows = all_rows(result)
    assert content_of(labelled) == before
    assert len(rows) == 35
    assert left_out(result) == {"L053": 1}
    assert {row["prompt"] for row in rows} == {"OCR:"}
    column = next(row for row in rows if row["completion"] == "column 3")
    assert (column["width"], column["height"]) == (30, 100)
    top = np.asarray(read_picture(result.folder / column["image"]).image)[5, 15]
    # red in the picture, which OpenCV writes as (60, 60, 200)
    assert top[0] > 150 > 100 > top[2]


def test_rows_of_a_page_are_on_one_side(tmp_path: Path, labelled: Path):
    result = prepare(tmp_path, labelled, ratio="4:1:1")
    sides: dict[str, set[str]] = {}
    for split in Split:
        for found in map(json.loads, (result.folder / "vl" / f"{split}.jsonl").read_text().splitlines()):
            sides.setdefault(found["source"].split(" ")[0], set()).add(str(split))
    assert len(sides) == 12
    assert all(len(where) == 1 for where in sides.values())
    assert [result.manifest["splits"][str(split)]["groups"] for split in Split] == [8, 2, 2]


@pytest.mark.parametrize("keeping", ["files", "lmdb"])
def test_data_set_of_the_kit_keeps_its_split(tmp_path: Path, labelled: Path, keeping: str):
    request = BuildRequest((labelled,), "rec", tmp_path / "td", (Task.REC,), ratio="4:1:1", format=keeping)
    built = build_dataset(request, workers=1).folder
    before = content_of(built)
    result = prepare(tmp_path, built)
    assert content_of(built) == before
    for split in Split:
        texts = {
            line.split("\t")[1] for line in (built / "rec" / f"{split}.txt").read_text("utf-8").splitlines()
        }
        rows = map(json.loads, (result.folder / "vl" / f"{split}.jsonl").read_text("utf-8").splitlines())
        assert {row["completion"] for row in rows} == texts
    assert result.manifest["sources"] == [{"name": "rec", "kind": "data set", "rows": 35}]


def test_data_set_without_recognition_is_a_clear_error(tmp_path: Path, labelled: Path):
    built = build_dataset(
        BuildRequest((labelled,), "det", tmp_path / "td", (Task.DET,), ratio="4:1:1"), workers=1
    ).folder
    with pytest.raises(DataError, match="nothing for recognition"):
        prepare(tmp_path, built)


def test_images_with_a_list_of_texts(tmp_path: Path):
    """The manga case: bubbles as files, and labels.txt beside them; the pictures are not encoded again."""
    folder = tmp_path / "bubbles"
    (folder / "images").mkdir(parents=True)
    lines = []
    for word in WORDS:
        (folder / "images" / f"{word}.png").write_bytes(draw(word))
        lines.append(f"images/{word}.png\t{word} !\n")
    lines.append("images/none.png\tnothing\n")
    (folder / "labels.txt").write_text("".join(lines), encoding="utf-8")
    result = prepare(tmp_path, folder)
    rows = all_rows(result)
    assert {row["completion"] for row in rows} == {f"{word} !" for word in WORDS}
    alder = next(row for row in rows if row["completion"] == "alder !")
    assert (result.folder / alder["image"]).read_bytes() == draw("alder")
    assert left_out(result) == {"L020": 1}


def test_set_of_vl_prepare_can_be_joined_with_more(tmp_path: Path):
    first = prepare(tmp_path, make_words(tmp_path / "one"))
    (tmp_path / "td" / "set").rename(tmp_path / "td" / "trees")
    more = make_words(tmp_path / "two", ["quince", "rowan", "spruce", "teak", "ulmus"])
    result = prepare(tmp_path, tmp_path / "td" / "trees", more)
    assert len(all_rows(result)) == len(WORDS) + 5
    old = {one["completion"] for one in _rows(tmp_path / "td" / "trees", "test")}
    assert old <= {one["completion"] for one in _rows(result.folder, "test")}
    assert first.manifest["splits"]["test"]["rows"] == len(old)


def _rows(folder: Path, split: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "vl" / f"{split}.jsonl").read_text("utf-8").splitlines()]


SHAPES: dict[str, dict[str, Any]] = {
    "trl": {"images": ["a.png"], "prompt": "OCR:", "completion": "text"},
    "trl, conversational": {
        "images": ["a.png"],
        "prompt": [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "OCR:"}]}],
        "completion": [{"role": "assistant", "content": [{"type": "text", "text": "text"}]}],
    },
    "messages": {
        "images": ["a.png"],
        "messages": [
            {"role": "user", "content": "<image>OCR:"},
            {"role": "assistant", "content": "text"},
        ],
    },
    "conversations": {
        "image": "a.png",
        "conversations": [{"from": "human", "value": "<image>\nOCR:"}, {"from": "gpt", "value": "text"}],
    },
    "erniekit": {
        "image_info": [{"matched_text_index": 0, "image_url": "a.png"}],
        "text_info": [{"text": "OCR:", "tag": "mask"}, {"text": "text", "tag": "no_mask"}],
    },
    "metadata": {"file_name": "a.png", "query": "OCR:", "text": "text"},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_rows_of_other_trainers_are_understood(shape: str):
    fields = read_fields(SHAPES[shape])
    assert (fields.images, fields.prompt, fields.completion) == (("a.png",), "OCR:", "text")


def test_conversation_of_several_turns_is_not_guessed_at():
    turns = [{"role": role, "content": "x"} for role in ("user", "assistant", "user", "assistant")]
    fields = read_fields({"images": ["a.png"], "messages": turns})
    assert (fields.prompt, fields.completion) == (None, None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=9), inside, max_size=3),
    max_leaves=12,
)
NAMES = ("images", "image", "prompt", "completion", "messages", "conversations", "text_info", "image_info")


@given(st.dictionaries(st.sampled_from([*NAMES, "role", "content", "page"]), JSON))
def test_any_object_is_taken_apart(body: dict[str, Any]):
    fields = read_fields(body)
    assert fields.prompt is None or fields.prompt.strip()
    assert fields.group is None or isinstance(fields.group, str)


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        (["train", "val", "test"], ["train", "val", "test"]),
        (["train-00000-of-00002", "train-00001-of-00002", "validation"], ["train", "train", "val"]),
        (["rows_train", "rows_dev"], ["train", "val"]),
        (["train"], [None]),
        (["train", "more"], [None, None]),
        (["training_test", "test"], [None, None]),
    ],
)
def test_names_of_parts_tell_their_split(names: list[str], splits: list[str | None]):
    assert [split and str(split) for split in splits_of_names(names)] == splits


def test_split_of_files_is_kept_and_val_taken_from_train(tmp_path: Path):
    folder = tmp_path / "src"
    for name, words in (("train", WORDS[:12]), ("test", WORDS[12:])):
        make_words(folder, words).rename(folder / f"{name}.jsonl")
    result = prepare(tmp_path, folder, ratio="3:1:7")
    assert {one["completion"] for one in _rows(result.folder, "test")} == set(WORDS[12:])
    assert [result.manifest["splits"][str(split)]["rows"] for split in Split] == [9, 3, 4]
    anew = prepare(tmp_path, folder, ratio="2:1:1", resplit=True)
    assert [anew.manifest["splits"][str(split)]["rows"] for split in Split] == [8, 4, 4]


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.jsonl", {}, "jsonl"),
        ("a.parquet", {}, "parquet"),
        ("a.txt", {}, "labels"),
        ("d", {"vl.json": ""}, "vl"),
        ("d", {"dataset.json": "", "Label.txt": ""}, "data set"),
        ("d", {"Label.txt": "", "rows.jsonl": ""}, "labels"),
        ("d", {"rows.jsonl": "", "a.png": ""}, "jsonl"),
        ("d", {"data/train-0.parquet": ""}, "parquet"),
        ("d", {"dataset_dict.json": ""}, "datasets"),
        ("d", {"dataset_info.json": "", "state.json": "", "data-0.arrow": ""}, "datasets"),
        ("d", {"labels.txt": ""}, "labels"),
    ],
)
def test_kind_of_a_source_is_told_by_what_lies_there(
    tmp_path: Path, name: str, content: dict[str, str], kind: str
):
    path = tmp_path / name
    for file, text in content.items():
        (path / file).parent.mkdir(parents=True, exist_ok=True)
        (path / file).write_text(text)
    if not content:
        path.write_text("")
    assert detect_kind(str(path)) == kind


def test_name_that_is_not_there_may_be_one_of_the_hub():
    assert detect_kind("owner/manga-bubbles") == "hub"
    for name in ("nothing", "./a/b", "a/b/c", "a\0b"):
        with pytest.raises(DataError):
            detect_kind(name)


@pytest.mark.parametrize("name", ["../up", ".hidden", "a/b", ""])
def test_name_that_is_no_folder_name_is_refused(tmp_path: Path, name: str):
    from ppocr_kit.vl.prepare import prepare_dataset
    from ppocr_kit.vl.prepare_request import PrepareRequest

    source = make_words(tmp_path / "src")
    with pytest.raises(UsageError, match="cannot be the name"):
        prepare_dataset(PrepareRequest((str(source),), name, tmp_path / "td"))


def test_foreign_folder_is_never_replaced(tmp_path: Path):
    source = make_words(tmp_path / "src")
    (tmp_path / "td" / "set").mkdir(parents=True)
    (tmp_path / "td" / "set" / "dataset.json").write_text("{}")
    with pytest.raises(UsageError, match="'vl prepare' did not write"):
        prepare(tmp_path, source)
    (tmp_path / "td2").mkdir()
    (tmp_path / "td2" / "set").write_text("a file")
    with pytest.raises(UsageError, match="'vl prepare' did not write"):
        prepare(tmp_path, source, out=tmp_path / "td2")
    with pytest.raises(UsageError, match="place of its own source") as caught:
        prepare(tmp_path, tmp_path / "td" / "set")
    assert "--name set-vl" in str(caught.value.hint)
    with pytest.raises(UsageError, match="into a labelled folder"):
        prepare(tmp_path, tmp_path)


def test_older_set_stays_when_the_new_one_fails(tmp_path: Path):
    source = make_words(tmp_path / "src")
    before = content_of(prepare(tmp_path, source).folder)
    with pytest.raises(DataError):
        prepare(tmp_path, write_jsonl(tmp_path / "bad", [row("none.png", "x")]))
    assert content_of(tmp_path / "td" / "set") == before
    assert [path.name for path in (tmp_path / "td").iterdir()] == ["set"]
