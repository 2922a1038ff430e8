from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.runs.kie_plan import NetworkStart, checkpoint_start, find_start, keep_start
from ppocr_kit.runs.networks import (
    find_tokenizer,
    fit_network,
    is_network,
    read_network,
    sized_config,
    write_network,
)
from ppocr_kit.runs.plan import TrainingPlan
from ppocr_kit.runs.rundir import RunFolder, weights_file
from ppocr_kit.tasks import Task
from ppocr_kit.vendor.checkpoints import read_weights, write_weights

WORDS = "layoutxlm.embeddings.word_embeddings.weight"
SHAPES = {"layoutxlm.embeddings.position_ids": (1, 4), WORDS: (9, 2), "classifier.weight": (2, 5)}
FRESH = {
    "classifier.weight": np.ones((2, 5), np.float32),
    "layoutxlm.embeddings.position_ids": np.zeros((1, 4)),
}


def arrays(**changed: Any) -> dict[str, Any]:
    shapes = {**SHAPES, **changed}
    return {name: np.zeros(shape, np.float32) for name, shape in shapes.items() if shape is not None}


def network_in(folder: Path, weights: dict[str, Any] | None = None, **config: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    body = {"model_type": "layoutxlm", "hidden_size": 2, "num_labels": 2, **config}
    (folder / "config.json").write_text(json.dumps(body), encoding="utf-8")
    write_weights(folder / "model_state.pdparams", arrays() if weights is None else weights)
    return folder


@pytest.fixture(autouse=True)
def no_named_tokenizer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PPOCR_KIT_KIE_TOKENIZER", raising=False)


def test_a_folder_is_read_with_its_config(tmp_path: Path) -> None:
    folder = network_in(tmp_path / "net")
    network = read_network(folder)
    assert is_network(folder) and network.config["hidden_size"] == 2
    assert network.weights.keys() == SHAPES.keys()


def test_names_of_the_bare_network_get_their_prefix(tmp_path: Path) -> None:
    bare = {"embeddings.word_embeddings.weight": np.zeros((9, 2), np.float32)}
    assert list(read_network(network_in(tmp_path / "net", bare)).weights) == [WORDS]


@pytest.mark.parametrize("missing", ["config.json", "model_state.pdparams"])
def test_a_folder_that_lacks_a_file_says_which(missing: str, tmp_path: Path) -> None:
    folder = network_in(tmp_path / "net")
    (folder / missing).unlink()
    assert not is_network(folder)
    with pytest.raises(DataError, match=f"there is no {missing}"):
        read_network(folder)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"model_type": "bert"}', "{}", "[" * 100_000])
def test_a_description_of_something_else_is_refused(text: str, tmp_path: Path) -> None:
    folder = network_in(tmp_path / "net")
    (folder / "config.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError):
        read_network(folder)


def test_weights_that_ask_for_code_are_refused(tmp_path: Path) -> None:
    folder = network_in(tmp_path / "net")
    (folder / "model_state.pdparams").write_bytes(pickle.dumps({"a": print}))
    with pytest.raises(DataError, match="asks to run code"):
        read_network(folder)


def test_a_head_of_other_classes_starts_as_the_network_starts_it(tmp_path: Path) -> None:
    weights = {**arrays(), WORDS: np.full((9, 2), 3, np.float32), "classifier.weight": np.zeros((2, 3))}
    weights["layoutxlm.visual.weight"] = np.zeros(4)
    del weights["layoutxlm.embeddings.position_ids"]
    start = fit_network(read_network(network_in(tmp_path / "net", weights)), SHAPES, FRESH)
    assert start.match.loaded == (WORDS,) and start.match.unused == ("layoutxlm.visual.weight",)
    write_network(start, {"model_type": "layoutxlm"}, tmp_path / "start")
    written = read_weights(tmp_path / "start" / "model_state.pdparams")
    assert {name: value.shape for name, value in written.items()} == SHAPES
    assert written[WORDS].max() == 3 and written["classifier.weight"].min() == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({WORDS: (8, 2)}, r"is \[8, 2\] in the file and \[9, 2\] in the model"),
        ({WORDS: None}, "is not in the file"),
    ],
)
def test_a_body_that_does_not_fit_is_refused(changed: dict[str, Any], said: str, tmp_path: Path) -> None:
    weights = {**arrays(**changed), "layoutxlm.other": np.zeros(1)}
    with pytest.raises(DataError, match=said):
        fit_network(read_network(network_in(tmp_path / "net", weights)), SHAPES, FRESH)


