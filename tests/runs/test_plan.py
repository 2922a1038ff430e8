from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lmdb_files import write_lmdb

from ppocr_kit.configs.sampling import count_steps
from ppocr_kit.errors import DataError
from ppocr_kit.runs import plan as plan_module
from ppocr_kit.runs.inspection import Inspection, RowCheck
from ppocr_kit.runs.plan import plan_training, write_lists
from ppocr_kit.tasks import Task
from ppocr_kit.vendor.release import PinnedRelease

RELEASE = PinnedRelease("3.7.0", Path("/release"), "path", complete=False)


def check(usable: int, rejected: int = 0, lost: dict[str, int] | None = None) -> RowCheck:
    refused = tuple({"list": "a.txt", "line": usable + n, "reason": "no box"} for n in range(1, rejected + 1))
    return RowCheck(usable + rejected, (tuple(range(1, usable + 1)),), refused, lost or {})


def config(**loader: Any) -> dict[str, Any]:
    return {
        "Global": {"epoch_num": 10, "eval_batch_epoch": 2, "character_dict_path": "dict.txt"},
        "Train": {
            "dataset": {"label_file_list": ["train.txt"]},
            "loader": {"batch_size_per_card": 8, "drop_last": True, **loader},
        },
        "Eval": {"dataset": {"label_file_list": ["val.txt"]}},
    }


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Plan a training whose inspection is given instead of run."""

    def make(train: RowCheck, val: RowCheck, settings: dict[str, Any] | None = None, **options: Any) -> Any:
        found = Inspection({"Train": train, "Eval": val}, {"head.w": (4, 3), "head.b": (3,)})
        monkeypatch.setattr(plan_module, "inspect_config", lambda *given: found)
        return plan_training(settings or config(), Task.REC, RELEASE, Path("python"), **options)

    return make


@pytest.mark.parametrize(
    ("rows", "batch", "processes", "drop_last", "steps"),
    [
        (0, 4, 1, True, 0),
        (3, 4, 1, True, 0),
        (3, 4, 1, False, 1),
        (8, 4, 1, True, 2),
        (9, 4, 1, True, 2),
        (9, 4, 1, False, 3),
        (9, 4, 2, True, 1),  # 5 rows each, the last process padded
        (7, 4, 2, True, 1),  # 4 rows each
        (6, 4, 2, True, 0),
    ],
)
def test_steps_are_those_of_the_distributed_sampler(
    rows: int, batch: int, processes: int, drop_last: bool, steps: int
) -> None:
    assert count_steps(rows, batch, processes, drop_last) == steps


@given(st.integers(0, 10_000), st.integers(1, 64), st.integers(1, 8))
def test_dropping_the_last_batch_loses_at_most_one_step(rows: int, batch: int, processes: int) -> None:
    kept = count_steps(rows, batch, processes, False)
    assert kept - count_steps(rows, batch, processes, True) in (0, 1)
    assert kept == math.ceil(math.ceil(rows / processes) / batch)


def test_a_plan_counts_steps_evaluations_and_parameters(plan: Any) -> None:
    made = plan(check(83, 2), check(10))
    assert (made.steps_per_epoch, made.evaluations, made.parameters) == (10, 5, 15)
    assert made.to_json()["rows"]["train"] == {"total": 85, "usable": 83, "rejected": 2}
    assert made.to_json()["steps"] == 100


def test_a_resumed_plan_counts_what_is_left(plan: Any) -> None:
    made = plan(check(80), check(10), first_epoch=6)
    assert made.evaluations == 3  # after epochs 6, 8 and 10
    assert made.to_json()["steps"] == 50


def test_a_batch_larger_than_the_data_is_refused_with_a_batch_that_fits(plan: Any) -> None:
    with pytest.raises(DataError, match="a batch of 8 rows is larger than the 5 training rows") as caught:
        plan(check(5), check(10))
    assert caught.value.hint == "--batch-size 2 or smaller" and caught.value.at == "train.txt"


def test_no_usable_training_row_is_refused_with_the_reasons(plan: Any) -> None:
    with pytest.raises(DataError, match=r"none of the 3 training rows can be used \(line 1: no box"):
        plan(check(0, 3), check(10))


def test_no_usable_validation_row_is_refused(plan: Any) -> None:
    with pytest.raises(DataError, match="no best model could be chosen"):
        plan(check(80), check(0, 4))


def test_pages_that_nothing_can_be_copied_from_are_refused(plan: Any) -> None:
    with pytest.raises(DataError, match="CopyPaste") as caught:
        plan(replace(check(80), pasteable=False), check(10))
    assert "PP-OCRv3_mobile_det" in str(caught.value.hint)


def test_characters_that_the_dictionary_lacks_are_refused_and_named(plan: Any) -> None:
    with pytest.raises(DataError, match=r"lacks 2 characters .*'Ω' \(7 rows\), 'x' \(3 rows\)") as caught:
        plan(check(80, lost={"x": 2, "Ω": 7}), check(10, lost={"x": 1}))
    assert caught.value.at == "dict.txt" and "--dict" in str(caught.value.hint)


def test_lists_are_written_without_the_rejected_rows(tmp_path: Path) -> None:
    source = tmp_path / "train.txt"
    source.write_bytes("a.jpg\tä\nb.jpg\t\x0bb\nc.jpg\tc".encode())
    settings = config()
    settings["Train"]["dataset"]["label_file_list"] = [str(source)]
    rows = RowCheck(3, ((1, 3),), ({"list": str(source), "line": 2, "reason": "x"},), {})
    changed = write_lists(settings, {"Train": rows}, tmp_path / "lists")
    (written,) = changed["Train"]["dataset"]["label_file_list"]
    assert Path(written).read_bytes() == "a.jpg\tä\nc.jpg\tc".encode()
    assert settings["Train"]["dataset"]["label_file_list"] == [str(source)]


def test_an_lmdb_without_a_list_gets_one_of_the_rows_that_can_be_used(tmp_path: Path) -> None:
    for part in ("a", "b"):
        write_lmdb(tmp_path / "db" / part, [(b"x", b"1"), (b"x", None), (b"x", "ä".encode())])
    settings = config()
    settings["Train"]["dataset"] = {"name": "LMDBDataSet", "data_dir": str(tmp_path / "db")}
    for kept in ((1, 3, 6), (1, 2, 3, 4, 5, 6)):
        rows = RowCheck(6, (kept,), (), {})
        changed = write_lists(settings, {"Train": rows}, tmp_path / "lists")
        (written,) = changed["Train"]["dataset"]["label_file_list"]
        lines = Path(written).read_bytes().decode().split("\n")
        assert lines[0] == "a/image-000000001\t1" and lines[len(kept) - 1] == "b/image-000000003\tä"
        assert len(lines) == len(kept) + 1
    assert "label_file_list" not in settings["Train"]["dataset"]


def test_an_lmdb_without_a_list_is_named_by_its_folder(plan: Any) -> None:
    settings = config()
    settings["Train"]["dataset"] = {"name": "LMDBDataSet", "data_dir": "db/train"}
    with pytest.raises(DataError) as caught:
        plan(check(5), check(10), settings)
    assert caught.value.at == "db/train"


def test_lists_without_rejected_rows_stay_where_they_are(tmp_path: Path) -> None:
    changed = write_lists(config(), {"Train": check(3), "Eval": check(2)}, tmp_path / "lists")
    assert changed == config() and not (tmp_path / "lists").exists()
