from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ppocr_kit.datasets.manifest import read_dataset
from ppocr_kit.errors import DataError
from ppocr_kit.storage import sha256_of
from ppocr_kit.tasks import Split, Task


def write_set(root: Path, **changed: Any) -> Path:
    (root / "ser").mkdir()
    for name in ("train", "val", "test"):
        (root / "ser" / f"{name}.txt").write_text("", encoding="utf-8")
    classes = root / "ser" / "classes.txt"
    classes.write_text("OTHER\nTOTAL\n", encoding="utf-8")
    splits = {
        str(split): {
            "list": f"ser/{split}.txt", "samples": 0, "pages": 0,
            "sha256": sha256_of(root / "ser" / f"{split}.txt"),
        }
        for split in Split
    }  # fmt: skip
    entry = {
        "data_dir": "ser", "splits": splits, "classes": "ser/classes.txt",
        "classes_sha256": sha256_of(classes), "num_classes": 3, **changed,
    }  # fmt: skip
    body = {"format": 1, "name": "set", "seed": 0, "tasks": {"ser": entry}}
    (root / "dataset.json").write_text(json.dumps(body), encoding="utf-8")
    return root


def test_classes_and_their_number_are_read(tmp_path: Path) -> None:
    data = read_dataset(write_set(tmp_path)).tasks[Task.SER]
    assert data.classes == tmp_path / "ser" / "classes.txt" and data.num_classes == 3
    assert data.dictionary is None and data.splits[Split.TRAIN].samples == 0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"num_classes": 4}, "num_classes is 4"),
        ({"num_classes": 1}, "num_classes is 1"),
        ({"num_classes": "3"}, "num_classes is str"),
        ({"classes": "../classes.txt"}, "not a path inside"),
        ({"classes_sha256": None}, "classes_sha256 is NoneType"),
    ],
)
def test_classes_that_cannot_be_are_refused_with_their_key(
    changed: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=message):
        read_dataset(write_set(tmp_path, **changed))


@pytest.mark.parametrize("text", [None, "OTHER\n"])
def test_classes_must_be_as_they_were_built(text: str | None, tmp_path: Path) -> None:
    write_set(tmp_path)
    file = tmp_path / "ser" / "classes.txt"
    file.unlink()
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="is missing" if text is None else "was changed"):
        read_dataset(tmp_path)
