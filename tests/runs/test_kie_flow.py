"""Key information from drawn forms to trained and measured networks, in the kie lane.

The shortened form of the figures in docs/tasks/kie.md: fewer forms, fewer steps, lower bounds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ppocr_kit.cli.main import main
from ppocr_kit.vendor.release import sync_release

pytestmark = [pytest.mark.release, pytest.mark.xdist_group("kie-flow")]

DATA = "train_data/forms"
SHORT = ("--batch-size", "4", "--lr", "0.003", "--max-seq-len", "176")
# What an untrained network reaches is below 0.05, and the long form of both 0.9.
LEARNT_CLASSES, LEARNT_LINKS = 0.5, 0.5


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory, release_path: Path, kie_python: Path) -> Iterator[Path]:
    """A project with a data set of forms, and a small network with its tokenizer in ``tiny``."""
    project = tmp_path_factory.mktemp("forms")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        patch.delenv("PPOCR_KIT_KIE_TOKENIZER", raising=False)
        sync_release(project=project, source=str(release_path))
        assert main(["synth", "labels", "--kind", "form", "--pages", "560"]) == 0
        assert main(["dataset", "build", "labels", "--name", "forms", "--tasks", "ser,re"]) == 0
        assert main(["models", "tiny", "layoutxlm", "--texts", DATA, "--out", "tiny"]) == 0
        yield project


@pytest.fixture(scope="module")
def ser(forms: Path) -> str:
    """A SER run after the first of its epochs."""
    train = ("train", "ser", "--dataset", DATA, "--pretrained", "tiny", "--name", "forms-ser")
    assert main([*train, *SHORT, "--epochs", "1"]) == 0
    return "forms-ser"


@pytest.fixture(scope="module")
def trained_ser(ser: str) -> str:
    """The same run after it went on."""
    assert main(["train", "ser", "--dataset", DATA, "--name", ser, "--epochs", "4", "--resume"]) == 0
    return ser


def record_of(name: str) -> dict[str, Any]:
    return dict(json.loads(Path("output", name, "run.json").read_text(encoding="utf-8")))


def test_ser_starts_from_a_folder_and_says_what_of_it_fits(ser: str) -> None:
    record = record_of(ser)
    assert record["status"] == "finished" and record["task"] == "ser"
    assert record["plan"]["rows"]["train"] == {"total": 448, "usable": 448, "rejected": 0}
    parts = {part["part"]: part for part in record["plan"]["weights"]["parts"]}
    assert parts["layoutxlm"]["share"] == 1.0 and parts["classifier"]["loaded"] == 0
    assert {path.name for path in Path("output", ser, "start").iterdir()} == {
        "config.json", "model_state.pdparams", "sentencepiece.bpe.model",
    }  # fmt: skip
    assert "paddlenlp" in record["versions"]


def test_a_run_goes_on_where_it_ended_with_its_own_tokenizer_and_learns_the_classes(
    trained_ser: str,
) -> None:
    record = record_of(trained_ser)
    assert record["plan"]["first_epoch"] == 2 and record["plan"]["weights"] is None
    log = Path("output", trained_ser, "logs", "train.log").read_text(encoding="utf-8")
    assert "epoch: [2/4], global_step: 1" in log
    assert ".pdopt is not exists" not in log.split("resume from")[-1]
    assert record["final"]["hmean"] >= LEARNT_CLASSES


def test_re_starts_from_the_network_of_a_ser_run_and_learns_the_links(
    trained_ser: str, capsys: pytest.CaptureFixture[str]
) -> None:
    train = ("train", "re", "--dataset", DATA, "--from-ser", trained_ser, "--name", "forms-re")
    assert main([*train, *SHORT, "--epochs", "1"]) == 0
    parts = {part["part"]: part for part in record_of("forms-re")["plan"]["weights"]["parts"]}
    assert parts["layoutxlm"]["share"] == 1.0 and parts["extractor"]["loaded"] == 0
    capsys.readouterr()
    assert main(["eval", "forms-re", "--split", "test", "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    assert measured["task"] == "re" and measured["num_samples"] == 56
    assert measured["values"]["hmean"] >= LEARNT_LINKS
    assert main(["train", "re", "--dataset", DATA, "--from-ser", "forms-re", "--name", "x"]) == 2
