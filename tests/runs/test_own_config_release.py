"""A user's own YAML through the real release: trained, measured, exported, reported, gone on with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from own_files import OWN_REC, write_own_files

from ppocr_kit.cli.main import main
from ppocr_kit.vendor.release import sync_release

pytestmark = pytest.mark.release


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, release_path: Path) -> Iterator[Path]:
    """A folder with a YAML of the user's own, trained for an epoch, with one row that cannot be used."""
    folder = tmp_path_factory.mktemp("own")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        sync_release(project=folder, source=str(release_path))
        write_own_files(folder)
        with (folder / "lists" / "val.txt").open("a", encoding="utf-8") as handle:
            handle.write("gone.png\t44\n")
        assert main(["train", "--config", "own_rec.yml", "--name", "mine"]) == 0
        yield folder


def test_run_folder_has_the_yaml_that_ran(project: Path) -> None:
    run = project / "output" / "mine"
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    config = yaml.safe_load((run / "config.yml").read_text(encoding="utf-8"))
    assert (record["status"], record["model"], record["dataset"]) == ("finished", "own_rec", None)
    assert record["spec"]["config"] == "own_rec.yml"
    assert record["plan"]["rows"]["val"] == {"total": 5, "usable": 4, "rejected": 1}
    assert (run / "checkpoints" / "best_accuracy.pdparams").is_file()
    assert config["Global"]["save_model_dir"] == (run / "checkpoints").as_posix()
    assert config["Train"]["dataset"] == yaml.safe_load(OWN_REC)["Train"]["dataset"]


def test_run_is_measured_exported_reported_and_gone_on_with(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", "mine", "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    assert (measured["split"], measured["dataset"], measured["num_samples"]) == ("val", None, 4)
    assert [row["line"] for row in measured["skipped"]] == [5]
    assert main(["eval", "mine", "--split", "test"]) == 2
    assert "has no test split" in capsys.readouterr().err
    assert main(["export", "mine"]) == 0
    assert (project / "inference" / "mine" / "inference.yml").is_file()
    assert main(["report", "mine"]) == 0
    assert "YAML of your own" in capsys.readouterr().out
    assert main(["train", "--config", "own_rec.yml", "--name", "mine", "--resume"]) == 2
    assert "the run is finished" in capsys.readouterr().err
    assert main(["train", "--config", "own_rec.yml", "--name", "mine", "--epochs", "2", "--resume"]) == 0
    record = json.loads((project / "output" / "mine" / "run.json").read_text(encoding="utf-8"))
    assert (record["status"], record["plan"]["first_epoch"], record["plan"]["epochs"]) == ("finished", 2, 2)


def test_dry_run_shows_the_plan_and_the_changed_file(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "--config", "own_rec.yml", "--name", "dry", "--dry-run"]) == 0
    captured = capsys.readouterr()
    assert "# Changed from own_rec.yml:" in captured.out
    assert "12 rows to train, 4 to validate" in captured.err
    assert not (project / "output" / "dry").exists()


def test_weights_of_another_model_are_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = OWN_REC.replace("hidden_size: 24", "hidden_size: 32")
    text = text.replace(
        "  pretrained_model:\n", "  pretrained_model: output/mine/checkpoints/best_accuracy\n"
    )
    (project / "wider.yml").write_text(text, encoding="utf-8")
    assert main(["train", "--config", "wider.yml"]) == 3
    assert "weights are of another model" in capsys.readouterr().err
