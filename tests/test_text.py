from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.errors import DataError
from ppocr_kit.text import (
    characters_of,
    clean_text,
    describe_character,
    missing_characters,
    read_dictionary,
    repeated_entries,
    write_dictionary,
)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("plain 文字", "plain 文字"),
        ("a\tb", "a b"),
        ("a\r\nb", "a  b"),
        ("\x00\x1f\x7f\x85", "    "),
        ("line\u2028sep", "line\u2028sep"),
        ("", ""),
    ],
)
def test_control_characters_become_spaces_and_nothing_else_changes(raw, clean):
    assert clean_text(raw) == clean


@given(st.text())
def test_clean_text_fits_a_row_of_a_list(text):
    clean = clean_text(text)
    assert "\t" not in clean and "\n" not in clean and "\r" not in clean
    assert len(clean) == len(text)


def test_characters_are_sorted_by_code_point_without_the_space():
    assert characters_of(["b a", "é中", "a"]) == ("a", "b", "é", "中")


def test_missing_characters_come_once_each_in_order():
    assert missing_characters("xaybx", frozenset("ab")) == ("x", "y")


@pytest.mark.parametrize(
    ("char", "shown"), [("é", "'é' (U+00E9)"), ("\u200b", "' ' (U+200B)"), ("😀", "'😀' (U+1F600)")]
)
def test_a_character_is_named_so_that_an_invisible_one_can_be_told(char, shown):
    assert describe_character(char) == shown


@pytest.mark.parametrize(
    ("content", "entries"),
    [
        (b"a\nb\n", ("a", "b")),
        (b"a\r\nb", ("a", "b")),
        ("\u3000\n\u2028\n".encode(), ("\u3000", "\u2028")),
        (b"a\n \n", ("a", " ")),
        ("\U0001f1e9\U0001f1ea\nb\nb\n".encode(), ("\U0001f1e9\U0001f1ea", "b", "b")),
    ],
)
def test_a_dictionary_is_read_as_paddleocr_reads_it(tmp_path, content, entries):
    path = tmp_path / "dict.txt"
    path.write_bytes(content)
    assert read_dictionary(path) == entries


@pytest.mark.parametrize(
    ("content", "message", "at"),
    [
        (b"", "is empty", "dict.txt"),
        (b"a\n\nb\n", "blank line", "dict.txt:2"),
        (b"a\n\r\n", "blank line", "dict.txt:2"),
        (b"\xef\xbb\xbfa\n", "byte order mark", "dict.txt:1"),
        ("é\n".encode("latin-1"), "not UTF-8", "dict.txt"),
    ],
)
def test_a_dictionary_that_paddleocr_would_misread_is_refused(tmp_path, content, message, at):
    path = tmp_path / "dict.txt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_dictionary(path)
    assert caught.value.at == str(tmp_path / at)


def test_a_missing_dictionary_is_a_clear_error(tmp_path):
    with pytest.raises(DataError, match="cannot read the dictionary"):
        read_dictionary(tmp_path / "none.txt")


def test_repeated_entries_are_told():
    assert repeated_entries(("a", "b", "a", "c", "c")) == ("a", "c")


@given(st.lists(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\ufeff"), min_size=1))
def test_a_written_dictionary_reads_back(tmp_path_factory, characters):
    path = tmp_path_factory.mktemp("dict") / "dict.txt"
    write_dictionary(path, characters)
    assert read_dictionary(path) == tuple(characters)
