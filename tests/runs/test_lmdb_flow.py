"""Line pictures in LMDBs through the whole flow, with the real release on the CPU."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from lmdb_files import write_lmdb
from own_files import OWN_REC, write_own_files

from ppocr_kit.cli.main import main
from ppocr_kit.vendor.environment import find_interpreter
from ppocr_kit.vendor.process import run_tool
from ppocr_kit.vendor.release import find_release, sync_release
from ppocr_kit.vendor.tools import tool_invocation

pytestmark = pytest.mark.release

HERE = Path(__file__).parent
TRAIN = ("train", "rec", "--model", "quickstart_rec", "--batch-size", "8", "-o", "Global.print_batch_step=1")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, release_path: Path) -> Iterator[Path]:
    """A project with one data set as files and as LMDBs, and one epoch of training on each."""
    project = tmp_path_factory.mktemp("lmdb")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        sync_release(project=project, source=str(release_path))
        assert main(["synth", "labels", "--pages", "18", "--lines", "4"]) == 0
        build = ["dataset", "build", "labels", "--ratio", "4:1:1", "--tasks", "rec"]
        for name in ("files", "lmdb"):
            assert main([*build, "--name", name, "--format", name]) == 0
            words = [*TRAIN, "--dataset", f"train_data/{name}", "--name", name, "--epochs", "1"]
            assert main(words) == 0
        yield project


@pytest.fixture
def project(trained: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(trained)
    return trained


def losses(project: Path, run: str) -> list[str]:
    """Return the loss of every step, as the release logged it."""
    return re.findall(
        r"\bloss: ([\d.]+)", (project / "output" / run / "logs" / "train.log").read_text("utf-8")
    )


def test_training_from_an_lmdb_is_training_from_files(project: Path) -> None:
    assert losses(project, "lmdb") == losses(project, "files")
    assert len(losses(project, "lmdb")) == 6
    config = yaml.safe_load((project / "output" / "lmdb" / "config.yml").read_text("utf-8"))
    assert config["Train"]["dataset"]["name"] == "LMDBDataSet"
    assert config["Train"]["dataset"]["data_dir"].endswith("train_data/lmdb/rec/train.lmdb")


def test_a_run_is_measured_and_exported(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["eval", "lmdb", "--split", "test", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["num_samples"] == 12
    assert main(["export", "lmdb"]) == 0
    assert json.loads((project / "inference" / "lmdb" / "export.json").read_text())["parity"]["images"] == 12


def test_two_processes_train_and_one_goes_on(project: Path) -> None:
    data = ("--dataset", "train_data/lmdb")
    assert (
        main([*TRAIN, *data, "--name", "two", "--epochs", "1", "--device", "cpu:2", "--batch-size", "4"]) == 0
    )
    assert len(losses(project, "two")) == 6
    assert main(["train", "rec", *data, "--name", "two", "--resume", "--epochs", "2"]) == 0
    record = json.loads((project / "output" / "two" / "run.json").read_text("utf-8"))
    assert (record["status"], record["plan"]["first_epoch"]) == ("finished", 2)


def test_the_release_loads_the_same_batches_from_both(project: Path) -> None:
    configs = [str(project / "output" / name / "config.yml") for name in ("files", "lmdb")]
    lines: list[str] = []
    script = str(HERE / "scripts" / "load_from_lmdb.py")
    python = find_interpreter("paddle").python
    log = project / "load.log"
    run_tool(
        tool_invocation(find_release(), python, script, configs, cwd=project, log=log), on_line=lines.append
    )
    found = json.loads((project / "found.json").read_text("utf-8"))
    assert found["same"] == [True] * 5 and found["other"] is False
    # a picture that is not there, a text without a known character
    assert found["eval"] == ["SystemError", "SystemError"] and found["train"] == 4
    assert found["shares"] == 6 and found["whole"] is True
    said = "\n".join(lines)
    assert "image-999999999\t1; mend it" in said and "row left out of training" in said


def test_an_lmdb_of_ones_own_trains_without_the_rows_that_cannot(
    tmp_path: Path, release_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sync_release(project=tmp_path, source=str(release_path))
    write_own_files(tmp_path)
    pictures = {path.stem: path.read_bytes() for path in sorted((tmp_path / "pictures").iterdir())}
    train = [(content, name.encode()) for name, content in pictures.items() if name < "40"]
    write_lmdb(tmp_path / "db" / "train" / "a", [*train[:6], (None, b"1"), (train[0][0], None)])
    write_lmdb(tmp_path / "db" / "train" / "b", [*train[6:], (train[0][0], b"1" * 26)])
    write_lmdb(
        tmp_path / "db" / "val",
        [(content, name.encode()) for name, content in pictures.items() if name >= "40"],
    )
    config = yaml.safe_load(OWN_REC)
    for mode, folder in (("Train", "db/train"), ("Eval", "db/val")):
        config[mode]["dataset"].update(name="LMDBDataSet", data_dir=folder)
        del config[mode]["dataset"]["label_file_list"]
    (tmp_path / "own_rec.yml").write_text(yaml.safe_dump(config), "utf-8")
    assert main(["train", "--config", "own_rec.yml", "--name", "mine"]) == 0
    run = tmp_path / "output" / "mine"
    rejected = json.loads((run / "reports" / "rejected-rows.json").read_text("utf-8"))["train"]
    assert [(row["list"], row["line"]) for row in rejected] == [("db/train", line) for line in (7, 8, 15)]
    used = yaml.safe_load((run / "config.yml").read_text("utf-8"))
    (listed,) = used["Train"]["dataset"]["label_file_list"]
    rows = Path(listed).read_text("utf-8").splitlines()
    assert len(rows) == 12 and rows[6] == "b/image-000000001\t16"
    assert main(["eval", "mine"]) == 0
