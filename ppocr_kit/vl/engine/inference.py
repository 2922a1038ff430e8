"""Worker of ``ppocr-kit vl infer``: answers questions about picture files with a model folder.

Answers ``{"ready": {…}}`` when the model is loaded, for each batch
``{"rows": [{"item", "text", "tokens", "ended", "error"?}]}``, and last ``{"done": {"seconds", "tokens"}}``.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ppocr_kit.errors import SetupError
from ppocr_kit.vl.engine.generation import Generated, generate_texts
from ppocr_kit.vl.engine.loading import load_model
from ppocr_kit.vl.engine.serving import Put, serve


def work(job: dict[str, Any], put: Put) -> None:
    """Load a model, and answer the questions of a job."""
    import torch

    model, processor = load_model(job["model"], device=job["device"], dtype=job["dtype"])
    put({"ready": {"torch": torch.__version__, "device": str(next(model.parameters()).device)}})
    tokens = 0

    def tell(answers: Sequence[tuple[int, Generated]]) -> None:
        nonlocal tokens
        tokens += sum(answer.tokens for _, answer in answers)
        put({"rows": [_row(place, answer) for place, answer in answers]})

    started = time.monotonic()
    try:
        generate_texts(
            model,
            processor,
            [(Path(item["path"]), item["prompt"]) for item in job["items"]],
            batch_size=job["batch_size"],
            max_new_tokens=job["max_new_tokens"],
            min_pixels=job["min_pixels"],
            max_pixels=job["max_pixels"],
            on_batch=tell,
            sizes=[tuple(item["size"]) for item in job["items"]],
        )
    except torch.OutOfMemoryError as error:
        raise SetupError(
            "the memory of the GPU does not suffice for a single picture",
            at=f"--device {job['device']}",
            hint="lower --max-pixels or --max-new-tokens; what was answered is kept",
        ) from error
    seconds = round(time.monotonic() - started, 3)
    put({"done": {"seconds": seconds, "tokens": tokens}})


def _row(place: int, answer: Generated) -> dict[str, Any]:
    row: dict[str, Any] = {
        "item": place,
        "text": answer.text,
        "tokens": answer.tokens,
        "ended": answer.ended,
    }
    return row if answer.error is None else {**row, "error": answer.error}


if __name__ == "__main__":
    serve(work)
