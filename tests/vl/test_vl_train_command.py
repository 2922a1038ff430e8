"""vl train on the side of the command: what is refused before a worker starts, and what is put on record."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from ppocr_kit.cli.main import main
from ppocr_kit.configs.device import parse_device
from ppocr_kit.errors import DataError, SetupError, ToolError, UsageError
from ppocr_kit.storage import sha256_of, write_json_atomic
from ppocr_kit.vl import training
from ppocr_kit.vl.model_folder import ModelFolder
from ppocr_kit.vl.record import VlRunFolder, read_vl_run
from ppocr_kit.vl.rows import VlRow, write_rows
from ppocr_kit.vl.train_settings import TrainSettings
from ppocr_kit.vl.training import TrainRequest, prepare_vl_training, run_vl_training

PLAN = {"train_rows": 2, "steps": 4}
MODEL = {"parameters": 10, "trained": 10}
BASE, WORSE, BETTER = {"cer": 0.8, "loss": 3.0}, {"cer": 0.9, "loss": 2.0}, {"cer": 0.2, "loss": 1.0}


def step(number: int) -> dict:
    return {"event": "step", "step": number, "steps": 4, "epoch": number / 2, "loss": 1.0, "lr": 1e-5}


def evaluation(number: int, scores: dict, best: bool) -> dict:
    return {"event": "evaluation", "step": number, "epoch": number / 2, "eval": scores, "best": best}


BEGIN = [{"event": "plan", **PLAN}, {"event": "model", **MODEL}, evaluation(0, BASE, False)]
WHOLE = [*BEGIN, step(1), step(2), evaluation(2, WORSE, True), step(4), evaluation(4, BETTER, True)]


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set and a model folder, and this folder as the current one."""
    root = tmp_path / "train_data" / "data"
    splits = {}
    for split, texts in {"train": ["a", "b"], "val": ["c"], "test": []}.items():
        rows = [VlRow(f"vl/images/{text}.png", "OCR:", text, text, 60, 40) for text in texts]
        path = root / "vl" / f"{split}.jsonl"
        write_rows(path, rows)
        facts = {"rows": len(rows), "groups": len(rows), "sha256": sha256_of(path)}
        splits[split] = {"list": f"vl/{split}.jsonl", **facts}
        for row in rows:
            (root / row.image).parent.mkdir(exist_ok=True)
            Image.new("RGB", (60, 40), "white").save(root / row.image)
    write_json_atomic(root / "vl.json", {"format": 1, "name": "data", "seed": 0, "splits": splits})
    monkeypatch.chdir(tmp_path)
    model = ModelFolder(tmp_path / "model", (), ("1.5", "1.6"), "1.5", "config.json", 1)
    monkeypatch.setattr(training, "find_run_model", lambda name: model)
    python = SimpleNamespace(versions={"torch": "2.13"})
    monkeypatch.setattr(training, "find_interpreter", lambda lane: python)
    return root


class Worker:
    """Plays the lane: tells events, then ends as it is told."""

    def __init__(self, events, error=None, status="finished"):
        self.events, self.error, self.status = events, error, status
        self.spec = None

    def __call__(self, name, spec, *, on_event=None, **more):
        self.spec = spec
        for event in self.events:
            if on_event is not None:
                on_event(event)
        if self.error is not None:
            raise self.error
        return {"event": "result", "status": self.status, "plan": PLAN, "step": 4}


def request(**more) -> TrainRequest:
    body = {"settings": TrainSettings(), "device": parse_device("cpu"), **more}
    return TrainRequest("model", Path("data"), "run", **body)


def run(monkeypatch, worker, **more):
    monkeypatch.setattr(training, "run_engine", worker)
    return run_vl_training(prepare_vl_training(request(**more)), command=["ppocr-kit", "vl", "train"])


def record() -> dict:
    return json.loads(Path("output/run/run.json").read_text())


def test_record_has_base_and_best_side_by_side(dataset, monkeypatch):
    done = run(monkeypatch, Worker(WHOLE))
    assert (done.status, done.step, done.base) == ("finished", 4, BASE)
    assert done.best == {"step": 4, **BETTER}
    assert record()["task"] == "vl"
    assert record()["plan"] == PLAN
    assert read_vl_run(VlRunFolder(Path("output/run").absolute())) == done


def test_worker_is_told_absolute_paths_and_every_setting(dataset, monkeypatch):
    worker = Worker(WHOLE)
    run(monkeypatch, worker, device=parse_device("gpu:1"), settings=TrainSettings(lora=True, max_pixels=9000))
    paths = [worker.spec[name] for name in ("model", "root", "train", "val", "run")]
    assert all(Path(path).is_absolute() for path in paths)
    assert worker.spec["device"] == "cuda"
    assert (worker.spec["settings"]["lora"], worker.spec["settings"]["max_pixels"]) == (True, 9000)


def test_a_run_that_exists_is_refused_and_kept(dataset, monkeypatch):
    run(monkeypatch, Worker(WHOLE))
    with pytest.raises(UsageError, match="exists"):
        run(monkeypatch, Worker(WHOLE))
    assert record()["status"] == "finished"


def test_a_replaced_run_comes_back_when_the_new_one_is_refused_before_it_begins(dataset, monkeypatch):
    run(monkeypatch, Worker(WHOLE))
    with pytest.raises(DataError):
        run(monkeypatch, Worker(BEGIN[:1], DataError("8 of 8 rows cannot be used")), overwrite=True)
    assert record()["best"]["cer"] == 0.2
    assert [path.name for path in Path("output").iterdir()] == ["run"]


