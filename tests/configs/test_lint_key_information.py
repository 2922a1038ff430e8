"""Findings of ``config lint`` about key information, each on its line, in YAMLs of PaddleOCR's shape."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ppocr_kit.configs.lint.key_information import NETWORK_FILES, TOKENIZER_FILE
from ppocr_kit.configs.lint.yaml_file import lint_file
from ppocr_kit.problems import Problem
from ppocr_kit.runs import networks
from ppocr_kit.vendor import compat_kie

SER = """\
Global:
  epoch_num: 4
  log_smooth_window: 10
  print_batch_step: 10
  save_model_dir: output/own
  save_epoch_step: 10
  eval_batch_step: [0, 2]
  cal_metric_during_train: false
Architecture:
  model_type: kie
  algorithm: &algorithm LayoutXLM
  Transform:
  Backbone:
    name: LayoutXLMForSer
    pretrained: true
    checkpoints: network
    mode: vi
    num_classes: &num_classes 5
Loss:
  name: VQASerTokenLayoutLMLoss
  num_classes: *num_classes
  key: backbone_out
Optimizer: {name: AdamW, beta1: 0.9, beta2: 0.999, lr: {name: Linear, learning_rate: 0.00005, epochs: 4}}
PostProcess:
  name: VQASerTokenLayoutLMPostProcess
  class_path: &class_path classes.txt
Metric: {name: VQASerTokenMetric, main_indicator: hmean}
Train:
  dataset:
    name: SimpleDataSet
    data_dir: pictures
    label_file_list: [train.json]
    ratio_list: [1.0]
    transforms:
      - DecodeImage: {img_mode: RGB, channel_first: false}
      - VQATokenLabelEncode: # train
          contains_re: false
          algorithm: *algorithm
          class_path: *class_path
          use_textline_bbox_info: true
          order_method: tb-yx
      - VQATokenPad:
          max_seq_len: 512 # pad train
          return_attention_mask: true
      - VQASerTokenChunk: {max_seq_len: 512} # chunk train
      - Resize: {size: [224, 224]}
      - NormalizeImage: {scale: 1, mean: [123.7, 116.3, 103.5], std: [58.4, 57.1, 57.4], order: hwc}
      - ToCHWImage:
      - KeepKeys: {keep_keys: [input_ids, bbox, attention_mask, token_type_ids, image, labels]}
  loader: {shuffle: true, drop_last: false, batch_size_per_card: 2, num_workers: 0}
Eval:
  dataset:
    name: SimpleDataSet
    data_dir: pictures
    label_file_list: [val.json]
    transforms:
      - DecodeImage: {img_mode: RGB, channel_first: false}
      - VQATokenLabelEncode: {contains_re: false, algorithm: LayoutXLM, class_path: classes.txt} # eval
      - VQATokenPad: {max_seq_len: 512, return_attention_mask: true}
      - VQASerTokenChunk: {max_seq_len: 512}
      - Resize: {size: [224, 224]}
      - NormalizeImage: {scale: 1, mean: [123.7, 116.3, 103.5], std: [58.4, 57.1, 57.4], order: hwc}
      - ToCHWImage:
      - KeepKeys: {keep_keys: [input_ids, bbox, attention_mask, token_type_ids, image, labels]}
  loader: {shuffle: false, drop_last: false, batch_size_per_card: 2, num_workers: 0}
"""
RE = (
    SER.replace("LayoutXLMForSer", "LayoutXLMForRe")
    .replace("    num_classes: &num_classes 5\n", "")
    .replace("  num_classes: *num_classes\n", "")
    .replace("VQASerTokenLayoutLMLoss\n  key: backbone_out", "LossFromOutput\n  key: loss\n  reduction: mean")
    .replace("VQASerTokenLayoutLMPostProcess", "VQAReTokenLayoutLMPostProcess")
    .replace("  class_path: &class_path classes.txt\n", "")
    .replace("*class_path", "classes.txt")
    .replace("VQASerTokenMetric", "VQAReTokenMetric")
    .replace("contains_re: false", "contains_re: true")
    .replace("      - VQASerTokenChunk", "      - VQAReTokenRelation:\n      - VQAReTokenChunk")
    .replace("      - Resize", "      - TensorizeEntitiesRelations: {max_seq_len: 512}\n      - Resize")
    .replace("image, labels]", "image, entities, relations]")
)  # fmt: skip


def line_of(text: str, shown: str) -> int:
    """Return the number of the first line that has some text."""
    return next(number for number, line in enumerate(text.splitlines(), start=1) if shown in line)


def row(name: str, *labels: str) -> str:
    points = [[0, 0], [9, 0], [9, 9], [0, 9]]
    entities = [
        {"transcription": "x", "label": label, "points": points, "id": place, "linking": []}
        for place, label in enumerate(labels)
    ]
    return f"{name}\t{json.dumps(entities)}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Everything the good files name: lists, classes, pictures, a network with its tokenizer."""
    for name, rows in (("train", ("a", "b", "c")), ("val", ("d",))):
        labels = "".join(row(f"{each}.png", "question", "answer", "Other") for each in rows)
        (tmp_path / f"{name}.json").write_text(labels, encoding="utf-8")
    for name in ("pictures", "network"):
        (tmp_path / name).mkdir()
    for name in "abcd":
        (tmp_path / "pictures" / f"{name}.png").write_bytes(b"a picture")
    for name in ("config.json", "model_state.pdparams", "sentencepiece.bpe.model"):
        (tmp_path / "network" / name).write_bytes(b"")
    (tmp_path / "classes.txt").write_text("OTHER\nQUESTION\nANSWER\n", encoding="utf-8")
    return tmp_path


