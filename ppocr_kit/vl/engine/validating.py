"""Reading the validation rows with the model as it is, while it is being trained."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ppocr_kit.storage import write_lines_atomic
from ppocr_kit.vl.engine.best import Read, scores_of
from ppocr_kit.vl.engine.generation import generate_texts
from ppocr_kit.vl.engine.stopping import StopRequest, any_process
from ppocr_kit.vl.rows import VlRow

Put = Callable[[dict[str, Any]], None]
BATCH_SIZE = 32


class _Stopped(Exception):
    """Somebody asked to stop while texts were generated."""


@dataclass
class Validation:
    """The rows to read, and how.

    Attributes:
        rows: Validation rows.
        root: Folder that their pictures lie below.
        processor: Of the model.
        max_new_tokens: Most tokens of a text.
        min_pixels: As the training rows are enlarged.
        max_pixels: As the training rows are reduced.
        stop: Whether somebody asked to stop.
        put: Tells the caller how far it is.
        read: What was written at the last evaluation, in the order of the rows.
    """

    rows: Sequence[VlRow]
    root: Path
    processor: Any
    max_new_tokens: int
    min_pixels: int | None
    max_pixels: int | None
    stop: StopRequest
    put: Put
    read: Sequence[Read] = ()

    def measure(self, model: Any, step: int) -> Mapping[str, float] | None:
        """Generate all texts and score them; the processes share the rows.

        Returns:
            Scores by name, or None when somebody asked to stop.
        """
        started = time.monotonic()
        rank, processes = _place()
        mine = range(rank, len(self.rows), processes)
        read = self._generate(model, mine, step)
        if any_process(self.stop.asked, next(model.parameters()).device):
            return None
        gathered = _gather(read, processes)
        self.read = sorted(gathered, key=lambda one: one.row)
        scores = scores_of([row.completion for row in self.rows], self.read)
        return {**scores, "seconds": round(time.monotonic() - started, 3)}

    def write(self, path: Path) -> None:
        """Write what was read at the last evaluation, as ``vl infer`` writes it.

        Raises:
            SetupError: The disk is full.
        """
        bodies = (
            {
                "image": row.image,
                "prompt": row.prompt,
                "text": one.text,
                "expected": row.completion,
                "tokens": one.tokens,
                "ended": one.ended,
            }
            for row, one in zip(self.rows, self.read)
        )
        write_lines_atomic(
            path, (json.dumps(body, ensure_ascii=False).encode("utf-8") + b"\n" for body in bodies)
        )

    def _generate(self, model: Any, mine: Sequence[int], step: int) -> list[Read]:
        done = 0

        def on_batch(answers: Sequence[Any]) -> None:
            nonlocal done
            if self.stop.asked:
                raise _Stopped
            done += len(answers)
            self.put({"event": "reading", "step": step, "rows": done, "of": len(mine)})

        items = [(self.root / self.rows[row].image, self.rows[row].prompt) for row in mine]
        try:
            texts = generate_texts(
                model,
                self.processor,
                items,
                batch_size=BATCH_SIZE,
                max_new_tokens=self.max_new_tokens,
                min_pixels=self.min_pixels,
                max_pixels=self.max_pixels,
                on_batch=on_batch,
            )
        except _Stopped:
            return []
        return [Read(row, one.text, one.tokens, one.ended) for row, one in zip(mine, texts)]


def _place() -> tuple[int, int]:
    """Return the number of this process and of all."""
    if not torch.distributed.is_initialized():
        return 0, 1
    return torch.distributed.get_rank(), torch.distributed.get_world_size()


def _gather(read: list[Read], processes: int) -> list[Read]:
    if processes == 1:
        return read
    parts: list[list[Read]] = [[] for _ in range(processes)]
    torch.distributed.all_gather_object(parts, read)
    return [one for part in parts for one in part]
