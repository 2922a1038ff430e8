"""vl eval with answers that are there already: table, JSON, page, and the report of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from vl_sources import make_words, prepare, rows_of

from ppocr_kit.cli.main import main
from ppocr_kit.cli.vl_eval import evaluate
from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.vl.record import VlRun, VlRunFolder, write_vl_run


@pytest.fixture
def trees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set of words, the current folder, with answers of two models beside it."""
    result = prepare(tmp_path, make_words(tmp_path / "src"), ratio="1:1:2")
    monkeypatch.chdir(tmp_path)
    rows = rows_of(result, "test")
    write(tmp_path / "base.jsonl", [(one["image"], one["completion"][::-1]) for one in rows])
    tuned = [(one["image"], one["completion"].replace("a", "<i>")) for one in rows]
    write(tmp_path / "tuned.jsonl", tuned)
    return result.folder


def write(path: Path, answers: list[tuple[str, str]]) -> None:
    lines = [json.dumps({"image": image, "prompt": "OCR:", "text": text}) for image, text in answers]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def call(*arguments: Any) -> Result:
    return CliRunner().invoke(evaluate, list(map(str, arguments)), catch_exceptions=False)


def both(trees: Path, *more: Any) -> Result:
    files = ("--predictions", "tuned.jsonl", "--base-predictions", "base.jsonl")
    return call("--dataset", trees, *files, *more)


def test_table_stands_beside_the_base_model_and_files_are_named(trees: Path):
    done = both(trees)
    assert done.exit_code == 0
    assert "tuned on test of set: 8 rows" in done.output
    assert "base model" in done.output
    assert "written: evaluations/tuned/reports/eval-test.json, " in done.output
    document = json.loads(Path("evaluations/tuned/reports/eval-test.json").read_text())
    assert document["dataset"]["name"] == "set"
    assert document["split"] == "test"
    assert document["values"]["cer"] < document["base"]["views"]["raw"]["cer"]


def test_json_is_one_document_with_where_it_is_kept(trees: Path):
    document = json.loads(both(trees, "--json", "--nfkc", "--out", "here").stdout)
    assert document["file"] == "here/reports/eval-test.json"
    assert "nfkc" in document["views"]
    kept = json.loads(Path(document["file"]).read_text())
    assert kept["views"] == document["views"]


def test_page_holds_pictures_and_marks_what_is_wrong(trees: Path):
    both(trees)
    page = Path("evaluations/tuned/reports/eval-test.html").read_text(encoding="utf-8")
    assert page.count("data:image/jpeg;base64,") >= 1
    assert "<mark>&lt;i&gt;</mark>" in page
    assert "<i>" not in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_page_says_when_the_pictures_are_gone(trees: Path):
    document = json.loads(both(trees, "--json").stdout)
    from ppocr_kit.reports.vl_page import render_vl_page

    assert "not there any more" in render_vl_page("m", document, None)
    for picture in (trees / "vl" / "images").iterdir():
        picture.unlink()
    assert "cannot be read" in render_vl_page("m", document, trees)


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ((), UsageError, "which model is measured"),
        (("--predictions", "tuned.jsonl"), UsageError, "which data set"),
        (("--dataset", "none", "--predictions", "tuned.jsonl"), DataError, "no data set for PaddleOCR-VL"),
        (("nothing", "--dataset", "td/set"), DataError, "no such model folder"),
        (("--dataset", "td/set", "--predictions", "src/rows.jsonl"), DataError, "is no prediction"),
    ],
)
def test_what_cannot_be_measured_is_a_clear_error(
    trees: Path, arguments: tuple[str, ...], error: type[Exception], said: str
):
    with pytest.raises(error, match=said):
        call(*arguments)


def test_empty_split_is_a_clear_error(tmp_path: Path, trees: Path):
    prepare(tmp_path, tmp_path / "src" / "rows.jsonl", ratio="1:1:0")
    with pytest.raises(DataError, match="the split test has no rows"):
        both(trees)


def test_report_of_a_run_tells_its_measurements(
    trees: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    folder = VlRunFolder(tmp_path / "output" / "trees-vl")
    dataset = {"name": "set", "root": str(trees.absolute()), "checksum": "x"}
    write_vl_run(folder, VlRun("trees-vl", "finished", dataset=dataset, settings={"max_pixels": 5000}))
    files = ("--predictions", "tuned.jsonl", "--base-predictions", "base.jsonl")
    assert call("trees-vl", *files).exit_code == 0
    assert (folder.reports / "eval-test.json").is_file()
    assert main(["report", "trees-vl"]) == 0
    told = capsys.readouterr().out
    assert "trees-vl on test of set: 8 rows" in told
    assert main(["report", "trees-vl", "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert body["task"] == "vl"
    assert [one["split"] for one in body["measurements"]] == ["test"]


def test_unmeasured_run_has_a_report_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    write_vl_run(VlRunFolder(tmp_path / "output" / "new"), VlRun("new", "running"))
    assert main(["report", "new"]) == 0
    assert "nothing measured yet" in capsys.readouterr().out
