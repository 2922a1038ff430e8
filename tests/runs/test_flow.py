"""The whole flow with the real release on the CPU: small, but every step is the user's command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ppocr_kit.cli.main import main
from ppocr_kit.vendor.release import sync_release

pytestmark = pytest.mark.release

DET = ("train", "det", "--dataset", "train_data/tiny", "--model", "quickstart_det", "--image-size", "128")
REC = ("train", "rec", "--dataset", "train_data/tiny", "--model", "quickstart_rec")


@pytest.fixture(scope="module")
def flow(tmp_path_factory: pytest.TempPathFactory, release_path: Path) -> Iterator[Path]:
    """A project with a small synthetic data set and one short run of each task."""
    project = tmp_path_factory.mktemp("flow")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        sync_release(project=project, source=str(release_path))
        assert main(["synth", "labels", "--pages", "24", "--lines", "4"]) == 0
        assert main(["labels", "check", "labels"]) == 0
        assert main(["dataset", "build", "labels", "--name", "tiny", "--ratio", "4:1:1"]) == 0
        assert main([*DET, "--name", "d", "--epochs", "2"]) == 0
        assert main([*REC, "--name", "r", "--epochs", "2", "--batch-size", "8"]) == 0
        yield project


@pytest.fixture
def project(flow: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, as the current folder."""
    monkeypatch.chdir(flow)
    return flow


