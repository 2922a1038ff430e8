"""Networks that answer batches, whatever runs them; the worker's side of ``runs/engines.py``."""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ppocr_kit.errors import SetupError
from ppocr_kit.runs.engines import ENGINES, ONNXRUNTIME, OPENVINO, PADDLE, PADDLE_PLAIN, install_hint

Batch = npt.NDArray[np.float32]
Network = Callable[[Batch], Batch]

CHECKPOINT = "checkpoint"


@dataclass(frozen=True)
class Engine:
    """What runs a network, and where.

    Attributes:
        name: An engine of an export; what a checkpoint runs on is training code in any case.
        gpu: Whether on the first visible GPU.
        threads: CPU threads of one network.
    """

    name: str = PADDLE
    gpu: bool = False
    threads: int = 1


class Timed:
    """A network that notes how long each of its calls took, in seconds."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.seconds: list[float] = []

    def __call__(self, batch: Batch) -> Batch:
        """Answer a batch."""
        began = time.perf_counter()
        answer = self._network(batch)
        self.seconds.append(time.perf_counter() - began)
        return answer


def open_network(job: Mapping[str, Any], engine: Engine, classes: int | None) -> Network:
    """Load the model that a job describes.

    Args:
        job: A model as :meth:`ModelSource.to_job` describes it.
        engine: What runs it.
        classes: Number of classes of a recogniser's dictionary, None for a detector.

    Raises:
        DataError: The files are damaged or of another model.
    """
    from ppocr_kit.runs.workers import onnx_networks, paddle_networks

    if job["export"] is None:
        return paddle_networks.load_checkpoint(
            job["architecture"], Path(job["checkpoint"]), classes, engine.gpu
        )
    folder = Path(job["export"])
    if engine.name == ONNXRUNTIME:
        return onnx_networks.load_onnxruntime(folder, engine.threads)
    if engine.name == OPENVINO:
        return onnx_networks.load_openvino(folder, engine.threads)
    onednn = engine.name != PADDLE_PLAIN
    return paddle_networks.load_export(folder, engine.gpu, engine.threads, onednn=onednn)


def pick_engine(job: Mapping[str, Any], engine: Engine) -> Engine:
    """Take the first of a job's engines that is installed.

    Raises:
        SetupError: None is.
    """
    wanted: Sequence[str] = job["engines"]
    if job["export"] is None:
        return replace(engine, name=CHECKPOINT)
    for name in wanted:
        if is_installed(name):
            return replace(engine, name=name)
    raise SetupError(
        f"{' or '.join(wanted)} is not installed",
        at=sys.executable,
        hint=install_hint(Path(sys.executable)),
    )


def is_installed(name: str) -> bool:
    """Tell whether an engine can be imported here; Paddle always can, as everything here needs it."""
    return name not in ENGINES or name == PADDLE or importlib.util.find_spec(name) is not None


def version_of(name: str) -> str:
    """Return the version of an engine's package."""
    packages = (name,) if name in (ONNXRUNTIME, OPENVINO) else ("paddlepaddle", "paddlepaddle-gpu")
    for package in packages:
        try:
            return metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return "unknown"


def first_line(error: Exception) -> str:
    """Return what an engine's exception says, cut to one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[-1] if lines else ''}"[:200]
