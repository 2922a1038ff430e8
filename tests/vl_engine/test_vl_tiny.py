"""The small model: every file of a real folder, the same for the same seed, and it learns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from PIL import Image, ImageDraw

from ppocr_kit.errors import DataError, SetupError, UsageError
from ppocr_kit.storage import sha256_of
from ppocr_kit.vl.engine.collating import Collator
from ppocr_kit.vl.engine.encoding import Encoder
from ppocr_kit.vl.engine.loading import checked_device, chosen_attention, load_model, load_processor
from ppocr_kit.vl.engine.templates import CUES, versions_of
from ppocr_kit.vl.engine.tiny import make_tiny
from ppocr_kit.vl.engine.tiny_tokenizers import KINDS
from ppocr_kit.vl.model_folder import read_model_folder

FILES = {
    "chat_template.jinja",
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "processor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_tiny(tmp_path / "model")


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("version", list(CUES))
def test_the_folder_is_complete_and_loads_as_the_version_that_was_asked_for(tmp_path, kind, version):
    folder = make_tiny(tmp_path / "model", version=version, tokenizer=kind, texts=["one two", "three"])
    assert {path.name for path in folder.iterdir()} == FILES
    found = read_model_folder(folder)
    assert (found.version, found.template_fits) == (version, True)
    model, processor = load_model(folder)
    assert type(model).__name__ == "PaddleOCRVLForConditionalGeneration"
    assert version in versions_of(processor)
    assert 250_000 < sum(weights.numel() for weights in model.parameters()) < 300_000
    assert not model.training


def test_the_same_seed_gives_the_same_folder_and_another_seed_other_weights(tmp_path):
    torch.rand(1)
    digests = [
        {path.name: sha256_of(path) for path in make_tiny(tmp_path / str(number), seed=seed).iterdir()}
        for number, seed in enumerate((0, 0, 1))
    ]
    assert digests[0] == digests[1]
    assert {name for name in FILES if digests[0][name] != digests[2][name]} == {"model.safetensors"}


@pytest.mark.parametrize("wrong", [{"version": "1.4"}, {"tokenizer": "word"}])
def test_what_is_not_there_is_refused_and_nothing_is_written(tmp_path, wrong):
    with pytest.raises(UsageError, match="there is no"):
        make_tiny(tmp_path / "model", **wrong)
    assert list(tmp_path.iterdir()) == []


def test_some_texts_are_learned_by_heart(folder):
    torch.manual_seed(0)
    model, processor = load_model(folder)
    texts = ["12.50", "TOTAL", "a b", "Straße"]
    encoder, collator = Encoder(processor), Collator(processor.tokenizer.pad_token_id)
    pictures = []
    for text in texts:
        pictures.append(Image.new("RGB", (140, 28), "white"))
        ImageDraw.Draw(pictures[-1]).text((4, 8), text, fill="black")
    batch = collator([encoder.encode(image, "OCR:", text) for image, text in zip(pictures, texts)])
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    model.train()
    for _ in range(80):
        optimizer.zero_grad()
        model(**batch).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    model.eval()
    asked = collator([encoder.encode(image, "OCR:") for image in pictures])
    with torch.no_grad():
        said = model.generate(**asked, max_new_tokens=16, do_sample=False)[:, asked["input_ids"].shape[1] :]
    assert processor.tokenizer.batch_decode(said, skip_special_tokens=True) == texts


def test_a_folder_that_lacks_files_is_named_before_anything_is_loaded(folder):
    (folder / "tokenizer.json").unlink()
    (folder / "processor_config.json").unlink()
    with pytest.raises(DataError, match=r"lacks tokenizer.json or .*; preprocessor_config.json or"):
        load_model(folder)


def test_an_empty_tokenizer_is_told(folder):
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(DataError, match="the tokenizer cannot be loaded"):
        load_processor(folder)


def test_a_tokenizer_of_another_model_is_refused(folder, tmp_path):
    other = make_tiny(tmp_path / "other", tokenizer="llama")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes((other / name).read_bytes())
    with pytest.raises(DataError, match="the tokenizer is another model's"):
        load_model(folder)


def test_weights_of_another_size_are_refused(folder):
    config = json.loads((folder / "config.json").read_text())
    config["text_config"]["num_hidden_layers"] += 1
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(DataError, match="leave 9 parameters at random"):
        load_model(folder)


def test_weights_of_another_shape_are_refused(folder):
    config = json.loads((folder / "config.json").read_text())
    config["text_config"]["intermediate_size"] *= 2
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(DataError, match="shape"):
        load_model(folder)


def test_the_version_that_a_name_tells_is_kept_when_the_model_is_saved_elsewhere(folder, tmp_path):
    config = json.loads((folder / "config.json").read_text())
    del config["paddleocr_vl_version"]
    (folder / "config.json").write_text(json.dumps(config))
    named = folder.rename(tmp_path / "PaddleOCR-VL-1.6")
    model, _ = load_model(named)
    model.save_pretrained(tmp_path / "best")
    assert json.loads((tmp_path / "best" / "config.json").read_text())["paddleocr_vl_version"] == "1.6"


def as_the_hub_has_it(folder: Path) -> None:
    """Rewrite a folder in the shape of the official ones: flat config, own code named, older file names."""
    config = json.loads((folder / "config.json").read_text())
    text = config.pop("text_config")
    rope = text.pop("rope_parameters")
    del config["paddleocr_vl_version"]
    flat = {
        **text,
        **config,
        "auto_map": {"AutoModelForCausalLM": "modeling_paddleocr_vl.PaddleOCRVLForConditionalGeneration"},
        "rope_theta": rope["rope_theta"],
        "rope_scaling": {"mrope_section": rope["mrope_section"], "rope_type": "default", "type": "default"},
        "torch_dtype": "bfloat16",
    }
    flat["vision_config"]["model_type"] = "paddleocr_vl"
    flat["model_type"] = "paddleocr_vl"
    (folder / "config.json").write_text(json.dumps(flat))
    images = json.loads((folder / "processor_config.json").read_text())["image_processor"]
    size = images.pop("size")
    images.update(min_pixels=size["shortest_edge"], max_pixels=size["longest_edge"])
    images["auto_map"] = {"AutoImageProcessor": "image_processing.SiglipImageProcessor"}
    images["image_processor_type"] = "SiglipImageProcessor"
    (folder / "preprocessor_config.json").write_text(json.dumps(images))
    names = {"auto_map": {"AutoProcessor": "processing_paddleocr_vl.PaddleOCRVLProcessor"}}
    (folder / "processor_config.json").write_text(
        json.dumps({**names, "processor_class": "PaddleOCRVLProcessor"})
    )
    tokens = json.loads((folder / "tokenizer_config.json").read_text())
    del tokens["backend"], tokens["image_token"]
    tokens["tokenizer_class"] = "LlamaTokenizer"
    tokens["additional_special_tokens"] = tokens.pop("extra_special_tokens")
    (folder / "tokenizer_config.json").write_text(json.dumps(tokens))


def test_a_folder_as_the_hub_has_it_is_the_same_model(tmp_path):
    ours = make_tiny(tmp_path / "ours", tokenizer="llama", texts=["hello world"])
    theirs = make_tiny(tmp_path / "PaddleOCR-VL-1.5", tokenizer="llama", texts=["hello world"])
    as_the_hub_has_it(theirs)
    assert read_model_folder(theirs).version == "1.5"
    image = Image.new("RGB", (140, 40), "grey")
    losses = []
    for folder in (ours, theirs):
        model, processor = load_model(folder)
        assert model.dtype == torch.float32
        row = Encoder(processor).encode(image, "OCR:", "hello world")
        with torch.no_grad():
            losses.append(float(model(**Collator(0)([row])).loss))
    assert losses[0] == pytest.approx(losses[1])


@pytest.mark.skipif(torch.cuda.is_available(), reason="for machines without a GPU")
def test_what_this_machine_has_not_is_a_setup_error():
    with pytest.raises(SetupError, match="there is no GPU 0"):
        checked_device("gpu")
    with pytest.raises(SetupError, match="flash attention needs a GPU"):
        chosen_attention("flash_attention_2", "cpu")
    assert chosen_attention("auto", "cpu") == "sdpa"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda folder: load_model(folder, device="warp"), "'warp' is not a device"),
        (lambda folder: load_model(folder, dtype="int3"), "there is no dtype 'int3'"),
        (lambda folder: load_model(folder, attention="none"), "there is no attention 'none'"),
    ],
)
def test_names_that_do_not_exist_are_usage_errors(folder, call, said):
    with pytest.raises(UsageError, match=said):
        call(folder)
