"""What vl check finds in the lane: rows that teach nothing, templates of other versions, changed texts."""

from __future__ import annotations

import pytest
import torch
from PIL import Image

from ppocr_kit.errors import DataError
from ppocr_kit.vl.engine import checking
from ppocr_kit.vl.engine.checking import (
    batch_findings,
    look_at_row,
    row_findings,
    template_findings,
    work,
)
from ppocr_kit.vl.engine.encoding import IGNORED, Encoder
from ppocr_kit.vl.engine.loading import load_processor
from ppocr_kit.vl.engine.tiny import make_tiny
from ppocr_kit.vl.rows import VlRow, write_rows

END = 2


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return make_tiny(tmp_path_factory.mktemp("tiny") / "model", tokenizer="llama", texts=["hello world"])


@pytest.fixture(scope="module")
def processor(model):
    return load_processor(model)


def batch(labels: list[int]) -> dict[str, torch.Tensor]:
    return {"labels": torch.tensor([labels]), "attention_mask": torch.ones(1, len(labels), dtype=torch.int64)}


@pytest.mark.parametrize(
    ("labels", "codes"),
    [
        ([IGNORED, IGNORED, 7, END], []),
        ([IGNORED, END, IGNORED], []),
        # what a collator makes that searches for a cue and does not find it
        ([IGNORED, IGNORED, IGNORED], ["V040"]),
        # what one makes that masks the pad token where that is the end token
        ([IGNORED, 7, 8, IGNORED], ["V041"]),
        ([IGNORED, END, 8], ["V041"]),
    ],
)
def test_a_batch_must_supervise_an_answer_and_its_end(labels, codes):
    assert [found["code"] for found in batch_findings(batch(labels), END)] == codes


@pytest.mark.parametrize(
    ("template", "version", "said"),
    [
        (("1.0",), "1.0", None),
        (("1.5", "1.6"), "1.6", None),
        (("1.5", "1.6"), None, None),
        (("1.0",), "1.5", "the template is of 1.0, the model of 1.5 (by its name)"),
        ((), None, "answers begin in another way than in 1.0, 1.5 and 1.6"),
    ],
)
def test_a_template_must_belong_to_the_version(template, version, said):
    found = [finding["detail"] for finding in template_findings(template, version, "its name")]
    assert found == ([] if said is None else [said])


def row(completion: str = "hello world", prompt: str = "OCR:", width: int = 100, height: int = 40) -> VlRow:
    return VlRow("a.png", prompt, completion, "page", width, height)


@pytest.mark.parametrize(
    ("wrong", "codes"),
    [
        (row(), []),
        (row("hello " * 99), ["V042"]),
        (row(prompt="Read this, please:"), ["V011"]),
        (row(prompt="Spotting:"), []),
        (row(width=2001, height=10), ["V005"]),
        (row("a </s> b"), []),
    ],
)
def test_rows_are_judged_without_their_pictures(processor, wrong, codes):
    lengths: list[int] = []
    found = list(row_findings(Encoder(processor, max_length=100), wrong, lengths))
    assert [finding["code"] for finding in found] == codes
    assert len(lengths) == (codes != ["V005"])


def test_a_text_that_comes_back_changed_is_told(processor, monkeypatch):
    encoder = Encoder(processor)
    monkeypatch.setattr(encoder, "answer_ids", lambda text: processor.tokenizer("other")["input_ids"] + [END])
    (found,) = row_findings(encoder, row(), [])
    assert found["code"] == "V045" and "'hello world' becomes 'other'" in found["detail"]


def test_a_text_that_cannot_be_said_is_told(processor, monkeypatch):
    def refuse(text):
        raise DataError("the tokenizer cannot say this text: 'x'")

    encoder = Encoder(processor)
    monkeypatch.setattr(encoder, "answer_ids", refuse)
    assert [found["code"] for found in row_findings(encoder, row(), [])] == ["V044"]


def test_the_tokens_of_a_row_join_to_what_the_model_reads(processor, tmp_path):
    Image.new("RGB", (100, 40), "white").save(tmp_path / "a.png")
    found, shown = look_at_row(Encoder(processor), row("hello wörld\n日"), str(tmp_path))
    assert found == []
    picture = next(token for token in shown["tokens"] if token["times"] > 1)
    assert picture["text"] == "<|IMAGE_PLACEHOLDER|>"
    assert picture["times"] == shown["patches"][0] * shown["patches"][1] // 4
    learned = [token for token in shown["tokens"] if token["supervised"]]
    assert learned == shown["tokens"][-len(learned) :]
    assert learned[-1]["text"] == "</s>"
    assert shown["supervised"] == len(learned)
    assert shown["supervised_text"] == "hello wörld\n日"
    # bytes of a character have names of their own; the last one shows it
    assert [token["text"] for token in learned[-4:-1]] == ["<0xE6>", "<0x97>", "日"]
    assert sum(token["times"] for token in shown["tokens"]) == shown["length"]


@pytest.fixture
def job(model, tmp_path):
    Image.new("RGB", (100, 40), "white").save(tmp_path / "a.png")
    for split, texts in (("train", ["hello", "world", "x" * 200]), ("val", ["a"])):
        write_rows(tmp_path / f"{split}.jsonl", [row(text) for text in texts])
    limits = {"max_length": 100, "min_pixels": None, "max_pixels": None}
    files = {split: str(tmp_path / f"{split}.jsonl") for split in ("train", "val")}
    shown = {"split": "train", "row": 2, "splits": files, "root": str(tmp_path)}
    return {"model": str(model), "version": "1.5", "version_from": "config.json", **limits, **shown}


def test_all_splits_are_looked_at_and_one_row_is_shown(job, monkeypatch):
    monkeypatch.setattr(checking, "_TOLD_TOGETHER", 2)
    answers = []
    work(job, answers.append)
    *progress, last = answers
    assert progress == [{"done": 2}]
    assert last["row"]["completion"] == "world"
    assert (last["rows"], last["prompts"]) == (4, {"OCR:": 4})
    assert [(found["code"], found["split"], found["line"]) for found in last["findings"]] == [
        ("V042", "train", 3)
    ]
    assert last["lengths"]["least"] < last["lengths"]["median"] < last["lengths"]["most"]


def test_a_row_that_is_not_there_is_an_error(job):
    with pytest.raises(DataError, match="split val has no row 2"):
        work({**job, "split": "val"}, lambda answer: None)


def test_a_model_alone_is_checked(job):
    answers = []
    work({**job, "splits": {}, "version": "1.0"}, answers.append)
    assert answers[0]["row"] is None
    assert [found["code"] for found in answers[0]["findings"]] == ["V043"]
    assert answers[0]["questions"]["formula"]["rendered"].endswith("Formula Recognition:\nAssistant:\n")
