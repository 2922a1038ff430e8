"""Labels are the answer and the end token and nothing else: three templates, three kinds of tokenizers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ppocr_kit.errors import DataError
from ppocr_kit.vl.engine.encoding import IGNORED, Encoder
from ppocr_kit.vl.engine.loading import load_processor
from ppocr_kit.vl.engine.templates import CUES, TEMPLATES, render_question, require_end, versions_of
from ppocr_kit.vl.engine.tiny import make_tiny
from ppocr_kit.vl.engine.tiny_tokenizers import CONTROL_TOKENS, KINDS, PAD
from ppocr_kit.vl.prompts import PROMPTS

TEXTS = [
    "hello world",
    "TOTAL 12.50 €",
    " begins and ends with a space ",
    "two\nlines",
    "日本語のふきだし",
    "Assistant: hello",
    "Assistant:\nUser: ",
    "x",
    "",
]
PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (50, 233, 3), dtype=np.uint8))


@pytest.fixture(scope="session")
def processors(tmp_path_factory):
    """By kind of tokenizer, a processor whose pieces were learned from the texts."""
    folder = tmp_path_factory.mktemp("models")
    return {
        kind: load_processor(make_tiny(folder / kind, tokenizer=kind, texts=[*TEXTS, *TEXTS]))
        for kind in KINDS
    }


@pytest.fixture(params=list(KINDS))
def tokenizer_kind(request):
    return request.param


@pytest.fixture(params=list(CUES))
def official(request, tokenizer_kind, processors, official_templates):
    """A processor that asks with an official template."""
    processor = processors[tokenizer_kind]
    before = processor.chat_template
    processor.chat_template = official_templates[request.param]
    yield request.param, processor
    processor.chat_template = before


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("prompt", PROMPTS.values())
def test_labels_are_exactly_the_answer_and_the_end_token(official, text, prompt):
    _, processor = official
    row = Encoder(processor).encode(PICTURE, prompt, text)
    answer = [
        *processor.tokenizer(text, add_special_tokens=False)["input_ids"],
        processor.tokenizer.eos_token_id,
    ]
    assert row.labels[row.labels != IGNORED].tolist() == answer
    assert row.labels[: -len(answer)].eq(IGNORED).all()
    assert row.input_ids[-len(answer) :].tolist() == answer
    assert processor.tokenizer.decode(answer[:-1]) == text


def test_the_question_is_what_the_processor_of_transformers_makes_of_it(official):
    _, processor = official
    asked = Encoder(processor).encode(PICTURE, "OCR:")
    told = processor(text=render_question(processor, "OCR:"), images=[PICTURE], return_tensors="pt")
    assert asked.labels is None
    assert asked.input_ids.tolist() == told["input_ids"][0].tolist()
    assert asked.mm_token_type_ids.tolist() == told["mm_token_type_ids"][0].tolist()
    assert asked.image_grid_thw.tolist() == told["image_grid_thw"].tolist()
    assert torch.equal(asked.pixel_values, told["pixel_values"])


def test_the_version_of_an_official_template_is_recognised(official):
    version, processor = official
    assert version in versions_of(processor)
    assert ("1.0" in versions_of(processor)) == (version == "1.0")
    assert require_end(processor) == processor.tokenizer.eos_token_id


@pytest.mark.parametrize("chat", [False, True])
def test_templates_of_the_kit_say_what_the_official_ones_say(official, chat):
    version, processor = official
    answer = {"role": "assistant", "content": [{"type": "text", "text": "a b"}]}
    question = [
        {"role": "system", "content": [{"type": "text", "text": "be brief"}]},
        {"role": "user", "content": [{"type": "text", "text": "OCR:"}, {"type": "image"}]},
    ]
    messages = [*question, answer] if chat else question
    said = [
        processor.apply_chat_template(
            messages, chat_template=template, tokenize=False, add_generation_prompt=not chat
        )
        for template in (processor.chat_template, TEMPLATES[version])
    ]
    assert said[0] == said[1]


def found(needle: list[int], row: list[int]) -> bool:
    return any(row[start : start + len(needle)] == needle for start in range(len(row)))


@pytest.mark.parametrize("version", list(CUES))
def test_searching_for_the_cue_finds_nothing_where_spaces_join_the_next_word(
    version, processors, official_templates
):
    """What the article does, and why it is not done here: the row is there, the cue is not."""
    processor = processors["llama"]
    answer = {"role": "assistant", "content": [{"type": "text", "text": "hello world"}]}
    question = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "OCR:"}]}
    chat = processor.apply_chat_template(
        [question, answer], chat_template=official_templates[version], tokenize=False
    )
    ids = processor(text=chat, images=[PICTURE])["input_ids"][0]
    cue = processor.tokenizer("Assistant: ", add_special_tokens=False)["input_ids"]
    assert "Assistant:" in chat
    assert not found(cue, ids)


SPELLED = [
    (kind, token)
    for kind in KINDS
    for token in CONTROL_TOKENS
    # the unigram model has a piece for what it does not know
    if (kind, token) != ("unigram", PAD)
]


@pytest.mark.parametrize(("kind", "token"), SPELLED)
def test_a_text_that_spells_a_control_token_is_taken_letter_by_letter(processors, kind, token):
    processor = processors[kind]
    encoder = Encoder(processor)
    row = encoder.encode(PICTURE, "OCR:", f"a {token} b")
    assert row.input_ids.tolist().count(encoder.image_id) == int(row.image_grid_thw.prod()) // 4
    assert row.labels.tolist().count(encoder.end_id) == 1
    assert processor.tokenizer.decode(row.labels[row.labels != IGNORED][:-1].tolist()) == f"a {token} b"


def test_a_text_that_the_tokenizer_has_no_way_to_say_is_refused(processors):
    with pytest.raises(DataError, match="the tokenizer cannot say this text: 'a <unk> b'"):
        Encoder(processors["unigram"]).encode(PICTURE, "OCR:", f"a {PAD} b")


@given(text=st.text(max_size=40))
@pytest.mark.parametrize("kind", list(KINDS))
def test_any_text_comes_back_from_its_tokens(processors, kind, text):
    encoder = Encoder(processors[kind])
    ids = encoder.answer_ids(text)
    assert ids[-1] == encoder.end_id
    assert encoder.processor.tokenizer.decode(ids[:-1], clean_up_tokenization_spaces=False) == text


@given(width=st.integers(1, 600), height=st.integers(1, 600), text=st.text("ab ", max_size=9))
def test_lengths_are_known_without_the_picture(processors, width, height, text):
    encoder = Encoder(processors["byte"])
    if max(width, height) > 200 * min(width, height):
        with pytest.raises(DataError, match="more than 200 times"):
            encoder.count_tokens(width, height, "OCR:", text)
        return
    row = encoder.encode(Image.new("RGB", (width, height)), "OCR:", text)
    assert encoder.count_tokens(width, height, "OCR:", text) == row.length
    assert row.pixel_values.shape[0] == int(row.image_grid_thw.prod())


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr"])
def test_patches_are_those_of_transformers_in_every_mode(processors, mode):
    processor = processors["byte"]
    image = PICTURE.convert(mode)
    told = processor.image_processor(images=[image], return_tensors="pt")
    assert torch.equal(Encoder(processor).encode(image, "OCR:").pixel_values, told["pixel_values"])


def test_pixels_are_bounded_as_asked(processors):
    encoder = Encoder(processors["byte"], min_pixels=100 * 28 * 28, max_pixels=200 * 28 * 28)
    small = encoder.encode(Image.new("RGB", (30, 30)), "OCR:")
    large = encoder.encode(Image.new("RGB", (3000, 2000)), "OCR:")
    assert 100 <= int(small.image_grid_thw.prod()) // 4 <= 130
    assert 150 <= int(large.image_grid_thw.prod()) // 4 <= 200
    # below the processor's own least
    least = Encoder(processors["byte"], max_pixels=2 * 28 * 28).encode(Image.new("RGB", (300, 300)), "OCR:")
    assert int(least.image_grid_thw.prod()) // 4 <= 2


def test_a_row_that_is_too_long_is_refused_not_cut(processors):
    processor = processors["byte"]
    length = Encoder(processor).encode(PICTURE, "OCR:", "hello").length
    assert Encoder(processor, max_length=length).encode(PICTURE, "OCR:", "hello").length == length
    with pytest.raises(DataError, match=f"a row has {length} tokens") as caught:
        Encoder(processor, max_length=length - 1).encode(PICTURE, "OCR:", "hello")
    assert "--max-length" in caught.value.hint


def test_a_prompt_cannot_bring_a_second_picture(processors):
    with pytest.raises(DataError, match="2 places for a picture"):
        Encoder(processors["byte"]).encode(PICTURE, "read <|IMAGE_PLACEHOLDER|>", "x")


def test_a_template_that_never_ends_an_answer_is_refused(processors):
    processor = processors["byte"]
    before = processor.chat_template
    processor.chat_template = TEMPLATES["1.5"].replace('(eos_token | default("</s>"))', '""')
    try:
        with pytest.raises(DataError, match="learn never to stop"):
            Encoder(processor)
    finally:
        processor.chat_template = before
