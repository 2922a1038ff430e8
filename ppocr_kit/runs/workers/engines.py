"""Networks that answer batches: an exported one by Paddle's inference engine, a checkpoint by training code.

Source: tools/eval.py@3.7.0 (how a checkpoint is built and called), paddlex 3.7
inference/models/runners/paddle_static/runner.py (the engine options of the paddleocr runtime).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ppocr_kit.errors import DataError, ReportError, SetupError
from ppocr_kit.runs.weights import require_whole
from ppocr_kit.runs.workers.heads import sized_architecture

Batch = npt.NDArray[np.float32]
Network = Callable[[Batch], Batch]
_log = logging.getLogger(__name__)
_PROGRAMS = ("inference.json", "inference.pdmodel")
_GPU_MEMORY_MIB = 500
# How the engine words a network that its oneDNN layer cannot take, such as one with a float64 scale.
_ONEDNN_FAULT = "ConvertPirAttribute2RuntimeAttribute"


@dataclass(frozen=True)
class Engine:
    """Where networks run.

    Attributes:
        gpu: Whether on the first visible GPU.
        threads: CPU threads of one network.
    """

    gpu: bool = False
    threads: int = 1


def require_device(engine: Engine) -> None:
    """Refuse a GPU where Paddle has none; its engine would quietly use the CPU.

    Raises:
        SetupError: Paddle was built without CUDA, or sees no GPU.
    """
    import paddle

    if not engine.gpu:
        return
    if not paddle.is_compiled_with_cuda() or paddle.device.cuda.device_count() < 1:
        raise SetupError(
            "Paddle cannot use a GPU here",
            at="--device",
            hint="install the GPU wheel of Paddle (see README), or predict with --device cpu",
        )


def load_export(folder: Path, engine: Engine) -> Network:
    """Load an inference model with oneDNN on, as the paddleocr runtime does.

    Raises:
        DataError: The files are damaged.
    """
    run, onednn = _load(folder, engine)

    def answer(batch: Batch) -> Batch:
        nonlocal run, onednn
        try:
            return run(batch)
        except Exception as error:
            if not onednn or _ONEDNN_FAULT not in str(error):
                raise
            run, onednn = _without_onednn(folder, engine), False
            return run(batch)

    return answer


def load_checkpoint(
    architecture: Mapping[str, Any], prefix: Path, classes: int | None, engine: Engine
) -> Network:
    """Build the network as training does and load a checkpoint to the last parameter.

    Args:
        architecture: The configuration's ``Architecture``.
        prefix: Path of the ``.pdparams`` file without its suffix.
        classes: Number of classes of a recogniser's dictionary, None for a detector.
        engine: Where it runs.

    Raises:
        DataError: The checkpoint is damaged or of another model.
    """
    import paddle
    from ppocr.modeling.architectures import build_model

    paddle.set_device("gpu:0" if engine.gpu else "cpu")
    settings = dict(architecture) if classes is None else sized_architecture(architecture, classes)
    network = build_model(settings)
    file = prefix.parent / f"{prefix.name}.pdparams"
    require_whole({name: tuple(value.shape) for name, value in network.state_dict().items()}, file)
    network.set_state_dict(paddle.load(str(file)))
    network.eval()

    def answer(batch: Batch) -> Batch:
        with paddle.no_grad():
            output = network(paddle.to_tensor(batch))
        if isinstance(output, Mapping):
            output = output["maps"]
        return np.asarray(output.numpy(), dtype=np.float32)

    return answer


def _load(folder: Path, engine: Engine) -> tuple[Network, bool]:
    """Load an inference model.

    Returns:
        The network, and whether it runs with oneDNN.

    Raises:
        DataError: The files are damaged.
    """
    try:
        return _predictor(folder, engine, onednn=True), True
    except Exception as error:
        if _ONEDNN_FAULT in str(error):
            return _without_onednn(folder, engine), False
        raise DataError(
            f"the exported model cannot be loaded ({_first_line(error)})",
            at=str(folder),
            hint="export the run again: ppocr-kit export RUN",
        ) from error


def _without_onednn(folder: Path, engine: Engine) -> Network:
    _log.warning("%s does not run with oneDNN; going on without it", folder)
    return _predictor(folder, engine, onednn=False)


def _predictor(folder: Path, engine: Engine, onednn: bool) -> Network:
    """Load an inference model; the settings are the runtime's."""
    from paddle import inference

    program = next(folder / name for name in _PROGRAMS if (folder / name).is_file())
    config = inference.Config(str(program), str(folder / "inference.pdiparams"))
    if engine.gpu:
        config.enable_use_gpu(_GPU_MEMORY_MIB, 0)
    else:
        if onednn:
            config.enable_mkldnn()
            config.set_mkldnn_cache_capacity(10)
        else:
            config.disable_mkldnn()
        config.set_cpu_math_library_num_threads(engine.threads)
    config.enable_new_ir(True)
    config.enable_new_executor()
    config.set_optimization_level(3)
    config.enable_memory_optim()
    config.disable_glog_info()
    predictor = inference.create_predictor(config)
    source = predictor.get_input_handle(predictor.get_input_names()[0])
    outputs = predictor.get_output_names()
    if len(predictor.get_input_names()) != 1 or len(outputs) != 1:
        raise ReportError("the network does not have one input and one output", at=str(folder))
    result = predictor.get_output_handle(outputs[0])

    def answer(batch: Batch) -> Batch:
        whole = np.ascontiguousarray(batch, dtype=np.float32)
        source.reshape(whole.shape)
        source.copy_from_cpu(whole)
        predictor.run()
        return np.asarray(result.copy_to_cpu(), dtype=np.float32)

    return answer


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[-1] if lines else ''}"[:200]
