"""Texts, sizes and places of a small LayoutXLM, before anything is made of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ppocr_kit.cli.main import main
from ppocr_kit.datasets.manifest import MANIFEST_NAME
from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.runs.tiny_network import TinySizes, make_tiny_layoutxlm, read_texts
from ppocr_kit.runs.workers.make_tiny_layoutxlm import start_values, waves
from ppocr_kit.storage import sha256_of


def make_dataset(root: Path, rows: str, task: str = "ser") -> Path:
    """Write a data set whose training rows are given."""
    (root / task).mkdir(parents=True)
    splits = {}
    for split in ("train", "val", "test"):
        file = root / task / f"{split}.txt"
        file.write_text(rows if split == "train" else "", encoding="utf-8")
        splits[split] = {
            "list": f"{task}/{split}.txt", "samples": 1, "pages": 1, "sha256": sha256_of(file),
        }  # fmt: skip
    classes = root / task / "classes.txt"
    classes.write_text("OTHER\nA\n", encoding="utf-8")
    entry = {
        "data_dir": task, "splits": splits, "classes": f"{task}/classes.txt",
        "classes_sha256": sha256_of(classes), "num_classes": 3,
    }  # fmt: skip
    if task == "det":
        entry = {"data_dir": task, "splits": splits}
    manifest = {"format": 1, "name": "x", "seed": 0, "tasks": {task: entry}}
    (root / MANIFEST_NAME).write_text(json.dumps(manifest), encoding="utf-8")
    return root


def test_the_texts_of_training_pages_are_read(tmp_path: Path) -> None:
    boxes = json.dumps([{"transcription": "Total\n due"}, {"transcription": " "}, {"transcription": "合计"}])
    assert read_texts(make_dataset(tmp_path / "d", f"images/a.png\t{boxes}\n")) == ["Total due", "合计"]


def test_a_file_has_one_text_a_line(tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_bytes("\ufeffName\r\n\r\n  Ada  Berg \r\n".encode())
    assert read_texts(tmp_path / "texts.txt") == ["Name", "Ada Berg"]


@pytest.mark.parametrize("content", [b"", b" \n\n", b"\xff\xfe\x00"])
def test_a_file_without_texts_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "texts.txt").write_bytes(content)
    with pytest.raises(DataError, match="texts"):
        read_texts(tmp_path / "texts.txt")


@pytest.mark.parametrize("row", ["images/a.png  []", 'images/a.png\t[{"label": 1}]', "images/a.png\t{"])
def test_rows_that_are_none_are_named(tmp_path: Path, row: str) -> None:
    with pytest.raises(DataError, match="a row is not"):
        read_texts(make_dataset(tmp_path / "d", f"{row}\n"))


def test_a_data_set_of_another_task_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not for key information") as caught:
        read_texts(make_dataset(tmp_path / "d", "", task="det"))
    assert "--tasks ser,re" in str(caught.value.hint)


@pytest.mark.parametrize("sizes", [TinySizes(hidden=50), TinySizes(hidden=48, heads=5)])
def test_a_width_that_does_not_divide_is_refused(tmp_path: Path, sizes: TinySizes) -> None:
    with pytest.raises(UsageError, match="does not divide"):
        make_tiny_layoutxlm(tmp_path / "tiny", tmp_path, sizes)


def test_what_is_there_is_not_replaced_unasked(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(UsageError, match="is no network"):
        make_tiny_layoutxlm(tmp_path / "mine", tmp_path, overwrite=True)
    for name in ("config.json", "model_state.pdparams"):
        (tmp_path / "mine" / name).write_bytes(b"")
    with pytest.raises(UsageError, match="--overwrite|already"):
        make_tiny_layoutxlm(tmp_path / "mine", tmp_path)


def test_the_command_names_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "tiny", "layoutxlm", "--out", "x"]) == 2
    assert "--texts" in capsys.readouterr().err


def test_neighbouring_places_start_alike_and_distant_ones_do_not() -> None:
    table = waves(1024, 8)
    assert table.shape == (1024, 8)
    norm = table[500] @ table[500]
    assert table[500] @ table[501] > 0.8 * norm > 2 * abs(table[500] @ table[900])
    assert waves(514, 9).shape == (514, 9)


@pytest.mark.parametrize(
    ("name", "shape", "inputs"),
    [
        ("encoder.layer.0.output.dense.weight", (96, 48), 96),
        ("rel_classifier.bilinear.weight", (2, 24, 24), 24),
    ],
)
def test_signals_keep_their_size_in_every_layer(name: str, shape: tuple[int, ...], inputs: int) -> None:
    values = start_values(name, shape, np.random.default_rng(0))
    assert values.shape == shape
    assert np.std(values) == pytest.approx(inputs**-0.5, rel=0.05)
