"""How long the rows are: in tokens, counted in the lane with a model's own tokenizer, else in characters."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from ppocr_kit.errors import ToolError
from ppocr_kit.storage import write_lines_atomic
from ppocr_kit.vl.lane import run_engine
from ppocr_kit.vl.selecting import Refuse, UsableRow

TOKENS, CHARACTERS = "tokens", "characters"
_WORKER = "counting"
_SHARES = (("median", 50), ("p95", 95), ("p99", 99))


@dataclass(frozen=True)
class RowTokens:
    """Tokens of a row.

    Attributes:
        whole: Of picture, question and answer with its end token.
        answer: Of the answer with its end token.
    """

    whole: int
    answer: int


def count_tokens(
    rows: Sequence[UsableRow], model: Path, *, min_pixels: int | None, max_pixels: int | None
) -> list[RowTokens | str]:
    """Count the tokens of rows as training will see them.

    Args:
        rows: The rows.
        model: Model folder; its weights are not needed.
        min_pixels: As in training.
        max_pixels: As in training.

    Returns:
        For each row its tokens, or why it cannot be encoded.

    Raises:
        SetupError: There is no environment for the lane.
        DataError: The model folder lacks files or they cannot be read.
    """
    with TemporaryDirectory(prefix="ppocr-kit-") as name:
        asked, counted = Path(name) / "rows.jsonl", Path(name) / "tokens.jsonl"
        write_lines_atomic(asked, (_question(row) for row in rows))
        spec = {"model": str(model.resolve()), "rows": str(asked), "out": str(counted)}
        run_engine(_WORKER, {**spec, "min_pixels": min_pixels, "max_pixels": max_pixels})
        with counted.open(encoding="utf-8") as stream:
            found = [json.loads(line) for line in stream]
    if len(found) != len(rows):
        raise ToolError(f"the tokens of {len(found)} of {len(rows)} rows were counted", at=f"{_WORKER}.py")
    return [one if isinstance(one, str) else RowTokens(*one) for one in found]


def leave_out_long_rows(
    rows: Sequence[UsableRow], counted: Sequence[RowTokens | str], most: int | None, tell: Refuse
) -> tuple[list[UsableRow], list[RowTokens]]:
    """Return the rows of at most so many tokens, and how many they have; None leaves out none."""
    kept, tokens = [], []
    for row, found in zip(rows, counted):
        if isinstance(found, str):
            tell(row.problem("V005", found))
        elif most is not None and found.whole > most:
            tell(row.problem("V024", f"{found.whole} tokens, more than {most}"))
        else:
            kept.append(row)
            tokens.append(found)
    return kept, tokens


def describe_lengths(lengths: Iterable[int]) -> dict[str, Any]:
    """Return least, most, mean and quantiles of some lengths, all 0 where there are none."""
    values = np.array(list(lengths), dtype=np.int64)
    if not len(values):
        return {"least": 0, "most": 0, "mean": 0.0, **{name: 0 for name, _ in _SHARES}}
    # the nearest length that occurs: a row has no half tokens
    shares = {name: int(np.percentile(values, share, method="nearest")) for name, share in _SHARES}
    mean = round(float(values.mean()), 1)
    return {"least": int(values.min()), "most": int(values.max()), "mean": mean, **shares}


def _question(row: UsableRow) -> bytes:
    picture = row.picture
    body = [picture.width, picture.height, row.prompt, row.completion]
    return json.dumps(body, ensure_ascii=False).encode("utf-8") + b"\n"
