from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.configs.base import find_recipe, load_recipe
from ppocr_kit.configs.keys import dotted, value_at
from ppocr_kit.configs.overrides import apply_overrides, parse_override
from ppocr_kit.configs.yaml_text import dump_config, parse_value
from ppocr_kit.errors import ConfigError, UsageError
from ppocr_kit.tasks import Task

RECIPE = load_recipe(find_recipe(Task.REC, "rec_en_number_lite_train"))
DETECTOR = load_recipe(find_recipe(Task.DET, "ch_det_mv3_db_v2.0"))


def change(key: str, value: str, config: dict[str, Any] = RECIPE) -> dict[str, Any]:
    return apply_overrides(config, [(key, value)])


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("a.b=1", ("a.b", "1")),
        ("a=b=c", ("a", "b=c")),
        (" a = x ", ("a", "x")),
        ("a=", ("a", "")),
        ("a==", ("a", "=")),
    ],
)
def test_override_is_split_at_the_first_equals_sign(text: str, pair: tuple[str, str]) -> None:
    assert parse_override(text) == pair


@pytest.mark.parametrize("text", ["", "a", "=1", "  =1"])
def test_text_without_key_or_sign_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not KEY=VALUE"):
        parse_override(text)


@given(st.text(alphabet="abc._[]0", min_size=1).filter(str.strip), st.text())
def test_any_value_survives_the_split(key: str, value: str) -> None:
    assert parse_override(f"{key}={value}") == (key.strip(), value.strip())


@pytest.mark.parametrize(
    ("key", "text", "path", "value"),
    [
        ("Optimizer.lr.learning_rate", "1e-6", ("Optimizer", "lr", "learning_rate"), 1e-6),
        ("Optimizer.lr.learning_rate", "5.E-4", ("Optimizer", "lr", "learning_rate"), 5e-4),
        ("Optimizer.lr.learning_rate", "1", ("Optimizer", "lr", "learning_rate"), 1.0),
        ("Optimizer.lr.warmup_epoch", "2", ("Optimizer", "lr", "warmup_epoch"), 2.0),
        ("Global.epoch_num", "3", ("Global", "epoch_num"), 3),
        ("Global.use_amp", "true", ("Global", "use_amp"), True),
        ("Global.pretrained_model", "null", ("Global", "pretrained_model"), None),
        ("Global.pretrained_model", "a=b", ("Global", "pretrained_model"), "a=b"),
        ("Global.eval_batch_step", "[0, 10]", ("Global", "eval_batch_step"), [0, 10]),
        ("Global.eval_batch_step", "10", ("Global", "eval_batch_step"), 10),
        ("Train.dataset.label_file_list.0", "x.txt", ("Train", "dataset", "label_file_list", 0), "x.txt"),
        ("Train.dataset.label_file_list[0]", "x.txt", ("Train", "dataset", "label_file_list", 0), "x.txt"),
        ("Train.dataset.ratio_list", "[0.5]", ("Train", "dataset", "ratio_list"), [0.5]),
        (
            "Train.dataset.transforms.RecResizeImg.image_shape",
            "[3, 32, 100]",
            ("Train", "dataset", "transforms", 3, "RecResizeImg", "image_shape"),
            [3, 32, 100],
        ),
        (
            "Train.dataset.transforms[3].RecResizeImg.padding",
            "false",
            ("Train", "dataset", "transforms", 3, "RecResizeImg", "padding"),
            False,
        ),
        (
            "Train.dataset.transforms.RecAug.tia_prob",
            "0.1",
            ("Train", "dataset", "transforms", 1, "RecAug", "tia_prob"),
            0.1,
        ),
        ("Train.dataset.transforms.RecAug", "null", ("Train", "dataset", "transforms", 1, "RecAug"), None),
        ("Loss.use_focal_loss", "true", ("Loss", "use_focal_loss"), True),
    ],
)
def test_value_lands_where_the_key_points(key: str, text: str, path: tuple[Any, ...], value: Any) -> None:
    changed = change(key, text)
    found = value_at(changed, path)
    assert found == value
    assert type(found) is type(value)


def test_only_the_named_value_changes() -> None:
    before = copy.deepcopy(RECIPE)
    changed = change("Global.epoch_num", "3")
    assert before == RECIPE
    changed["Global"]["epoch_num"] = RECIPE["Global"]["epoch_num"]
    assert changed == RECIPE


