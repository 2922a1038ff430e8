"""ONNX exports on the CPU: by onnxruntime, or by OpenVINO.

Source: onnxruntime's and OpenVINO's public API; threads are set to what one network may use, because
both take all cores by default.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ppocr_kit.errors import DataError
from ppocr_kit.runs.engines import ONNX_FILE
from ppocr_kit.runs.workers.engines import Batch, Network, first_line

# onnxruntime's warnings speak of initializers that nobody needs; errors come as exceptions anyway
_ERRORS_ONLY = 3


def load_onnxruntime(folder: Path, threads: int) -> Network:
    """Load an export's ONNX file in onnxruntime.

    Raises:
        DataError: The file is damaged.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = _ERRORS_ONLY
    try:
        session = onnxruntime.InferenceSession(
            str(folder / ONNX_FILE), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        raise _damaged(folder, error) from error
    name = session.get_inputs()[0].name

    def answer(batch: Batch) -> Batch:
        (output,) = session.run(None, {name: np.ascontiguousarray(batch, dtype=np.float32)})
        return np.asarray(output, dtype=np.float32)

    return answer


def load_openvino(folder: Path, threads: int) -> Network:
    """Load an export's ONNX file in OpenVINO.

    Raises:
        DataError: The file is damaged.
    """
    import openvino

    # Its bindings look numpy up at the first array and wait for each other for ever when two threads
    # bring one at the same time (pybind11's npy_api under a function's static guard); so here, alone.
    np.asarray(openvino.Tensor(np.zeros(1, np.float32)).data)
    core = openvino.Core()
    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": "LATENCY",
        # networks side by side would all be tied to the first core
        "ENABLE_CPU_PINNING": False,
        # on CPUs that can it computes in bfloat16 otherwise, and answers otherwise
        "INFERENCE_PRECISION_HINT": "f32",
    }
    try:
        compiled = core.compile_model(core.read_model(str(folder / ONNX_FILE)), "CPU", settings)
    except Exception as error:
        raise _damaged(folder, error) from error
    request = compiled.create_infer_request()

    def answer(batch: Batch) -> Batch:
        outputs = request.infer([np.ascontiguousarray(batch, dtype=np.float32)])
        # the request's own memory, which its next answer overwrites
        return np.array(outputs[0], dtype=np.float32)

    return answer


def _damaged(folder: Path, error: Exception) -> DataError:
    return DataError(
        f"the ONNX file cannot be loaded ({first_line(error)})",
        at=str(folder / ONNX_FILE),
        hint="export the run again: ppocr-kit export RUN --format onnx",
    )
