"""ONNX networks that answer from several threads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from made_runs import AT_HAND

from ppocr_kit.runs.engines import ONNX_FILE

pytestmark = pytest.mark.release

SCRIPT = Path(__file__).parent / "scripts" / "answer_side_by_side.py"
# the bindings' race is lost about every third time
TIMES = 8


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """An export's folder with a network that cuts off what is below zero."""
    from onnx import TensorProto, helper, save

    shape = ["batch", 2]
    made = helper.make_model(
        helper.make_graph(
            [helper.make_node("Relu", ["x"], ["y"])],
            "cut_off",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        ),
        opset_imports=[helper.make_opsetid("", 13)],
    )
    made.ir_version = 8
    save(made, str(tmp_path / ONNX_FILE))
    return tmp_path


@pytest.mark.skipif("openvino" not in AT_HAND, reason="Python 3.9 has no OpenVINO (decisions/007)")
def test_two_first_batches_at_one_moment_are_both_answered(network: Path):
    for _ in range(TIMES):
        done = subprocess.run(
            [sys.executable, str(SCRIPT), str(network)], capture_output=True, text=True, timeout=60
        )
        assert (done.returncode, done.stdout.split("\n")) == (0, ["[[0.0, 0.0]]"] * 2 + [""]), done.stderr
