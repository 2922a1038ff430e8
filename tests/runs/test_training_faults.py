"""What a tool may do to a run, with a fake release for faults that cannot be had otherwise."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest

from ppocr_kit.configs.device import parse_device
from ppocr_kit.configs.spec import RunSpec
from ppocr_kit.datasets.manifest import Dataset
from ppocr_kit.errors import DataError, ToolError, UsageError
from ppocr_kit.runs import train as train_module
from ppocr_kit.runs.inspection import RowCheck
from ppocr_kit.runs.plan import TrainingPlan
from ppocr_kit.runs.rundir import RunFolder, read_run
from ppocr_kit.runs.train import PreparedTraining, prepare_training, run_training
from ppocr_kit.tasks import Task
from ppocr_kit.vendor.environment import Interpreter
from ppocr_kit.vendor.logs import EvalMetric, LogEvent, TrainStep
from ppocr_kit.vendor.release import PinnedRelease

DATASET = Dataset(name="tiny", root=Path("/data/tiny"), seed=0, tasks={}, checksum="1" * 64)
FAKE = Path(__file__).parents[1] / "fake_release"


@pytest.fixture
def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PreparedTraining:
    """A training of two steps an epoch, ready to run in the fake release."""
    monkeypatch.chdir(tmp_path)
    folder = RunFolder(tmp_path / "output" / "faulty")
    config = {
        "Global": {"epoch_num": 2, "save_model_dir": str(folder.checkpoints), "pretrained_model": None},
        "Architecture": {"model_type": "rec"},
        **{mode: {"dataset": {"label_file_list": [f"{mode}.txt"]}} for mode in ("Train", "Eval")},
    }
    rows = RowCheck(16, (tuple(range(1, 17)),), (), {})
    plan = TrainingPlan(config, rows, rows, 1, 8, 2, 2, 1, 2, 100, None)
    spec = RunSpec(task=Task.REC, model="rec_en_number_lite_train", name="faulty", output_dir=folder.path)
    return PreparedTraining(
        folder=folder,
        spec=spec,
        dataset=DATASET,
        plan=plan,
        release=PinnedRelease("3.7.0", FAKE, "path", complete=True),
        interpreter=Interpreter(Path(sys.executable), "current", {"python": "3"}),
        device=parse_device("cpu"),
    )


def test_a_whole_training_leaves_a_finished_record(prepared: PreparedTraining) -> None:
    events: list[LogEvent] = []
    record = run_training(prepared, command=["ppocr-kit", "train"], on_event=events.append)
    assert record.status == "finished" and record.final["acc"] == 0.5 and record.finished is not None
    assert read_run(prepared.folder) == record
    assert [event.step for event in events if isinstance(event, TrainStep)] == [1, 2, 3, 4]
    assert sum(isinstance(event, EvalMetric) for event in events) == 2


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("crash", "operands could not be broadcast"),
        ("oom", "memory"),
        ("segfault", "SIGSEGV"),
        ("disk-full", "disk is full"),
        ("silent", "without"),
        ("nan", "the loss is not a number"),
    ],
)
def test_a_tool_that_fails_is_a_tool_error_and_a_failed_run(
    prepared: PreparedTraining, monkeypatch: pytest.MonkeyPatch, mode: str, said: str
) -> None:
    monkeypatch.setenv("FAKE_RELEASE_MODE", mode)
    monkeypatch.setattr(train_module._Watch, "NOT_A_NUMBER_LIMIT", 3)
    with pytest.raises(ToolError) as caught:
        run_training(prepared)
    assert said in str(caught.value) and caught.value.exit_code == 6
    assert read_run(prepared.folder).status == "failed"


def test_a_tool_that_hangs_is_ended_and_said_to_hang(
    prepared: PreparedTraining, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_RELEASE_MODE", "hang")
    monkeypatch.setattr(train_module, "IDLE_TIMEOUT_S", 1.5)
    with pytest.raises(ToolError):
        run_training(prepared)
    assert read_run(prepared.folder).status == "failed"


def test_ctrl_c_ends_the_tool_and_the_record_says_interrupted(prepared: PreparedTraining) -> None:
    def stop(event: LogEvent) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_training(prepared, on_event=stop)
    assert read_run(prepared.folder).status == "interrupted"


def test_a_replaced_run_is_kept_until_the_new_one_has_succeeded(
    prepared: PreparedTraining, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_training(prepared)
    kept = prepared.folder.path.with_name(".faulty.replaced")
    monkeypatch.setenv("FAKE_RELEASE_MODE", "crash")
    with pytest.raises(ToolError) as caught:
        run_training(prepared)
    assert str(kept) in str(caught.value.hint)
    assert read_run(RunFolder(kept)).status == "finished"
    monkeypatch.delenv("FAKE_RELEASE_MODE")
    assert run_training(prepared).status == "finished"
    assert not kept.exists()


def test_an_existing_run_is_not_overwritten_unasked(prepared: PreparedTraining) -> None:
    run_training(prepared)
    with pytest.raises(UsageError, match="a run named 'faulty' exists"):
        prepare_training(prepared.spec)


def test_resuming_on_a_changed_data_set_is_refused(
    prepared: PreparedTraining, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_training(prepared)
    spec = dataclasses.replace(prepared.spec, dataset_root=Path("train_data/tiny"))
    monkeypatch.setattr(
        train_module, "read_dataset", lambda root: dataclasses.replace(DATASET, checksum="2" * 64)
    )
    monkeypatch.setattr(train_module, "find_release", lambda: prepared.release)
    monkeypatch.setattr(train_module, "find_interpreter", lambda lane: prepared.interpreter)
    with pytest.raises(DataError, match="the data set has changed"):
        prepare_training(spec, resume=True)


def test_resuming_a_finished_run_says_so(prepared: PreparedTraining, monkeypatch: pytest.MonkeyPatch) -> None:
    run_training(prepared)
    spec = dataclasses.replace(prepared.spec, dataset_root=Path("train_data/tiny"))
    monkeypatch.setattr(train_module, "read_dataset", lambda root: DATASET)
    monkeypatch.setattr(train_module, "find_release", lambda: prepared.release)
    monkeypatch.setattr(train_module, "find_interpreter", lambda lane: prepared.interpreter)
    with pytest.raises(UsageError, match="2 of 2 epochs are done") as caught:
        prepare_training(spec, resume=True)
    assert "--epochs 3 --resume" in str(caught.value.hint)
