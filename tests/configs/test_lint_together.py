"""Findings about what belongs together: files, text, classes, heads, sizes; each on its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from ppocr_kit.configs.lint.yaml_file import lint_file
from ppocr_kit.problems import Problem, Severity

GOOD = """\
Global:
  epoch_num: 4
  log_smooth_window: 20
  print_batch_step: 10
  save_model_dir: output/own
  save_epoch_step: 10
  eval_batch_step: [0, 4]
  pretrained_model:
  character_dict_path: dict.txt
  max_text_length: &max_text_length 25
  use_space_char: false
Optimizer: {name: Adam, lr: {learning_rate: 0.001}, regularizer: {name: L2, factor: 3.0e-05}}
Architecture:
  model_type: rec
  algorithm: SVTR_LCNet
  Backbone: {name: PPLCNetV3, scale: 0.95}
  Head:
    name: MultiHead
    head_list:
      - CTCHead:
          Neck: {name: svtr, dims: 64}
          Head: {fc_decay: 0.00001}
      - NRTRHead: {nrtr_dim: 384, max_text_length: *max_text_length}
Loss:
  name: MultiLoss
  loss_config_list:
    - CTCLoss:
    - NRTRLoss:
PostProcess: {name: CTCLabelDecode}
Metric: {name: RecMetric, main_indicator: acc}
Train:
  dataset:
    name: SimpleDataSet
    data_dir: train
    label_file_list: [train.txt]
    ratio_list: [1.0]
    transforms:
      - DecodeImage: {img_mode: BGR}
      - RecConAug: {image_shape: [48, 320, 3], max_text_length: *max_text_length}
      - MultiLabelEncode: {gtc_encode: NRTRLabelEncode}
      - RecResizeImg: {image_shape: [3, 48, 320]} # train
      - KeepKeys: {keep_keys: [image, label_ctc, label_gtc, length, valid_ratio]} # train
  loader: {shuffle: true, drop_last: true, batch_size_per_card: 4, num_workers: 1}