def printed_json(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    capsys.readouterr()
    assert main([*words, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("run", "indicator"), [("d", "hmean"), ("r", "acc")])
def test_a_run_folder_holds_what_is_needed_to_run_it_again(project: Path, run: str, indicator: str) -> None:
    folder = project / "output" / run
    record = load(folder / "run.json")
    assert record["status"] == "finished" and indicator in record["final"]
    assert record["dataset"]["checksum"] and record["versions"]["paddlepaddle"] and record["command"]
    config = yaml.safe_load((folder / "config.yml").read_text(encoding="utf-8"))
    used = yaml.safe_load((folder / "checkpoints" / "config.yml").read_text(encoding="utf-8"))
    # what the tool wrote down is what was rendered, plus what it adds itself
    assert {key: used[key] for key in config if key != "Global"} == {
        key: config[key] for key in config if key != "Global"
    }
    assert (folder / "checkpoints" / "best_accuracy.pdparams").is_file()
    assert (folder / "logs" / "train.log").stat().st_size > 0


@pytest.mark.parametrize(
    ("run", "names", "rows"),
    [("d", {"precision", "recall", "hmean"}, 4), ("r", {"acc", "norm_edit_dis"}, 16)],
)
def test_eval_says_what_was_measured_on_what(
    project: Path, capsys: pytest.CaptureFixture[str], run: str, names: set[str], rows: int
) -> None:
    found = printed_json(capsys, "eval", run)
    assert set(found["values"]) == names and all(0 <= value <= 1 for value in found["values"].values())
    assert (found["split"], found["num_samples"], found["num_skipped"]) == ("test", rows, 0)
    assert found["definition"] and "PaddleOCR 3.7.0" in found["computed_by"]
    assert load(project / "output" / run / "reports" / "eval-test.json") == found


def test_a_split_with_a_row_that_cannot_be_scored_counts_it(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = project / "train_data" / "shortened"
    subprocess.run(["cp", "-r", str(project / "train_data" / "tiny"), str(other)], check=True)
    rows = (other / "rec" / "test.txt").read_text(encoding="utf-8").splitlines()
    (other / "rec" / rows[0].split("\t")[0]).unlink()
    found = printed_json(capsys, "eval", "r", "--dataset", str(other))
    assert (found["num_samples"], found["num_skipped"]) == (15, 1)
    assert "image not found" in found["skipped"][0]["reason"] and found["skipped"][0]["line"] == 1


def test_a_finished_run_resumes_to_more_epochs_and_no_further(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = load(project / "output" / "r" / "run.json")
    assert main([*REC, "--name", "r", "--resume"]) == 2
    assert "2 of 2 epochs are done" in capsys.readouterr().err
    assert main([*REC, "--name", "r", "--resume", "--epochs", "3"]) == 0
    after = load(project / "output" / "r" / "run.json")
    assert after["plan"]["first_epoch"] == 3 and after["seconds"] > before["seconds"]
    assert after["started"] == before["started"]
    log = (project / "output" / "r" / "logs" / "train.log").read_text(encoding="utf-8")
    assert "epoch: [3/3], global_step: 24" in log  # 8 steps an epoch, counted on


def test_an_existing_run_is_left_alone(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*DET, "--name", "d"]) == 2
    assert "--overwrite" in capsys.readouterr().err


def test_dry_run_prints_the_plan_and_writes_nothing(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = printed_json(capsys, *REC, "--name", "planned", "--dry-run", "--batch-size", "8", "--epochs", "4")
    assert shown["plan"]["steps_per_epoch"] == 8 and shown["plan"]["evaluations"] >= 1
    assert shown["config"]["Global"]["epoch_num"] == 4 and shown["command"][-1].endswith("config.yml")
    assert not (project / "output" / "planned").exists()


def test_fine_tuning_says_how_much_of_the_weights_loads(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = "output/r/checkpoints/best_accuracy.pdparams"
    shown = printed_json(capsys, *REC, "--name", "t", "--pretrained", weights, "--dry-run")
    assert shown["plan"]["weights"]["share"] == 1.0 and shown["plan"]["weights"]["new_head"] == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((*REC, "--pretrained", "output/d/checkpoints/best_accuracy.pdparams"), 3, "of another model"),
        ((*REC, "--pretrained", "train_data/tiny/dataset.json"), 3, "no training weights"),
        ((*REC, "--pretrained", "nowhere.pdparams"), 3, "nowhere.pdparams"),
        ((*REC, "--batch-size", "1000"), 3, "a batch of 1000 rows is larger than the 64 training rows"),
        ((*REC, "-o", "Global.character_dict_path=short.txt"), 3, "the dictionary lacks"),
        ((*REC, "-o", "Global.max_text_length=1"), 3, "none of the 64 training rows can be used"),
        ((*REC, "-o", "Global.epoch_nun=3"), 4, "epoch_num"),
        (("train", "rec", "--dataset", "train_data/none"), 3, "train_data/none"),
        (("train", "rec", "--dataset", "train_data/tiny", "--model", "quickstart_rex"), 2, "quickstart_rec"),
        (("eval", "nothing"), 2, "there is no run 'nothing'"),
        (("eval", "r", "--checkpoint", "output/d/checkpoints/latest.pdparams"), 3, "another model"),
        (("eval", "r", "--checkpoint", "gone.pdparams"), 2, "no gone.pdparams checkpoint"),
        (("eval", "r", "--checkpoint", "pretrained"), 3, "from scratch"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(
    project: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, said: str
) -> None:
    (project / "short.txt").write_text("1\n2\n", encoding="utf-8")
    name = ("--name", "refused") if words[0] == "train" else ()
    capsys.readouterr()
    assert main([*words, *name]) == code
    err = capsys.readouterr().err
    assert said in err and "Traceback" not in err
    assert not (project / "output" / "refused").exists()


@pytest.mark.parametrize(
    "options",
    [
        ("--batch-size", "2", "-o", "Global.print_batch_step=1"),
        ("--batch-size", "8", "-o", "Global.print_batch_step=4", "--epochs", "1"),
    ],
    ids=["on the way", "at the last step"],
)
def test_a_lost_loss_ends_the_training(
    project: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    words = (*REC, "--name", "lost", "--overwrite", "--lr", "1e30", *options)
    assert main(list(words)) == 6
    assert "the loss is not a number" in capsys.readouterr().err
    assert load(project / "output" / "lost" / "run.json")["status"] == "failed"


def test_ctrl_c_leaves_a_run_that_resumes(project: Path, kit_in_foreground: list[str]) -> None:
    words = [*REC, "--name", "stopped", "--epochs", "50", "--batch-size", "8", "--eval-every", "50"]
    latest = project / "output" / "stopped" / "checkpoints" / "latest.states"
    deadline = time.monotonic() + 120
    with subprocess.Popen(
        [*kit_in_foreground, *words], stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        while not latest.exists() and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.2)
        os.kill(process.pid, signal.SIGINT)
        err = process.communicate(timeout=60)[1]
    assert process.returncode == 130 and "--resume" in err
    assert load(project / "output" / "stopped" / "run.json")["status"] == "interrupted"
    epochs = yaml.safe_load((project / "output" / "stopped" / "config.yml").read_text())["Global"][
        "epoch_num"
    ]
    assert epochs == 50
    assert main([*REC, "--name", "stopped", "--resume", "--epochs", "50", "--dry-run"]) == 0


def test_two_processes_share_the_work(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = (*REC, "--name", "two", "--epochs", "1", "--batch-size", "8", "--device", "cpu:2")
    record = printed_json(capsys, *words)
    assert record["plan"]["processes"] == 2 and record["plan"]["steps_per_epoch"] == 4
    assert record["status"] == "finished"


def test_report_shows_both_runs(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "d"]) == 0
    capsys.readouterr()
    assert main(["report", "d"]) == 0
    text = (project / "output" / "d" / "reports" / "report.md").read_text(encoding="utf-8")
    assert "quickstart_det" in text and "hmean" in text
