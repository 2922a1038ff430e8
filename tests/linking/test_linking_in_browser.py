"""People's clicks in a real browser: what they see, and what links.json holds then."""

from __future__ import annotations

import io
import json
import os
import shutil
import threading
import time

import cv2
import numpy as np
import pytest
from devtools_pipe import Browser, find_chromium
from PIL import Image

from ppocr_kit.labels.links import LinkOptions
from ppocr_kit.linking.server import LinkServer
from ppocr_kit.linking.session import LinkSession
from ppocr_kit.synth.export import draw_pages

PICTURE_SEEN = "document.getElementById('image').getAttribute('href')"
BOUNDS = (
    "(one => [one.x, one.y, one.width, one.height])"
    "(document.getElementById('picture').getBoundingClientRect())"
)
ALL_SAVED = "document.getElementById('saved').innerText === 'all saved'"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium here: apt-get install chromium lets this test run")
    browser = Browser(program, tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture
def serve():
    """Return a function that serves a folder until the test ends."""
    running = []

    def start(folder):
        server = LinkServer(LinkSession(folder, LinkOptions()))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        running.append((server, thread))
        return server

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def show(browser):
    """Return a function that opens a tab on a server; at the end no tab may have complained."""
    tabs = []

    def start(server, page="", **size):
        tab = browser.open(f"{server.url}#{page}", **size)
        tabs.append(tab)
        tab.wait("document.querySelectorAll('.box').length")
        return tab

    yield start
    complaints = [error for tab in tabs for error in tab.errors]
    for tab in tabs:
        tab.close()
    assert complaints == []


@pytest.fixture
def forms(tmp_path):
    """Synthetic forms whose labels say nothing of links: no ids, and classes that do not pair."""
    folder = draw_pages(tmp_path / "forms", 4, 5, kind="form").folder
    label_file = folder / "Label.txt"
    lines = []
    for line in label_file.read_text("utf-8").splitlines():
        key, boxes = line.split("\t")
        plain = [
            {name: box[name] for name in ("transcription", "points", "key_cls")} for box in json.loads(boxes)
        ]
        for box in plain:
            box["key_cls"] = box["key_cls"].replace("_q", "-asked_q")
        lines.append(f"{key}\t{json.dumps(plain)}\n")
    label_file.write_text("".join(lines), "utf-8")
    return folder


def saved(folder, page):
    """Return question and answer of the links of a page, and their origin, as links.json has them."""
    links = json.loads((folder / "links.json").read_text("utf-8"))["pages"][page]["links"]
    return [(link["question"]["index"], link["answer"]["index"], link["origin"]) for link in links]


def box(index):
    return f'.box[data-index="{index}"]'


def link_by_mouse(tab, *indexes):
    for index in indexes:
        tab.click(box(index))
    tab.press("Escape")
    tab.wait(ALL_SAVED)


def test_a_question_and_then_its_answers_are_clicked(folder, serve, show, tmp_path):
    tab = show(serve(folder), "b.png")
    link_by_mouse(tab, 2, 3, 4)
    assert saved(folder, "b.png") == [(0, 1, "naming"), (2, 3, "people"), (2, 4, "people")]
    link_by_mouse(tab, 2, 4)
    assert saved(folder, "b.png") == [(0, 1, "naming"), (2, 3, "people")]
    assert tab.count(".line.settled") == 2
    assert tab.text("#links-count") == "2"


def test_a_click_counts_though_an_answer_of_the_server_comes_while_the_mouse_is_pressed(folder, serve, show):
    tab = show(serve(folder))
    tab.evaluate("send = (real => () => new Promise(go => (window.go = go)).then(real))(send)")
    tab.click(box(2))
    tab.click(box(3))
    tab.click(box(4), meanwhile="window.go() || !queue.length")
    assert tab.count(".line.settled") == 3
    tab.wait("window.go() || !queue.length")
    assert saved(folder, "a.png") == [(0, 1, "naming"), (2, 3, "people"), (2, 4, "people")]
    tab.click(
        "#links li:last-child button[aria-label]",
        meanwhile="window.dispatchEvent(new Event('focus')) && true",
    )
    assert tab.count(".line.settled") == 2


def test_an_old_answer_that_comes_late_takes_nothing_back(folder, serve, show):
    tab = show(serve(folder))
    tab.wait("document.getElementById('saved').innerText && !sending")
    tab.evaluate("window.held = new Promise(go => (window.go = go)); window.real = ask")
    tab.evaluate("ask = async (...what) => { const got = await real(...what); await held; return got }")
    tab.evaluate("refresh(), (ask = real), true")
    link_by_mouse(tab, 2, 3)
    tab.wait("document.querySelectorAll('.line.settled').length === 2")
    tab.evaluate("go()")
    tab.evaluate("new Promise(done => setTimeout(done, 50))")
    assert tab.count(".line.settled") == 2


def test_an_answer_may_be_clicked_before_its_question(folder, serve, show):
    tab = show(serve(folder))
    link_by_mouse(tab, 1, 2)
    assert saved(folder, "a.png") == [(0, 1, "naming"), (2, 1, "people")]


def test_links_are_taken_away_in_the_list_and_by_key(folder, serve, show):
    tab = show(serve(folder))
    tab.click("#links li button[aria-label]")
    tab.wait(ALL_SAVED)
    assert saved(folder, "a.png") == []
    link_by_mouse(tab, 2, 3, 4)
    tab.click(box(2))
    tab.press("x")
    tab.wait(ALL_SAVED)
    assert saved(folder, "a.png") == []


def test_proposals_are_dashed_and_accepted_one_or_all(forms, serve, show, tmp_path):
    tab = show(serve(forms), "page_0000.jpg")
    proposed = tab.count(".line.proposal")
    assert proposed == tab.count("#proposals li") > 2
    assert (
        tab.evaluate("getComputedStyle(document.querySelector('.line.proposal')).strokeDasharray") != "none"
    )
    assert tab.count(".line.settled") == 0
    tab.screenshot(tmp_path / "proposals.png")
    tab.click("#proposals li button:not(.pair)")
    tab.wait(ALL_SAVED)
    assert len(saved(forms, "page_0000.jpg")) == 1
    tab.press("a")
    tab.wait(ALL_SAVED)
    links = saved(forms, "page_0000.jpg")
    assert len(links) == proposed and {origin for _, _, origin in links} == {"people"}
    assert tab.count(".line.proposal") == 0
    assert tab.count(".line.settled") == proposed
    tab.screenshot(tmp_path / "accepted.png")


def test_everything_is_undone_and_done_again(forms, serve, show):
    tab = show(serve(forms), "page_0001.jpg")
    proposed = tab.count(".line.proposal")
    tab.press("a")
    tab.click("#links li button[aria-label]")
    tab.wait(ALL_SAVED)
    assert len(saved(forms, "page_0001.jpg")) == proposed - 1
    steps = [("u", proposed), ("u", 0), ("r", proposed), ("r", proposed - 1), ("u", proposed)]
    for key, left in steps:
        tab.press(key)
        tab.wait(ALL_SAVED)
        assert len(saved(forms, "page_0001.jpg")) == left
    tab.press("z", ctrl=True)
    tab.press("y", ctrl=True)
    tab.wait(ALL_SAVED)
    assert len(saved(forms, "page_0001.jpg")) == proposed
    assert not tab.evaluate("document.getElementById('undo').disabled")
    tab.press("n")
    tab.wait("location.hash === '#page_0002.jpg'")
    assert tab.evaluate("document.getElementById('undo').disabled")


def test_an_undone_removal_gives_a_link_its_origin_back(folder, serve, show):
    tab = show(serve(folder))
    link_by_mouse(tab, 0, 1)
    assert saved(folder, "a.png") == []
    tab.press("u")
    tab.wait(ALL_SAVED)
    assert saved(folder, "a.png") == [(0, 1, "naming")]


def test_pages_are_gone_through_by_keyboard(forms, serve, show, tmp_path):
    tab = show(serve(forms))
    seen = []
    for key in ("n", "n", "p", "n", "n", "n"):
        before = tab.evaluate("location.hash")
        tab.press(key)
        if len(seen) < 5:
            tab.wait(f"location.hash !== {before!r}")
        seen.append(tab.evaluate("location.hash"))
    assert seen == [f"#page_000{number}.jpg" for number in (1, 2, 1, 2, 3, 3)]
    assert tab.text("#hint") == "This is the last page."


def test_a_ready_page_moves_on_and_open_ones_are_filtered(forms, serve, show, tmp_path):
    tab = show(serve(forms), "page_0001.jpg")
    tab.press("d")
    tab.wait("location.hash === '#page_0002.jpg'")
    tab.press("d")
    tab.wait("location.hash === '#page_0003.jpg'")
    tab.wait(ALL_SAVED)
    assert tab.text("#progress-text") == "2 of 4 pages ready"
    assert tab.count("#pages li.done") == 2
    tab.press("o")
    tab.wait("document.querySelectorAll('#pages li').length === 2")
    tab.press("p")
    tab.wait("location.hash === '#page_0000.jpg'")
    tab.screenshot(tmp_path / "filtered.png")
    # after a reload the first open page comes up
    again = show(serve(forms))
    assert again.evaluate("location.hash") == "#page_0000.jpg"
    assert again.text("#progress-text") == "2 of 4 pages ready"


def test_linking_needs_no_mouse(folder, serve, show):
    tab = show(serve(folder))
    tab.evaluate(f"document.querySelector('{box(2)}').focus()")
    tab.press("Enter")
    assert tab.evaluate(f"document.querySelector('{box(2)}').getAttribute('aria-pressed')") == "true"
    assert tab.evaluate("document.activeElement.dataset.index") == "2"
    tab.evaluate(f"document.querySelector('{box(3)}').focus()")
    tab.press("Enter")
    tab.wait(ALL_SAVED)
    assert saved(folder, "a.png") == [(0, 1, "naming"), (2, 3, "people")]
    named = "one => one.getAttribute('aria-label') && one.tabIndex === 0"
    assert tab.evaluate(f"[...document.querySelectorAll('.box')].every({named})")


def test_two_tabs_do_not_lose_each_others_work(folder, serve, show):
    server = serve(folder)
    first, second = show(server), show(server)
    link_by_mouse(first, 2, 3)
    link_by_mouse(second, 2, 4)
    assert saved(folder, "a.png") == [(0, 1, "naming"), (2, 3, "people"), (2, 4, "people")]
    assert second.count(".line.settled") == 3
    # the first one sees it when somebody comes back to it
    first.evaluate("window.dispatchEvent(new Event('focus'))")
    first.wait("document.querySelectorAll('.line.settled').length === 3")
    first.press("u")
    first.wait(ALL_SAVED)
    assert saved(folder, "a.png") == [(0, 1, "naming"), (2, 4, "people")]


def test_texts_of_labels_are_text_and_nothing_else(folder, serve, show, tmp_path):
    tab = show(serve(folder))
    link_by_mouse(tab, 2, 3)
    assert "<img src=x onerror=alert(1)>" in tab.text("#links")
    assert tab.count("img, #links script, #links b") == 0
    assert tab.dialogs == []


def test_what_was_clicked_while_the_server_was_away_is_saved_when_it_is_back(folder, serve, show):
    tab = show(serve(folder))
    tab.go_offline(True)
    tab.click(box(2))
    tab.click(box(3))
    tab.wait("!document.getElementById('banner').hidden")
    assert "still running?" in tab.text("#banner")
    assert tab.text("#saved") == "saving 1…"
    leaving = "window.dispatchEvent(new Event('beforeunload', {cancelable: true}))"
    assert tab.evaluate(leaving) is False
    assert not (folder / "links.json").exists()
    tab.go_offline(False)
    tab.wait(ALL_SAVED)
    tab.wait("document.getElementById('banner').hidden")
    assert tab.evaluate(leaving) is True
    assert saved(folder, "a.png") == [(0, 1, "naming"), (2, 3, "people")]
    # the browser itself notes what it could not send
    tab.errors[:] = [error for error in tab.errors if "ERR_INTERNET_DISCONNECTED" not in error]


def test_a_click_is_saved_though_the_window_is_left_at_once(folder, serve, show):
    tab = show(serve(folder))
    tab.click(box(2))
    tab.click(box(3))
    tab.call("Page.navigate", {"url": "about:blank"})
    tab.wait("location.href === 'about:blank'")
    ends = time.monotonic() + 60
    while not (folder / "links.json").exists() or not (folder / "links.json").read_bytes():
        assert time.monotonic() < ends
        time.sleep(0.02)
    assert saved(folder, "a.png") == [(0, 1, "naming"), (2, 3, "people")]


def test_labels_that_changed_meanwhile_are_shown_anew(folder, serve, show):
    tab = show(serve(folder))
    label_file = folder / "Label.txt"
    label_file.write_text(label_file.read_text("utf-8").replace("Ada", "Eve"), "utf-8")
    os.utime(label_file, (1, 1))
    tab.click(box(2))
    tab.click(box(3))
    tab.wait("document.getElementById('banner').innerText.includes('changed meanwhile')")
    assert "Eve" in tab.text("#links")
    assert not (folder / "links.json").exists()
    tab.errors[:] = [error for error in tab.errors if "409" not in error]


def test_a_picture_that_cannot_be_shown_leaves_the_boxes(folder, serve, show):
    (folder / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    tab = show(serve(folder))
    assert "cannot be shown" in tab.text("#banner")
    link_by_mouse(tab, 2, 3)
    assert saved(folder, "a.png") == [(0, 1, "naming"), (2, 3, "people")]
    tab.errors[:] = [error for error in tab.errors if "422" not in error]


def test_the_keys_are_told(folder, serve, show, tmp_path):
    tab = show(serve(folder))
    tab.press("?")
    tab.wait("document.getElementById('help').open")
    tab.screenshot(tmp_path / "keys.png")
    tab.press("Escape")
    tab.wait("!document.getElementById('help').open")


@pytest.mark.parametrize(("width", "height"), [(1400, 900), (700, 900), (2400, 1300)])
def test_nothing_is_cut_off_on_narrow_and_wide_screens(forms, serve, show, tmp_path, width, height):
    tab = show(serve(forms), "page_0000.jpg", width=width, height=height)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    shot = cv2.imread(str(tab.screenshot(tmp_path / f"{width}.png")))
    assert shot.shape == (height, width, 3)
    assert shot[60:].std() > 5
    _, _, width, height = tab.evaluate(BOUNDS)
    assert width / height == pytest.approx(480 / 720, rel=0.02)


def test_the_real_forms_are_linked(shared, serve, show, tmp_path):
    folder = tmp_path / "form_1040"
    shutil.copytree(shared / "real/form_1040", folder)
    tab = show(serve(folder), "form_1040_002.jpg")
    assert tab.count(".line.settled") == 2
    assert tab.text("#progress-text") == "0 of 24 pages ready"
    tab.screenshot(tmp_path / "form.png")
    # the name question belongs to the wrong answer, for once, and back
    link_by_mouse(tab, 0, 1)
    link_by_mouse(tab, 0, 3)
    assert saved(folder, "form_1040_002.jpg") == [(0, 3, "people"), (2, 3, "naming")]
    tab.press("u")
    tab.press("u")
    tab.wait(ALL_SAVED)
    assert saved(folder, "form_1040_002.jpg") == [(0, 1, "naming"), (2, 3, "naming")]
    for _ in range(3):
        before = tab.evaluate("location.hash")
        tab.press("d")
        tab.wait(f"location.hash !== {before!r}")
    tab.wait(ALL_SAVED)
    assert tab.text("#progress-text") == "3 of 24 pages ready"
    assert "Leroy" in tab.text("#links")
    tab.screenshot(tmp_path / "form_later.png")


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_photograph_is_seen_as_its_boxes_were_drawn(folder, serve, show, tmp_path, orientation):
    pixels = np.full((300, 500, 3), 255, np.uint8)
    pixels[:100, :100] = (0, 0, 255)
    photo = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels[:, :, ::-1]).save(photo, "JPEG", exif=exif, quality=95)
    (folder / "a.png").write_bytes(photo.getvalue())
    tab = show(serve(folder))
    left, top, width, height = tab.evaluate(BOUNDS)
    tab.wait(PICTURE_SEEN)
    shot = cv2.imread(str(tab.screenshot(tmp_path / "photo.png")))
    seen = shot[int(top) : int(top + height), int(left) : int(left + width)]
    decoded = cv2.imread(str(folder / "a.png"))
    assert width / height == pytest.approx(decoded.shape[1] / decoded.shape[0], rel=0.02)
    wanted = cv2.resize(decoded, (seen.shape[1], seen.shape[0]), interpolation=cv2.INTER_AREA)
    # boxes are drawn over some of it
    assert np.median(np.abs(seen.astype(int) - wanted)) < 8
    assert np.mean(np.abs(seen.astype(int) - wanted)) < 12
