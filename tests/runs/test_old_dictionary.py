from __future__ import annotations

from pathlib import Path

import pytest

from ppocr_kit.errors import DataError
from ppocr_kit.pretrained.catalogue import find_weights
from ppocr_kit.runs.old_dictionary import OldDictionary, find_old_dictionary


def of_size(classes: int) -> dict[str, tuple[int, ...]]:
    return {"head.fc.weight": (8, classes), "head.fc.bias": (classes,)}


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Weights in the layout of a run."""
    file = tmp_path / "run" / "checkpoints" / "best_accuracy.pdparams"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"not read here")
    return file


def dictionary(path: Path, text: str = "a\nb\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def find(weights: Path, classes: int = 3, given: Path | None = None) -> OldDictionary:
    return find_old_dictionary(weights, of_size(classes), weights.parents[2] / "release", given)


@pytest.mark.parametrize(("classes", "found"), [(3, ("a", "b")), (4, ("a", "b", " "))])
def test_the_classes_say_whether_a_given_dictionary_has_the_space(
    weights: Path, tmp_path: Path, classes: int, found: tuple[str, ...]
) -> None:
    assert find(weights, classes, dictionary(tmp_path / "d.txt")).characters == found


@pytest.mark.parametrize("classes", [2, 5, 97])
def test_a_given_dictionary_that_does_not_fit_is_refused(weights: Path, tmp_path: Path, classes: int) -> None:
    with pytest.raises(DataError, match=f"has {classes} classes, 2 characters make 3"):
        find(weights, classes, dictionary(tmp_path / "d.txt"))


def test_nothing_is_guessed_when_nothing_is_known(weights: Path) -> None:
    found = find(weights)
    assert found.characters is None and "--pretrained-dict FILE" in found.origin


@pytest.mark.parametrize("beside", [True, False])
@pytest.mark.parametrize("where", ["absolute", "in the release", "beside the configuration"])
def test_a_run_says_its_dictionary(weights: Path, tmp_path: Path, beside: bool, where: str) -> None:
    config = (weights.parent if beside else weights.parents[1]) / "config.yml"
    folders = {"absolute": tmp_path, "in the release": tmp_path / "release"}
    file = dictionary(folders.get(where, config.parent) / "sub" / "d.txt")
    named = str(file) if where == "absolute" else "sub/d.txt"
    config.write_text(f"Global: {{character_dict_path: {named}, use_space_char: true}}\n")
    found = find(weights, 4)
    assert found.characters == ("a", "b", " ") and found.origin == str(config)


def test_a_runs_copy_counts_when_the_data_set_was_built_again(weights: Path, tmp_path: Path) -> None:
    changed = dictionary(tmp_path / "d.txt", "x\ny\n")
    dictionary(weights.parents[1] / "dictionary.txt", "a\nb\n")
    (weights.parents[1] / "config.yml").write_text(f"Global: {{character_dict_path: {changed}}}\n")
    assert find(weights).characters == ("a", "b")


@pytest.mark.parametrize(
    ("config", "classes", "said"),
    [
        ("Global: {character_dict_path: gone.txt}", 3, "is gone"),
        ("Global: {character_dict_path: d.txt}", 5, "does not fit"),
        ("Global: {character_dict_path: d.txt, use_space_char: true}", 3, "does not fit"),
        ("Global: {}", 38, "does not fit"),
        ("[1, 2]", 3, "cannot be read"),
        ("Global: {", 3, "cannot be read"),
    ],
)
def test_a_configuration_that_does_not_fit_is_said(
    weights: Path, config: str, classes: int, said: str
) -> None:
    dictionary(weights.parents[1] / "d.txt")
    (weights.parents[1] / "config.yml").write_text(config)
    found = find(weights, classes)
    assert found.characters is None and said in found.origin and "--pretrained-dict" in found.origin


def test_the_default_characters_of_upstream_are_known(weights: Path) -> None:
    (weights.parents[1] / "config.yml").write_text("Global: {character_dict_path: null}\n")
    found = find(weights, 37)
    assert found.characters is not None and "".join(found.characters[:12]) == "0123456789ab"


def test_official_weights_are_known_by_their_content(shared: Path, release_path: Path) -> None:
    weights = shared / "weights" / "train_en_number_mobile_v2.0_rec" / "best_accuracy.pdparams"
    found = find_old_dictionary(weights, of_size(97), release_path)
    name = find_weights("rec_en_number_lite_train").name
    assert found.characters is not None and len(found.characters) == 96
    assert found.origin == f"official weights {name}"
