from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.labels.key_classes import OTHER, class_name, order_classes, read_class_file


@pytest.mark.parametrize(
    ("labelled", "name"),
    [
        (None, OTHER), ("", OTHER), ("  ", OTHER), ("None", OTHER), ("other", OTHER), ("Others", OTHER),
        ("ignore", OTHER), ("total_q", "TOTAL_Q"), (" Total_Q ", "TOTAL_Q"), ("invoice no", "INVOICE NO"),
        ("a\tb", "A B"), ("金额", "金额"), ("straße", "STRASSE"), ("other_q", "OTHER_Q"),
    ],
)  # fmt: skip
def test_classes_are_written_as_the_release_reads_them(labelled, name):
    assert class_name(labelled) == name


@given(st.text(max_size=12))
def test_a_class_fills_one_line_and_stays_as_it_is(labelled):
    name = class_name(labelled)
    assert name == name.strip() and name
    assert not set(name) & set("\n\r\t")
    assert class_name(name) == name


def test_other_comes_first():
    assert order_classes({"B", "OTHER", "A"}) == ("OTHER", "A", "B") and order_classes(set()) == ("OTHER",)


@pytest.mark.parametrize(
    ("content", "names", "notes"),
    [
        ("OTHER\nB\nA\n", ("B", "A"), []),
        ("\ufeffother\r\nb\r\na", ("B", "A"), []),
        ("b\nOTHER\na\n", ("B", "A"), ["OTHER was put first"]),
        ("OTHER\n\nb\n  \n", ("B",), ["blank lines were passed over: 2, 4"]),
        ("OTHER\nb\nB\n", ("B",), ["repeated, letter case aside: B"]),
        ("\n\nb\n", ("B",), ["blank lines were passed over: 1, 2", "OTHER was put first"]),
    ],
)
def test_a_list_of_classes_is_put_right_and_that_is_told(tmp_path, content, names, notes):
    path = tmp_path / "classes.txt"
    path.write_bytes(content.encode("utf-8"))
    read = read_class_file(path)
    assert read.names == ("OTHER", *names)
    assert len(read.notes) == len(notes)
    assert all(expected in note for expected, note in zip(notes, read.notes))