def lint(folder: Path, text: str = SER) -> list[Problem]:
    file = folder / "own.yml"
    file.write_text(text, encoding="utf-8")
    return lint_file(file, folder)


def codes(folder: Path, text: str = SER) -> list[tuple[str, int | None]]:
    return [(problem.code, problem.line) for problem in lint(folder, text)]


@pytest.mark.parametrize("text", [SER, RE], ids=["ser", "re"])
def test_a_good_file_has_no_finding(folder: Path, text: str) -> None:
    assert lint(folder, text) == []


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("&num_classes 5", "&num_classes 7", "C023"),
        ("512 # pad train", "600 # pad train", "C040"),
        ("512} # chunk train", "256} # chunk train", "C040"),
        ("class_path: classes.txt} # eval", "class_path: others.txt} # eval", "C041"),
        ("class_path: classes.txt} # eval", "class_path: none.txt} # eval", "C010"),
        ("label_file_list: [val.json]", "label_file_list: [./train.json]", "C012"),
        ("label_file_list: [val.json]", "label_file_list: [none.json]", "C010"),
        ("data_dir: pictures", "data_dir: none", "C010"),
        ("checkpoints: network", "checkpoints: none", "C010"),
        ("checkpoints: network", "checkpoints: pictures", "C010"),
        ("checkpoints: network", "checkpoints: bare", "C042"),
    ],
)
def test_each_finding_has_its_line(folder: Path, before: str, after: str, code: str) -> None:
    (folder / "others.txt").write_text("OTHER\nQUESTION\nANSWER\n", encoding="utf-8")
    (folder / "bare").mkdir()
    for name in ("config.json", "model_state.pdparams"):
        (folder / "bare" / name).write_bytes(b"")
    changed = SER.replace(before, after, 1)
    assert (code, line_of(changed, after)) in codes(folder, changed)


def test_the_files_of_a_network_are_those_that_runs_read() -> None:
    assert (networks.CONFIG_FILE, networks.WEIGHTS_FILE) == NETWORK_FILES
    assert compat_kie.TOKENIZER_FILE == TOKENIZER_FILE


def test_a_network_may_be_a_checkpoint_whose_run_has_the_tokenizer(folder: Path) -> None:
    checkpoint = folder / "run" / "checkpoints" / "best_accuracy"
    for place, names in ((checkpoint, ("config.json", "model_state.pdparams")),
                         (folder / "run" / "start", ("sentencepiece.bpe.model",))):  # fmt: skip
        place.mkdir(parents=True)
        for name in names:
            (place / name).write_bytes(b"")
    named = SER.replace("checkpoints: network", "checkpoints: run/checkpoints/best_accuracy")
    assert lint(folder, named) == []


@pytest.mark.parametrize(
    ("content", "expected", "said"),
    [
        (b"OTHER\nQUESTION\n\nANSWER\n", ["C037"], "blank lines, each of them a class: 3"),
        (b"OTHER\nQUESTION\nANSWER\n\n", ["C037"], "blank lines, each of them a class: 4"),
        (b"OTHER\nQUESTION\nAnswer\nANSWER\n", ["C023", "C037"], "twice, letter case aside: ANSWER"),
        (b"\xff\n", ["C037"], "no list of classes in UTF-8"),
        (b"", ["C023", "C037"], "no list of classes"),
        (b"\xef\xbb\xbfOTHER\nQUESTION\nANSWER\n", ["C023", "C037"], "byte order mark"),
        (b"QUESTION\nother\nANSWER\n", ["C038"], "OTHER is not in the first line of classes.txt"),
        (b"question\r\nanswer", ["C038"], "OTHER is not in the list of classes.txt"),
        (b"ignore\nquestion\nanswer\n", [], ""),
    ],
    ids=["blank", "blank at the end", "twice", "bytes", "empty", "mark", "later", "never", "other spelling"],
)
def test_the_list_of_classes_is_told_where_it_is_named_first(folder, content, expected, said) -> None:
    (folder / "classes.txt").write_bytes(content)
    found = lint(folder)
    assert sorted({problem.code for problem in found}) == expected
    told = [problem for problem in found if problem.code in ("C037", "C038")]
    assert all(said in problem.message for problem in told)
    # an anchor in PostProcess, which the transforms repeat
    assert {problem.line for problem in told} <= {line_of(SER, "          class_path: *class_path")}


@pytest.mark.parametrize(
    ("text", "labels", "said"),
    [
        (SER, ("total", "total"), "'total' in row 4 and 1 more; the classes"),
        (SER, ("question", "total"), "'total' in row 4; the classes have no such name"),
        (SER, ("QUESTION", "None"), "'None' in row 4"),
        (RE, ("question", "header"), "'header' in row 4"),
        (RE, ("Question", "answer"), "'Question' in row 4; RE links"),
    ],
)
def test_labels_that_training_does_not_know_are_told_with_their_list(folder, text, labels, said) -> None:
    with (folder / "train.json").open("a", encoding="utf-8") as stream:
        stream.write(row("a.png", *labels) + "a.png\t{\n" + "a.png\t[1]\n")
    (found,) = lint(folder, text)
    assert (found.code, found.line) == ("C039", line_of(text, "[train.json]"))
    assert said in found.message


def test_a_class_that_re_has_no_side_for_is_told_although_it_is_in_the_list(folder: Path) -> None:
    (folder / "classes.txt").write_text("OTHER\nQUESTION\nANSWER\nTOTAL\n", encoding="utf-8")
    (folder / "val.json").write_text(row("d.png", "total"), encoding="utf-8")
    assert codes(folder, RE) == [("C039", line_of(RE, "[val.json]"))]
    assert [code for code, _ in codes(folder)] == ["C023", "C023"]
