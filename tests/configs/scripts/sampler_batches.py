"""Run in the lane: ``sampler_batches.py JOB RESULT`` lists the (height, rows) of the sampler's batches."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ppocr.data.multi_scale_sampler import MultiScaleSampler


def batches(rows: int, sampler: dict[str, Any]) -> list[tuple[int, int]]:
    """Make an epoch's batches as the release does; a batch is a list of (width, height, row, ratio)."""

    class Source(SimpleNamespace):
        def __len__(self) -> int:
            return rows

    source = Source(data_idx_order_list=list(range(rows)), ds_width=False, seed=None)
    settings = {key: value for key, value in sampler.items() if key != "name"}
    return [(batch[0][1], len(batch)) for batch in MultiScaleSampler(source, **settings)]


if __name__ == "__main__":
    asked = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    answers = [batches(case["rows"], case["sampler"]) for case in asked]
    Path(sys.argv[2]).write_text(json.dumps(answers), encoding="utf-8")
