"""The rows we write, through the release's own loader: every one is used as itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from ppocr_kit.datasets.build import BuildRequest, build_dataset

# The loader gives a row it rejects another row's place; it only logs why. So: no log line, and each
# item is the row that was asked for.
LOAD = r"""
import json, sys
from pathlib import Path
from ppocr.data.simple_dataset import SimpleDataSet

root, task, dictionary, longest = sys.argv[1:5]
TRANSFORMS = {
    "det": [
        {"DecodeImage": {"img_mode": "BGR", "channel_first": False}},
        {"DetLabelEncode": None},
        {"EastRandomCropData": {"size": [64, 64], "max_tries": 50, "keep_ratio": True}},
        {"MakeBorderMap": {"shrink_ratio": 0.4, "thresh_min": 0.3, "thresh_max": 0.7}},
        {"MakeShrinkMap": {"shrink_ratio": 0.4, "min_text_size": 8}},
        {"ToCHWImage": None},
        {"KeepKeys": {"keep_keys": ["image", "shrink_map", "shrink_mask", "img_path"]}},
    ],
    "rec": [
        {"DecodeImage": {"img_mode": "BGR", "channel_first": False}},
        {"CTCLabelEncode": None},
        {"RecResizeImg": {"image_shape": [3, 32, 160]}},
        {"KeepKeys": {"keep_keys": ["image", "label", "length", "img_path"]}},
    ],
}

class Log:
    lines = []
    def info(self, *parts): pass
    def error(self, *parts): self.lines.append(" ".join(map(str, parts)))
    warning = error

out = {}
for split in ("train", "val", "test"):
    config = {
        "Global": {
            "character_dict_path": dictionary,
            "max_text_length": int(longest),
            "use_space_char": True,
        },
        "Eval": {
            "dataset": {
                "data_dir": f"{root}/{task}",
                "label_file_list": [f"{root}/{task}/{split}.txt"],
                "transforms": TRANSFORMS[task],
            },
            "loader": {"shuffle": False},
        },
    }
    data = SimpleDataSet(config, "Eval", Log())
    items = [data[index] for index in range(len(data))]
    rows = Path(f"{root}/{task}/{split}.txt").read_bytes().decode("utf-8").split("\n")[:-1]
    out[split] = [
        item[-1] == f"{root}/{task}/" + row.split("\t")[0] for item, row in zip(items, rows)
    ]
    if task == "rec":
        out[split] += [int(item[2]) == len(row.split("\t")[1]) for item, row in zip(items, rows)]
    assert len(items) == len(rows)
print(json.dumps({"same": out, "log": Log.lines}))
"""


def box(text, points):
    return {"transcription": text, "points": points, "difficult": False}


def line(image, *boxes):
    return f"batch/{image}\t{json.dumps(boxes, ensure_ascii=False)}\n"


@pytest.fixture
def odd_folder(make_folder):
    """Pages with all that a page may have: no text, only ignored text, polygons, boxes over the edge."""
    square = [[5, 5], [60, 5], [60, 30], [5, 30]]
    arc = [[5, 40], [30, 35], [60, 40], [60, 55], [30, 50], [5, 55]]
    names = tuple(f"p{number}.png" for number in range(9))
    lines = [line(name, box(f"text {number}", square)) for number, name in enumerate(names)]
    lines[0] = line(names[0])
    lines[1] = line(names[1], box("###", square))
    lines[2] = line(names[2], box("a\tb\r\nc", square), box("文字", arc))
    lines[3] = line(names[3], box("edge", [[-9, 5], [60, 5], [60, 30], [-9, 30]]), box("", arc))
    lines[4] = line(names[4], box(" '\"\\ ", [[5, 5], [20, 5], [20, 55], [5, 55]]))
    return make_folder("".join(lines), names)


@pytest.mark.release
@pytest.mark.parametrize("task", ["det", "rec"])
def test_the_release_uses_every_row_as_itself(tmp_path, odd_folder, release_path, task):
    result = build_dataset(BuildRequest((odd_folder,), "set", tmp_path / "out", ratio="1:1:1"))
    longest = str(result.manifest["tasks"]["rec"]["max_text_length"])
    arguments = [str(result.folder), task, str(result.folder / "rec/dict.txt"), longest]
    done = subprocess.run(
        [sys.executable, "-c", LOAD, *arguments],
        env={
            **os.environ,
            "PYTHONPATH": str(release_path),
            "OMP_NUM_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    value = json.loads(done.stdout.strip().splitlines()[-1])
    assert value["log"] == []
    assert all(all(same) for same in value["same"].values())
    rows = sum(split["samples"] for split in result.manifest["tasks"][task]["splits"].values())
    assert sum(map(len, value["same"].values())) == rows * (2 if task == "rec" else 1)
