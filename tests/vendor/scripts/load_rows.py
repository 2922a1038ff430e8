"""Load lists through the release's own data loader and say what came of each.

``load_rows.py MODE:NUM_WORKERS:LIST ...``; writes ``found.json``: rows by word, or the error. Not
printed, because threads that die write into the middle of lines.
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import paddle
from ppocr.data import build_dataloader


def load(mode: str, num_workers: int, name: str) -> int:
    """Return how many rows the loader gave."""
    transforms = [
        {"DecodeImage": {"img_mode": "BGR", "channel_first": False}},
        {"CTCLabelEncode": None},
        {"RecResizeImg": {"image_shape": [3, 32, 64]}},
        {"KeepKeys": {"keep_keys": ["image", "label", "length"]}},
    ]
    dataset = {
        "name": "SimpleDataSet",
        "data_dir": ".",
        "label_file_list": [name],
        "transforms": transforms,
    }
    loader = {
        "shuffle": mode == "Train",
        "drop_last": False,
        "batch_size_per_card": 2,
        "num_workers": num_workers,
        "use_shared_memory": False,
    }
    config = {
        "Global": {"character_dict_path": "dict.txt", "max_text_length": 10, "use_space_char": False},
        mode: {"dataset": dataset, "loader": loader},
    }
    logger = logging.getLogger("rows")
    return sum(len(batch[0]) for batch in build_dataloader(config, mode, "cpu", logger))


def main(words: list[str]) -> None:
    paddle.set_device("cpu")
    logging.getLogger("rows").addHandler(logging.StreamHandler(sys.stdout))
    findings: dict[str, object] = {}
    for word in words:
        mode, num_workers, name = word.split(":")
        try:
            findings[word] = load(mode, int(num_workers), name)
        except Exception as error:
            findings[word] = type(error).__name__
    Path("found.json").write_text(json.dumps(findings), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
