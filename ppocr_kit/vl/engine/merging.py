"""The worker of ``ppocr-kit vl merge``: adapters into weights, a complete folder, and proof that it loads.

The folder takes its place only when the model that was loaded from it scores tokens as the one in memory
did: a merged model that will not load, or that reads as the base did, is what users report most
(ERNIE issues 1349 and 1430).
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from ppocr_kit.errors import DataError, ReportError
from ppocr_kit.storage import atomic_folder
from ppocr_kit.vl.engine.checkpoints import finish_folder
from ppocr_kit.vl.engine.collating import Collator
from ppocr_kit.vl.engine.encoding import Encoder
from ppocr_kit.vl.engine.loading import load_model
from ppocr_kit.vl.engine.lora import find_adapters, load_adapters, merged_weights
from ppocr_kit.vl.engine.serving import Put, serve
from ppocr_kit.vl.engine.training_faults import training_errors
from ppocr_kit.vl.prompts import PROMPTS

# Of the largest score: what rounding of the stored weights may move a score by.
TOLERANCES = {"float32": 1e-3, "bfloat16": 0.1, "float16": 0.02}
_DTYPES = {"F32": "float32", "BF16": "bfloat16", "F16": "float16"}
# Two crops, wide and tall, of noise: every patch differs, and so does what a network makes of it.
_SIZES = ((168, 56), (84, 112))
_ANSWER = "0123456789"


@dataclass(frozen=True)
class MergeJob:
    """What is merged.

    Attributes:
        base: Folder of the base model.
        checkpoint: Folder with adapters, or of a model whose weights were all trained.
        out: Folder to make.
        dtype: ``auto`` for what the base's weights are stored in, or a name of ``TOLERANCES``.
    """

    base: Path
    checkpoint: Path
    out: Path
    dtype: str = "auto"


def merge(job: MergeJob, put: Put) -> dict[str, Any]:
    """Write a complete model folder and compare it with the model in memory.

    Returns:
        ``files``, ``dtype``, ``adapters`` (whether there were any), ``difference`` of the scores relative to
        the largest, ``changed``: the same between base and merged model.

    Raises:
        DataError: Base or checkpoint cannot be loaded, or do not belong together.
        ReportError: What was written scores otherwise than what was in memory, or as the base does.
        SetupError: The disk is full.
    """
    adapters = find_adapters(job.checkpoint)
    dtype = stored_dtype(job.base) if job.dtype == "auto" else job.dtype
    put({"event": "merging", "adapters": adapters is not None, "dtype": dtype})
    model, processor = load_model(job.base if adapters else job.checkpoint)
    batch = _sample(processor)
    if adapters:
        plain = _scores(model, batch)
        model = load_adapters(model, adapters)
    else:
        plain = _scores(load_model(job.base)[0], batch)
    wanted = _scores(model, batch)
    changed = _difference(plain, wanted)
    if adapters and changed == 0.0:
        raise ReportError(
            "the adapters change nothing: with them the model scores as the base model does",
            at=str(adapters),
            hint="they were never trained, or are of another model; look at the run's loss curve",
        )
    with training_errors(job.out), atomic_folder(job.out) as folder:
        _write(model, adapters is not None, dtype, folder)
        finish_folder(job.base, folder)
        # adapters alone have no processor; a checkpoint has that which it was trained with
        finish_folder(job.checkpoint, folder)
        put({"event": "comparing"})
        difference = _difference(wanted, _scores(load_model(folder)[0], batch))
        if not difference <= TOLERANCES[dtype]:
            raise ReportError(
                f"the merged model scores tokens otherwise than the model in memory, by {difference:.2g} of "
                f"the largest score (at most {TOLERANCES[dtype]:g} is rounding); nothing was put in place",
                at=str(job.out),
                hint="merge with --dtype float32; if it happens there too, please report it",
            )
        files = sorted(path.name for path in folder.iterdir())
    return {
        "files": files,
        "dtype": dtype,
        "adapters": adapters is not None,
        "difference": difference,
        "changed": changed,
    }


def stored_dtype(folder: Path) -> str:
    """Return the type that most of a folder's weights are stored in: ``float32``, ``bfloat16``, ``float16``.

    Raises:
        DataError: There are no weights, or of another type.
    """
    sizes: dict[str, int] = {}
    for file in sorted(folder.glob("*.safetensors")):
        with file.open("rb") as stream:
            length = struct.unpack("<Q", stream.read(8))[0]
            header = json.loads(stream.read(length))
        for name, entry in header.items():
            if name != "__metadata__":
                begin, end = entry["data_offsets"]
                sizes[entry["dtype"]] = sizes.get(entry["dtype"], 0) + end - begin
    most = max(sizes, key=lambda kind: sizes[kind], default=None)
    if most not in _DTYPES:
        raise DataError(f"the weights are stored as {most}", at=str(folder), hint="--dtype bfloat16")
    return _DTYPES[most]


def _write(model: Any, adapted: bool, dtype: str, folder: Path) -> None:
    """Write the weights, whole and in the wanted type."""
    kind = getattr(torch, dtype)
    network = model.get_base_model() if adapted else model
    weights = merged_weights(model) if adapted else dict(network.state_dict())
    # tied weights stay one tensor
    cast: dict[int, Any] = {}
    rounded = {
        name: cast.setdefault(tensor.data_ptr(), tensor.to(kind) if tensor.is_floating_point() else tensor)
        for name, tensor in weights.items()
    }
    network.save_pretrained(folder, state_dict=rounded)


def _sample(processor: Any) -> dict[str, Any]:
    """Return a batch of two pictures of noise with a question and an answer."""
    encoder = Encoder(processor)
    random = np.random.default_rng(0)
    rows = [
        encoder.encode(
            Image.fromarray(random.integers(0, 256, (height, width, 3), dtype=np.uint8)), prompt, _ANSWER
        )
        for (width, height), prompt in zip(_SIZES, PROMPTS.values())
    ]
    batch = Collator(int(processor.tokenizer.pad_token_id or 0))(rows)
    batch.pop("labels")
    return batch


def _scores(model: Any, batch: dict[str, Any]) -> torch.Tensor:
    with torch.inference_mode():
        scores: torch.Tensor = model(**batch).logits[batch["attention_mask"].bool()].float()
    return scores


def _difference(one: torch.Tensor, other: torch.Tensor) -> float:
    """Return the largest difference of scores, relative to the largest score."""
    return float((one - other).abs().max() / one.abs().max().clamp(min=1e-12))


def work(body: dict[str, Any], put: Put) -> None:
    """Do what ``ppocr-kit vl merge`` asks for."""
    paths = {name: Path(body[name]) for name in ("base", "checkpoint", "out")}
    put({"event": "result", **merge(MergeJob(**paths, dtype=str(body["dtype"])), put)})


if __name__ == "__main__":
    serve(work)
