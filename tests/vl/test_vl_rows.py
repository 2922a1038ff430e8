"""Rows of PaddleOCR-VL: what is written comes back, and what is no row is refused with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.errors import DataError
from ppocr_kit.vl.rows import VlRow, is_inside, read_rows, write_rows

ROW = {
    **{"image": "vl/images/a.png", "prompt": "OCR:", "completion": "x", "group": "p1"},
    **{"width": 3, "height": 4},
}
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(
    st.lists(
        st.builds(
            VlRow, st.just("vl/images/ä b.png"), TEXTS, TEXTS, TEXTS, st.integers(), st.integers(), TEXTS
        )
    )
)
def test_rows_come_back(tmp_path_factory: pytest.TempPathFactory, rows: list[VlRow]) -> None:
    path = tmp_path_factory.mktemp("rows") / "train.jsonl"
    write_rows(path, rows)
    assert list(read_rows(path)) == rows


def test_further_keys_and_blank_lines_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n" + json.dumps({**ROW, "mine": [1]}) + "\n\n", encoding="utf-8")
    assert list(read_rows(path)) == [VlRow("vl/images/a.png", "OCR:", "x", "p1", 3, 4)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "broken JSON"),
        ("[" * 100_000, "broken JSON"),
        ("[]", "is list, not an object"),
        (json.dumps({key: value for key, value in ROW.items() if key != "prompt"}), "prompt is missing"),
        (json.dumps({**ROW, "completion": None}), "completion is not str"),
        (json.dumps({**ROW, "width": True}), "width is not int"),
        (json.dumps({**ROW, "source": 3}), "source is not str"),
        (json.dumps({**ROW, "image": "../a.png"}), "not a path inside"),
    ],
)
def test_what_is_no_row_is_refused_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(ROW) + "\n" + line + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=said) as caught:
        list(read_rows(path))
    assert caught.value.at == f"{path}:2"


def test_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot read the rows"):
        list(read_rows(tmp_path / "none.jsonl"))


@pytest.mark.parametrize("path", ["", "/a", "..", "a/../b", "a\\b", "a\0"])
def test_paths_that_could_lead_elsewhere_are_not_inside(path: str) -> None:
    assert not is_inside(path)


def test_names_with_dots_and_letters_of_any_script_are_inside() -> None:
    assert is_inside("vl/images/..ä 漫画.png")
