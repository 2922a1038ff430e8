from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ppocr_kit.errors import DataError
from ppocr_kit.runs.start import Start, StartChoice, fit_start, pretrained_file, read_start, write_start
from ppocr_kit.tasks import Task
from ppocr_kit.vendor.checkpoints import read_weights

Array = np.ndarray[Any, Any]
OLD, NEW = "abc", "bxc"


def model(characters: str, value: float) -> dict[str, Array]:
    classes = len(characters) + 1
    shapes = {"backbone.w": (6, 5), "head.fc.weight": (4, classes), "head.fc.bias": (classes,)}
    return {name: np.full(shape, value, np.float32) for name, shape in shapes.items()}


@pytest.fixture
def config(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "new.txt").write_text("\n".join(NEW) + "\n")
    (tmp_path / "old.txt").write_text("\n".join(OLD) + "\n")
    return {"Global": {"character_dict_path": str(tmp_path / "new.txt"), "pretrained_model": "w"}}


def fit(tmp_path: Path, config: dict[str, Any], weights: dict[str, Array], **choice: Any) -> Start:
    path = tmp_path / "w.pdparams"
    path.write_bytes(pickle.dumps(weights))
    built = model(NEW, 9.0)
    shapes = {name: value.shape for name, value in built.items()}
    fresh = {name: value for name, value in built.items() if name.startswith("head.")}
    file = read_start({"Global": {"pretrained_model": str(path)}})
    assert file is not None
    return fit_start(file, shapes, fresh, config, Task.REC, tmp_path, StartChoice(**choice))


def test_a_changed_dictionary_makes_a_start_file_that_fills_the_model(
    tmp_path: Path, config: dict[str, Any]
) -> None:
    start = fit(tmp_path, config, model(OLD, 1.0), dictionary=tmp_path / "old.txt")
    assert start.is_rewritten and "2 of 3 characters were carried over" in start.match.note
    write_start(start, tmp_path / "start.pdparams")
    written = read_weights(tmp_path / "start.pdparams")
    assert {name: value.shape for name, value in written.items()} == start.match.shapes
    assert (written["backbone.w"] == 1.0).all()
    # blank, b, x, c
    assert written["head.fc.bias"].tolist() == [1.0, 1.0, 9.0, 1.0]


def test_the_same_number_of_other_characters_is_put_in_the_new_order(
    tmp_path: Path, config: dict[str, Any]
) -> None:
    """Upstream would load it as it is, and read every b as an a."""
    weights = model(OLD, 1.0)
    weights["head.fc.bias"] = np.arange(4, dtype=np.float32)
    start = fit(tmp_path, config, weights, dictionary=tmp_path / "old.txt")
    write_start(start, tmp_path / "start.pdparams")
    assert read_weights(tmp_path / "start.pdparams")["head.fc.bias"].tolist() == [0.0, 2.0, 9.0, 3.0]


def test_an_unknown_dictionary_is_said_and_nothing_is_moved(tmp_path: Path, config: dict[str, Any]) -> None:
    other = fit(tmp_path, config, model("abcd", 1.0))
    assert other.match.note.startswith("the character layer starts at random: nothing says")
    same_size = fit(tmp_path, config, model(OLD, 1.0))
    assert same_size.match.note.startswith("the character layer is taken as it is")
    assert not other.is_rewritten and not same_size.is_rewritten


def test_carrying_over_can_be_left_out(tmp_path: Path, config: dict[str, Any]) -> None:
    start = fit(tmp_path, config, model("abcd", 1.0), transplant=False)
    assert not start.is_rewritten and "--no-transplant-head" in start.match.note


def test_the_same_dictionary_needs_no_start_file(tmp_path: Path, config: dict[str, Any]) -> None:
    start = fit(tmp_path, config, model(NEW, 1.0), dictionary=tmp_path / "new.txt")
    assert start.match.whole and not start.is_rewritten and start.match.note == ""


def test_a_student_is_taken_out_of_a_distillation_checkpoint(tmp_path: Path, config: dict[str, Any]) -> None:
    both = {
        f"{who}.{name}": value for who in ("Student", "Teacher") for name, value in model(NEW, 1.0).items()
    }
    start = fit(tmp_path, config, both, dictionary=tmp_path / "new.txt")
    assert start.match.whole and start.is_rewritten


def test_a_helping_head_may_be_absent(tmp_path: Path) -> None:
    shapes = {"backbone.w": (2, 2), "head.gtc_head.w": (100, 100), "head.sar_head.w": (3,)}
    (tmp_path / "w.pdparams").write_bytes(pickle.dumps({"backbone.w": np.ones((2, 2), np.float32)}))
    config = {"Global": {"character_dict_path": None}}
    file = read_start({"Global": {"pretrained_model": str(tmp_path / "w")}})
    assert file is not None
    start = fit_start(file, shapes, {}, config, Task.REC, tmp_path, StartChoice())
    assert start.match.missing == ("head.gtc_head.w", "head.sar_head.w")
    half = {**shapes, "backbone.v": (2, 2)}
    with pytest.raises(DataError, match="only 50% of it would load"):
        fit_start(file, half, {}, config, Task.REC, tmp_path, StartChoice())


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, None),
        ({"pretrained_model": None}, None),
        ({"pretrained_model": "a/best"}, Path("a/best.pdparams")),
        ({"pretrained_model": "a/v2.0.pdparams"}, Path("a/v2.0.pdparams")),
        ({"pretrained_model": "a/best", "checkpoints": "b"}, None),
    ],
)
def test_a_configuration_says_what_it_starts_from(settings: dict[str, Any], expected: Path | None) -> None:
    assert pretrained_file({"Global": settings}) == expected