def test_weights_without_a_visual_backbone_are_sent_to_the_model_without_one(tmp_path: Path) -> None:
    shapes = {**SHAPES, "layoutxlm.visual.backbone.conv1.weight": (3, 3)}
    with pytest.raises(DataError) as caught:
        fit_network(read_network(network_in(tmp_path / "net")), shapes, FRESH)
    assert "vi_layoutxlm" in str(caught.value.hint)


def test_a_description_is_sized_for_the_classes_and_says_whether_the_network_sees() -> None:
    sized = sized_config({"num_labels": 7, "hidden_size": 2}, 3, sees=True)
    assert sized["id2label"] == {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"}
    assert sized["label2id"]["LABEL_2"] == 2 and "num_labels" not in sized
    assert sized["use_visual_backbone"] is True and sized["hidden_size"] == 2
    assert "id2label" not in sized_config({}, None, sees=False)


def test_the_tokenizer_that_the_user_names_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "sentencepiece.bpe.model").write_bytes(b"x")
    assert find_tokenizer(tmp_path / "none", tmp_path / "a") == tmp_path / "a"
    assert find_tokenizer() is None
    monkeypatch.setenv("PPOCR_KIT_KIE_TOKENIZER", str(tmp_path / "b"))
    assert find_tokenizer(tmp_path / "a") == tmp_path / "b"
    monkeypatch.setenv("PPOCR_KIT_KIE_TOKENIZER", str(tmp_path / "none"))
    with pytest.raises(UsageError, match="no sentencepiece.bpe.model"):
        find_tokenizer(tmp_path / "a")


def test_a_run_keeps_its_tokenizer_and_goes_on_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretrained = network_in(tmp_path / "net")
    (pretrained / "sentencepiece.bpe.model").write_bytes(b"of the network")
    run = RunFolder(tmp_path / "output" / "run")
    start = find_start(run, pretrained, resume=False)
    keep_start(start, plan_without_weights(), run)
    assert (run.start_folder / "sentencepiece.bpe.model").read_bytes() == b"of the network"
    latest = network_in(run.checkpoints / "latest")
    monkeypatch.setenv("PPOCR_KIT_KIE_TOKENIZER", str(pretrained))
    assert find_start(run, None, resume=True) == NetworkStart(run.start_folder, checkpoint=latest)
    # another run that starts from this one's checkpoint takes it too
    monkeypatch.delenv("PPOCR_KIT_KIE_TOKENIZER")
    assert find_start(RunFolder(tmp_path / "other"), latest, resume=False).tokenizer == run.start_folder
    assert checkpoint_start(network_in(tmp_path / "x" / "y" / "z")).tokenizer is None


def test_a_run_does_not_replace_what_it_starts_from(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    best = network_in(run.checkpoints / "best_accuracy")
    with pytest.raises(UsageError, match="would replace the network"):
        find_start(run, best, resume=False)


def plan_without_weights() -> TrainingPlan:
    config = {"Architecture": {"Backbone": {"name": "LayoutXLMForRe", "mode": "vi"}}}
    rows: Any = None
    return TrainingPlan(config, rows, rows, 1, 1, 1, 1, 1, 1, 1)


def test_a_checkpoint_that_is_a_folder_is_found_by_name_and_path(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    best = network_in(run.checkpoints / "best_accuracy")
    assert run.checkpoint("best") == best and run.checkpoint(str(best)) == best
    assert weights_file(best, Task.SER) == best / "model_state.pdparams"
    assert weights_file(best, Task.DET) == run.checkpoints / "best_accuracy.pdparams"
    with pytest.raises(UsageError, match="there is best_accuracy"):
        run.checkpoint("latest")
