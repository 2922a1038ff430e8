"""Runs that hold official training weights, without having been trained here."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_runs import COMPARED, WEIGHTS, Official, config_of, write_a_run

from ppocr_kit.runs.export import export_run
from ppocr_kit.runs.model_source import find_source
from ppocr_kit.runs.predict import predict_images
from ppocr_kit.runs.rundir import RunFolder
from ppocr_kit.tasks import TEXT_TASKS, Task
from ppocr_kit.vendor.release import sync_release

MakeRun = Callable[..., RunFolder]


@pytest.fixture
def make_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeRun:
    """Make a run folder in an empty project, the current folder; its weights are not a network's."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "page.png").write_bytes(b"not read by these tests")
    rows = tmp_path / "val.txt"
    rows.write_text("page.png\t[]\n", encoding="utf-8")

    def make(
        task: Task = Task.REC, name: str = "a-run", change: Callable[..., None] | None = None
    ) -> RunFolder:
        config = config_of(task, rows, tmp_path)
        config["Global"]["character_dict_path"] = None
        if change is not None:
            change(config)
        return write_a_run(tmp_path / "output" / name, task, config, None)

    return make


@pytest.fixture(scope="session")
def official(tmp_path_factory: pytest.TempPathFactory, release_path: Path, shared: Path) -> Official:
    """Export both official models, also as ONNX, once for all tests of this folder."""
    project = tmp_path_factory.mktemp("official")
    sync_release(project=project, source=str(release_path))
    wire = shared / "real" / "wire"
    # pages of one box each, from the whole export, with the crop of the same number
    crop_of = {
        Path(crop).name: (crop, text)
        for crop, text in (row.split("\t") for row in (wire / "rec_gt.txt").read_text("utf-8").splitlines())
    }
    rows_of = [row.split("\t", 1) for row in (wire / "Label.txt").read_text("utf-8").splitlines()]
    single = [row for row in rows_of if len(json.loads(row[1])) == 1]
    labels = single[:: len(single) // COMPARED][:COMPARED]
    pages = tuple(wire / Path(key).name for key, _ in labels)
    crop_rows = [crop_of[f"{page.stem}_crop_0.jpg"] for page in pages]
    lists = {
        Task.DET: "".join(f"{page.name}\t{boxes}\n" for page, (_, boxes) in zip(pages, labels)),
        Task.REC: "".join(f"{crop}\t{text}\n" for crop, text in crop_rows),
    }
    runs = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        exports = {}
        for task in TEXT_TASKS:
            rows = project / f"{task}.txt"
            rows.write_text(lists[task], encoding="utf-8")
            config = config_of(task, rows, wire)
            if task is Task.REC:
                config["Global"]["character_dict_path"] = str(
                    release_path / "ppocr" / "utils" / "en_dict.txt"
                )
            weights = shared / "weights" / WEIGHTS[task] / "best_accuracy.pdparams"
            runs[task] = write_a_run(project / "output" / f"official-{task}", task, config, weights)
            exports[task] = export_run(runs[task], Path("inference") / f"official-{task}", onnx=True)
    texts = tuple(text for _, text in crop_rows)
    return Official(project, runs, exports, pages, tuple(wire / crop for crop, _ in crop_rows), texts)


@pytest.fixture
def official_project(official: Official, monkeypatch: pytest.MonkeyPatch) -> Official:
    """The same, with its project as the current folder."""
    monkeypatch.chdir(official.project)
    return official


@pytest.fixture(scope="session")
def exports_answers(official: Official) -> dict[Task, list[Any]]:
    """What ``predict`` answers with each export alone: pages to the detector, crops to the recogniser."""
    answers: dict[Task, list[Any]] = {Task.DET: [], Task.REC: []}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(official.project)
        for task, pictures in ((Task.DET, official.pages), (Task.REC, official.crops)):
            predict_images([find_source(f"inference/official-{task}")], pictures, answers[task].append)
    return answers
