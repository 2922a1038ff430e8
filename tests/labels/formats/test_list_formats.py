from __future__ import annotations

import pytest
from format_trees import codes_of, read_one, texts_of
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.errors import UsageError
from ppocr_kit.labels.formats.lists import split_rec_row

POINTS = "[[1, 2], [51, 2], [51, 22], [1, 22]]"
DET = f'[{{"transcription": "x", "points": {POINTS}}}]'
KIE = f'[{{"transcription": "k", "label": "question", "points": {POINTS}, "id": 4, "linking": [[4, 5]]}}]'


@pytest.mark.parametrize("key", ["images/a.jpg", "a.jpg", "set/images/a.jpg", "train_data/set/images/a.jpg"])
def test_det_lists_find_pictures_relative_to_whatever_data_dir_was(make_tree, key):
    root = make_tree({"train.txt": f"{key}\t{DET}\n"}, ("images/a.jpg",))
    source = read_one(root)
    assert source.format == "det"
    assert texts_of(source) == {"a.jpg": ["x"]}
    assert codes_of(source) == []


def test_kie_lists_keep_class_id_and_links_and_tell_of_loose_ones(make_tree):
    root = make_tree({"train.json": f"a.jpg   {KIE}\n"}, ("image/a.jpg",))
    source = read_one(root)
    assert source.format == "kie"
    region = source.pages[0].read().page.regions[0]
    assert (region.key_cls, region.id, region.linking) == ("question", 4, ())
    assert codes_of(source) == ["L013", "L076"]


def test_several_lists_of_a_folder_are_one_source(make_tree):
    root = make_tree(
        {"train.txt": f"a.jpg\t{DET}\n", "val.txt": f"b.jpg\t{DET}\n", "dict.txt": "a\nb\n"},
        ("images/a.jpg", "images/b.jpg"),
    )
    assert set(texts_of(read_one(root))) == {"a.jpg", "b.jpg"}
    assert set(texts_of(read_one(root / "val.txt"))) == {"b.jpg"}


def test_each_crop_of_a_rec_list_is_a_page_with_one_box_around_it(make_tree):
    root = make_tree(
        {"train.txt": "crops/a.jpg\t two  words\t3 \r\ncrops/b.png\t文字"}, ("crops/a.jpg", "crops/b.png")
    )
    source = read_one(root)
    assert source.format == "rec"
    assert texts_of(source) == {"a.jpg": [" two  words\t3 "], "b.png": ["文字"]}
    (region,) = source.pages[0].read().page.regions
    assert region.points == ((0, 0), (100, 0), (100, 60), (0, 60))
    assert region.cropped


def test_rec_rows_that_cannot_be_used_are_told(make_tree):
    rows = [
        "a.jpg\tx",
        "a.jpg\tx",
        "a.jpg\ty",
        "b.jpg spaced out",
        "none.jpg\tz",
        '["a.jpg", "b.jpg"]\tboth',
        "broken.jpg\tz",
        "just words",
    ]
    root = make_tree({"train.txt": "\n".join(rows), "broken.jpg": b"no picture"}, ("a.jpg", "b.jpg"))
    source = read_one(root)
    told = sorted((found.code, found.line) for found in source.problems)
    assert told == [("L010", 6), ("L010", 8), ("L013", 4), ("L015", 2), ("L016", 1), ("L020", 5)]
    read = {entry.path.name: entry.read() for entry in source.pages}
    assert {name: page.usable for name, page in read.items()} == {
        "a.jpg": True,
        "b.jpg": True,
        "broken.jpg": False,
    }
    assert [code for code, _, _ in read["broken.jpg"].findings] == ["L030"]
    assert source.lines == 6


def test_the_lists_of_one_folder_are_taken_also_from_below(make_tree):
    root = make_tree(
        {"det/train.txt": f"images/a.jpg\t{DET}\n", "rec/train.txt": "a.jpg\tx\n"}, ("det/images/a.jpg",)
    )
    assert texts_of(read_one(root, format="det")) == {"a.jpg": ["x"]}


def test_lists_that_cannot_be_one_source_are_refused(make_tree):
    with pytest.raises(UsageError, match="no lists of this kind"):
        read_one(make_tree({"notes.txt": "words\n"}), format="det")
    with pytest.raises(UsageError, match="in 2 folders"):
        read_one(make_tree({f"{name}/train.txt": f"a.jpg\t{DET}\n" for name in "ab"}))


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\t"), max_size=30))
def test_the_text_of_a_rec_row_stays_to_the_last_character(text):
    parts = split_rec_row(f"crops/a.jpg\t{text}")
    assert (parts.key, parts.boxes) == ("crops/a.jpg", text)
