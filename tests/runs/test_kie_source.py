"""Networks for key information: exports and runs brought to one form, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.runs import kie_source
from ppocr_kit.runs.kie_source import find_kie_source, kie_run_source, read_kie_export, roles_of_rows
from ppocr_kit.runs.model_source import read_export
from ppocr_kit.runs.rundir import RunFolder, RunRecord, write_run
from ppocr_kit.storage import sha256_of
from ppocr_kit.tasks import Task


def steps(re: bool, classes: str = "classes.txt") -> list[dict[str, Any]]:
    return [
        {"DecodeImage": {"img_mode": "RGB"}},
        {"VQATokenLabelEncode": {"contains_re": re, "class_path": classes}},
        {"VQATokenPad": {"max_seq_len": 512}},
    ]


@pytest.fixture
def made(tmp_path: Path) -> Any:
    """Writes an exported network."""

    def make(name: str, *, re: bool = False, record: dict[str, Any] | None = None) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        for file in ("inference.json", "inference.pdiparams", "sentencepiece.bpe.model"):
            (folder / file).write_bytes(file.encode())
        (folder / "classes.txt").write_text("OTHER\nNAME_Q\nNAME_A\n", encoding="utf-8")
        decoder = {"name": "VQAReTokenLayoutLMPostProcess"}
        if not re:
            decoder = {"name": "VQASerTokenLayoutLMPostProcess", "class_path": "classes.txt"}
        body = {"PreProcess": {"transform_ops": steps(re)}, "PostProcess": decoder}
        (folder / "inference.yml").write_text(yaml.safe_dump(body), encoding="utf-8")
        files = {"classes.txt": sha256_of(folder / "classes.txt")}
        (folder / "export.json").write_text(json.dumps({"files": files, **(record or {})}), encoding="utf-8")
        return folder

    return make


def test_an_export_has_its_own_classes_and_tokenizer(made: Any) -> None:
    folder = made("ser")
    source = read_kie_export(folder)
    assert source.task is Task.SER and source.classes == ("OTHER", "NAME_Q", "NAME_A")
    job = source.to_job(threads=2)
    assert job["tokenizer"] == str(folder) and job["export"] == str(folder) and job["threads"] == 2
    # the file is named relative to the folder, and the job names it wholly
    assert job["transforms"][1]["VQATokenLabelEncode"]["class_path"] == (folder / "classes.txt").as_posix()
    assert job["postprocess"]["class_path"] == (folder / "classes.txt").as_posix()


def test_an_export_for_links_tells_roles(made: Any) -> None:
    source = read_kie_export(made("re", re=True, record={"roles": {"CAPTION": "QUESTION", "X": "other"}}))
    assert source.task is Task.RE and source.roles == {"CAPTION": "QUESTION"}


def test_another_task_is_refused(made: Any) -> None:
    folder = made("re", re=True)
    with pytest.raises(UsageError, match="is a re model, not a ser model"):
        find_kie_source(str(folder), Task.SER)
    with pytest.raises(UsageError, match="is a model for key information"):
        read_export(folder)


@pytest.mark.parametrize(
    "file", ["inference.json", "inference.pdiparams", "sentencepiece.bpe.model", "classes.txt"]
)
def test_a_file_that_is_gone_is_named(made: Any, file: str) -> None:
    folder = made("ser")
    (folder / file).unlink()
    with pytest.raises(DataError, match=file.replace(".", r"\.") if file != "classes.txt" else "classes"):
        find_kie_source(str(folder), Task.SER)


def test_other_classes_than_those_of_the_export_are_refused(made: Any) -> None:
    folder = made("ser")
    (folder / "classes.txt").write_text("OTHER\nNAME_A\nNAME_Q\n", encoding="utf-8")
    with pytest.raises(DataError, match="not the one that the network was exported with"):
        read_kie_export(folder)


def test_a_text_model_is_no_model_for_key_information(made: Any) -> None:
    folder = made("det")
    body = {"PreProcess": {"transform_ops": [{"ToCHWImage": None}]}, "PostProcess": {"name": "DBPostProcess"}}
    (folder / "inference.yml").write_text(yaml.safe_dump(body), encoding="utf-8")
    with pytest.raises(UsageError, match="not for key information"):
        find_kie_source(str(folder), Task.SER)


def run_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outputs: int) -> RunFolder:
    folder = RunFolder(tmp_path / "run")
    write_run(folder, RunRecord("run", Task.SER, "vi_layoutxlm", "finished"))
    place = folder.checkpoints / "best_accuracy"
    place.mkdir(parents=True)
    (place / "model_state.pdparams").write_bytes(b"")
    classes = tmp_path / "classes.txt"
    classes.write_text("OTHER\nNAME_Q\nNAME_A\n", encoding="utf-8")
    config = {
        "Global": {},
        "Architecture": {"Backbone": {"name": "LayoutXLMForSer", "num_classes": outputs}},
        "PostProcess": {"name": "VQASerTokenLayoutLMPostProcess"},
        "Eval": {"dataset": {"transforms": steps(False, str(classes))}},
    }
    monkeypatch.setattr(kie_source, "read_config", lambda run: config)
    return folder


def test_the_classes_of_a_run_must_be_those_that_its_network_tells_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = kie_run_source(run_of(tmp_path, monkeypatch, 5))
    assert source.classes == ("OTHER", "NAME_Q", "NAME_A") and source.tokenizer is None
    with pytest.raises(DataError, match="3 classes, and the network tells 4 apart"):
        kie_run_source(run_of(tmp_path / "other", monkeypatch, 7))


def test_rows_tell_the_roles_of_classes_and_broken_ones_nothing(tmp_path: Path) -> None:
    boxes = [
        {"label": "question", "key_cls": "CAPTION"},
        {"label": "other", "key_cls": "X"},
        {"label": "answer"},
    ]
    (tmp_path / "a.txt").write_text(f"i.jpg\t{json.dumps(boxes)}\n", encoding="utf-8")
    (tmp_path / "b.txt").write_text("no row\n", encoding="utf-8")

    def mode(name: str) -> dict[str, Any]:
        return {"dataset": {"label_file_list": [str(tmp_path / name)]}}

    assert roles_of_rows({"Train": mode("a.txt"), "Eval": mode("b.txt")}) == {"CAPTION": "QUESTION"}
    assert roles_of_rows({"Train": mode("gone"), "Eval": mode("b.txt")}) == {}
