"""Model folders: what is missing is named all at once, which version it is, and what is no model at all."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from ppocr_kit.errors import DataError, SetupError, UsageError
from ppocr_kit.vl import finding, tiny_model
from ppocr_kit.vl.finding import find_model
from ppocr_kit.vl.model_folder import is_whole, read_model_folder, template_versions
from ppocr_kit.vl.rows import VlRow, write_rows
from ppocr_kit.vl.tiny_model import TinyRequest, make_tiny_model

TEMPLATE = '{%- if add_generation_prompt -%}{{- "Assistant:\\n" -}}{%- endif -%}'
OLD_TEMPLATE = TEMPLATE.replace("\\n", " ")


def write_weights(path: Path, size: int = 8) -> None:
    header = json.dumps({"a": {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * size)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model folder with every file, as transformers writes it."""
    path = tmp_path / "model"
    path.mkdir()
    (path / "config.json").write_text(json.dumps({"model_type": "paddleocr_vl"}), encoding="utf-8")
    for name in ("tokenizer.json", "tokenizer_config.json", "processor_config.json"):
        (path / name).write_text("{}", encoding="utf-8")
    (path / "chat_template.jinja").write_text(TEMPLATE, encoding="utf-8")
    write_weights(path / "model.safetensors")
    return path


def set_config(folder: Path, **entries: object) -> None:
    body = {"model_type": "paddleocr_vl", **entries}
    (folder / "config.json").write_text(json.dumps(body), encoding="utf-8")


def test_a_whole_folder_is_read(folder):
    found = read_model_folder(folder)
    assert found.template_versions == ("1.5", "1.6")
    assert (found.version, found.template_fits) == (None, True)
    assert found.weight_bytes == (folder / "model.safetensors").stat().st_size
    assert "chat_template.jinja" in found.files


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("model.safetensors", "model.safetensors (the weights)"),
        ("tokenizer.json", "tokenizer.json or tokenizer.model"),
        ("tokenizer_config.json", "tokenizer_config.json"),
        ("processor_config.json", "preprocessor_config.json or processor_config.json"),
        ("chat_template.jinja", "chat_template.jinja (how the model is asked)"),
    ],
)
def test_a_missing_file_is_named(folder, name, said):
    (folder / name).unlink()
    with pytest.raises(DataError) as caught:
        read_model_folder(folder)
    assert f"the model folder lacks {said} (it has" in caught.value.message
    assert "base model" in caught.value.hint


def test_all_that_is_missing_is_named_at_once(folder):
    for name in ("tokenizer.json", "tokenizer_config.json", "processor_config.json", "chat_template.jinja"):
        (folder / name).unlink()
    with pytest.raises(DataError, match=r"tokenizer.json or .*; tokenizer_config.json; .*; chat_template"):
        read_model_folder(folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda path: path.unlink(), "it has no config.json"),
        (lambda path: path.write_text("{"), "config.json cannot be read"),
        (lambda path: path.write_text("[1]"), "config.json cannot be read"),
        (lambda path: path.write_text('{"model_type": "qwen2_vl"}'), "a model of the kind 'qwen2_vl'"),
        (lambda path: path.write_text("{}"), "a model of the kind None"),
    ],
)
def test_what_is_no_model_of_this_kind_says_so(folder, change, said):
    change(folder / "config.json")
    with pytest.raises(DataError, match=said):
        read_model_folder(folder)


def test_adapters_alone_are_told_to_be_merged(tmp_path):
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(DataError, match="LoRA adapters") as caught:
        read_model_folder(tmp_path)
    assert "vl merge" in caught.value.hint


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        struct.pack("<Q", 1 << 60) + b"{}",
        struct.pack("<Q", 2) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 9) + b'{"a": {}}',
        struct.pack("<Q", 3) + b"{}",
    ],
)
def test_weights_that_are_not_whole_are_named(folder, content):
    (folder / "model.safetensors").write_bytes(content)
    assert not is_whole(folder / "model.safetensors")
    with pytest.raises(DataError, match="the whole of model.safetensors"):
        read_model_folder(folder)


def test_weights_cut_by_one_byte_are_not_whole(folder):
    content = (folder / "model.safetensors").read_bytes()
    assert is_whole(folder / "model.safetensors")
    (folder / "model.safetensors").write_bytes(content[:-1])
    assert not is_whole(folder / "model.safetensors")


def test_weights_in_several_files_are_looked_for_by_their_index(folder):
    (folder / "model.safetensors").unlink()
    names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": names[0], "b": names[1]}}))
    write_weights(folder / names[0])
    with pytest.raises(DataError, match=r"lacks model-00002-of-00002.safetensors \(the weights\)"):
        read_model_folder(folder)
    write_weights(folder / names[1], 16)
    assert read_model_folder(folder).weight_bytes > 24
    index.write_text("{}")
    with pytest.raises(DataError, match="a readable model.safetensors.index.json"):
        read_model_folder(folder)


@pytest.mark.parametrize("place", ["tokenizer_config.json", "chat_template.json", "processor_config.json"])
def test_a_template_may_lie_in_another_file(folder, place):
    (folder / "chat_template.jinja").unlink()
    (folder / place).write_text(json.dumps({"chat_template": OLD_TEMPLATE}))
    assert read_model_folder(folder).template_versions == ("1.0",)


