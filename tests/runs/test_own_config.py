"""A user's own YAML before it trains: what stops it, and the little that is changed in it."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from own_files import OWN_REC, write_own_files

from ppocr_kit.cli.main import main
from ppocr_kit.configs.base import find_recipe
from ppocr_kit.configs.spec import RunSpec
from ppocr_kit.errors import ConfigError, UsageError
from ppocr_kit.problems import Severity
from ppocr_kit.runs import own_config
from ppocr_kit.runs.own_config import check_own_config, prepare_own_training, require_sound
from ppocr_kit.runs.plan import RowCheck, TrainingPlan
from ppocr_kit.runs.train import PreparedTraining
from ppocr_kit.tasks import Task
from ppocr_kit.vendor.environment import Interpreter
from ppocr_kit.vendor.release import PinnedRelease

Prepare = Callable[..., PreparedTraining]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder, as the current one."""
    monkeypatch.chdir(tmp_path)
    write_own_files(tmp_path)
    return tmp_path


@pytest.fixture
def prepare(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Prepare:
    """Return a function that prepares the YAML without starting Paddle: three steps an epoch."""

    def plan(config: dict[str, Any], *_: Any, **__: Any) -> TrainingPlan:
        rows = RowCheck(12, (tuple(range(1, 13)),), (), {})
        evaluations = own_config.count_evaluations(config, 3)
        epochs = config["Global"]["epoch_num"]
        return TrainingPlan(config, rows, rows, 1, 4, 3, epochs, 1, evaluations, 100)

    def prepared(text: str = OWN_REC, complete: bool = False, **options: Any) -> PreparedTraining:
        release = PinnedRelease("3.7.0", folder, "pypi", complete=complete)
        monkeypatch.setattr(own_config, "find_release", lambda: release)
        (folder / "own_rec.yml").write_text(text, encoding="utf-8")
        own = check_own_config(Path("own_rec.yml"))
        spec = RunSpec(
            Task.REC, "own_rec", "own", config_file=Path("own_rec.yml"), output_dir=Path("output/own"),
            **{"seed": own.seed, **options},
        )  # fmt: skip
        return prepare_own_training(own, spec)

    monkeypatch.setattr(own_config, "plan_training", plan)
    monkeypatch.setattr(
        own_config, "find_interpreter", lambda lane: Interpreter(Path(sys.executable), "current", {})
    )
    return prepared


def test_only_what_must_change_is_changed(prepare: Prepare, folder: Path) -> None:
    prepared = prepare()
    checkpoints = (folder / "output" / "own" / "checkpoints").as_posix()
    expected = yaml.safe_load(OWN_REC)
    expected["Global"].update(
        use_gpu=False, distributed=False, save_model_dir=checkpoints, eval_batch_epoch=1,
        save_res_path=(folder / "output" / "own" / "predictions" / "predicts.txt").as_posix(),
    )  # fmt: skip
    expected["Eval"]["dataset"]["label_file_list"] = ["lists/val.txt"]
    assert prepared.plan.config == expected
    assert {change.what for change in prepared.changes} == {
        "Global.use_gpu", "Global.distributed", "Global.save_model_dir", "Global.save_res_path",
        "Global.eval_batch_epoch", "Eval.dataset.label_file_list",
    }  # fmt: skip
    text = prepared.config_text(dict(prepared.plan.config))
    assert text.startswith("# Changed from own_rec.yml:\n")
    assert yaml.safe_load(text) == expected


def test_evaluations_that_fall_inside_the_run_stay_as_they_are(prepare: Prepare) -> None:
    prepared = prepare(OWN_REC.replace("[0, 2000]", "[0, 2]"))
    assert prepared.plan.evaluations == 1
    assert "eval_batch_epoch" not in prepared.plan.config["Global"]


def test_options_change_what_they_say(prepare: Prepare) -> None:
    prepared = prepare(
        epochs=6, batch_size=2, learning_rate=0.5, seed=7, eval_every_epochs=3,
        overrides=(("Global.print_batch_step", "2"),),
    )  # fmt: skip
    config = prepared.plan.config
    assert (config["Global"]["epoch_num"], config["Global"]["seed"]) == (6, 7)
    assert config["Global"]["eval_batch_epoch"] == 3
    assert config["Global"]["print_batch_step"] == 2
    assert config["Train"]["loader"]["batch_size_per_card"] == 2
    assert config["Optimizer"]["lr"]["learning_rate"] == 0.5


def test_warm_up_that_would_not_end_is_shortened_with_the_run(prepare: Prepare) -> None:
    prepared = prepare(OWN_REC.replace("warmup_epoch: 0", "warmup_epoch: 5"), epochs=4)
    assert prepared.plan.config["Optimizer"]["lr"]["warmup_epoch"] == 0.4


def test_targets_that_grow_over_the_run_follow_its_length(prepare: Prepare) -> None:
    text = OWN_REC.replace("      - RecAug:\n", "      - RecAug:\n      - MakeShrinkMap: {total_epoch: 1}\n")
    steps = prepare(text, epochs=8).plan.config["Train"]["dataset"]["transforms"]
    assert {"MakeShrinkMap": {"total_epoch": 8}} in steps


def test_steps_between_evaluations_stay_in_the_file(prepare: Prepare) -> None:
    prepared = prepare(OWN_REC.replace("[0, 2000]", "[0, 1500]"))
    assert prepared.plan.config["Global"]["eval_batch_step"] == [0, 1500]
    assert prepared.plan.config["Global"]["eval_batch_epoch"] == 1
    prepared = prepare(OWN_REC.replace("[0, 2000]", "2000"))
    assert prepared.plan.config["Global"]["eval_batch_step"] == [0, 2000]


def test_mixed_precision_is_left_out_on_a_cpu(prepare: Prepare) -> None:
    prepared = prepare(OWN_REC.replace("use_xpu: false", "use_xpu: true\n  use_amp: true"))
    assert prepared.plan.config["Global"]["use_amp"] is False
    assert prepared.plan.config["Global"]["use_xpu"] is False


def test_existing_run_is_not_replaced(prepare: Prepare, folder: Path) -> None:
    (folder / "output" / "own").mkdir(parents=True)
    with pytest.raises(UsageError, match="exists"):
        prepare()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{name: MobileNetV3", "{name: ResNet31", "Backbone ResNet31"),
        ("model_type: rec", "model_type: rec\n  Models: {}", "distillation"),
        ("name: Cosine", "name: LinearWarmupCosine", "lr LinearWarmupCosine"),
    ],
)
def test_part_that_nobody_supplies_is_named_with_its_line(
    prepare: Prepare, old: str, new: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        prepare(OWN_REC.replace(old, new))
    assert caught.value.at is not None and caught.value.at.startswith("own_rec.yml:")
    assert "vendor sync --source git" in str(caught.value.hint)
    if old.startswith("{"):
        assert prepare(OWN_REC.replace(old, new), complete=True)


def test_distillation_is_refused_with_a_complete_release_too(prepare: Prepare) -> None:
    with pytest.raises(ConfigError, match="several models") as caught:
        prepare(OWN_REC.replace("algorithm: CRNN", "algorithm: Distillation"), complete=True)
    assert "vendor exec" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    name: SimpleDataSet\n    data_dir: ./pictures\n    label_file_list: [",
         "    name: PGDataSet\n    data_dir: ./pictures\n    label_file_list: [", "no list of rows"),
        ("  checkpoints:\n", "  checkpoints: lists/digits.txt\n", "another run"),
        ("epoch_num: 1", "epoch_num: many", "1 error"),
        ("learning_rate: 0.001", "learning_rate: 1e-3", "1 error"),
    ],
)  # fmt: skip
def test_what_cannot_be_planned_is_refused_with_its_line(
    prepare: Prepare, old: str, new: str, message: str
) -> None:
    assert OWN_REC.count(old) == 1
    with pytest.raises(ConfigError, match=message) as caught:
        prepare(OWN_REC.replace(old, new))
    assert caught.value.at is not None and caught.value.at.startswith("own_rec.yml:")


