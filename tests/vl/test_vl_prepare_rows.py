"""vl prepare: which rows are learnt, and that each that is not is listed with its reason."""

from __future__ import annotations

import io
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from vl_sources import WORDS, all_rows, draw, left_out, make_words, prepare, row, save, write_jsonl

from ppocr_kit.errors import DataError
from ppocr_kit.vl.codes import VL_CODES


def bomb() -> bytes:
    """A PNG of some bytes that says it has 30,000 x 30,000 pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"x") + chunk(b"IEND", b"")


PICTURES: dict[str, tuple[bytes | None, str]] = {
    "missing": (None, "V004"),
    "empty": (b"", "V005"),
    "no picture": (b"#!/bin/sh\necho\n", "V005"),
    "cut short": (draw("abc")[:-300], "V005"),
    "bomb": (bomb(), "V005"),
    "very long": (save(Image.new("RGB", (3000, 4))), "V005"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_picture_that_cannot_be_used_leaves_its_row_out(tmp_path: Path, name: str):
    content, code = PICTURES[name]
    source = make_words(tmp_path / "src")
    if content is not None:
        (source.parent / "bad.png").write_bytes(content)
    write_jsonl(
        source.parent, [json.loads(source.read_text().splitlines()[0]), row("bad.png", "bad")], "b.jsonl"
    )
    result = prepare(tmp_path, source.parent)
    assert left_out(result)[code] == 1
    assert {one["completion"] for one in all_rows(result)} == set(WORDS)
    place = next(found for found in result.problems if found.code == code)
    assert (place.file, place.line) == (str(source.parent / "b.jsonl"), 2)


ROWS: dict[str, tuple[Any, str]] = {
    "broken line": ("{", "V001"),
    "deep line": ("[" * 100_000, "V001"),
    "list": ([1], "V001"),
    "no picture": ({"prompt": "OCR:", "completion": "x"}, "V002"),
    "picture is a number": (row("x", "x") | {"image": 7}, "V002"),
    "two pictures": ({"images": ["alder.png", "birch.png"], "prompt": "OCR:", "completion": "x"}, "V003"),
    "path that cannot be": (row("a\0b.png", "x"), "V004"),
    "folder": (row(".", "x"), "V005"),
    "no prompt": ({"image": "one.png", "completion": "x"}, "V010"),
    "empty prompt": (row("one.png", "x") | {"prompt": " "}, "V010"),
    "token in the text": (row("one.png", "a</s>b"), "V012"),
    "picture token in the prompt": (row("one.png", "x") | {"prompt": "<|IMAGE_PLACEHOLDER|>OCR:"}, "V012"),
    "no text": ({"image": "one.png", "prompt": "OCR:"}, "V020"),
    "empty text": (row("one.png", ""), "V020"),
    "white space": (row("one.png", " \n\u3000"), "V020"),
    "number": (row("one.png", 12), "V021"),
    "half a pair": ('{"image": "one.png", "prompt": "OCR:", "completion": "a\\ud800"}', "V022"),
    "undecodable": (row("one.png", "a\ufffdb"), "V022"),
    "control": (row("one.png", "a\x00b"), "V022"),
    "too long": (row("one.png", "x" * 51), "V024"),
}


@pytest.mark.parametrize("name", ROWS)
def test_row_that_cannot_be_learnt_is_listed(tmp_path: Path, name: str):
    body, code = ROWS[name]
    source = make_words(tmp_path / "src")
    (source.parent / "one.png").write_bytes(draw("one"))
    with source.open("a", encoding="utf-8") as stream:
        stream.write((body if isinstance(body, str) else json.dumps(body)) + "\n")
    result = prepare(tmp_path, source, max_length=50)
    assert left_out(result) == {code: 1}
    assert VL_CODES[code].drops
    assert len(all_rows(result)) == len(WORDS)
    found = next(found for found in result.problems if found.code == code)
    assert (found.file, found.line, bool(found.hint)) == (str(source), len(WORDS) + 1, True)


@pytest.mark.parametrize(
    ("picture", "text", "code"),
    [
        (save(Image.fromarray(np.full((20, 40, 4), 128, np.uint8))), "see through", "V006"),
        (save(Image.fromarray(np.full((7, 40, 3), 128, np.uint8))), "low", "V007"),
        (draw("ends"), "ends ", "V023"),
    ],
    ids=["transparent", "low", "white space"],
)
def test_remark_leaves_nothing_out(tmp_path: Path, picture: bytes, text: str, code: str):
    source = make_words(tmp_path / "src")
    (source.parent / "one.png").write_bytes(picture)
    write_jsonl(source.parent, [row("one.png", text)], "more.jsonl")
    result = prepare(tmp_path, source.parent)
    assert result.problems.by_code[code] == 1
    assert not VL_CODES[code].drops
    assert left_out(result) == {}
    assert text in {one["completion"] for one in all_rows(result)}


def test_strange_prompt_is_kept_and_told(tmp_path: Path):
    source = make_words(tmp_path / "src")
    lines = [json.loads(line) | {"prompt": "Read the tree:"} for line in source.read_text().splitlines()]
    result = prepare(tmp_path, write_jsonl(source.parent, lines))
    assert result.problems.by_code["V011"] == len(WORDS)
    assert result.manifest["prompts"] == {"Read the tree:": len(WORDS)}


def test_given_prompt_goes_to_rows_without_one_only(tmp_path: Path):
    source = make_words(tmp_path / "src")
    lines = [json.loads(line) for line in source.read_text().splitlines()]
    del lines[0]["prompt"]
    result = prepare(tmp_path, write_jsonl(source.parent, lines), prompt="Table Recognition:")
    assert result.manifest["prompts"] == {"OCR:": len(WORDS) - 1, "Table Recognition:": 1}


def test_repeated_row_counts_once_and_contradicting_rows_not_at_all(tmp_path: Path):
    source = make_words(tmp_path / "src")
    (source.parent / "copy.png").write_bytes(draw("alder"))
    with source.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(row("copy.png", "alder")) + "\n")
        stream.write(json.dumps(row("birch.png", "beech")) + "\n")
        # another question about the same picture is no contradiction
        stream.write(json.dumps(row("cedar.png", "<table>") | {"prompt": "Table Recognition:"}) + "\n")
    result = prepare(tmp_path, source)
    assert left_out(result) == {"V030": 1, "V031": 2}
    texts = [one["completion"] for one in all_rows(result)]
    assert texts.count("alder") == 1
    assert not {"birch", "beech"} & set(texts)
    sides = [
        split for split in ("train", "val", "test") for one in result_rows(result, split) if "cedar" in one
    ]
    assert len(set(sides)) == 1
    assert result.manifest["checks"]["repeated"] == 1
    assert result.manifest["checks"]["contradictory"] == 2


def result_rows(result: Any, split: str) -> list[str]:
    return (result.folder / "vl" / f"{split}.jsonl").read_text().splitlines()


def test_when_no_row_can_be_used_the_error_says_why(tmp_path: Path):
    source = write_jsonl(tmp_path / "src", [{"image": "a.png", "completion": "a"}])
    (tmp_path / "src" / "a.png").write_bytes(draw("a"))
    with pytest.raises(DataError, match=r"the row has no prompt \(V010, 1 times\)") as caught:
        prepare(tmp_path, source)
    assert caught.value.at == f"{source}:1"
    assert "--prompt ocr" in str(caught.value.hint)
    assert not (tmp_path / "td" / "set").exists()


def test_empty_source_is_a_clear_error(tmp_path: Path):
    source = write_jsonl(tmp_path / "src", [])
    with pytest.raises(DataError, match="the sources have no row"):
        prepare(tmp_path, source)


def test_rows_say_what_the_picture_is(tmp_path: Path):
    """A photograph on its side is measured as it is shown, and kept as it is."""
    source = make_words(tmp_path / "src")
    exif = Image.Exif()
    exif[0x0112] = 6
    stream = io.BytesIO()
    Image.new("RGB", (60, 20), "white").save(stream, "JPEG", exif=exif)
    (source.parent / "photo.jpg").write_bytes(stream.getvalue())
    write_jsonl(source.parent, [row("photo.jpg", "on its side")], "more.jsonl")
    result = prepare(tmp_path, source.parent)
    found = next(one for one in all_rows(result) if one["completion"] == "on its side")
    assert (found["width"], found["height"]) == (20, 60)
    assert found["image"].startswith("vl/images/photo-")
    assert (result.folder / found["image"]).read_bytes() == stream.getvalue()


def test_every_row_is_a_picture_that_is_there_and_no_picture_is_without_a_row(tmp_path: Path):
    source = make_words(tmp_path / "src")
    (source.parent / "unused.png").write_bytes(draw("unused"))
    with source.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(row("unused.png", "")) + "\n")
    result = prepare(tmp_path, source)
    images = {path.name for path in (result.folder / "vl" / "images").iterdir()}
    assert images == {one["image"].split("/")[-1] for one in all_rows(result)}
    assert len(images) == len(WORDS)
