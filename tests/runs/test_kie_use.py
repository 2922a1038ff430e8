"""Exports of SER and RE, and predicting with them, in the kie lane. The networks are untrained."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ppocr_kit.cli.main import main
from ppocr_kit.configs.render import dump_config, render_config
from ppocr_kit.configs.spec import RunSpec
from ppocr_kit.datasets.manifest import read_dataset
from ppocr_kit.runs.rundir import RunFolder, RunRecord, write_run
from ppocr_kit.tasks import Task
from ppocr_kit.vendor.process import run_tool
from ppocr_kit.vendor.release import find_release, sync_release
from ppocr_kit.vendor.tools import tool_invocation

pytestmark = [pytest.mark.release, pytest.mark.xdist_group("kie-use")]

SCRIPT = Path(__file__).with_name("scripts") / "untrained_kie.py"
WINDOW = 64


def labelled_boxes() -> list[list[dict[str, Any]]]:
    """Read the boxes of each page of the labels."""
    lines = Path("labels/Label.txt").read_text(encoding="utf-8").splitlines()
    return [json.loads(line.split("\t")[1]) for line in lines]


def make_run(task: Task) -> RunFolder:
    """Write a run folder around a checkpoint that is there."""
    spec = RunSpec(
        task, "vi_layoutxlm", f"forms-{task}", Path("train_data/forms"),
        output_dir=Path("output", f"forms-{task}"), max_seq_len=WINDOW,
    )  # fmt: skip
    folder = RunFolder(Path("output", f"forms-{task}").absolute())
    folder.config_file.write_text(dump_config(render_config(spec, read_dataset(Path("train_data/forms")))))
    write_run(folder, RunRecord(folder.name, task, "vi_layoutxlm", "finished"))
    shutil.copytree("tiny", folder.start_folder)
    return folder


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, release_path: Path, kie_python: Path) -> Iterator[Path]:
    """A project with a run of each task, exported."""
    project = tmp_path_factory.mktemp("use")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        patch.delenv("PPOCR_KIT_KIE_TOKENIZER", raising=False)
        sync_release(project=project, source=str(release_path))
        assert main(["synth", "labels", "--kind", "form", "--pages", "8"]) == 0
        build = ["dataset", "build", "labels", "--name", "forms", "--tasks", "ser,re", "--ratio", "3:1:0"]
        assert main(build) == 0
        texts = [box["transcription"] for boxes in labelled_boxes() for box in boxes]
        Path("texts.txt").write_text("\n".join(texts * 3) + "\n", encoding="utf-8")
        classes = len(Path("train_data/forms/ser/classes.txt").read_text(encoding="utf-8").split())
        ser, re = (f"output/forms-{task}/checkpoints/best_accuracy" for task in ("ser", "re"))
        words = ["texts.txt", "tiny", ser, str(2 * classes - 1), re]
        run_tool(
            tool_invocation(
                find_release(project), kie_python, str(SCRIPT), words, cwd=project, timeout_s=300.0
            )
        )
        for task in (Task.SER, Task.RE):
            assert main(["export", make_run(task).name]) == 0
        yield project


def record_of(name: str) -> dict[str, Any]:
    return dict(json.loads(Path("inference", name, "export.json").read_text(encoding="utf-8")))


def test_exports_answer_as_their_checkpoints_and_hold_all_that_they_need(runs: Path) -> None:
    ser, re = record_of("forms-ser"), record_of("forms-re")
    for record in (ser, re):
        assert record["parity"]["same"] and record["parity"]["images"] > 1 and record["window"] == WINDOW
        assert record["files"].keys() == {
            "classes.txt", "inference.json", "inference.pdiparams", "inference.yml",
            "sentencepiece.bpe.model",
        }  # fmt: skip
    # there are links that both must have found
    assert ser["classes"][0] == "OTHER" and re["parity"]["regions"] > 0
    assert set(re["roles"].values()) == {"QUESTION", "ANSWER"} and re["roles"].keys() < set(ser["classes"])
    settings = Path("inference/forms-ser/inference.yml").read_text(encoding="utf-8")
    assert "class_path: classes.txt" in settings and str(runs) not in settings


def test_moved_exports_tell_the_fields_of_labelled_pages(runs: Path, capsys: Any) -> None:
    shutil.rmtree("output")
    Path("inference").rename("elsewhere")
    words = ["--ser", "elsewhere/forms-ser", "--re", "elsewhere/forms-re", "--labels", "labels"]
    assert main(["predict", *words, "--out", "found", "--format", "jsonl,ppocrlabel"]) == 0
    lines = Path("found/predictions.jsonl").read_text(encoding="utf-8").splitlines()
    pages = [json.loads(line) for line in lines]
    assert len(pages) == 8 and not any("error" in page for page in pages)
    assert [len(page["entities"]) for page in pages] == [len(boxes) for boxes in labelled_boxes()]
    links = [link for page in pages for link in page["links"]]
    assert links and all(0.5 <= link["score"] <= 1 for link in links)
    # an answer has one question
    for page in pages:
        answers = [link["answer"] for link in page["links"]]
        assert len(set(answers)) == len(answers)
    assert len(list(Path("found/pictures").glob("*.jpg"))) == 8
    capsys.readouterr()
    assert main(["labels", "check", "found/ppocrlabel", "--json"]) == 0
