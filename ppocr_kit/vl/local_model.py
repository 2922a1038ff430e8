"""A model folder on this machine as the one who answers: a worker in the vl lane."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.configs.device import Device
from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.vl.inference import Put
from ppocr_kit.vl.lane import run_engine
from ppocr_kit.vl.predictions import Prediction, Question

BATCH_SIZE = 32
MAX_NEW_TOKENS = 1024
# A batch of pages on a slow CPU says nothing for a long time.
_IDLE_TIMEOUT_S = 4 * 3600.0
# What decides the answers; the rest of a folder (optimizer, notes) does not.
_MODEL_FILES = ("*.safetensors", "*.bin", "*.json", "*.jinja", "*.model")


@dataclass(frozen=True)
class AnswerSettings:
    """How a model answers.

    Attributes:
        max_new_tokens: Most tokens of an answer.
        min_pixels: Smaller pictures are enlarged to this; None for what the model folder says.
        max_pixels: Larger pictures are reduced to this; None for what the model folder says.
        bf16: Whether to compute in bfloat16; None for yes on a GPU and no on the CPU.
        batch_size: Most pictures at a time; does not change the answers.
    """

    max_new_tokens: int = MAX_NEW_TOKENS
    min_pixels: int | None = None
    max_pixels: int | None = None
    bf16: bool | None = None
    batch_size: int = BATCH_SIZE


@dataclass(frozen=True)
class LocalModel:
    """Answers with a model folder, in a process of the lane that lives as long as the call.

    Attributes:
        folder: The model folder, complete.
        how: How it answers.
        device: Where it runs; a single one.
        log: File for what the worker prints, or None.
    """

    folder: Path
    how: AnswerSettings
    device: Device
    log: Path | None = None

    def settings(self) -> dict[str, Any]:
        """Return the model's name and files, and how it answers."""
        return {
            "model": _name_of(self.folder),
            "model_files": _files_digest(self.folder),
            "dtype": self._dtype(),
            "max_new_tokens": self.how.max_new_tokens,
            "min_pixels": self.how.min_pixels,
            "max_pixels": self.how.max_pixels,
        }

    def answer(self, questions: Sequence[Question], put: Put) -> dict[str, Any]:
        """Answer questions; see :class:`~ppocr_kit.vl.inference.Answerer`.

        Raises:
            UsageError: The device is not a single one.
            SetupError: There is no lane, no such device, or not enough memory.
            DataError: The model cannot be loaded.
            ToolError: The worker died or hung.
        """
        if self.device.processes > 1:
            raise UsageError(
                f"answers come from one device, not from {self.device}",
                at="--device",
                hint="cpu or gpu:0; for several GPUs share the pictures out over several calls",
            )
        facts: dict[str, Any] = {}

        def take(event: dict[str, Any]) -> None:
            facts.update({**event.get("ready", {}), **event.get("done", {})})
            for row in event.get("rows", ()):
                question = questions[row["item"]]
                told = (row["text"], row["tokens"], row["ended"])
                put(row["item"], Prediction(question.image, question.prompt, *told, error=row.get("error")))

        run_engine(
            "inference",
            self._job(questions),
            on_event=take,
            log=self.log,
            device=self.device,
            env={} if self.device.is_gpu else {"OMP_NUM_THREADS": _cpu_threads()},
            idle_timeout_s=_IDLE_TIMEOUT_S,
        )
        return facts

    def _dtype(self) -> str:
        bf16 = self.device.is_gpu if self.how.bf16 is None else self.how.bf16
        return "bfloat16" if bf16 else "float32"

    def _job(self, questions: Sequence[Question]) -> dict[str, Any]:
        return {
            "model": str(self.folder.absolute()),
            # the process is shown the one GPU that was named
            "device": "cuda:0" if self.device.is_gpu else "cpu",
            "dtype": self._dtype(),
            "batch_size": self.how.batch_size,
            "max_new_tokens": self.how.max_new_tokens,
            "min_pixels": self.how.min_pixels,
            "max_pixels": self.how.max_pixels,
            "items": [{"path": str(one.path), "prompt": one.prompt, "size": one.size} for one in questions],
        }


def _cpu_threads() -> str:
    """Return how many threads compute: all cores, unless the user has said otherwise."""
    return os.environ.get("OMP_NUM_THREADS") or str(len(os.sched_getaffinity(0)))


def _name_of(folder: Path) -> str:
    """Return what a model is called wherever it lies: a run's name and checkpoint, or its folder's name."""
    parts = folder.absolute().parts
    return f"{parts[-3]}/{parts[-1]}" if len(parts) > 3 and parts[-2] == "checkpoints" else parts[-1]


def _files_digest(folder: Path) -> str:
    """Return what changes when a file of the model does, by names, sizes and times: weights are large."""
    try:
        found = sorted({path for pattern in _MODEL_FILES for path in folder.glob(pattern)})
        facts = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in found]
    except OSError as error:
        raise DataError(f"cannot read the model folder ({error.strerror})", at=str(folder)) from error
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
