from __future__ import annotations

import gc
import io
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.labels import lines as lines_module
from ppocr_kit.labels.lines import RawLine, decode_line, iter_lines, split_line
from ppocr_kit.labels.sources import read_sources

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"]

texts = st.lists(
    st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1).map(lambda text: f"k\t{text}"),
    min_size=1,
    max_size=8,
)


def read(content):
    return [(line.number, decode_line(line)[0]) for line in iter_lines(io.BytesIO(content))]


@given(texts, st.sampled_from(ENCODINGS), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_lines_of_any_signs_in_any_encoding_come_back(rows, encoding, end, last):
    content = (end.join(rows) + (end if last else "")).encode(encoding)
    if encoding == "gb18030":
        rows = [row for row in rows if decode_line(RawLine(1, 0, row.encode(encoding), None))[0] == row]
        content = end.join(rows).encode(encoding)
    assert [text.lstrip("\ufeff") for _, text in read(content)] == [row.lstrip("\ufeff") for row in rows]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8"])
def test_a_line_longer_than_what_is_read_at_once_is_whole(monkeypatch, encoding):
    monkeypatch.setattr(lines_module, "_CHUNK", 7)
    rows = ["k\t" + "\u0a0a\u0d0d文" * 50, "k\tlast"]
    assert [text for _, text in read("\n".join(rows).encode(encoding))] == rows


def test_every_line_is_found_again_by_its_place():
    content = "\ufeffa\tone\r\n\r\nb\tzwei\u2028\nc\tdrei\rd\tvier".encode()
    for line in iter_lines(io.BytesIO(content)):
        assert content[line.offset : line.offset + len(line.content)] == line.content


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("k\t[]", ("k", "[]", False)),
        ("k  []", ("k", "[]", True)),
        ("k [1] x   [{", ("k [1] x", "[{", True)),
        ("\ufeffk\t [] ", ("k", "[]", False)),
        ("k\t[]\tmore", ("k", "[]\tmore", False)),
    ],
)
def test_a_line_is_taken_apart_at_its_first_tab_or_before_its_list(text, parts):
    found = split_line(text)
    assert (found.key, found.boxes, found.spaced) == parts


@pytest.mark.parametrize("text", ["", "k", "k\t", "\t[]", "k []x"[:1], "k text"])
def test_a_line_without_key_or_list_is_none(text):
    assert split_line(text) is None


def test_memory_holds_a_few_bytes_a_page_and_no_boxes(make_folder):
    box = {"transcription": "twenty letters of it", "points": [[1, 2], [90, 2], [90, 50], [1, 50]]}
    boxes = json.dumps([box] * 20)
    pages = 1000
    folder = make_folder("".join(f"batch/p{page}.png\t{boxes}\n" for page in range(pages)), ())
    for page in range(pages):
        (folder / f"p{page}.png").touch()
    read_sources([folder])
    tracemalloc.start()
    source = read_sources([folder])[0]
    assert sum(len(entry.key) > 0 for entry in source.pages) == pages
    gc.collect()
    # of our own: the interpreter's table of names grows in steps of megabytes
    ours = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, "*/ppocr_kit/*")])
    tracemalloc.stop()
    kept = sum(trace.size for trace in ours.traces)
    assert (folder / "Label.txt").stat().st_size > 1_800 * pages
    assert kept < 300 * pages
