from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from ppocr_kit.configs.base import list_models
from ppocr_kit.errors import UsageError
from ppocr_kit.pretrained.catalogue import CATALOGUE, find_weights, is_known, list_weights
from ppocr_kit.pretrained.characters import read_class_characters
from ppocr_kit.pretrained.contents import check_contents, read_as_weights
from ppocr_kit.runs.transplant import CLASS_LAYERS, class_labels
from ppocr_kit.tasks import Task


def test_names_are_distinct_and_addresses_are_of_files() -> None:
    assert len({entry.name for entry in CATALOGUE}) == len(CATALOGUE)
    for entry in CATALOGUE:
        parts = urlsplit(entry.url)
        assert parts.scheme == "https" and parts.netloc.endswith(".bcebos.com")
        assert entry.file_name.endswith((".pdparams", ".tar"))
        assert (entry.sha256 is None) == (entry.recorded is None) == (entry.bytes is None)


def test_every_recipe_has_its_weights() -> None:
    without = {recipe.name for recipe in list_models() if not is_known(recipe.name)}
    assert without == {"quickstart_det", "quickstart_rec"}
    recipes = {recipe.name: recipe.task for recipe in list_models()}
    assert all(recipes[entry.model] is entry.task for entry in CATALOGUE)


def test_every_recogniser_has_its_dictionary(release_path: Path) -> None:
    for entry in list_weights(Task.REC):
        assert entry.dictionary is not None
        if entry.dictionary.path is not None:
            assert (release_path / entry.dictionary.path).is_file()
    assert all(entry.dictionary is None for entry in list_weights(Task.DET))


def test_parameters_and_landmarks_are_those_of_the_recorded_models(shared: Path, release_path: Path) -> None:
    for entry in CATALOGUE:
        recorded = json.loads((shared / "parity" / "models" / f"{entry.model}.json").read_text())
        count = None
        if entry.dictionary is not None:
            path = entry.dictionary.path
            file = release_path / path if path else None
            count = len(read_class_characters(file, entry.dictionary.use_space_char))
        shapes = {name: sized(name, shape, count) for name, (shape, _) in recorded["facts"]["state"].items()}
        assert sum(int(np.prod(shape)) for shape in shapes.values()) == entry.parameters, entry.name
        arrays = {name: np.lib.stride_tricks.as_strided(np.zeros(1), shape, [0] * len(shape))
                  for name, shape in shapes.items()}  # fmt: skip
        check_contents(arrays, entry, count, "here")


def sized(name: str, shape: list[int], count: int | None) -> list[int]:
    """Give a recorded shape, which is of 96 characters, another number of them."""
    if count is None or name not in CLASS_LAYERS:
        return shape
    layer, changed = CLASS_LAYERS[name], list(shape)
    recorded = len(class_labels(layer.numbering, ["x"] * 96))
    changed[layer.axis] += len(class_labels(layer.numbering, ["x"] * count)) - recorded
    return changed


def test_the_known_files_have_their_checksums(shared: Path) -> None:
    for name, folder in (
        ("ch_det_mv3_db_v2.0", "train_ch_ppocr_mobile_v2.0_det"),
        ("rec_en_number_lite_train", "train_en_number_mobile_v2.0_rec"),
    ):
        file = shared / "weights" / folder / "best_accuracy.pdparams"
        entry = find_weights(name)
        assert file.stat().st_size == entry.bytes
        check_contents(read_as_weights(file), entry, 96 if entry.dictionary else None, str(file))


def test_a_nearly_right_name_is_helped() -> None:
    with pytest.raises(UsageError, match="did you mean 'PP-OCRv5_mobile_rec'"):
        find_weights("PP-OCRv5_mobil_rec")
    with pytest.raises(UsageError, match="there are no weights 'xyz'$|there are no weights 'xyz'\\n"):
        find_weights("xyz")


def test_characters_are_read_as_upstream_reads_them(tmp_path: Path) -> None:
    file = tmp_path / "dict.txt"
    file.write_bytes(b"a\r\n\nb\n")
    assert read_class_characters(file, use_space_char=False) == ("a", "", "b")
    assert read_class_characters(file, use_space_char=True) == ("a", "", "b", " ")
    assert len(read_class_characters(None, use_space_char=True)) == 36
