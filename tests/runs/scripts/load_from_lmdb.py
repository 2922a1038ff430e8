"""Read listed rows through the release's own loader, from files and from an LMDB, and say what came.

``load_from_lmdb.py FILES LMDB``: two rendered training configurations. Writes ``found.json``: for each way
to load, whether both gave the same batches, and what came of rows that cannot be used.
"""

from __future__ import annotations

import copy
import json
import logging
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import yaml
from ppocr.data import build_dataloader

SAMPLER = {"name": "MultiScaleSampler", "scales": [[96, 32], [96, 48]], "first_bs": 4, "fix_bs": False}


def batches(config: dict[str, Any], mode: str, workers: int, several_sizes: bool = False) -> list[Any]:
    """Load an epoch of a mode, from the same random state every time."""
    random.seed(5)
    np.random.seed(5)
    config = copy.deepcopy(config)
    config[mode]["loader"].update(num_workers=workers, batch_size_per_card=4, use_shared_memory=False)
    if several_sizes:
        source = config[mode]["dataset"]
        config[mode]["sampler"] = dict(SAMPLER)
        if source["name"] == "SimpleDataSet":
            source["name"] = "MultiScaleDataSet"
        source["transforms"] = [step for step in source["transforms"] if "RecResizeImg" not in step]
    loader = build_dataloader(config, mode, "cpu", logging.getLogger("rows"))
    return [[part.numpy() for part in batch] for batch in loader]


def same(one: list[Any], other: list[Any]) -> bool:
    return len(one) == len(other) > 0 and all(
        np.array_equal(left, right) for first, second in zip(one, other) for left, right in zip(first, second)
    )


def refused(config: dict[str, Any], mode: str, row: str) -> str | int:
    """Load with one more row that cannot be used; say how many rows came, or the error."""
    config = copy.deepcopy(config)
    dataset = config[mode]["dataset"]
    lines = Path(dataset["label_file_list"][0]).read_text("utf-8").splitlines()[:3]
    Path("worse.txt").write_text("\n".join([*lines, row]) + "\n", "utf-8")
    dataset["label_file_list"] = ["worse.txt"]
    try:
        return sum(len(batch[0]) for batch in batches(config, mode, 0))
    except Exception as error:
        return type(error).__name__


def main(files: dict[str, Any], lmdb: dict[str, Any]) -> None:
    paddle.set_device("cpu")
    logging.getLogger("rows").addHandler(logging.StreamHandler(sys.stdout))
    ways = [
        ("Train", 0, False),
        ("Train", 2, False),
        ("Eval", 0, False),
        ("Eval", 1, False),
        ("Train", 1, True),
    ]
    # upstream's own walk of all rows; first, for an LMDB is opened once at a time
    whole = copy.deepcopy(lmdb)
    del whole["Eval"]["dataset"]["label_file_list"]
    all_rows = batches(whole, "Eval", 0)
    found = {
        "same": [same(batches(files, *way), batches(lmdb, *way)) for way in ways],
        "other": same(batches(lmdb, "Train", 0), batches(lmdb, "Eval", 0)),
        "eval": [refused(lmdb, "Eval", row) for row in ("image-999999999\t1", "image-000000001\tno")],
        "train": refused(lmdb, "Train", "image-999999999\t1"),
        "shares": len(batches({**lmdb, "Train": shared(lmdb["Train"])}, "Train", 0)),
        "whole": same(all_rows, batches(lmdb, "Eval", 0)),
    }
    Path("found.json").write_text(json.dumps(found), encoding="utf-8")


def shared(mode: dict[str, Any]) -> dict[str, Any]:
    """Take half of the rows, which upstream's class would not."""
    return {**mode, "dataset": {**mode["dataset"], "ratio_list": [0.5]}}


if __name__ == "__main__":
    main(*(yaml.safe_load(Path(word).read_text("utf-8")) for word in sys.argv[1:]))