def test_evaluation_beyond_the_run_is_a_warning_here_and_notes_are_left_out(folder: Path) -> None:
    text = OWN_REC.replace("./output/rec_own", "/output/rec_own")
    (folder / "own_rec.yml").write_text(text, encoding="utf-8")
    own = check_own_config(Path("own_rec.yml"))
    assert [(problem.code, problem.severity) for problem in own.problems] == [("C013", Severity.WARNING)]
    require_sound(own)
    assert (own.task, own.seed) == (Task.REC, 1024)


def test_other_tasks_are_refused_by_name(folder: Path) -> None:
    (folder / "own_rec.yml").write_text(OWN_REC.replace("model_type: rec", "model_type: table"), "utf-8")
    with pytest.raises(ConfigError, match="this is a table model"):
        assert check_own_config(Path("own_rec.yml")).task


@pytest.mark.parametrize("task", [Task.SER, Task.RE])
def test_the_task_of_a_yaml_for_key_information_is_told_by_its_backbone(folder: Path, task: Task) -> None:
    text = find_recipe(task, "vi_layoutxlm").path.read_text(encoding="utf-8")
    (folder / "own.yml").write_text(text, encoding="utf-8")
    assert check_own_config(Path("own.yml")).task is task
    (folder / "own.yml").write_text(text.replace("name: LayoutXLMFor", "name: LayoutLMFor"), encoding="utf-8")
    with pytest.raises(ConfigError, match="a kie model of LayoutLMFor"):
        assert check_own_config(Path("own.yml")).task


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("rec", "--config", "own_rec.yml"), 2, "TASK goes with a recipe"),
        (("--config", "own_rec.yml", "--model", "x", "--dataset", "y"), 2, "--dataset, --model go"),
        (("--config", "own_rec.yml", "--image-size", "64"), 2, "--image-size"),
        (("--config", "none.yml"), 2, "no such file"),
        (("--config", "own_rec.yml", "--lr", "0"), 2, "not a learning rate"),
        (("--config", "own_rec.yml", "--name", "../x"), 2, "cannot name a run"),
        (("--config", "own_rec.yml", "--pretrained", "none"), 3, "no training weights"),
        ((), 2, "--config FILE"),
    ],
)
def test_request_that_does_not_fit_is_refused(
    words: tuple[str, ...], code: int, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", *words]) == code
    assert said in capsys.readouterr().err


# What old files have, one fault each, and the code that catches it.
OLD_STYLE = [
    ("  Transform:\n", "  Transform: None\n", "C008"),
    ("  pretrained_model:\n", "  pretrained_model: https://host/best_accuracy\n", "C009"),
    ("1.0e-05", "1e-5\n  decay: 1", "C001"),
    ("learning_rate: 0.001", "learning_rate: 1e-3", "C007"),
    ("      - RecAug:\n", "      - RecAugment:\n", "C015"),
    ("  name: CTCLoss\n", "  name: CTCLoss\n  balance_loss: true\n", "C005"),
    ("epoch_num: 1\n", "epoch_num: 1\n\tseed: 3\n", "C002"),
    ("epoch_num: 1\n", "epoch_num: 1\n  epoch_num: 2\n", "C003"),
    ("./pictures\n    label_file_list: [", "D:\\ocr\\pictures\n    label_file_list: [", "C017"),
    ("lists/digits.txt", "./ppocr/utils/en_dict.txt", "C011"),
    ("lists/val.txt", "lists/../lists/train.txt", "C012"),
    ("lists/val.txt", "lists/test.txt", "C010"),
    ("batch_size_per_card: 4, drop_last: true", "batch_size_per_card: 64, drop_last: true", "C014"),
]


@pytest.mark.parametrize(("old", "new", "code"), OLD_STYLE, ids=[case[2] for case in OLD_STYLE])
def test_fault_of_an_old_file_stops_the_training_with_its_line(
    old: str, new: str, code: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert OWN_REC.count(old) == 1
    Path("own_rec.yml").write_text(OWN_REC.replace(old, new), encoding="utf-8")
    assert main(["train", "--config", "own_rec.yml", "--json"]) == 4
    captured = capsys.readouterr()
    assert f" error {code}: " in captured.err
    assert json.loads(captured.out)["error"]["exit_code"] == 4
    assert not Path("output").exists()


def test_warnings_of_an_old_file_do_not_stop_it(prepare: Prepare, folder: Path) -> None:
    prepared = prepare(OWN_REC.replace("epoch_num: 1\n", "epoch_num: 1\n  character_type: en\n"))
    own = check_own_config(folder / "own_rec.yml")
    assert {problem.code for problem in own.problems} == {"C006", "C013"}
    assert dataclasses.replace(prepared).plan.evaluations == 1