Eval:
  dataset:
    name: SimpleDataSet
    data_dir: val
    label_file_list: [val.txt]
    transforms:
      - DecodeImage: {img_mode: BGR}
      - MultiLabelEncode: {gtc_encode: NRTRLabelEncode} # val
      - RecResizeImg: {image_shape: [3, 48, 320]} # val
      - KeepKeys: {keep_keys: [image, label_ctc, label_gtc, length, valid_ratio]} # val
  loader: {shuffle: false, drop_last: false, batch_size_per_card: 4, num_workers: 0}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four pictures to train and two to validate, each with its label, and their dictionary."""
    for mode, texts in (("train", ("ab", "ba", "aa", "bb")), ("val", ("abb", "baa"))):
        (tmp_path / mode).mkdir()
        rows = [f"{number}.png\t{text}\n" for number, text in enumerate(texts)]
        for number in range(len(texts)):
            (tmp_path / mode / f"{number}.png").write_bytes(b"a picture")
        (tmp_path / f"{mode}.txt").write_text("".join(rows), encoding="utf-8")
    (tmp_path / "dict.txt").write_text("a\nb\n", encoding="utf-8")
    return tmp_path


def found_in(folder: Path, text: str) -> list[Problem]:
    (folder / "own.yml").write_text(text, encoding="utf-8")
    return lint_file(folder / "own.yml", folder)


def places(folder: Path, text: str) -> list[tuple[str, str]]:
    """Return code and the text of the line, for every finding."""
    lines = text.splitlines()
    return [
        (problem.code, lines[problem.line - 1].strip() if problem.line else "")
        for problem in found_in(folder, text)
    ]


def test_a_sound_file_has_no_finding(folder: Path) -> None:
    assert found_in(folder, GOOD) == []


# (what is replaced, what by, the codes, what the line of the first finding has)
CASES = [
    ("scale: 0.95", "scales: 0.95", ["C005"], "scales"),
    ("dims: 64", "dim: 64", ["C005"], "dim: 64"),
    ("nrtr_dim", "nrtr_dims", ["C005"], "nrtr_dims"),
    ("fc_decay", "fc_decoy", ["C005"], "fc_decoy"),
    ("3.0e-05", "3e-05", ["C016"], "3e-05"),
    ("Adam, lr: {learning_rate: 0.001}", "Adam", ["C020"], "Optimizer"),
    ("  save_model_dir: output/own\n", "", ["C020"], "Global"),
    ("num_workers: 1", "worker: 1", ["C005", "C020"], "loader"),
    ("save_model_dir: output/own", "save_model_dir: /output/own", ["C018"], "/output/own"),
    ("[train.txt]", "['C:\\lists\\train.txt']", ["C017"], "C:"),
    ("data_dir: train", "data_dir: .\\train", ["C017"], "data_dir"),
    ("pretrained_model:", "pretrained_model: D:/weights/best", ["C017"], "D:/"),
    ("pretrained_model:", "pretrained_model: https://host/w.pdparams", ["C009"], "https"),
    ("ratio_list: [1.0]", "ratio_list: [1.0, 1.0]", ["C024"], "ratio_list"),
    ("ratio_list: [1.0]", "ratio_list: [2]", ["C024"], "ratio_list"),
    ("ratio_list: [1.0]", "ratio_list: 1.5", ["C024"], "ratio_list"),
    ("shuffle: false", "shuffle: true", ["C025"], "shuffle"),
    ("drop_last: false", "drop_last: true", ["C025"], "drop_last"),
    ("label_gtc, length, valid_ratio]} # train", "length, valid_ratio]} # train", ["C026"], "# train"),
    ("[image, label_ctc, label_gtc, length, valid_ratio]} # val",
     "[label_ctc, image, label_gtc, length, valid_ratio]} # val", ["C026"], "# val"),
    ("      - KeepKeys: {keep_keys: [image, label_ctc, label_gtc, length, valid_ratio]} # val\n", "",
     ["C026"], "transforms:"),
    ("name: MultiLoss", "name: CTCLoss", ["C027", "C005"], "CTCLoss"),
    ("    - NRTRLoss:\n", "    - SARLoss:\n", ["C027"], "loss_config_list"),
    ("      - NRTRHead: {nrtr_dim: 384, max_text_length: *max_text_length}\n", "", ["C027"], "head_list"),
    ("{gtc_encode: NRTRLabelEncode} # val", "{} # val", ["C027"], "# val"),
    ("gtc_encode: NRTRLabelEncode} # val", "gtc_encode: NRTRLabelEncod} # val", ["C027", "C033"], "# val"),
    ("algorithm: SVTR_LCNet", "algorithm: CRNN", ["C027"], "CRNN"),
    ("name: MultiHead", "name: CTCHead", ["C005", "C027"], "head_list"),
    ("384, max_text_length: *max_text_length", "384, max_text_length: 40", ["C028"], "40"),
    ("320, 3], max_text_length: *max_text_length", "320, 3], max_text_length: 40", ["C028"], "40"),
    ("[3, 48, 320]} # train", "[3, 48, 480]} # train", ["C029"], "# val"),
    ("image_shape: [48, 320, 3]", "image_shape: [32, 320, 3]", ["C029"], "[32, 320, 3]"),
    ("name: svtr", "name: reshape_fc", ["C030"], "reshape_fc"),
    ("PPLCNetV3", "DenseNet", ["C030"], "DenseNet"),
    ("model_type: rec", "model_type: sr", ["C030", "C030"], "sr"),
    ("model_type: rec", "model_type: kie", ["C030"], "PPLCNetV3"),
    ("main_indicator: acc", "main_indicator: hmean", ["C031"], "hmean"),
    ("CTCLabelDecode", "CTCLabelDecoder", ["C033"], "CTCLabelDecoder"),
    ("name: SimpleDataSet\n    data_dir: val", "name: SimpleDataset\n    data_dir: val", ["C033"], "Dataset"),
    ("num_workers: 0", "num_workers: 0, collate_fn: DictCollater", ["C033"], "DictCollater"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "codes", "fragment"), CASES, ids=[f"{case[2][0]}-{case[1][:24]}" for case in CASES]
)
def test_fault_is_found_on_its_line(
    folder: Path, old: str, new: str, codes: list[str], fragment: str
) -> None:
    assert GOOD.count(old) == 1
    found = places(folder, GOOD.replace(old, new))
    assert sorted(code for code, _ in found) == sorted(codes)
    assert any(code == codes[0] and fragment in line for code, line in found), found


@pytest.mark.parametrize("stem", ["weights/best", "weights/best.pdparams", "weights"])
def test_weights_are_found_with_and_without_their_ending(folder: Path, stem: str) -> None:
    (folder / "weights").mkdir()
    (folder / "weights" / "best.pdparams").touch()
    assert found_in(folder, GOOD.replace("pretrained_model:", f"pretrained_model: {stem}")) == []


def test_official_weights_from_the_web_are_named_as_the_kit_fetches_them(folder: Path) -> None:
    url = "https://host/official_pretrained_model/PP-OCRv5_mobile_rec_pretrained.pdparams"
    (problem,) = found_in(folder, GOOD.replace("pretrained_model:", f"pretrained_model: {url}"))
    assert problem.code == "C009"
    assert "ppocr-kit models fetch PP-OCRv5_mobile_rec, " in str(problem.hint)


def test_prefix_of_no_weights_is_reported(folder: Path) -> None:
    assert places(folder, GOOD.replace("pretrained_model:", "pretrained_model: weights/best")) == [
        ("C010", "pretrained_model: weights/best")
    ]


@pytest.mark.parametrize("spelling", ["./train.txt", "val/../train.txt", "again.txt"])
def test_same_list_is_seen_through_its_spelling(folder: Path, spelling: str) -> None:
    (folder / "again.txt").symlink_to(folder / "train.txt")
    text = GOOD.replace("[val.txt]", f"[{spelling}]").replace("data_dir: val", "data_dir: train")
    assert [code for code, _ in places(folder, text)] == ["C012"]


def test_copy_of_the_training_list_is_seen_by_its_content(folder: Path) -> None:
    (folder / "val.txt").write_bytes((folder / "train.txt").read_bytes())
    text = GOOD.replace("data_dir: val", "data_dir: train")
    assert [code for code, _ in places(folder, text)] == ["C012"]


def test_rows_in_both_lists_are_counted(folder: Path) -> None:
    (folder / "val.txt").write_text("0.png\tab\n1.png\tbb\n", encoding="utf-8")
    (problem,) = found_in(folder, GOOD.replace("data_dir: val", "data_dir: train"))
    assert problem.code == "C035"
    assert problem.message.startswith("1 of the 2 rows")


def test_same_row_below_another_folder_is_another_picture(folder: Path) -> None:
    (folder / "val.txt").write_text("0.png\tab\n", encoding="utf-8")
    assert found_in(folder, GOOD) == []


@pytest.mark.parametrize("content", ["", "0.png ab\n1.png ba\n", "\n\n"])
def test_list_without_rows_is_reported(folder: Path, content: str) -> None:
    (folder / "val.txt").write_text(content, encoding="utf-8")
    assert [code for code, _ in places(folder, GOOD)] == ["C034"]


def test_pictures_that_lie_elsewhere_are_reported(folder: Path) -> None:
    (folder / "val.txt").write_text("crops/0.png\tab\n", encoding="utf-8")
    (problem,) = found_in(folder, GOOD)
    assert problem.code == "C010"
    assert "crops/0.png" in problem.message


def test_characters_outside_the_dictionary_are_named_with_their_row(folder: Path) -> None:
    (folder / "val.txt").write_text("0.png\tab\n1.png\tcéc\n", encoding="utf-8")
    (problem,) = found_in(folder, GOOD)
    assert (problem.code, problem.line) == ("C022", 9)
    assert "val.txt:2" in problem.message
    assert "'c' (1 rows), 'é' (1 rows)" in problem.message


def test_spaces_need_a_class(folder: Path) -> None:
    (folder / "val.txt").write_text("0.png\ta b\n", encoding="utf-8")
    assert [code for code, _ in places(folder, GOOD)] == ["C021"]
    assert found_in(folder, GOOD.replace("use_space_char: false", "use_space_char: true")) == []
    (folder / "dict.txt").write_text("a\nb\n \n", encoding="utf-8")
    assert found_in(folder, GOOD) == []


def test_two_classes_for_a_space_are_a_note_as_official_weights_have_them(folder: Path) -> None:
    (folder / "dict.txt").write_text("a\nb\n \n", encoding="utf-8")
    (problem,) = found_in(folder, GOOD.replace("use_space_char: false", "use_space_char: true"))
    assert (problem.code, problem.severity) == ("C036", Severity.NOTE)


def test_repeated_lines_of_the_dictionary_are_a_note(folder: Path) -> None:
    (folder / "dict.txt").write_text("a\nb\na\n", encoding="utf-8")
    assert [code for code, _ in places(folder, GOOD)] == ["C036"]


def test_dictionary_inside_the_release_is_named_where_it_lies(folder: Path) -> None:
    inside = folder / "vendor" / "PaddleOCR-3.7.0" / "ppocr" / "utils"
    inside.mkdir(parents=True)
    (inside / "en_dict.txt").write_text("a\nb\n", encoding="utf-8")
    (problem,) = found_in(folder, GOOD.replace(": dict.txt", ": ./ppocr/utils/en_dict.txt"))
    assert problem.code == "C011"
    assert problem.hint == "write vendor/PaddleOCR-3.7.0/ppocr/utils/en_dict.txt"


CRNN = (
    GOOD.replace("name: MultiHead", "name: CTCHead")
    .replace(GOOD[GOOD.index("    head_list:") : GOOD.index("Loss:\n  name")], "")
    .replace(GOOD[GOOD.index("Loss:\n  name") : GOOD.index("PostProcess:")], "Loss: {name: CTCLoss}\n")
    .replace("MultiLabelEncode: {gtc_encode: NRTRLabelEncode}", "CTCLabelEncode: {}")
    .replace("label_ctc, label_gtc, length, valid_ratio", "label, length")
)


def test_number_of_classes_follows_from_the_dictionary(folder: Path) -> None:
    assert found_in(folder, CRNN) == []
    assert found_in(folder, CRNN.replace("name: CTCHead", "name: CTCHead\n    out_channels: 3")) == []
    (problem,) = found_in(folder, CRNN.replace("name: CTCHead", "name: CTCHead\n    out_channels: 97"))
    assert problem.code == "C023"
    assert "makes 3" in problem.message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: CTCHead", "name: DBHead"),
        ("name: CTCLabelDecode", "name: DBPostProcess"),
        ("      - CTCLabelEncode: {} # val\n", "      - AttnLabelEncode: {} # val\n"),
    ],
)
def test_parts_of_another_kind_are_reported(folder: Path, old: str, new: str) -> None:
    assert CRNN.count(old) == 1
    assert "C032" in {code for code, _ in places(folder, CRNN.replace(old, new))}


def test_multi_label_without_a_multi_head_is_reported(folder: Path) -> None:
    text = CRNN.replace("CTCLabelEncode: {} # val", "MultiLabelEncode: {} # val")
    assert {code for code, _ in places(folder, text)} == {"C027", "C032"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Global:\n  algorithm: CRNN\n  reader_yml: ./configs/rec/reader.yml\nArchitecture: {}\n", 3),
        ("Global: {epoch_num: 3}\nArchitecture:\n  function: ppocr.modeling.rec_model,RecModel\n", 3),
        ("TrainReader:\n  num_workers: 8\nEvalReader:\n  num_workers: 8\n", 1),
        ("Global:\n  model: PP-OCRv4_mobile_det\n  mode: train\n  dataset_dir: x\nTrain: {}\n", 1),
        ("CheckDataset: {}\nGlobal: {}\n", 2),
        ("PreProcess: {transform_ops: []}\nPostProcess: {name: DBPostProcess}\nHpi: {}\n", 1),
    ],
)
def test_what_is_no_configuration_of_the_tools_is_one_finding(folder: Path, text: str, line: int) -> None:
    assert [(problem.code, problem.line) for problem in found_in(folder, text)] == [("C019", line)]


def test_one_fault_behind_an_anchor_is_said_once(folder: Path) -> None:
    text = GOOD.replace(
        "      - DecodeImage: {img_mode: BGR}\n", "      - &decode DecodeImage: {mode: BGR}\n", 1
    )
    assert [code for code, _ in places(folder, text)].count("C005") <= 1


def test_fluid_era_keys_are_warnings_with_what_became_of_them(folder: Path) -> None:
    old = "  load_static_weights: false\n  character_type: ch\n  distort: true\nOptimizer:"
    found = found_in(folder, GOOD.replace("Optimizer:", old, 1))
    assert [(problem.code, problem.severity) for problem in found] == [("C006", Severity.WARNING)] * 3


def test_every_finding_says_what_to_do(folder: Path) -> None:
    for old, new, _, _ in CASES:
        for problem in found_in(folder, GOOD.replace(old, new)):
            assert problem.hint
