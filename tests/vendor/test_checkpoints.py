from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.errors import DataError
from ppocr_kit.vendor.checkpoints import read_checkpoint_file, read_weights


class RunsCode:
    """What a hostile checkpoint holds: an object whose loading calls a function."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.system, ("touch hacked",))


@pytest.mark.parametrize("protocol", [2, 4])
def test_weights_come_back_by_name(tmp_path: Path, protocol: int) -> None:
    table = {
        "conv.weight": np.ones((2, 3), "float32"),
        "StructuredToParameterName@@": {"conv.weight": "conv2d_0.w_0"},
    }
    path = tmp_path / "a.pdparams"
    path.write_bytes(pickle.dumps(table, protocol=protocol))
    weights = read_weights(path)
    assert list(weights) == ["conv.weight"]
    np.testing.assert_array_equal(weights["conv.weight"], np.ones((2, 3), "float32"))


class NestedTensor:
    """What paddle.save makes of a tensor inside a table: a pair of its name and its values."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (tuple, (("conv2d_0.w_0", np.ones(3, "float32")),))


@pytest.mark.parametrize("protocol", [2, 4])
def test_moving_averages_are_read(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "best_accuracy.pdema"
    path.write_bytes(pickle.dumps({"ema_state": {"conv.weight": NestedTensor()}, "step": 3}, protocol))
    content = read_checkpoint_file(path)
    name, values = content["ema_state"]["conv.weight"]
    assert (name, content["step"]) == ("conv2d_0.w_0", 3)
    np.testing.assert_array_equal(values, np.ones(3, "float32"))


def test_a_checkpoint_that_runs_code_is_refused_and_runs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.pdparams"
    path.write_bytes(pickle.dumps({"w": RunsCode()}))
    with pytest.raises(DataError, match="run code"):
        read_weights(path)
    assert not (tmp_path / "hacked").exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"not a pickle", pickle.dumps({"w": np.ones(4)})[:-20], pickle.dumps([1, 2]), pickle.dumps({})],
    ids=["empty", "text", "truncated", "list", "no weights"],
)
def test_a_file_that_is_no_checkpoint_is_a_data_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.pdparams"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_weights(path)
    assert caught.value.at == str(path)


def test_an_absent_checkpoint_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot read"):
        read_weights(tmp_path / "none.pdparams")


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_raise_anything_else(tmp_path_factory: Any, content: bytes) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "a.states"
    path.write_bytes(content)
    try:
        read_checkpoint_file(path)
    except DataError:
        return


@pytest.mark.parametrize("name", ["train_en_number_mobile_v2.0_rec", "train_ch_ppocr_mobile_v2.0_det"])
def test_official_checkpoints_are_read(shared: Path, name: str) -> None:
    folder = shared / "weights" / name
    weights = read_weights(folder / "best_accuracy.pdparams")
    assert len(weights) > 100 and all(value.dtype.kind == "f" for value in weights.values())
    assert read_checkpoint_file(folder / "best_accuracy.states")["epoch"] > 0
