from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.configs.base import find_recipe_by_name, load_recipe
from ppocr_kit.configs.sampling import (
    batch_sizes,
    steps_per_epoch,
    with_batch_size,
    with_equal_batches,
    with_one_scale,
)
from ppocr_kit.vendor.environment import find_interpreter
from ppocr_kit.vendor.process import run_tool
from ppocr_kit.vendor.release import find_release
from ppocr_kit.vendor.tools import tool_invocation

MULTI = load_recipe(find_recipe_by_name("PP-OCRv5_mobile_rec"))
PLAIN = load_recipe(find_recipe_by_name("rec_en_number_lite_train"))
SCRIPT = Path(__file__).parent / "scripts" / "sampler_batches.py"


def scales(config: dict[str, Any]) -> list[list[int]]:
    return config["Train"]["sampler"]["scales"]


@pytest.mark.parametrize(
    ("first", "sizes"), [(128, [128, 85, 64]), (8, [8, 5, 4]), (2, [2, 1, 1]), (1, [1, 1, 1])]
)
def test_higher_pictures_come_in_smaller_batches(first: int, sizes: list[int]) -> None:
    assert batch_sizes(with_batch_size(MULTI, first)["Train"]["sampler"]) == sizes


@pytest.mark.parametrize(("batch", "equal"), [(128, False), (8, False), (7, True), (2, True), (1, True)])
def test_small_batches_are_the_same_for_every_height(batch: int, equal: bool) -> None:
    sampler = with_equal_batches(with_batch_size(MULTI, batch))["Train"]["sampler"]
    assert sampler["fix_bs"] is equal
    assert min(batch_sizes(sampler)) == (batch if equal else min(batch_sizes(sampler)))


@pytest.mark.parametrize(
    ("rows", "processes", "kept"), [(277, 1, 3), (276, 1, 1), (1, 1, 1), (554, 2, 3), (553, 2, 1)]
)
def test_rows_that_make_no_turn_of_all_heights_train_at_the_one_that_is_evaluated(
    rows: int, processes: int, kept: int
) -> None:
    changed = with_one_scale(MULTI, rows, processes)
    assert len(scales(changed)) == kept
    assert [320, 48] in scales(changed)


@pytest.mark.parametrize(
    ("rows", "batch", "processes", "steps"),
    [(0, 8, 1, 0), (1, 8, 1, 3), (17, 8, 1, 3), (18, 8, 1, 6), (64, 8, 1, 12), (64, 8, 2, 6), (1, 8, 2, 0)],
)
def test_steps_are_whole_turns(rows: int, batch: int, processes: int, steps: int) -> None:
    assert steps_per_epoch(with_batch_size(MULTI, batch), rows, processes) == steps


@given(st.integers(1, 5_000), st.integers(1, 256), st.integers(1, 4))
def test_one_scale_takes_every_row_about_once(rows: int, batch: int, processes: int) -> None:
    config = with_batch_size(MULTI, batch)
    config["Train"]["sampler"]["scales"] = [[320, 48]]
    share = rows // processes
    shown = steps_per_epoch(config, rows, processes) * batch
    assert share <= shown < share + batch or share == 0 == shown


def test_recipes_without_a_sampler_are_left_alone() -> None:
    assert with_one_scale(PLAIN, 1, 1) == PLAIN
    assert with_equal_batches(PLAIN) == PLAIN
    assert steps_per_epoch(PLAIN, 512, 1) == 2


@pytest.mark.release
def test_steps_are_those_of_the_releases_sampler(project: Path, tmp_path: Path) -> None:
    asked = [
        {"rows": rows, "sampler": {**with_batch_size(MULTI, batch)["Train"]["sampler"], "fix_bs": fixed}}
        for rows in (1, 2, 7, 8, 17, 18, 64, 100, 277)
        for batch in (1, 2, 8, 128)
        for fixed in (False, True)
    ]
    job, result = tmp_path / "job.json", tmp_path / "result.json"
    job.write_text(json.dumps(asked), encoding="utf-8")
    call = tool_invocation(
        find_release(project),
        find_interpreter("paddle").python,
        str(SCRIPT),
        [str(job), str(result)],
        cwd=tmp_path,
        timeout_s=120.0,
        expects=(result,),
    )
    run_tool(call)
    for case, batches in zip(asked, json.loads(result.read_text(encoding="utf-8"))):
        config = {"Train": {"loader": {}, "sampler": case["sampler"]}}
        assert steps_per_epoch(config, case["rows"], 1) == len(batches), case
        if case["rows"] >= 2 * max(batch_sizes(case["sampler"])):
            assert {rows for _, rows in batches} == set(batch_sizes(case["sampler"]))
