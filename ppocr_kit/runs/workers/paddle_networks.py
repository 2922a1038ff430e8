"""Networks run by Paddle: an exported one by its inference engine, a checkpoint by training code.

Source: tools/eval.py@3.7.0 (how a checkpoint is built and called), paddlex 3.7
inference/models/runners/paddle_static/runner.py (the engine options of the paddleocr runtime).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ppocr_kit.errors import DataError, ReportError, SetupError
from ppocr_kit.runs.weights import require_whole
from ppocr_kit.runs.workers.engines import Batch, Network, first_line
from ppocr_kit.runs.workers.heads import sized_architecture

_log = logging.getLogger(__name__)
_PROGRAMS = ("inference.json", "inference.pdmodel")
_GPU_MEMORY_MIB = 500
# How the engine words a network that its oneDNN layer cannot take, such as one with a float64 scale.
_ONEDNN_FAULT = "ConvertPirAttribute2RuntimeAttribute"


def require_gpu() -> None:
    """Refuse a GPU where Paddle has none; its engine would quietly use the CPU.

    Raises:
        SetupError: Paddle was built without CUDA, or sees no GPU.
    """
    import paddle

    if not paddle.is_compiled_with_cuda() or paddle.device.cuda.device_count() < 1:
        raise SetupError(
            "Paddle cannot use a GPU here",
            at="--device",
            hint="install the GPU wheel of Paddle (see README), or predict with --device cpu",
        )


def load_export(folder: Path, gpu: bool, threads: int, *, onednn: bool = True) -> Network:
    """Load an inference model, with oneDNN as the paddleocr runtime does, or without.

    A network that oneDNN cannot take goes on without it, with a warning.

    Raises:
        DataError: The files are damaged.
    """
    run, uses_onednn = _load(folder, gpu, threads, onednn)

    def answer(batch: Batch) -> Batch:
        nonlocal run, uses_onednn
        try:
            return run(batch)
        except Exception as error:
            if not uses_onednn or _ONEDNN_FAULT not in str(error):
                raise
            run, uses_onednn = _without_onednn(folder, gpu, threads), False
            return run(batch)

    return answer


def load_checkpoint(architecture: Mapping[str, Any], prefix: Path, classes: int | None, gpu: bool) -> Network:
    """Build the network as training does and load a checkpoint to the last parameter.

    Args:
        architecture: The configuration's ``Architecture``.
        prefix: Path of the ``.pdparams`` file without its suffix.
        classes: Number of classes of a recogniser's dictionary, None for a detector.
        gpu: Whether it runs on the first visible GPU.

    Raises:
        DataError: The checkpoint is damaged or of another model.
    """
    import paddle
    from ppocr.modeling.architectures import build_model

    paddle.set_device("gpu:0" if gpu else "cpu")
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


def _load(folder: Path, gpu: bool, threads: int, onednn: bool) -> tuple[Network, bool]:
    """Load an inference model.

    Returns:
        The network, and whether it runs with oneDNN.

    Raises:
        DataError: The files are damaged.
    """
    try:
        return _predictor(folder, gpu, threads, onednn=onednn), onednn
    except Exception as error:
        if onednn and _ONEDNN_FAULT in str(error):
            return _without_onednn(folder, gpu, threads), False
        raise DataError(
            f"the exported model cannot be loaded ({first_line(error)})",
            at=str(folder),
            hint="export the run again: ppocr-kit export RUN",
        ) from error


def _without_onednn(folder: Path, gpu: bool, threads: int) -> Network:
    _log.warning("%s does not run with oneDNN; going on without it", folder)
    return _predictor(folder, gpu, threads, onednn=False)


def _predictor(folder: Path, gpu: bool, threads: int, onednn: bool) -> Network:
    """Load an inference model; the settings are the runtime's."""
    from paddle import inference

    program = next(folder / name for name in _PROGRAMS if (folder / name).is_file())
    config = inference.Config(str(program), str(folder / "inference.pdiparams"))
    if gpu:
        config.enable_use_gpu(_GPU_MEMORY_MIB, 0)
    else:
        if onednn:
            config.enable_mkldnn()
            config.set_mkldnn_cache_capacity(10)
        else:
            config.disable_mkldnn()
        config.set_cpu_math_library_num_threads(threads)
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