def test_a_replaced_run_is_named_when_the_new_one_fails_later(dataset, monkeypatch):
    run(monkeypatch, Worker(WHOLE))
    with pytest.raises(ToolError) as caught:
        run(monkeypatch, Worker(BEGIN, ToolError("memory ran out", hint="smaller")), overwrite=True)
    assert ".run.replaced" in caught.value.hint
    assert record()["status"] == "failed"


def test_a_refused_first_run_leaves_nothing(dataset, monkeypatch):
    with pytest.raises(SetupError):
        run(monkeypatch, Worker([], SetupError("no GPU")))
    assert list(Path("output").iterdir()) == []


def test_an_interrupted_run_is_on_record_and_gone_on_with(dataset, monkeypatch):
    with pytest.raises(KeyboardInterrupt):
        run(monkeypatch, Worker([*BEGIN, step(1)], KeyboardInterrupt()))
    first = record()
    assert (first["status"], first["step"], first["best"]) == ("interrupted", 1, None)
    worker = Worker([step(2), evaluation(2, WORSE, True)])
    done = run(monkeypatch, worker, resume=True)
    assert worker.spec["resume"] is True
    assert (done.base, done.best["cer"], done.started) == (BASE, 0.9, first["started"])
    assert done.tuned_is_worse


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"settings": TrainSettings(lr=0.5)}, "--lr was None and is 0.5"),
        (
            {"settings": TrainSettings(batch_size=2, seed=3)},
            "--batch-size was 8 and is 2; --seed was 0 and is 3",
        ),
    ],
)
def test_a_run_is_not_gone_on_with_otherwise(dataset, monkeypatch, change, words):
    run(monkeypatch, Worker(WHOLE, status="interrupted"))
    with pytest.raises(UsageError, match=words):
        prepare_vl_training(request(resume=True, **change))


def test_settings_that_change_no_step_may_differ_when_resumed(dataset, monkeypatch):
    run(monkeypatch, Worker(WHOLE, status="interrupted"))
    settings = TrainSettings(patience=3, save_steps=7, eval_rows=5)
    assert prepare_vl_training(request(resume=True, settings=settings)).earlier is not None


def test_finished_absent_and_changed_runs_are_not_gone_on_with(dataset, monkeypatch):
    with pytest.raises(UsageError, match="no run 'run' to go on with"):
        prepare_vl_training(request(resume=True))
    run(monkeypatch, Worker(WHOLE))
    with pytest.raises(UsageError, match="finished"):
        prepare_vl_training(request(resume=True))
    manifest = json.loads((dataset / "vl.json").read_text())
    write_rows(dataset / "vl" / "train.jsonl", [VlRow("vl/images/a.png", "OCR:", "z", "z", 60, 40)])
    entry = manifest["splits"]["train"]
    entry.update(rows=1, groups=1, sha256=sha256_of(dataset / "vl" / "train.jsonl"))
    write_json_atomic(dataset / "vl.json", manifest)
    write_json_atomic(Path("output/run/run.json"), {**record(), "status": "interrupted"})
    with pytest.raises(DataError, match="not the one that the run was started with"):
        prepare_vl_training(request(resume=True))


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden", "x" * 101])
def test_a_name_that_is_no_folder_name_is_refused(dataset, name):
    with pytest.raises(UsageError, match="cannot name a run"):
        prepare_vl_training(TrainRequest("model", Path("data"), name, TrainSettings(), parse_device("cpu")))


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({"epochs": 0}, "--epochs 0"),
        ({"lr": 0.0}, "--lr 0.0"),
        ({"lr": float("nan")}, "--lr nan"),
        ({"warmup": 1.0}, "--warmup"),
        ({"lora_dropout": -0.1}, "--lora-dropout"),
        ({"min_pixels": 9, "max_pixels": 8}, "--min-pixels 9 is above"),
        ({"batch_size": 0, "grad_accum": -1}, "--batch-size 0: at least 1; --grad-accum -1"),
    ],
)
def test_numbers_that_cannot_train_are_refused_all_at_once(numbers, words):
    with pytest.raises(UsageError, match=words):
        TrainSettings(**numbers)


@pytest.mark.parametrize(("steps", "interval"), [(1, 1), (10, 1), (11, 2), (1000, 100)])
def test_ten_evaluations_by_default_and_a_checkpoint_with_each(steps, interval):
    settings = TrainSettings()
    assert settings.evaluation_interval(steps) == settings.save_interval(steps) == interval
    assert TrainSettings(eval_steps=3).save_interval(steps) == 3


def test_command_shows_base_and_best_and_warns_when_tuned_is_worse(dataset, monkeypatch, capsys):
    scores = {"exact": 0.5, "unended": 0.25}
    events = [
        *BEGIN[:1],
        {**BEGIN[1], "precision": "float32", "attention": "sdpa", "device": "cpu"},
        evaluation(0, {**BASE, **scores}, False),
        evaluation(4, {**WORSE, **scores}, True),
    ]
    monkeypatch.setattr(training, "run_engine", Worker(events))
    monkeypatch.setattr("ppocr_kit.cli.vl_training_display.plan_lines", lambda plan: [])
    assert main(["vl", "train", "--model", "model", "--dataset", "data", "--name", "run"]) == 0
    told = capsys.readouterr()
    assert "base model   val CER 0.8000, exact match 50.0%, loss 3.0000, 25% never ended" in told.out
    assert "step 4       val CER 0.9000" in told.out
    assert "reads no better than the base model" in told.err


def test_help_has_an_example_and_needs_no_lane(capsys):
    for verb in ("train", "merge"):
        assert main(["vl", verb, "--help"]) == 0
        assert f"ppocr-kit vl {verb} " in capsys.readouterr().out
