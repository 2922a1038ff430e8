from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from tiny_dataset import make_dataset

from ppocr_kit.configs.base import list_models, load_recipe
from ppocr_kit.configs.changes import differences
from ppocr_kit.configs.fine_tuning import FINE_TUNING, fine_tuning_epochs
from ppocr_kit.configs.keys import check_keys
from ppocr_kit.configs.lint.yaml_file import lint_file
from ppocr_kit.configs.machine import fitting_batch
from ppocr_kit.configs.render import dump_config, render, render_config, rendered_text
from ppocr_kit.configs.spec import RunSpec
from ppocr_kit.datasets.manifest import Dataset
from ppocr_kit.errors import ConfigError, DataError
from ppocr_kit.problems import Severity
from ppocr_kit.tasks import Task

RECIPES = list_models()
EACH = pytest.mark.parametrize("recipe", RECIPES, ids=[recipe.name for recipe in RECIPES])
REC = RunSpec(Task.REC, "rec_en_number_lite_train", "run", output_dir=Path("/data/output/run"))
DET = RunSpec(Task.DET, "ch_det_mv3_db_v2.0", "run", output_dir=Path("/data/output/run"))


# one of each kind, to be read by eye; the tables below hold all of them
RECORDED = {
    "quickstart_det": replace(DET, model="quickstart_det"),
    "rec_en_number_lite_train": REC,
    "PP-OCRv5_mobile_rec": replace(REC, model="PP-OCRv5_mobile_rec"),
    "fine_tuned_det": replace(
        DET, model="PP-OCRv6_tiny_det", pretrained=Path("/weights/w.pdparams"), device="cpu:2", seed=7
    ),
    "fine_tuned_rec": replace(
        REC, model="en_PP-OCRv4_mobile_rec", pretrained=Path("/weights/w.pdparams"), device="gpu:0",
        mixed_precision=True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RECORDED)
def test_rendered_yaml_is_as_recorded(
    name: str, dataset: Dataset, golden: Callable[[str, str], None]
) -> None:
    spec = RECORDED[name]
    rendered = render(spec, dataset)
    golden(f"{name}.yml", rendered_text(rendered.config, rendered.changes, spec.model))


@EACH
@pytest.mark.parametrize(
    "changes", [{}, {"device": "gpu:0,1"}, {"pretrained": Path("w.pdparams")}, {"epochs": 7, "batch_size": 2}]
)
def test_rendered_yaml_reads_back_equal_and_says_what_it_changed(
    recipe, changes: dict[str, object], dataset: Dataset
) -> None:
    rendered = render(replace(REC, task=recipe.task, model=recipe.name, **changes), dataset)
    text = rendered_text(rendered.config, rendered.changes, recipe.name)
    assert yaml.safe_load(text) == rendered.config
    assert check_keys(rendered.config) == []
    said = {change.what: (change.before, change.after) for change in rendered.changes}
    differing = {what: (old, new) for what, old, new in differences(load_recipe(recipe), rendered.config)}
    assert said == differing
    assert all(change.why for change in rendered.changes)


def test_data_and_dictionary_come_from_the_dataset(dataset: Dataset) -> None:
    config = render_config(REC, dataset)
    assert config["Train"]["dataset"]["data_dir"] == "/data/tiny/rec"
    assert config["Train"]["dataset"]["label_file_list"] == ["/data/tiny/rec/train.txt"]
    assert config["Eval"]["dataset"]["label_file_list"] == ["/data/tiny/rec/val.txt"]
    assert config["Global"]["character_dict_path"] == "/data/tiny/rec/dict.txt"
    assert config["Global"]["use_space_char"] is True


@pytest.mark.parametrize(("longest", "kept"), [(1, 25), (25, 25), (40, 40), (80, 80), (200, 80)])
def test_text_length_follows_the_longest_label_up_to_the_frames(longest: int, kept: int) -> None:
    assert render_config(REC, make_dataset(longest=longest))["Global"]["max_text_length"] == kept


@pytest.mark.parametrize(("width", "kept"), [(None, 32), (160, 22), (640, 32)])
def test_guided_recogniser_keeps_what_the_width_holds(width: int | None, kept: int) -> None:
    spec = replace(REC, model="PP-OCRv5_mobile_rec", image_width=width)
    assert render_config(spec, make_dataset(longest=30))["Global"]["max_text_length"] == kept


@EACH
def test_rendered_file_passes_lint_but_for_its_absent_data(recipe, dataset: Dataset, tmp_path: Path) -> None:
    rendered = render(replace(REC, task=recipe.task, model=recipe.name), dataset)
    file = tmp_path / "config.yml"
    file.write_text(rendered_text(rendered.config, rendered.changes, recipe.name), encoding="utf-8")
    found = {problem.code for problem in lint_file(file, tmp_path) if problem.severity is not Severity.NOTE}
    assert found <= {"C010", "C011"}


def test_dataset_without_the_task_is_refused() -> None:
    with pytest.raises(DataError, match="was built without rec"):
        render_config(REC, make_dataset(tasks=(Task.DET,)))


@pytest.mark.parametrize(
    ("epochs", "wanted", "every"),
    [(1, None, 1), (7, None, 1), (12, None, 1), (20, None, 1), (60, None, 3), (53, None, 1), (500, None, 25),
     (1200, None, 60), (12, 5, 4), (12, 100, 12), (10, 3, 2), (3, 2, 1)],
)  # fmt: skip
def test_last_epoch_is_evaluated(epochs: int, wanted: int | None, every: int, dataset: Dataset) -> None:
    settings = render_config(replace(REC, epochs=epochs, eval_every_epochs=wanted), dataset)["Global"]
    assert settings["epoch_num"] == epochs
    assert settings["eval_batch_epoch"] == every
    assert epochs % every == 0
    assert isinstance(settings["eval_batch_step"], list), "3.7.0 looks at eval_batch_epoch only beside a list"


def test_no_copies_of_the_weights_are_kept_by_epoch(dataset: Dataset) -> None:
    settings = render_config(replace(REC, epochs=9), dataset)["Global"]
    assert settings["save_epoch_step"] > settings["epoch_num"]


@pytest.mark.parametrize(("epochs", "warmup"), [(1200, 2), (20, 2), (10, 1), (5, 0.5)])
def test_warm_up_takes_at_most_a_tenth(epochs: int, warmup: float, dataset: Dataset) -> None:
    config = render_config(replace(DET, epochs=epochs), dataset)
    assert config["Optimizer"]["lr"]["warmup_epoch"] == warmup


@pytest.mark.parametrize(
    ("batch", "rows", "processes", "fitting"),
    [(256, 80, 1, 16), (256, 80, 2, 8), (8, 10_000, 1, 8), (16, 3, 1, 1), (16, 0, 1, 1), (1, 1, 1, 1)],
)
def test_recipe_batch_is_halved_until_an_epoch_has_steps(
    batch: int, rows: int, processes: int, fitting: int
) -> None:
    assert fitting_batch(batch, rows, processes) == fitting


def test_given_batch_is_kept_for_the_plan_to_judge(dataset: Dataset) -> None:
    config = render_config(replace(REC, batch_size=500), dataset)
    assert config["Train"]["loader"]["batch_size_per_card"] == 500


def test_given_values_go_before_fine_tuning(dataset: Dataset) -> None:
    spec = replace(REC, pretrained=Path("w"), epochs=5, batch_size=4, learning_rate=5e-4)
    config = render_config(spec, dataset)
    assert config["Global"]["epoch_num"] == 5
    assert config["Train"]["loader"]["batch_size_per_card"] == 4
    assert config["Optimizer"]["lr"] == {"name": "Cosine", "learning_rate": 5e-4, "warmup_epoch": 0.0}


@pytest.mark.parametrize("weights", ["w/best_accuracy.pdparams", "w/best_accuracy"])
def test_weights_are_named_without_suffix(weights: str, dataset: Dataset) -> None:
    config = render_config(replace(REC, pretrained=Path(weights)), dataset)
    assert config["Global"]["pretrained_model"] == (Path.cwd() / "w/best_accuracy").as_posix()


def test_every_task_has_fine_tuning_defaults() -> None:
    assert FINE_TUNING.keys() == set(Task)


@pytest.mark.parametrize(("rows", "epochs"), [(0, 60), (1, 60), (800, 18), (2_800, 5), (1_000_000, 3)])
def test_fine_tuning_shows_a_fixed_number_of_rows(rows: int, epochs: int) -> None:
    assert fine_tuning_epochs(14_000, rows, 60) == epochs


@pytest.mark.parametrize(
    ("device", "gpu", "distributed", "workers"),
    [("cpu", False, False, (1, 0)), ("cpu:2", False, True, (1, 0)), ("gpu:0", True, False, (4, 2)),
     ("gpu:0,1", True, True, (4, 2))],
)  # fmt: skip
def test_machine_follows_the_device(
    device: str, gpu: bool, distributed: bool, workers: tuple[int, int], dataset: Dataset
) -> None:
    config = render_config(replace(REC, device=device), dataset)
    assert (config["Global"]["use_gpu"], config["Global"]["distributed"]) == (gpu, distributed)
    assert tuple(config[mode]["loader"]["num_workers"] for mode in ("Train", "Eval")) == workers
    assert config["Train"]["loader"]["use_shared_memory"] is gpu


def test_short_epochs_are_logged_too(dataset: Dataset) -> None:
    assert render_config(replace(REC, batch_size=10), dataset)["Global"]["print_batch_step"] == 2
    assert render_config(replace(REC, batch_size=80), dataset)["Global"]["print_batch_step"] == 1
    assert render_config(REC, make_dataset(train=10**6))["Global"]["print_batch_step"] == 10


def test_overrides_go_last(dataset: Dataset) -> None:
    spec = replace(REC, epochs=9, overrides=(("Global.eval_batch_epoch", "3"), ("Global.seed", "5")))
    settings = render_config(spec, dataset)["Global"]
    assert (settings["epoch_num"], settings["eval_batch_epoch"], settings["seed"]) == (9, 3, 5)


def test_overridden_epochs_take_the_evaluation_along(dataset: Dataset) -> None:
    settings = render_config(replace(REC, overrides=(("Global.epoch_num", "2"),)), dataset)["Global"]
    assert (settings["epoch_num"], settings["eval_batch_epoch"], settings["save_epoch_step"]) == (2, 1, 3)


def test_overridden_batch_takes_the_sampler_along(dataset: Dataset) -> None:
    spec = replace(REC, model="PP-OCRv5_mobile_rec", overrides=(("Train.loader.batch_size_per_card", "6"),))
    train = render_config(spec, dataset)["Train"]
    assert train["loader"]["batch_size_per_card"] == train["sampler"]["first_bs"] == 6


def test_unknown_override_is_refused(dataset: Dataset) -> None:
    with pytest.raises(ConfigError, match="unknown key Global.epoch_nun"):
        render_config(replace(REC, overrides=(("Global.epoch_nun", "2"),)), dataset)


def test_same_request_renders_the_same_bytes(dataset: Dataset) -> None:
    assert dump_config(render_config(REC, dataset)) == dump_config(render_config(REC, dataset))


def test_spec_as_json_is_plain() -> None:
    body = replace(REC, pretrained=Path("w.pdparams"), overrides=(("a.b", "1=2"),)).to_json()
    assert body["overrides"] == ["a.b=1=2"]
    assert body["pretrained"] == "w.pdparams"
    assert all(isinstance(value, (str, int, float, list, type(None))) for value in body.values())
