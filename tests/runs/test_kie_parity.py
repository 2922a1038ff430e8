"""A checkpoint of key information held against its export."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ppocr_kit.errors import DataError
from ppocr_kit.runs.kie_parity import compare_pages, pages_to_compare


def answer(checkpoint: list[Any], export: list[Any]) -> dict[str, Any]:
    return {"picture": "p.jpg", "checkpoint": checkpoint, "export": export, "milliseconds": 1.0}


@pytest.mark.parametrize(
    ("checkpoint", "export", "same"),
    [
        ([[0, "NAME", 0.9]], [[0, "NAME", 0.9004]], True),
        ([[0, "NAME", 0.9]], [[0, "TOTAL", 0.9]], False),
        ([[0, "NAME", 0.9]], [[0, "NAME", 0.902]], False),
        ([[0, "NAME", 0.9]], [[0, "NAME", float("nan")]], False),
        ([[0, 1, 0.9]], [], False),
        ([[0, 1, 0.9]], [[0, 1, None]], True),
        ([], [], True),
    ],
)
def test_classes_and_links_must_be_the_same(checkpoint: Any, export: Any, same: bool) -> None:
    found = compare_pages([answer(checkpoint, export)])
    assert found.same is same and found.regions == len(checkpoint)


def config_of(folder: Path, rows: list[str]) -> dict[str, Any]:
    (folder / "val.txt").write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    dataset = {"data_dir": str(folder), "label_file_list": [str(folder / "val.txt")]}
    return {"Eval": {"dataset": dataset}}


def test_pages_are_spread_over_the_rows_whose_picture_is_there(tmp_path: Path) -> None:
    rows = []
    for number in range(45):
        (tmp_path / f"{number}.jpg").write_bytes(b"x")
        rows.append(f"{number}.jpg\t{json.dumps([{'transcription': 'a', 'id': 7}, {'id': 7}])}")
    pages = pages_to_compare(config_of(tmp_path, [*rows, "gone.jpg\t[{}]", "0.jpg\t[]"]))
    assert len(pages) == 20 and [Path(page["picture"]).name for page in pages][-1] == "42.jpg"
    assert [entity["id"] for entity in pages[0]["entities"]] == [0, 1]


@pytest.mark.parametrize("rows", [["gone.jpg\t[{}]"], ["no tab"], ["a.jpg\tno list"], []])
def test_without_pages_there_is_nothing_to_compare_on(tmp_path: Path, rows: list[str]) -> None:
    with pytest.raises(DataError, match="validation"):
        pages_to_compare(config_of(tmp_path, rows))
