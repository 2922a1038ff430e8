from __future__ import annotations

import json

import pytest
from format_trees import read_one
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.labels.formats.detect import detect_format
from ppocr_kit.labels.formats.registry import FORMAT_NAMES, READERS
from ppocr_kit.labels.formats.sniffing import Kind, kind_of_content

POINTS = "[[1, 2], [51, 2], [51, 22], [1, 22]]"
ICDAR = "1,2,90,2,90,20,1,20,a\n"
DET = f'a.jpg\t[{{"transcription": "x", "points": {POINTS}}}]\n'


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (ICDAR, Kind.ICDAR),
        (f"\ufeff{ICDAR}", Kind.ICDAR),
        (DET, Kind.DET),
        ("a.jpg\t[]\n", Kind.DET),
        (DET.replace('"points"', '"label": "x", "points"'), Kind.KIE),
        ("crops/a.jpg\ttext\n", Kind.REC),
        ("crops/a.PNG some text\n", Kind.REC),
        (json.dumps({"shapes": []}), Kind.LABELME),
        (json.dumps({"form": []}), Kind.FUNSD),
        (json.dumps({"documents": []}), Kind.XFUND),
        (json.dumps({"imgs": {}, "anns": {}}), Kind.COCO),
        (json.dumps({"images": [], "annotations": []}), Kind.COCO),
        (json.dumps({"company": "x", "total": "1"}), Kind.ENTITIES),
        (json.dumps({"images": []}), None),
        ("a\nb\nc\n", None),
        ("0 0.5 0.5 0.1 0.1\n", None),
        ("", None),
        ("{", None),
        ("notes\tabout\tthis\n", None),
    ],
)
def test_a_file_is_known_by_its_content(content, kind):
    assert kind_of_content(content.encode()) is kind


@given(st.binary(max_size=120))
def test_any_bytes_are_of_some_kind_or_of_none(content):
    assert kind_of_content(content) in (None, *Kind)


def test_a_folder_with_a_label_file_is_ppocrlabels_whatever_else_it_holds(make_tree):
    root = make_tree({"Label.txt": "", "gt_a.txt": ICDAR, "a.json": '{"shapes": []}'}, ("a.jpg",))
    assert detect_format(root) == "ppocrlabel"


def test_an_older_label_file_beside_the_label_file_is_ppocrlabels(make_tree):
    root = make_tree({"Label.txt": DET, "Label_old.txt": DET}, ("a.jpg",))
    assert detect_format(root / "Label_old.txt") == "ppocrlabel"


def test_a_folder_with_nothing_that_is_known_is_asked_for_a_label_file(make_tree):
    with pytest.raises(DataError, match=r"the folder has no Label\.txt"):
        read_one(make_tree({"notes.txt": "words\n"}, ("a.jpg",)))


def test_labels_of_two_formats_are_asked_about_and_can_be_chosen(make_tree):
    root = make_tree({"gt_a.txt": ICDAR, "a.json": json.dumps({"shapes": []})}, ("a.jpg",))
    with pytest.raises(UsageError, match="several formats: .*icdar .*") as caught:
        detect_format(root)
    assert "--from icdar" in str(caught.value)
    assert "--from labelme" in str(caught.value)
    assert read_one(root, format="icdar").format == "icdar"


def test_an_unknown_format_is_refused_with_the_known_ones(make_tree):
    with pytest.raises(UsageError) as caught:
        read_one(make_tree({"gt_a.txt": ICDAR}), format="voc")
    assert all(name in str(caught.value) for name in FORMAT_NAMES)


def test_every_kind_of_label_file_has_a_reader():
    assert set(READERS) - {"sroie"} == {str(kind) for kind in Kind} - {"entities"}
