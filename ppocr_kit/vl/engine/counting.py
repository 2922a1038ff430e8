"""Worker of ``ppocr-kit vl prepare --model``: counts the tokens of rows without opening their pictures.

Reads ``[width, height, prompt, completion]`` a line, writes ``[tokens, tokens of the answer]`` a line or, for
a row that cannot be encoded, the reason. Answers ``{"rows": N}``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ppocr_kit.errors import DataError
from ppocr_kit.vl.engine.encoding import Encoder
from ppocr_kit.vl.engine.loading import load_processor
from ppocr_kit.vl.engine.serving import Put, serve


def work(job: dict[str, Any], put: Put) -> None:
    """Count the tokens of a job's rows."""
    encoder = Encoder(
        load_processor(job["model"]), min_pixels=job["min_pixels"], max_pixels=job["max_pixels"]
    )
    rows = 0
    with (
        Path(job["rows"]).open(encoding="utf-8") as asked,
        Path(job["out"]).open("w", encoding="utf-8") as out,
    ):
        for line in asked:
            out.write(json.dumps(_count(encoder, *json.loads(line))) + "\n")
            rows += 1
    put({"rows": rows})


def _count(encoder: Encoder, width: int, height: int, prompt: str, completion: str) -> list[int] | str:
    try:
        question = encoder.count_tokens(width, height, prompt)
        answer = len(encoder.answer_ids(completion))
    except DataError as error:
        return error.message
    return [question + answer, answer]


if __name__ == "__main__":
    serve(work)
