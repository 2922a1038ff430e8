"""Read every row of a data set of files and of its twin in LMDBs through the release's own classes.

``load_both_formats.py FILES LMDB``, with the release on the path and nothing of the kit. Prints JSON by
split: the rows that either class gave as another than was asked for, and how many were read.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from ppocr.data.lmdb_dataset import LMDBDataSet
from ppocr.data.simple_dataset import SimpleDataSet

TRANSFORMS = [
    {"DecodeImage": {"img_mode": "BGR", "channel_first": False}},
    {"CTCLabelEncode": None},
    {"KeepKeys": {"keep_keys": ["image", "label", "length"]}},
]


class Log:
    def info(self, *parts: object) -> None:
        pass

    def error(self, *parts: object) -> None:
        raise SystemExit(" ".join(map(str, parts)))


def load(root: Path, kind: Any, settings: dict[str, Any]) -> Any:
    manifest = json.loads((root / "dataset.json").read_text("utf-8"))
    config = {
        "Global": {
            "character_dict_path": str(root / "rec" / "dict.txt"),
            "max_text_length": manifest["tasks"]["rec"]["max_text_length"],
            "use_space_char": manifest["tasks"]["rec"]["use_space_char"],
        },
        "Eval": {
            "dataset": {**settings, "transforms": TRANSFORMS},
            "loader": {"shuffle": False, "batch_size_per_card": 1},
        },
    }
    return kind(config, "Eval", Log())


def no_other(*_: object) -> int:
    raise SystemExit("LMDBDataSet replaced a row")


def main(files: Path, lmdb: Path) -> None:
    np.random.randint = no_other
    found = {}
    for split in ("train", "val", "test"):
        listed = {"data_dir": f"{files}/rec", "label_file_list": [f"{files}/rec/{split}.txt"]}
        one = load(files, SimpleDataSet, listed)
        other = load(lmdb, LMDBDataSet, {"data_dir": f"{lmdb}/rec/{split}.lmdb"})
        rows = (lmdb / "rec" / f"{split}.txt").read_text("utf-8").split("\n")[:-1]
        assert len(one) == len(other) == len(rows)
        characters = one.ops[1].character
        different = []
        for index, row in enumerate(rows):
            (left, label, length), (right, label_right, _) = one[index], other[index]
            text = "".join(characters[number] for number in label[: int(length)])
            same = np.array_equal(left, right) and np.array_equal(label, label_right)
            if not same or row != f"image-{index + 1:09d}\t{text}":
                different.append(row)
        found[split] = {"rows": len(rows), "different": different}
    print(json.dumps(found))


if __name__ == "__main__":
    main(*(Path(word) for word in sys.argv[1:]))
