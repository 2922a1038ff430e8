"""Whatever stands in a Label.txt, a repair loses nothing, changes nothing twice and reads the same."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ppocr_kit.errors import DataError
from ppocr_kit.labels.box_repair import repair_boxes
from ppocr_kit.labels.boxes import parse_boxes
from ppocr_kit.labels.placement import place_regions
from ppocr_kit.labels.repair import repair_sources
from ppocr_kit.labels.repair_table import REPAIRS
from ppocr_kit.labels.sources import read_sources
from ppocr_kit.labels.verbatim_json import dump_verbatim, load_verbatim
from ppocr_kit.text import clean_text

WIDTH, HEIGHT = 100, 60

TEXTS = st.one_of(
    st.text(st.sampled_from("ab文$ \t\n\x01é\u2028###"), max_size=5),
    st.sampled_from(["###", "TEMPORARY", "NULL"]),
)
TRANSCRIPTIONS = st.one_of(
    TEXTS,
    st.tuples(TEXTS, st.floats(0, 1)).map(list),
    st.integers(-99, 10**20),
    st.floats(allow_nan=False),
    st.sampled_from([None, [], ["a", "b"], {"x": 1}, True]),
)
NUMBERS = st.one_of(st.integers(-4, 104), st.floats(-4, 104).map(lambda value: round(value, 2)))
CORNERS = st.lists(st.tuples(NUMBERS, NUMBERS).map(list), min_size=3, max_size=6)
SQUARES = st.sampled_from(
    [
        [[1, 2], [90, 2], [90, 50], [1, 50]],
        [[1, 2], [1, 50], [90, 50], [90, 2]],
        [[1, 2], [90, 50], [90, 2], [1, 50]],
    ]
)
BOXES = st.one_of(
    st.fixed_dictionaries(
        {"transcription": TRANSCRIPTIONS, "points": st.one_of(SQUARES, CORNERS)},
        optional={"difficult": st.booleans(), "mine": st.integers(), "id": st.integers(0, 3)},
    ),
    st.sampled_from([{}, 7, {"points": "x"}]),
)
KEYS = st.sampled_from(
    [
        "batch/a.png",
        "batch\\a.png",
        "29/a.png",
        "C:\\x\\29\\b.png",
        "/x/b.png",
        "c.png",
        "B.PNG",
        "none/x.png",
    ]
)
LISTS = st.lists(BOXES, max_size=4)


def as_python(boxes):
    return repr([box for box in boxes if isinstance(box, dict)])


def as_json(boxes):
    return json.dumps(boxes, ensure_ascii=False)


LINES = st.one_of(
    st.builds(
        lambda key, gap, boxes: f"{key}{gap}{boxes}",
        KEYS,
        st.sampled_from(["\t", "\t", "  "]),
        st.one_of(LISTS.map(as_json), LISTS.map(as_python), st.just("[{")),
    ),
    st.sampled_from(
        ["", "  ", "no list", "\r", "a\rb", 'batch/c.png\t[{"transcription": "a\rb", "mine": "\r"}]']
    ),
)
FILES = st.tuples(
    st.lists(st.tuples(LINES, st.sampled_from(["utf-8", "utf-8", "gb18030"])), max_size=5),
    st.sampled_from(["\n", "\r\n", "\r", "\r\r\n"]),
    st.sampled_from(["", "", "utf-8-sig", "utf-16", "utf-16-le"]),
).map(lambda made: joined(*made))


def joined(lines, end, encoding):
    """Join lines in one encoding, or each in its own."""
    if encoding:
        return "".join(line + end for line, _ in lines).encode(encoding)
    return b"".join(line.encode(own) + end.encode() for line, own in lines)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    import cv2

    folder = tmp_path_factory.mktemp("repair") / "batch"
    folder.mkdir()
    for name in ("a.png", "b.png", "c.png"):
        picture = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
        (folder / name).write_bytes(cv2.imencode(".png", picture)[1].tobytes())
    return folder


def usable(folder):
    """Return what training would see of each image: outlines and texts, repeated boxes once."""
    (source,) = read_sources([folder])
    seen = {}
    for entry in source.pages:
        read = entry.read()
        placed, _ = place_regions(read.page.regions, WIDTH, HEIGHT)
        found = {(region.outline, region.polygon, region.rec_text) for region in placed}
        seen[entry.path] = (read.usable, found)
    return seen


@settings(max_examples=150)
@given(content=FILES)
def test_a_repaired_file_reads_the_same_and_needs_no_second_repair(folder, content):
    for old in folder.glob("Label.txt*"):
        old.unlink()
    (folder / "Label.txt").write_bytes(content)
    before = usable(folder)
    try:
        (repair,) = repair_sources([folder])
    except DataError:
        assert b"\0" in content
        assert [path.name for path in folder.glob("Label*")] == ["Label.txt"]
        assert (folder / "Label.txt").read_bytes() == content
        return
    assert usable(folder) == before
    assert [path.read_bytes() for path in repair.backups] == [content] * bool(repair.changes.total)
    repaired = (folder / "Label.txt").read_bytes()
    (again,) = repair_sources([folder])
    assert again.changes.total == 0
    assert (folder / "Label.txt").read_bytes() == repaired
    (source,) = read_sources([folder])
    codes = set(source.problems.by_code)
    for entry in source.pages:
        codes.update(code for code, _, _ in entry.read().findings)
    left = set(again.left.counts)
    # an object that has a key twice, and text that is no number, are left without a code or with another
    assert codes & set(REPAIRS) - {"L051"} <= left


@given(LISTS)
def test_no_box_and_no_text_is_lost(boxes):
    text = as_json(boxes)
    repaired = repair_boxes(text)
    dropped = [change for change in repaired.changes if change.code == "L047"]
    after = json.loads(repaired.text)
    assert len(after) == len(boxes) - len(dropped)
    before_regions, _ = parse_boxes(text)
    after_regions, _ = parse_boxes(repaired.text)
    said = {clean_text(region.transcription) for region in before_regions}
    assert {region.transcription for region in after_regions} == said
    assert {frozenset(region.points) for region in after_regions} == {
        frozenset(region.points) for region in before_regions
    }


@given(LISTS)
def test_a_list_without_findings_stays_the_same_text(boxes):
    text = as_json(boxes).replace(": ", " :  ")
    repaired = repair_boxes(text)
    if not repaired.changes:
        assert repaired.text == text


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=8,
)


@given(JSON)
def test_json_is_written_back_character_for_character(value):
    text = json.dumps(value, ensure_ascii=False)
    assert dump_verbatim(load_verbatim(text)) == text
