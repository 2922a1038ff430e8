"""What clicks do to the links of a folder."""

from __future__ import annotations

import os
import threading

import pytest

from ppocr_kit.datasets.labelled_folder import ConvertRequest, convert_labels
from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.labels.links import Link, LinkOptions, Origin
from ppocr_kit.linking.session import Click, LinkSession, StaleLabelsError, click_from_json, refuse_unwritable


@pytest.fixture
def session(folder):
    return LinkSession(folder, LinkOptions())


def links(page):
    return [(link["question"], link["answer"], link["origin"]) for link in page["links"]]


def test_a_page_shows_what_its_labels_tell_and_proposes_the_rest(folder):
    session = LinkSession(folder, LinkOptions((("caption", "Total"),)))
    page = session.show_page("a.png")
    assert links(page) == [(0, 1, "naming")]
    assert page["proposals"] == [(2, 3)]
    paired = LinkSession(folder, LinkOptions((("caption", "sum"),)))
    assert links(paired.show_page("a.png")) == [(0, 1, "naming"), (2, 3, "pair")]


def test_what_is_clicked_is_kept_with_what_was_there(session):
    page = session.show_page("a.png")
    page = session.change_page("a.png", Click(page["boxes"], 0, (Link(2, 3, Origin.PEOPLE),)))
    assert links(page) == [(0, 1, "naming"), (2, 3, "people")]
    assert (page["revision"], page["merged"], page["done"]) == (1, False, False)
    again = LinkSession(session.folder, LinkOptions())
    assert links(again.show_page("a.png")) == links(page)
    assert links(again.show_page("b.png")) == [(0, 1, "naming")]


def test_a_link_of_the_labels_that_was_taken_away_stays_away(session):
    boxes = session.show_page("a.png")["boxes"]
    assert links(session.change_page("a.png", Click(boxes, 0, remove=frozenset({(0, 1)})))) == []
    assert links(session.show_page("a.png")) == []


def test_two_windows_keep_each_others_work(session):
    boxes = session.show_page("a.png")["boxes"]
    session.change_page("a.png", Click(boxes, 0, (Link(2, 3, Origin.PEOPLE),)))
    late = session.change_page("a.png", Click(boxes, 0, (Link(2, 4, Origin.PEOPLE),), frozenset({(0, 1)})))
    assert late["merged"]
    assert links(late) == [(2, 3, "people"), (2, 4, "people")]


def test_the_same_click_twice_changes_nothing_the_second_time(session):
    click = Click(session.show_page("a.png")["boxes"], 0, (Link(2, 3, Origin.PEOPLE),), done=True)
    first = session.change_page("a.png", click)
    assert session.change_page("a.png", click)["revision"] == first["revision"] == 1


