"""Write an export's ONNX file beside it: ``convert_onnx.py JOB ANSWERS ANNOUNCEMENT``, inside the lane.

Answers one object: ``opset``, ``size`` (bytes) and the ``converter``'s version.

Source: paddle2onnx 2.1.0 (the conversion), onnxruntime (folding of constants), RapidOCR (where it
looks for a recogniser's dictionary: the metadata entry ``character``).
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from ppocr_kit.errors import ToolError
from ppocr_kit.runs.engines import ONNX_FILE
from ppocr_kit.vendor.answers import Put, serve

OPSET = 17
# What PaddleOCR calls the axes of an input, instead of the converter's numbers.
_AXES = ("batch", "channels", "height", "width")
_CONVERTED, _FOLDED = "converted.onnx", "folded.onnx"


def main(job: dict[str, Any], put: Put) -> None:
    """Convert the export of a job, and put the file into its folder."""
    folder = Path(job["export"])
    with tempfile.TemporaryDirectory(prefix="ppocr-kit-") as scratch:
        network = _folded(_converted(folder, Path(scratch)), Path(scratch))
        _describe(network, job["metadata"])
        _check(network, folder)
        content = network.SerializeToString()
    (folder / ONNX_FILE).write_bytes(content)
    put({"opset": OPSET, "size": len(content), "converter": metadata.version("paddle2onnx")})


def _converted(folder: Path, scratch: Path) -> Path:
    """Let paddle2onnx write the network; its own optimizer would install packages, so it has none."""
    import paddle2onnx

    target = scratch / _CONVERTED
    try:
        paddle2onnx.export(
            str(folder / "inference.json"),
            str(folder / "inference.pdiparams"),
            str(target),
            opset_version=OPSET,
            enable_onnx_checker=True,
            optimize_tool="None",
        )
    # it goes on after a failure of its own, with a name that it never bound
    except Exception as error:
        raise _failed(folder, str(error)) from error
    if not target.is_file():
        raise _failed(folder, "no file was written")
    return target


def _folded(converted: Path, scratch: Path) -> Any:
    """Replace what is constant by its value, and normalisations by the convolutions before them.

    The converter computes shapes from constants inside the network, which OpenVINO cannot follow.
    Only standard operators come of this level.
    """
    import onnx
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(scratch / _FOLDED)
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    onnxruntime.InferenceSession(str(converted), options, providers=["CPUExecutionProvider"])
    network = onnx.load(str(scratch / _FOLDED))
    used = {node.domain for node in network.graph.node}
    for entry in [entry for entry in network.opset_import if entry.domain not in used]:
        network.opset_import.remove(entry)
    return network


def _describe(network: Any, entries: Mapping[str, str]) -> None:
    """Name the axes, and write down what the model is and which characters it knows."""
    import onnx

    (source,) = network.graph.input
    for axis, size in zip(_AXES, source.type.tensor_type.shape.dim):
        if not size.dim_value:
            size.dim_param = axis
    network.producer_name = "ppocr-kit"
    onnx.helper.set_model_props(network, dict(entries))


def _check(network: Any, folder: Path) -> None:
    """Hold the file to the ONNX specification.

    Raises:
        ToolError: It breaks it, or is not of standard operators alone.
    """
    import onnx

    foreign = sorted({node.op_type for node in network.graph.node if node.domain not in ("", "ai.onnx")})
    if foreign:
        raise _failed(folder, f"operators that are not ONNX's own: {', '.join(foreign)}")
    try:
        onnx.checker.check_model(network, full_check=True)
    except Exception as error:
        raise _failed(folder, str(error)) from error


def _failed(folder: Path, why: str) -> ToolError:
    (first, *_) = why.strip().splitlines() or ["no reason given"]
    return ToolError(
        f"the network cannot be written as ONNX ({first[:200]})",
        at=str(folder),
        hint="export it as Paddle's own format: ppocr-kit export RUN --format paddle",
    )


if __name__ == "__main__":
    serve(main)
