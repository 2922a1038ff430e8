"""Documents that somebody edited are read with errors that name the field, and never with a default."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.errors import ReportError
from ppocr_kit.reports.fields import Fields, read_fields

_READERS: dict[str, Callable[[Fields], Any]] = {
    "text": lambda fields: fields.text("key"),
    "number": lambda fields: fields.number("key"),
    "count": lambda fields: fields.count("key"),
    "flag": lambda fields: fields.flag("key"),
    "numbers": lambda fields: fields.numbers("key"),
    "texts": lambda fields: fields.texts("key"),
    "items": lambda fields: fields.items("key"),
}


@pytest.mark.parametrize("reader", _READERS)
def test_absent_and_null_are_none_or_empty(reader: str) -> None:
    for body in ({}, {"key": None}):
        assert _READERS[reader](Fields(body, "run.json")) in (None, {}, [])


@pytest.mark.parametrize(
    ("reader", "value", "found"),
    [
        ("text", "3.7.0", "3.7.0"),
        ("number", 2, 2.0),
        ("number", 0.5, 0.5),
        ("count", 0, 0),
        ("flag", False, False),
        ("numbers", {"acc": 1, "gone": None}, {"acc": 1.0}),
        ("texts", {"numpy": "2.2.6"}, {"numpy": "2.2.6"}),
        ("items", [1, "a"], [1, "a"]),
    ],
)
def test_right_types_are_taken(reader: str, value: Any, found: Any) -> None:
    assert _READERS[reader](Fields({"key": value}, "run.json")) == found


@pytest.mark.parametrize(
    ("reader", "value"),
    [
        ("text", 3),
        ("text", ["a"]),
        ("number", "0.5"),
        ("number", True),
        ("number", 10**400),
        ("count", 0.5),
        ("count", True),
        ("flag", 1),
        ("numbers", [0.5]),
        ("numbers", {"acc": "high"}),
        ("texts", {"numpy": 2}),
        ("items", {"a": 1}),
        ("items", "abc"),
    ],
)
def test_wrong_type_names_file_and_key(reader: str, value: Any) -> None:
    with pytest.raises(ReportError, match="'key") as caught:
        _READERS[reader](Fields({"key": value}, "run.json"))
    assert caught.value.at == "run.json"


def test_wrong_type_on_the_way_names_the_outer_key() -> None:
    with pytest.raises(ReportError, match=r"'plan\.rows' should be an object and is a text"):
        Fields({"plan": {"rows": "many"}}, "run.json").count("plan", "rows", "train")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'"text"'])
def test_file_that_is_no_object_is_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "eval-test.json"
    path.write_bytes(content)
    with pytest.raises(ReportError) as caught:
        read_fields(path)
    assert caught.value.at == str(path)


def test_absent_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="cannot read"):
        read_fields(tmp_path / "run.json")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(_JSON, st.sampled_from(sorted(_READERS)))
def test_any_value_is_taken_or_refused(value: Any, reader: str) -> None:
    try:
        _READERS[reader](Fields({"key": value}, "run.json"))
    except ReportError as error:
        assert error.at == "run.json"
