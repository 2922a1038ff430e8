"""Each finding of ``config lint`` with the line it points at."""

from __future__ import annotations

from pathlib import Path

import pytest

from ppocr_kit.configs.keys import check_keys
from ppocr_kit.configs.lint.yaml_file import lint_file
from ppocr_kit.configs.render import dump_config, render_config
from ppocr_kit.configs.spec import RunSpec
from ppocr_kit.datasets.manifest import Dataset
from ppocr_kit.problems import Severity
from ppocr_kit.tasks import Task

GOOD = """\
Global:
  epoch_num: 4
  print_batch_step: 1
  eval_batch_step: [0, 3]
  pretrained_model: null
  character_dict_path: dict.txt
  log_smooth_window: 20
  save_epoch_step: 10
  save_model_dir: output/own
  max_text_length: 25
Optimizer:
  name: Adam
  lr:
    name: Cosine
    learning_rate: 1.0e-03
Architecture:
  model_type: rec
  algorithm: CRNN
  Backbone:
    name: MobileNetV3
    scale: 0.5
  Head:
    name: CTCHead
Loss:
  name: CTCLoss
PostProcess:
  name: CTCLabelDecode
Metric:
  name: RecMetric
Train:
  dataset:
    name: SimpleDataSet
    data_dir: data
    label_file_list:
      - train.txt
    transforms:
      - DecodeImage:
          img_mode: BGR
      - CTCLabelEncode: null
      - KeepKeys:
          keep_keys: [image, label, length]
  loader:
    shuffle: true
    batch_size_per_card: 2
    drop_last: true
    num_workers: 1
Eval:
  dataset:
    name: SimpleDataSet
    data_dir: data
    label_file_list: [val.txt]
    transforms:
      - CTCLabelEncode: null
      - KeepKeys:
          keep_keys: [image, label, length]
  loader:
    shuffle: false
    drop_last: false
    batch_size_per_card: 2
    num_workers: 0
"""
LINE = {text.strip(): number for number, text in reversed(list(enumerate(GOOD.splitlines(), start=1)))}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Everything the good file names: four rows to train, so two steps an epoch and eight in all."""
    (tmp_path / "data").mkdir()
    for name in ("a", "c"):
        (tmp_path / "data" / name).write_bytes(b"a picture")
    (tmp_path / "train.txt").write_text("a\tb\n" * 4, encoding="utf-8")
    (tmp_path / "val.txt").write_text("c\td\n", encoding="utf-8")
    (tmp_path / "dict.txt").write_text("b\nd\n", encoding="utf-8")
    return tmp_path


def findings(folder: Path, text: str | bytes) -> list[tuple[str, int | None]]:
    file = folder / "config.yml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return [(problem.code, problem.line) for problem in lint_file(file, folder)]


def test_good_file_has_no_finding(folder: Path) -> None:
    assert findings(folder, GOOD) == []


def test_relative_paths_start_at_the_current_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = folder / "config.yml"
    file.write_text(GOOD, encoding="utf-8")
    monkeypatch.chdir(folder)
    assert lint_file(Path("config.yml")) == []
    monkeypatch.chdir(folder / "data")
    assert {problem.code for problem in lint_file(file)} == {"C010", "C011"}


# (what is replaced, what by, the code, the line of the text that the finding points at)
CASES = [
    ("epoch_num: 4", "epoch_num: 4\n  epoch_nun: 4", "C005", 3),
    ("scale: 0.5", "scales: 0.5", "C005", LINE["scale: 0.5"]),
    ("drop_last: true", "drop_last: true\n    droplast: true", "C005", LINE["drop_last: true"] + 1),
    ("img_mode: BGR", "image_mode: BGR", "C005", LINE["img_mode: BGR"]),
    ("Metric:", "Metrics:\n  a: 1\nMetric:", "C005", LINE["Metric:"]),
    ("epoch_num: 4", "epoch_num: 4\n  character_type: ch", "C006", 3),
    ("1.0e-03", "1e-3", "C007", LINE["learning_rate: 1.0e-03"]),
    ("1.0e-03", "1.0e3", "C007", LINE["learning_rate: 1.0e-03"]),
    ("1.0e-03", "fast", "C007", LINE["learning_rate: 1.0e-03"]),
    ("epoch_num: 4", "epoch_num: 4.5", "C007", 2),
    ("epoch_num: 4", "epoch_num: true", "C007", 2),
    ("epoch_num: 4", "epoch_num: 0", "C007", 2),
    ("drop_last: true", "drop_last: 1", "C007", LINE["drop_last: true"]),
    ("pretrained_model: null", "pretrained_model: None", "C008", 5),
    ("dict.txt", "None", "C008", 6),
    ("pretrained_model: null", "pretrained_model: https://host/w.pdparams", "C009", 5),
    ("pretrained_model: null", "pretrained_model: ./no/w", "C010", 5),
    ("pretrained_model: null", "checkpoints: no", "C007", 5),
    ("- train.txt", "- gone.txt", "C010", LINE["- train.txt"]),
    ("label_file_list: [val.txt]", "label_file_list: gone.txt", "C010", LINE["label_file_list: [val.txt]"]),
    ("dict.txt", "gone.txt", "C011", 6),
    ("dict.txt", "./ppocr/utils/en_dict.txt", "C011", 6),
    ("[val.txt]", "[./data/../train.txt]", "C012", LINE["label_file_list: [val.txt]"]),
    ("[0, 3]", "[0, 2000]", "C013", 4),
    ("[0, 3]", "[6, 3]", "C013", 4),
    ("[0, 3]", "9", "C013", 4),
    ("[0, 3]", "[0, 3]\n  eval_batch_epoch: 5", "C013", 5),
    ("[0, 3]", "3\n  eval_batch_epoch: 1", "C013", 5),
    ("batch_size_per_card: 2\n    drop_last", "batch_size_per_card: 5\n    drop_last", "C014",
     LINE["batch_size_per_card: 2"]),
    ("CTCLabelEncode", "CTCLableEncode", "C015", LINE["- CTCLabelEncode: null"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "code", "line"), CASES, ids=[f"{case[2]}-{case[1][:24]}" for case in CASES]
)
def test_fault_is_found_on_its_line(folder: Path, old: str, new: str, code: str, line: int) -> None:
    assert GOOD.count(old) >= 1
    assert findings(folder, GOOD.replace(old, new, 1)) == [(code, line)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[0, 3]", "[0, 8]"),
        ("[0, 3]", "8"),
        ("[0, 3]", "[0, 2000]\n  eval_batch_epoch: 4"),
        ("batch_size_per_card: 2\n    drop_last: true", "batch_size_per_card: 5\n    drop_last: false"),
        ("- train.txt", "- train.txt\n    ratio_list: 0.5"),
        ("- train.txt", "- train.txt\n    ratio_list: [0.5]"),
        ("dict.txt", "null"),
        ("Metric:", "wandb:\n  project: x\nMetric:"),
    ],
)
def test_what_works_is_not_reported(folder: Path, old: str, new: str) -> None:
    assert old in GOOD
    assert findings(folder, GOOD.replace(old, new, 1)) == []


def test_key_that_stands_twice_points_at_the_second(folder: Path) -> None:
    assert findings(folder, GOOD.replace("epoch_num: 4", "epoch_num: 4\n  epoch_num: 4")) == [("C003", 3)]


def test_same_key_in_two_places_is_no_repetition(folder: Path) -> None:
    assert "name:" in GOOD and findings(folder, GOOD) == []


def test_tab_is_named_instead_of_the_parser_giving_up(folder: Path) -> None:
    assert findings(folder, GOOD.replace("  epoch_num: 4", "\tepoch_num: 4")) == [("C002", 2)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Global: [1, 2", 1),
        ("Global:\n  a: b: c\n", 2),
        ("", 1),
        ("# nothing but a comment\n", 1),
        ("- a\n- b\n", 1),
        ("just text", 1),
        ("a: &x [*x]\nb: *y\n", 2),
        (b"Global:\n  a: \xff\xfe\n", 2),
        ("a: 1\n---\nb: 2\n", 2),
        ("a: !!python/object:os.system {}\n", 1),
        ("Global: &a {b: *a}\n", 1),
        ("Global: " + "[" * 5000, None),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_text_that_is_no_configuration_is_one_finding(
    folder: Path, text: str | bytes, line: int | None
) -> None:
    assert findings(folder, text) == [("C001", line)]


def test_unreadable_file_is_a_finding(tmp_path: Path) -> None:
    assert [problem.code for problem in lint_file(tmp_path / "gone.yml")] == ["C001"]


@pytest.mark.parametrize("section", ["Global", "Optimizer", "Loss", "PostProcess", "Metric", "Architecture"])
def test_missing_section_is_reported(folder: Path, section: str) -> None:
    kept, skipping = [], False
    for line in GOOD.splitlines(keepends=True):
        if not line.startswith(" "):
            skipping = line.startswith(f"{section}:")
        if not skipping:
            kept.append(line)
    assert ("C004", None) in findings(folder, "".join(kept))


def test_empty_section_is_reported_where_it_stands(folder: Path) -> None:
    text = GOOD.replace("Loss:\n  name: CTCLoss\n", "Loss:\n")
    assert findings(folder, text) == [("C004", LINE["Loss:"])]


def test_merged_mappings_are_no_repetition(folder: Path) -> None:
    text = GOOD.replace("Loss:\n", "wandb: &shared\n  project: x\nLoss:\n  <<: *shared\n")
    assert ("C003", LINE["Loss:"]) not in findings(folder, text)


def test_byte_order_mark_and_windows_line_ends_are_read(folder: Path) -> None:
    assert findings(folder, b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()) == []


def test_hint_names_the_nearest_key(folder: Path) -> None:
    file = folder / "config.yml"
    file.write_text(GOOD.replace("batch_size_per_card: 2", "batch_size: 2", 1), encoding="utf-8")
    (problem,) = [each for each in lint_file(file, folder) if each.code == "C005"]
    assert problem.hint == "did you mean batch_size_per_card?"
    assert problem.severity is Severity.ERROR


def test_obsolete_key_is_only_a_warning() -> None:
    (problem,) = check_keys({"Global": {"load_static_weights": True}})
    assert (problem.code, problem.severity) == ("C006", Severity.WARNING)


def test_text_number_hint_reads_back_as_a_number(folder: Path) -> None:
    file = folder / "config.yml"
    file.write_text(GOOD.replace("1.0e-03", "1e-6"), encoding="utf-8")
    (problem,) = lint_file(file, folder)
    assert problem.hint == "write 1.0e-06"


def test_rendered_file_has_no_finding_but_absent_data(tmp_path: Path, dataset: Dataset) -> None:
    for task, model in ((Task.DET, "ch_det_mv3_db_v2.0"), (Task.REC, "rec_en_number_lite_train")):
        spec = RunSpec(task, model, "run", output_dir=tmp_path / "run")
        file = tmp_path / f"{model}.yml"
        file.write_text(dump_config(render_config(spec, dataset)), encoding="utf-8")
        assert {problem.code for problem in lint_file(file, tmp_path)} <= {"C010", "C011", "C018"}