@pytest.mark.parametrize(
    ("template", "versions"),
    [
        (OLD_TEMPLATE, ("1.0",)),
        (TEMPLATE, ("1.5", "1.6")),
        (TEMPLATE.replace("\\n", "\n"), ("1.5", "1.6")),
        (TEMPLATE + OLD_TEMPLATE, ()),
        ("{{ messages }}", ()),
        ("", ()),
    ],
)
def test_a_template_belongs_to_versions(template, versions):
    assert template_versions(template) == versions


@pytest.mark.parametrize(
    ("name", "config", "version", "fits"),
    [
        ("m", {}, None, True),
        ("m", {"paddleocr_vl_version": "1.6"}, "1.6", True),
        ("m", {"paddleocr_vl_version": "1.0"}, "1.0", False),
        ("m", {"paddleocr_vl_version": "2"}, None, True),
        ("PaddleOCR-VL", {}, "1.0", False),
        ("PaddleOCR-VL-1.5", {}, "1.5", True),
        ("paddleocr-vl-1.6-0.9B", {}, "1.6", True),
        ("PaddleOCR-VL-For-Manga", {}, None, True),
        ("models--PaddlePaddle--PaddleOCR-VL/snapshots/0a1b", {}, "1.0", False),
        ("m", {"_name_or_path": "PaddlePaddle/PaddleOCR-VL-1.5"}, "1.5", True),
        ("PaddleOCR-VL", {"paddleocr_vl_version": "1.5"}, "1.5", True),
    ],
)
def test_the_version_is_told_by_the_config_or_by_an_official_name(folder, name, config, version, fits):
    set_config(folder, **config)
    moved = folder.parent / name
    moved.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(moved)
    found = read_model_folder(moved)
    assert (found.version, found.template_fits) == (version, fits)


def test_a_folder_is_found_and_a_name_is_fetched(folder, monkeypatch):
    asked = []

    def fetch(worker, spec, **more):
        asked.append((worker, spec["name"], more["env"]["HF_HUB_OFFLINE"]))
        return {"folder": str(folder)}

    monkeypatch.setattr(finding, "run_engine", fetch)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    assert find_model(str(folder)).path == folder
    assert asked == []
    assert find_model("PaddleOCR-VL-1.5").path == folder
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert find_model("somebody/their-model").path == folder
    assert asked == [
        ("fetching", "PaddlePaddle/PaddleOCR-VL-1.5", "0"),
        ("fetching", "somebody/their-model", "1"),
    ]


@pytest.mark.parametrize("name", ["absent", "./absent/model", "a/b/c", "", "../x", "modell 1"])
def test_what_is_neither_folder_nor_name_is_not_asked_of_the_hub(name, monkeypatch):
    monkeypatch.setattr(finding, "run_engine", lambda *words, **more: pytest.fail("asked the hub"))
    with pytest.raises((DataError, SetupError)):
        find_model(name)


@pytest.fixture
def asked(folder, monkeypatch):
    """What the lane would be asked to make; nothing is made."""
    jobs = []
    monkeypatch.setattr(tiny_model, "run_engine", lambda worker, spec: jobs.append(spec))
    monkeypatch.setattr(tiny_model, "read_model_folder", lambda path: path)
    return jobs


def test_a_tokenizer_learns_from_a_data_set_or_from_lines(asked, tmp_path):
    rows = [VlRow(f"vl/images/{text}.png", "OCR:", text, "p", 10, 10) for text in ("one", "two")]
    write_rows(tmp_path / "data" / "vl" / "train.jsonl", rows)
    (tmp_path / "lines.txt").write_text("three\nfour\n", encoding="utf-8")
    for source in (tmp_path / "data", tmp_path / "lines.txt"):
        make_tiny_model(TinyRequest(tmp_path / "out", "1.0", "llama", source, 3))
    assert [job["texts"] for job in asked] == [["one", "two"], ["three", "four"]]
    assert asked[0] == {
        "folder": str(tmp_path / "out"),
        "version": "1.0",
        "tokenizer": "llama",
        "texts": ["one", "two"],
        "seed": 3,
    }


@pytest.mark.parametrize("content", [None, b"\xff\xfe\xff"])
def test_texts_that_cannot_be_read_are_an_error(asked, tmp_path, content):
    source = tmp_path / "lines.txt"
    if content is not None:
        source.write_bytes(content)
    with pytest.raises(DataError, match="cannot read the texts"):
        make_tiny_model(TinyRequest(tmp_path / "out", texts=source))
    with pytest.raises(DataError, match="holds no data set"):
        make_tiny_model(TinyRequest(tmp_path / "out", texts=tmp_path))


def test_nothing_but_a_model_folder_is_replaced(asked, folder, tmp_path):
    for request, replace in ((TinyRequest(folder), False), (TinyRequest(tmp_path), True)):
        with pytest.raises(UsageError, match="something already"):
            make_tiny_model(request, replace=replace)
    make_tiny_model(TinyRequest(folder), replace=True)
    assert len(asked) == 1