def test_clicks_of_many_threads_are_all_kept(session):
    boxes = session.show_page("a.png")["boxes"]
    ends = [(q, a) for q in range(5) for a in range(5) if q != a]
    clicks = [Click(boxes, 0, (Link(*pair, Origin.PEOPLE),)) for pair in ends]
    threads = [threading.Thread(target=session.change_page, args=("a.png", click)) for click in clicks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [pair[:2] for pair in links(session.show_page("a.png"))] == ends


def test_labels_that_changed_refuse_the_click_and_then_show_anew(session, folder):
    page = session.show_page("a.png")
    label_file = folder / "Label.txt"
    label_file.write_text(label_file.read_text("utf-8").replace("Ada", "Eve"), "utf-8")
    os.utime(label_file, (1, 1))
    with pytest.raises(StaleLabelsError):
        session.change_page("a.png", Click(page["boxes"], 0, (Link(2, 3, Origin.PEOPLE),)))
    assert not (folder / "links.json").exists()
    shown = session.show_page("a.png")
    assert shown["regions"][1]["text"] == "Eve"
    assert session.change_page("a.png", Click(shown["boxes"], 0, done=True))["done"]


def test_boxes_that_are_not_there_are_refused(session):
    boxes = session.show_page("a.png")["boxes"]
    for ends in ((0, 9), (-1, 0), (2, 2)):
        with pytest.raises(DataError, match="cannot be linked"):
            session.change_page("a.png", Click(boxes, 0, (Link(*ends, Origin.PEOPLE),)))


def test_label_txt_and_pictures_are_never_written(session, folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    boxes = session.show_page("a.png")["boxes"]
    session.change_page("a.png", Click(boxes, 0, (Link(2, 3, Origin.PEOPLE),), done=True))
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert after.pop("links.json") and after == before


def test_pages_have_their_state_in_the_order_of_the_labels(session):
    boxes = session.show_page("b.png")["boxes"]
    session.change_page("b.png", Click(boxes, 0, done=True))
    assert session.list_pages() == [
        {"name": "a.png", "revision": 0, "done": False},
        {"name": "b.png", "revision": 1, "done": True},
    ]


def test_links_are_counted_by_origin_and_strange_pages_are_told(session):
    boxes = session.show_page("b.png")["boxes"]
    session.change_page("b.png", Click(boxes, 0, (Link(2, 3, Origin.PEOPLE),), done=True))
    session.file.change("gone.png", lambda old: old)
    counts = session.count()
    assert counts.to_json()["links"] == {"file": 0, "people": 1, "pair": 0, "naming": 2, "proposal": 0}
    assert (counts.pages, counts.done) == (2, 1)
    assert [problem.code for problem in counts.problems] == ["L094"]


def test_what_people_linked_goes_along_when_folders_are_put_together(session, tmp_path):
    boxes = session.show_page("b.png")["boxes"]
    session.change_page("b.png", Click(boxes, 0, (Link(2, 3, Origin.PEOPLE),), done=True))
    convert_labels(ConvertRequest((session.folder,), tmp_path / "new"))
    again = LinkSession(tmp_path / "new", LinkOptions())
    assert [links(again.show_page(name)) for name in ("a.png", "b.png")] == [
        [(0, 1, "naming")],
        [(0, 1, "naming"), (2, 3, "people")],
    ]
    assert [page["done"] for page in again.list_pages()] == [False, True]


def test_labels_of_other_programs_are_sent_to_convert(tmp_path):
    (tmp_path / "gt_a.txt").write_text("1,2,30,2,30,9,1,9,text\n")
    with pytest.raises(UsageError, match="icdar") as caught:
        LinkSession(tmp_path, LinkOptions())
    assert "labels convert" in str(caught.value.hint)


def test_a_folder_without_a_page_is_refused(make_folder):
    with pytest.raises(DataError, match="no page to link"):
        LinkSession(make_folder("batch/none.png\t[]\n"), LinkOptions())


def test_a_damaged_links_file_is_told_before_anybody_clicks(folder):
    (folder / "links.json").write_text("{")
    with pytest.raises(DataError, match=r"no file of links"):
        LinkSession(folder, LinkOptions())


def test_a_folder_that_cannot_be_written_is_refused(folder, monkeypatch):
    refuse_unwritable(folder)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(UsageError, match="cannot be written"):
        refuse_unwritable(folder)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"boxes": 1, "revision": 0},
        {"boxes": "", "revision": True},
        {"boxes": "", "revision": 0, "done": 1},
        {"boxes": "", "revision": 0, "add": [[0, 1]]},
        {"boxes": "", "revision": 0, "add": [[0, 1, "proposal"]]},
        {"boxes": "", "revision": 0, "add": [[0, 1, "nobody"]]},
        {"boxes": "", "revision": 0, "add": [[0, 1.0, "people"]]},
        {"boxes": "", "revision": 0, "add": [[0, 1, []]]},
        {"boxes": "", "revision": 0, "remove": "ab"},
        {"boxes": "", "revision": 0, "remove": [[0, "1"]]},
        {"boxes": "", "revision": 0, "remove": [[0, 1, 2]]},
    ],
)
def test_what_is_no_click_is_refused(value):
    with pytest.raises(ValueError, match=r"."):
        click_from_json(value)
