"""Adapters: where they sit, merging them, and a merged folder that is held against the model in memory."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from string_rows import job, make_strings, run_job

from ppocr_kit.errors import DataError, ReportError
from ppocr_kit.vl.engine import merging
from ppocr_kit.vl.engine.loading import load_model
from ppocr_kit.vl.engine.lora import LoraChoice, load_adapters, merged_weights, with_adapters
from ppocr_kit.vl.engine.merging import MergeJob, merge, stored_dtype

pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")


@pytest.fixture(scope="module")
def strings(tmp_path_factory):
    torch.set_num_threads(1)
    return make_strings(tmp_path_factory.mktemp("strings"))


@pytest.fixture(scope="module")
def run(strings, tmp_path_factory):
    """A run with adapters that have learnt something."""
    folder = tmp_path_factory.mktemp("run")
    run_job(job(strings, folder, epochs=6, lora=True, lr=1e-2))
    return folder


def quiet(event):
    pass


def test_adapters_sit_on_language_model_and_projector(strings):
    adapted = with_adapters(load_model(strings / "tiny")[0], LoraChoice(), str(strings / "tiny"))
    layers = {name.partition(".lora_A")[0] for name, _ in adapted.named_parameters() if ".lora_A" in name}
    parts = [name.split(".")[3] for name in layers]
    # two layers of seven, and both layers of the projector
    assert (parts.count("language_model"), parts.count("projector"), parts.count("visual")) == (14, 2, 0)
    trained = {name for name, one in adapted.named_parameters() if one.requires_grad}
    assert trained and all(".lora_" in name for name in trained)


def test_adapters_in_the_vision_tower_are_asked_for(strings):
    adapted = with_adapters(load_model(strings / "tiny")[0], LoraChoice(vision=True), str(strings / "tiny"))
    names = [name for name, _ in adapted.named_parameters() if ".lora_A" in name]
    assert sum(".visual." in name for name in names) == 12


def test_merging_leaves_the_model_as_it_is(strings, run):
    adapted = load_adapters(load_model(strings / "tiny")[0], run / "checkpoints" / "best" / "adapter")
    before = {name: tensor.clone() for name, tensor in adapted.state_dict().items()}
    weights = merged_weights(adapted)
    assert all(torch.equal(tensor, before[name]) for name, tensor in adapted.state_dict().items())
    plain = load_model(strings / "tiny")[0].state_dict()
    assert weights.keys() == plain.keys()
    changed = {name for name in plain if not torch.equal(weights[name], plain[name])}
    assert len(changed) == 16


def test_best_of_adapters_is_a_whole_model(strings, run, tmp_path):
    merge(MergeJob(strings / "tiny", run / "checkpoints" / "latest", tmp_path / "merged"), quiet)
    best = load_model(run / "checkpoints" / "best")[0].state_dict()
    merged = load_model(tmp_path / "merged")[0].state_dict()
    assert all(torch.equal(best[name], tensor) for name, tensor in merged.items())


@pytest.mark.parametrize("dtype", ["auto", "bfloat16"])
def test_merged_folder_has_every_file_and_scores_as_in_memory(strings, run, tmp_path, dtype):
    checkpoint = run / "checkpoints" / "best"
    facts = merge(MergeJob(strings / "tiny", checkpoint, tmp_path / "merged", dtype), quiet)
    assert facts["adapters"]
    assert facts["difference"] < 0.1 < facts["changed"]
    assert set(facts["files"]) == {path.name for path in (strings / "tiny").iterdir()}
    wanted = "float32" if dtype == "auto" else dtype
    assert stored_dtype(tmp_path / "merged") == facts["dtype"] == wanted


def test_a_merge_that_reads_otherwise_is_not_put_in_place(strings, run, tmp_path, monkeypatch):
    plain = merging.merged_weights
    monkeypatch.setattr(
        merging, "merged_weights", lambda model: {name: one * 1.5 for name, one in plain(model).items()}
    )
    with pytest.raises(ReportError, match="scores tokens otherwise"):
        merge(MergeJob(strings / "tiny", run / "checkpoints" / "best", tmp_path / "merged"), quiet)
    assert list(tmp_path.iterdir()) == []


def test_adapters_that_change_nothing_are_refused(strings, tmp_path):
    adapted = with_adapters(load_model(strings / "tiny")[0], LoraChoice(), str(strings / "tiny"))
    adapted.save_pretrained(tmp_path / "untrained")
    with pytest.raises(ReportError, match="change nothing"):
        merge(MergeJob(strings / "tiny", tmp_path / "untrained", tmp_path / "merged"), quiet)


def test_adapters_of_another_model_are_refused(strings, run, tmp_path):
    shutil.copytree(run / "checkpoints" / "best" / "adapter", tmp_path / "adapter")
    file = tmp_path / "adapter" / "adapter_config.json"
    config = json.loads(file.read_text())
    file.write_text(json.dumps({**config, "r": 4}))
    with pytest.raises(DataError, match="do not fit the base model"):
        merge(MergeJob(strings / "tiny", tmp_path / "adapter", tmp_path / "merged"), quiet)
