from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.configs.changes import Change, Draft, changes_from_json, differences, with_reasons

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["a", "b"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["x", "y"]), inner, max_size=2)
    ),
    max_leaves=6,
)
CONFIGS = st.dictionaries(st.sampled_from(["A", "B"]), VALUES, max_size=2)


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({}, {}, []),
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [("a", 1, 2)]),
        ({"a": 1}, {}, [("a", 1, None)]),
        ({}, {"a": None}, [("a", None, None)]),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3, "c": 2}}, [("a.b", 1, 3)]),
        ({"a": [1, 2]}, {"a": [1, 3]}, [("a", [1, 2], [1, 3])]),
        ({"a": [{"X": {"k": 1}}, {"Y": None}]}, {"a": [{"X": {"k": 2}}, {"Y": None}]}, [("a.X.k", 1, 2)]),
        ({"a": [{"X": 1}]}, {"a": [{"Y": 1}]}, [("a", [{"X": 1}], [{"Y": 1}])]),
        ({"a": {"b": 1}}, {"a": None}, [("a", {"b": 1}, None)]),
    ],
)
def test_differences_name_the_smallest_value(before: Any, after: Any, found: list[Any]) -> None:
    assert list(differences(before, after)) == found


@given(CONFIGS)
def test_a_configuration_does_not_differ_from_itself(config: dict[str, Any]) -> None:
    assert list(differences(config, config)) == []


@given(CONFIGS, CONFIGS)
def test_different_configurations_have_differences(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert bool(list(differences(one, other))) == (repr(one) != repr(other) and one != other)


def test_draft_keeps_the_recipes_value_and_the_last_reason() -> None:
    draft = Draft({"a": 1, "b": 1})
    draft.take({"a": 2, "b": 2}, "first")
    draft.take({"a": 3, "b": 1}, "second")
    assert draft.changes() == (Change("a", 1, 3, "second"),)
    assert draft.config == {"a": 3, "b": 1}


def test_reasons_are_a_comment_above_the_file() -> None:
    change = Change("Train.loader.batch_size_per_card", 8, 4, "a CPU takes minutes for a larger step")
    text = with_reasons("a: 1\n", [change], "Changed:")
    assert yaml.safe_load(text) == {"a": 1}
    assert "#   Train.loader.batch_size_per_card: 8 -> 4, because a CPU takes minutes" in text
    assert with_reasons("a: 1\n", [], "Changed:") == "a: 1\n"


def test_reason_with_a_line_break_stays_in_the_comment() -> None:
    text = with_reasons("a: 1\n", [Change("b", "x\ny", "p\nq", "of 'a\nb'")], "Changed:")
    assert yaml.safe_load(text) == {"a": 1}


def test_changes_survive_json() -> None:
    change = Change("a.b", [1], None, "of -o")
    assert changes_from_json([change.to_json()]) == (change,)
    assert changes_from_json(None) == changes_from_json([None, {}, "x"]) == ()


def test_long_values_show_their_end() -> None:
    shown = str(Change("a", None, "/data/" + "x" * 100 + "/train.txt", "of it"))
    assert "…" in shown and "/train.txt, because of it" in shown