def test_later_override_goes_before_earlier() -> None:
    changed = apply_overrides(RECIPE, [("Global.seed", "1"), ("Global.seed", "2")])
    assert changed["Global"]["seed"] == 2


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("Global.epoch_nun", "Global.epoch_num"),
        ("epoch_num", "Global.epoch_num"),
        ("Global.use_apm", "Global.use_amp"),
        ("Train.loader.batch_size", "Train.loader.batch_size_per_card"),
        ("Optimizer.learning_rate", "Optimizer.lr.learning_rate"),
        ("Architecture.Backbone.scales", "Architecture.Backbone.scale"),
        (
            "Train.dataset.transforms.RecResizeImg.image_shap",
            "Train.dataset.transforms.RecResizeImg.image_shape",
        ),
    ],
)
def test_unknown_key_names_the_nearest_known_one(key: str, nearest: str) -> None:
    with pytest.raises(ConfigError, match=f"unknown key {key}") as caught:
        change(key, "1")
    assert caught.value.hint == f"did you mean {nearest}?"


@pytest.mark.parametrize(
    "key",
    ["", ".", "a.b", "Train.dataset.label_file_list.7", "Train.dataset.transforms.9", "Global.seed.x",
     "Train.dataset.transforms.EastRandomCropData.size"],
)  # fmt: skip
def test_key_that_leads_nowhere_is_refused(key: str) -> None:
    with pytest.raises(ConfigError, match="unknown key"):
        change(key, "1")


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        ("Global.epoch_num", "1.5", "takes a whole number"),
        ("Global.epoch_num", "true", "takes a whole number"),
        ("Global.epoch_num", "many", "takes a whole number"),
        ("Global.epoch_num", "null", "takes a whole number"),
        ("Global.epoch_num", "", "takes a whole number from 1, not nothing"),
        ("Global.epoch_num", "0", "takes a whole number from 1, not 0"),
        ("Train.loader.batch_size_per_card", "-1", "takes a whole number from 1"),
        ("Global.eval_batch_step", "often", "takes a whole number from 1 or a list"),
        ("Global.use_gpu", "1", "takes true or false"),
        ("Optimizer.lr.learning_rate", "fast", "takes a number"),
        ("Optimizer.lr.learning_rate", ".nan", "takes a number"),
        ("Optimizer.lr.learning_rate", "[1]", "takes a number"),
        ("Train.dataset.transforms.RecResizeImg.image_shape", "32", "takes a list"),
        ("Global", "3", "takes a mapping"),
        ("Global.pretrained_model", "None", "'None' is text in YAML"),
        ("Global.eval_batch_step", "[1, 2", "is not YAML"),
        ("Global", "{epoch_nun: 3}", "unknown key Global.epoch_nun"),
        ("Train.dataset.transforms", "[{RecAgu: null}]", "unknown key Train.dataset.transforms.0.RecAgu"),
    ],
)
def test_value_of_another_type_is_refused(key: str, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        change(key, text)


def test_transform_that_stands_twice_needs_its_index() -> None:
    config = copy.deepcopy(DETECTOR)
    config["Train"]["dataset"]["transforms"].append({"ToCHWImage": None})
    with pytest.raises(ConfigError, match="unknown key"):
        change("Train.dataset.transforms.ToCHWImage", "null", config)


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=40),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc_", min_size=1, max_size=6), inner)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text("abc_", min_size=1, max_size=6), VALUES, max_size=4))
def test_dumped_yaml_reads_back_equal(value: dict[str, Any]) -> None:
    import yaml

    assert yaml.safe_load(dump_config(value)) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_number_is_read_as_people_write_it(number: float) -> None:
    for text in (repr(number), f"{number:e}"):
        assert parse_value(text) == float(text)
        assert isinstance(parse_value(text), (int, float))


@given(
    st.sampled_from(["Global.epoch_num", "Global.seed", "Train.loader.batch_size_per_card"]),
    st.integers(1, 10**6),
)
def test_whole_numbers_pass_unchanged(key: str, number: int) -> None:
    changed = change(key, str(number))
    assert value_at(changed, tuple(key.split("."))) == number


@given(st.text(alphabet="abGlo.[]01_", max_size=25), st.text(max_size=10))
def test_any_key_and_value_is_applied_or_refused(key: str, text: str) -> None:
    try:
        changed = change(key, text)
    except ConfigError as error:
        assert error.exit_code == 4
    else:
        assert isinstance(changed, dict)


def test_paths_are_written_as_overrides_take_them() -> None:
    assert dotted(("Train", "dataset", "label_file_list", 0)) == "Train.dataset.label_file_list.0"
