"""links.json: nobody's work is lost, whoever else writes, and whatever becomes of the labels."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import threading
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import link_jobs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.errors import DataError, PpocrKitError
from ppocr_kit.labels.link_boxes import digest_boxes, find_box, name_box
from ppocr_kit.labels.links import Link, Origin
from ppocr_kit.labels.links_file import (
    LINKS_FILE_NAME,
    LinksFile,
    PageLinks,
    find_links_with_people,
    name_links,
    parse_links_file,
    render_links_file,
)
from ppocr_kit.labels.region import TextRegion


def box(index, text="x", at=(0, 0), key_cls=None):
    x, y = at
    points = tuple((float(a), float(b)) for a, b in ((x, y), (x + 40, y), (x + 40, y + 10), (x, y + 10)))
    return TextRegion(text, points, key_cls=key_cls, index=index)


PAGE = [box(0, "Name", key_cls="name_q"), box(1, "Ada", (50, 0), "name_a"), box(2, "Total", (0, 90), "sum")]


def stored(regions, *ends, done=False):
    links = [Link(*pair, Origin.PEOPLE) for pair in ends]
    return PageLinks(1, done, digest_boxes(regions), name_links(links, regions))


def test_what_is_written_is_read_again(tmp_path):
    file = LinksFile(tmp_path)
    assert file.read() == {}
    page = stored(PAGE, (0, 1), (0, 2), done=True)
    assert file.change("a.png", lambda _: page) == page
    assert file.read() == {"a.png": page}
    assert file.change("文 b.png", lambda _: page).revision == 1
    assert set(LinksFile(tmp_path).read()) == {"a.png", "文 b.png"}
    assert sorted(path.name for path in tmp_path.iterdir()) == [LINKS_FILE_NAME]


def test_every_change_has_its_number_and_no_change_writes_nothing(tmp_path):
    file = LinksFile(tmp_path)
    numbers = [file.change("a", lambda old, n=n: replace(old, boxes=f"{n}")).revision for n in (1, 2, 2, 3)]
    assert numbers == [1, 2, 2, 3]


def test_the_file_is_readable_by_people(tmp_path):
    file = LinksFile(tmp_path)
    file.change("a.png", lambda _: stored(PAGE, (0, 1)))
    page = json.loads(file.path.read_text("utf-8"))["pages"]["a.png"]
    assert page["links"] == [
        {
            "question": {"index": 0, "text": "Name", "box": [0, 0, 40, 10]},
            "answer": {"index": 1, "text": "Ada", "box": [50, 0, 90, 10]},
            "origin": "people",
        }
    ]


def test_many_writers_at_once_lose_nothing(tmp_path):
    def work(writer):
        file = LinksFile(tmp_path)
        for turn in range(5):
            file.change("shared", lambda old: replace(old, boxes=old.boxes + "x"))
            file.change(f"own {writer} {turn}", lambda _: stored(PAGE, (0, 1)))

    writers = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    pages = LinksFile(tmp_path).read()
    assert len(pages) == 21
    assert (pages["shared"].revision, pages["shared"].boxes) == (20, "x" * 20)


def test_processes_of_several_servers_lose_nothing(tmp_path):
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as processes:
        for done in [processes.submit(link_jobs.write_often, str(tmp_path), writer) for writer in range(2)]:
            done.result()
    pages = LinksFile(tmp_path).read()
    assert {name: (page.revision, len(page.boxes)) for name, page in pages.items()} == {
        "own 0": (10, 10),
        "own 1": (10, 10),
        "shared": (20, 20),
    }


def test_a_folder_that_was_renamed_keeps_its_links(tmp_path):
    old = tmp_path / "old"
    old.mkdir()
    (tmp_path / "shown").mkdir()
    assert LinksFile(old).name_page(old / "sub" / "a.png") == "sub/a.png"
    assert LinksFile(old).name_page(tmp_path / "shown" / "a.png") == "../shown/a.png"


def test_a_name_in_no_encoding_can_be_written(tmp_path):
    file = LinksFile(tmp_path)
    name = file.name_page(tmp_path / "a\udcff.png")
    file.change(name, lambda _: stored(PAGE))
    assert name in file.read()


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "{",
        '{"format": 2, "pages": {}}',
        '{"format": 1}',
        '{"format": 1, "pages": []}',
        '{"format": 1, "pages": {"a": {}}}',
        '{"format": 1, "pages": {"a": {"revision": "1", "done": true, "boxes": "", "links": []}}}',
        '{"format": 1, "pages": {"a": {"revision": 1, "done": true, "boxes": "", "links": [{}]}}}',
        "[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_a_damaged_file_is_an_error_and_stays_as_it_is(tmp_path, content):
    file = LinksFile(tmp_path)
    damaged = content if isinstance(content, bytes) else content.encode()
    file.path.write_bytes(damaged)
    with pytest.raises(DataError) as caught:
        file.read()
    assert LINKS_FILE_NAME in str(caught.value)
    with pytest.raises(DataError):
        file.change("a", lambda old: old)
    assert file.path.read_bytes() == damaged


@given(
    st.binary(max_size=60)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(repr).map(str.encode)
)
def test_any_bytes_are_read_or_refused(content):
    with contextlib.suppress(PpocrKitError):
        parse_links_file(content, Path("links.json"))


def test_an_empty_file_has_no_links(tmp_path):
    (tmp_path / LINKS_FILE_NAME).touch()
    assert LinksFile(tmp_path).read() == {}


@pytest.mark.parametrize(
    ("now", "links", "told"),
    [
        (PAGE, [(0, 1)], 0),
        # a box drawn before the others
        ([box(0, "new", (300, 300)), *(replace(one, index=one.index + 1) for one in PAGE)], [(1, 2)], 1),
        # the text corrected, the box drawn again
        ([PAGE[0], replace(PAGE[1], transcription="Eve"), PAGE[2]], [(0, 1)], 1),
        ([PAGE[0], box(1, "Ada", (54, 1)), PAGE[2]], [(0, 1)], 1),
        # another class
        ([PAGE[0], replace(PAGE[1], key_cls=None), PAGE[2]], [(0, 1)], 1),
        # gone, or another text somewhere else
        ([PAGE[0], PAGE[2]], [], 1),
        ([PAGE[0], box(1, "Eve", (300, 9)), PAGE[2]], [], 1),
        ([], [], 1),
    ],
)
def test_labels_that_were_edited_are_noticed_and_links_follow_their_boxes(now, links, told):
    found = find_links_with_people(now, stored(PAGE, (0, 1)))
    assert [link.ends for link in found.links] == links
    assert [code for code, _, _ in found.findings] == ["L093"] * told


def test_of_equal_boxes_the_one_at_the_old_place_is_meant():
    twins = [box(0, "a"), box(1, "a"), box(2, "a")]
    assert [find_box(name_box(one), twins) for one in twins] == [0, 1, 2]


def test_a_page_nobody_worked_on_has_the_links_of_its_labels():
    assert [link.origin for link in find_links_with_people(PAGE, None).links] == [Origin.NAMING]
    assert find_links_with_people(PAGE, stored(PAGE)).links == ()


PLACES = st.tuples(st.integers(0, 5), st.integers(0, 5))


@given(st.lists(st.tuples(st.sampled_from("ab"), PLACES), max_size=6), st.data())
def test_links_of_unchanged_labels_come_back_as_they_were(drawn, data):
    regions = [box(n, text, (x * 30, y * 8)) for n, (text, (x, y)) in enumerate(drawn)]
    ends = [(q, a) for q in range(len(regions)) for a in range(len(regions)) if q != a]
    chosen = data.draw(st.lists(st.sampled_from(ends), unique=True)) if ends else []
    page = stored(regions, *chosen)
    again = parse_links_file(json.dumps(render_links_file({"a": page})).encode(), Path("links.json"))["a"]
    assert again == page
    links, findings = again.on(regions)
    assert ([link.ends for link in links], findings) == (sorted(chosen), ())
