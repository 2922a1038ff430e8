"""Configurations that read an LMDB: rendered from a data set, and looked at by lint."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from tiny_dataset import ROOT, make_dataset

from ppocr_kit.configs.lint.yaml_file import lint_file
from ppocr_kit.configs.patches import with_split
from ppocr_kit.configs.render import render_config
from ppocr_kit.configs.spec import RunSpec
from ppocr_kit.datasets.manifest import Dataset
from ppocr_kit.tasks import Split, Task


@pytest.fixture
def dataset() -> Dataset:
    """The tiny data set with its line pictures in LMDBs."""
    files = make_dataset()
    rec = files.tasks[Task.REC]
    splits = {split: replace(data, lmdb=ROOT / "rec" / f"{split}.lmdb") for split, data in rec.splits.items()}
    return replace(files, tasks={**files.tasks, Task.REC: replace(rec, splits=splits)})


def render(dataset: Dataset, task: Task, model: str) -> dict[str, Any]:
    return render_config(
        RunSpec(task, model, "run", dataset_root=ROOT, output_dir=Path("output/run")), dataset
    )


@pytest.mark.parametrize("model", ["rec_en_number_lite_train", "PP-OCRv5_mobile_rec", "quickstart_rec"])
def test_a_recipe_reads_the_lmdb_of_each_split_by_its_list(dataset: Dataset, model: str) -> None:
    config = render(dataset, Task.REC, model)
    plain = render(make_dataset(), Task.REC, model)
    for mode, split in (("Train", "train"), ("Eval", "val")):
        source, other = config[mode]["dataset"], plain[mode]["dataset"]
        assert (source["name"], source["data_dir"]) == ("LMDBDataSet", f"/data/tiny/rec/{split}.lmdb")
        assert source["label_file_list"] == [f"/data/tiny/rec/{split}.txt"]
        # nothing else depends on where the pictures lie
        assert {**source, "name": 0, "data_dir": 0} == {**other, "name": 0, "data_dir": 0}
        assert config[mode].get("sampler") == plain[mode].get("sampler")


def test_pages_stay_files_beside_lines_in_an_lmdb(dataset: Dataset) -> None:
    assert render(dataset, Task.DET, "quickstart_det") == render(make_dataset(), Task.DET, "quickstart_det")


def test_a_run_is_measured_on_files_after_an_lmdb_and_back(dataset: Dataset) -> None:
    config = render(dataset, Task.REC, "quickstart_rec")
    on_files = with_split(config, make_dataset(), Split.TEST)["Eval"]["dataset"]
    assert (on_files["name"], on_files["data_dir"]) == ("SimpleDataSet", "/data/tiny/rec")
    on_lmdb = with_split(with_split(config, make_dataset(), Split.TEST), dataset, Split.TEST)["Eval"][
        "dataset"
    ]
    assert (on_lmdb["name"], on_lmdb["data_dir"]) == ("LMDBDataSet", "/data/tiny/rec/test.lmdb")


@pytest.fixture
def own(tmp_path: Path, dataset: Dataset) -> dict[str, Any]:
    """A YAML that names two LMDBs without lists, both there, and a dictionary."""
    config = render(dataset, Task.REC, "quickstart_rec")
    config["Global"].update(character_dict_path="dict.txt", save_model_dir="out", save_res_path="out/x.txt")
    (tmp_path / "dict.txt").write_text("a\n", "utf-8")
    for mode in ("Train", "Eval"):
        del config[mode]["dataset"]["label_file_list"]
        config[mode]["dataset"]["data_dir"] = mode
        (tmp_path / mode / "part").mkdir(parents=True)
        (tmp_path / mode / "part" / "data.mdb").write_bytes(b"")
    return config


def findings(folder: Path, config: dict[str, Any]) -> list[tuple[str, str]]:
    file = folder / "own.yml"
    file.write_text(yaml.safe_dump(config), "utf-8")
    return [(problem.code, problem.message) for problem in lint_file(file, folder)]


def test_lmdbs_need_no_list(tmp_path: Path, own: dict[str, Any]) -> None:
    assert findings(tmp_path, own) == []


def test_a_folder_without_an_lmdb_is_found(tmp_path: Path, own: dict[str, Any]) -> None:
    (tmp_path / "Eval" / "part" / "data.mdb").unlink()
    assert findings(tmp_path, own) == [("C010", "there is no LMDB in Eval, nor below it")]


def test_one_lmdb_for_both_modes_is_found(tmp_path: Path, own: dict[str, Any]) -> None:
    own["Eval"]["dataset"]["data_dir"] = "./Eval/../Train"
    ((code, message),) = findings(tmp_path, own)
    assert code == "C012" and "which Train reads too" in message


def test_lists_beside_an_lmdb_are_looked_at_but_not_for_files(tmp_path: Path, own: dict[str, Any]) -> None:
    for mode in ("Train", "Eval"):
        own[mode]["dataset"]["label_file_list"] = [f"{mode}.txt"]
        (tmp_path / f"{mode}.txt").write_text("part/image-000000001\ta\n" * 64, "utf-8")
    assert findings(tmp_path, own) == []
    (tmp_path / "Eval.txt").write_text("part/image-000000001 a\n", "utf-8")
    assert [code for code, _ in findings(tmp_path, own)] == ["C034"]
