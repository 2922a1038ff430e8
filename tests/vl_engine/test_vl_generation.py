"""Answers of the tiny model: the same alone and among others, whatever the caller's tokenizer is set to."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from ppocr_kit.vl.engine.collating import Collator
from ppocr_kit.vl.engine.generation import (
    MOST_PATCHES,
    Generator,
    QuestionSize,
    generate_texts,
    plan_batches,
)
from ppocr_kit.vl.engine.loading import load_model
from ppocr_kit.vl.engine.read_ahead import read_ahead
from ppocr_kit.vl.engine.tiny import make_tiny

PROMPTS = ("OCR:", "Table Recognition:", "Read what stands here, slowly:")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    torch.set_num_threads(1)
    model, processor = load_model(make_tiny(tmp_path_factory.mktemp("tiny") / "model"))
    # fresh weights repeat one token whatever the picture; these say something of their own about each
    torch.manual_seed(3)
    head = model.lm_head.weight
    model.lm_head.weight = torch.nn.Parameter(torch.randn_like(head))
    model.config.tie_word_embeddings = False
    with torch.no_grad():
        for weights in model.parameters():
            if weights.dim() > 1 and weights.shape != head.shape:
                weights.mul_(4.0)
    return model, processor


@pytest.fixture(scope="module")
def pictures():
    """Pictures of many sizes, so that batches need filling."""
    random = np.random.default_rng(7)
    made = []
    for number in range(11):
        width, height = int(random.integers(20, 260)), int(random.integers(20, 120))
        image = Image.new("RGB", (width, height), tuple(random.integers(0, 256, 3).tolist()))
        ImageDraw.Draw(image).text((4, 4), f"page {number} " * 3, fill="black")
        made.append((image, PROMPTS[number % len(PROMPTS)]))
    return made


def test_batched_answers_are_those_of_one_at_a_time(tiny, pictures):
    alone = generate_texts(*tiny, pictures, batch_size=1, max_new_tokens=24)
    assert generate_texts(*tiny, pictures, batch_size=8, max_new_tokens=24) == alone
    assert generate_texts(*tiny, pictures, batch_size=3, max_new_tokens=24) == alone
    assert len({answer.text for answer in alone}) > 5


def test_answers_do_not_depend_on_the_order_of_the_pictures(tiny, pictures):
    forward = generate_texts(*tiny, pictures, batch_size=4, max_new_tokens=12)
    backward = generate_texts(*tiny, pictures[::-1], batch_size=4, max_new_tokens=12)
    assert backward[::-1] == forward


def test_a_tokenizer_that_fills_up_on_the_right_changes_nothing(tiny, pictures):
    model, processor = tiny
    wanted = generate_texts(model, processor, pictures, batch_size=8, max_new_tokens=12)
    side = processor.tokenizer.padding_side
    processor.tokenizer.padding_side = "right"
    try:
        assert generate_texts(model, processor, pictures, batch_size=8, max_new_tokens=12) == wanted
    finally:
        processor.tokenizer.padding_side = side


def test_the_last_column_of_a_batch_is_never_filling(tiny, pictures):
    encoder = Generator(*tiny).encoder
    batch = Collator(0)([encoder.encode(image, prompt) for image, prompt in pictures])
    assert batch["attention_mask"][:, -1].tolist() == [1] * len(pictures)
    assert batch["attention_mask"][:, 0].tolist() != [1] * len(pictures)


def test_filling_on_the_right_would_give_other_answers(tiny, pictures, monkeypatch):
    """Otherwise the tests above show nothing."""
    wanted = generate_texts(*tiny, pictures, batch_size=11, max_new_tokens=12)

    def on_the_right(self, rows):
        batch = plain(self, rows)
        for name in ("input_ids", "attention_mask", "mm_token_type_ids"):
            width = batch[name].shape[1]
            for number, row in enumerate(rows):
                batch[name][number] = batch[name][number].roll(row.length - width)
        return batch

    plain = Collator.__call__
    monkeypatch.setattr(Collator, "__call__", on_the_right)
    assert generate_texts(*tiny, pictures, batch_size=11, max_new_tokens=12) != wanted


def test_a_model_folder_that_asks_for_sampling_is_answered_greedily(tiny, pictures):
    model, processor = tiny
    wanted = generate_texts(model, processor, pictures[:3], max_new_tokens=12)
    own = model.generation_config
    settings = {"do_sample": True, "temperature": 5.0, "repetition_penalty": 9.0, "min_new_tokens": 12}
    model.generation_config = type(own)(**{**own.to_dict(), **settings})
    try:
        assert generate_texts(model, processor, pictures[:3], max_new_tokens=12) == wanted
        assert model.generation_config.do_sample is True
    finally:
        model.generation_config = own


def test_a_model_in_training_is_in_training_afterwards(tiny, pictures):
    model, processor = tiny
    wanted = generate_texts(model, processor, pictures[:2], max_new_tokens=6)
    model.train()
    try:
        assert generate_texts(model, processor, pictures[:2], max_new_tokens=6) == wanted
        assert model.training
    finally:
        model.eval()


def test_an_answer_ends_with_its_end_token_which_is_counted(tiny, pictures, monkeypatch):
    model, processor = tiny
    end, letter = processor.tokenizer.eos_token_id, processor.tokenizer("A", add_special_tokens=False)
    (letter,) = letter["input_ids"]

    def write(**batch):
        asked = batch["input_ids"]
        said = torch.tensor([[letter, letter, end, letter], [letter] * 4], dtype=torch.int64)
        return torch.cat([asked, said], dim=1)

    monkeypatch.setattr(model, "generate", write, raising=False)
    first, second = pictures[0], pictures[0]
    answers = generate_texts(model, processor, [first, second], max_new_tokens=4)
    assert [(one.text, one.tokens, one.ended) for one in answers] == [("AA", 3, True), ("AAAA", 4, False)]


def test_answers_are_told_by_batch_as_they_come(tiny, pictures):
    told = []
    answers = generate_texts(*tiny, pictures, batch_size=4, max_new_tokens=4, on_batch=told.append)
    assert [len(batch) for batch in told] == [4, 4, 3]
    assert {place: answer for batch in told for place, answer in batch} == dict(enumerate(answers))


def test_files_that_are_no_pictures_have_an_error_and_do_not_stop_the_others(tiny, pictures, tmp_path):
    good, empty, cut = tmp_path / "good.png", tmp_path / "empty.png", tmp_path / "cut.png"
    pictures[0][0].save(good)
    empty.touch()
    cut.write_bytes(good.read_bytes()[:-40])
    names = [empty, good, cut, tmp_path / "none.png", Path(tmp_path)]
    items = [(name, "OCR:") for name in names] + [(Image.new("RGB", (1, 300)), "OCR:")]
    answers = generate_texts(*tiny, items, max_new_tokens=4)
    assert [bool(one.error) for one in answers] == [True, False, True, True, True, True]
    assert answers[1] == generate_texts(*tiny, [(pictures[0][0], "OCR:")], max_new_tokens=4)[0]
    assert "empty" in str(answers[0].error)


def test_sizes_that_are_known_need_no_look_at_the_files_and_may_be_wrong(tiny, pictures, tmp_path):
    items = []
    for number, (image, prompt) in enumerate(pictures):
        image.save(tmp_path / f"{number}.png")
        items.append((tmp_path / f"{number}.png", prompt))
    wanted = generate_texts(*tiny, pictures, batch_size=4, max_new_tokens=6)
    sizes = [image.size for image, _ in pictures]
    assert generate_texts(*tiny, items, batch_size=4, max_new_tokens=6, sizes=sizes) == wanted
    assert generate_texts(*tiny, items, batch_size=4, max_new_tokens=6, sizes=[(99, 9)] * 11) == wanted
    (tmp_path / "3.png").unlink()
    answers = generate_texts(*tiny, items, batch_size=4, max_new_tokens=6, sizes=sizes)
    assert [place for place, one in enumerate(answers) if one.error] == [3]


# peft 0.21 asks transformers 5.23 in an older way
@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")
def test_layers_of_lora_take_part_in_the_answer(tiny, pictures):
    import peft

    model, processor = copy.deepcopy(tiny[0]), tiny[1]
    wrapped = peft.get_peft_model(model, peft.LoraConfig(target_modules=["q_proj", "o_proj"], r=4))
    plain = generate_texts(wrapped, processor, pictures[:4], max_new_tokens=8)
    assert plain == generate_texts(*tiny, pictures[:4], max_new_tokens=8)
    with torch.no_grad():
        for name, weights in wrapped.named_parameters():
            if "lora_B" in name:
                weights.normal_()
    tuned = generate_texts(wrapped, processor, pictures[:4], max_new_tokens=8)
    assert tuned != plain
    merged = wrapped.merge_and_unload()
    assert [one.text for one in generate_texts(merged, processor, pictures[:4], max_new_tokens=8)] == [
        one.text for one in tuned
    ]


def test_no_pictures_have_no_answers(tiny):
    assert generate_texts(*tiny, []) == []


def test_a_batch_that_does_not_fit_into_memory_is_halved(tiny, pictures, monkeypatch):
    model, processor = tiny
    wanted = generate_texts(model, processor, pictures, max_new_tokens=6)
    generate, sizes = model.generate, []

    def short_of_memory(**batch):
        sizes.append(len(batch["input_ids"]))
        if sizes[-1] > 3:
            raise torch.OutOfMemoryError
        return generate(**batch)

    monkeypatch.setattr(model, "generate", short_of_memory, raising=False)
    assert generate_texts(model, processor, pictures, max_new_tokens=6) == wanted
    assert sizes == [11, 6, 3, 3, 5, 3, 2]


def test_a_picture_that_alone_is_too_large_for_memory_stops(tiny, pictures, monkeypatch):
    def never(**batch):
        raise torch.OutOfMemoryError

    monkeypatch.setattr(tiny[0], "generate", never, raising=False)
    with pytest.raises(torch.OutOfMemoryError):
        generate_texts(*tiny, pictures, max_new_tokens=6)
    assert not tiny[0].training


@pytest.mark.parametrize(
    ("sizes", "batch_size", "expected"),
    [
        ([], 4, []),
        ([(3, 12), (9, 36), (3, 12), (5, 20)], 2, [[1, 3], [0, 2]]),
        ([(1, MOST_PATCHES), (2, MOST_PATCHES // 2), (2, MOST_PATCHES // 2)], 9, [[1, 2], [0]]),
        ([(7, 2 * MOST_PATCHES)] * 2, 9, [[0], [1]]),
        ([(1, 4)] * 3, 1, [[0], [1], [2]]),
    ],
)
def test_batches_hold_questions_of_like_length_within_bounds(sizes, batch_size, expected):
    questions = [QuestionSize(place, tokens, patches) for place, (tokens, patches) in enumerate(sizes)]
    assert plan_batches(questions, batch_size) == expected


def test_batches_are_read_ahead_in_order():
    batches = [[1, 2], [], [3], [4, 5, 6], [7]]
    found = list(read_ahead(lambda item: item * 10, batches, 3))
    assert found == [(batch, [item * 10 for item in batch]) for batch in batches]


def test_an_error_while_reading_ahead_comes_in_its_turn():
    reader = read_ahead(lambda item: 1 // item, [[1], [1], [0], [1]], 1)
    assert [next(reader), next(reader)] == [([1], [1]), ([1], [1])]
    with pytest.raises(ZeroDivisionError):
        next(reader)
