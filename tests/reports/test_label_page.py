"""The page about labels needs nothing but itself, no text leaves its place, and a browser can show it."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import cv2
import pytest

from ppocr_kit.reports.label_files import write_label_files
from ppocr_kit.runs.label_check import CheckRequest, check_labels

SQUARE = "[[1, 2], [90, 2], [90, 50], [1, 50]]"
NASTY = "</style><script>alert(1)</script>&\\u0000\\u202e文"
BOX = f'{{"transcription": "{NASTY}", "points": {SQUARE}, "key_cls": "<b>\\ud83d"}}'
_VOID = {"meta", "img"}


class Structure(HTMLParser):
    """Collects tags and what they refer to, and fails on tags that are not closed in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.open: list[str] = []
        self.references: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in _VOID:
            self.open.append(tag)
        self.references += [value or "" for name, value in attrs if name in ("src", "href", "srcset")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def written(folder, out, **request) -> Path:
    report = check_labels(CheckRequest((folder,), release=False, **request))
    return write_label_files(report, out)[0]


@pytest.fixture
def page(make_folder, tmp_path):
    dictionary = tmp_path / "dict.txt"
    dictionary.write_text("a\nb\n")
    label = f"batch/a.png\t[{BOX}, {BOX}]\nbatch/<i>.png\t[]\nbatch/b.png\t[{BOX.replace(NASTY, 'ab')}]\n"
    folder = make_folder(label, ("a.png", "b.png"))
    return written(folder, tmp_path / "out", dictionary=dictionary)


def test_the_page_is_whole_html_and_refers_to_nothing_outside(page):
    text = page.read_text("utf-8")
    structure = Structure()
    structure.feed(text)
    structure.close()
    assert structure.open == []
    assert "script" not in structure.tags
    assert "b" in structure.tags
    for reference in structure.references:
        assert reference.startswith("data:image/png;base64,") or re.fullmatch(r"#L\d{3}", reference)
    assert not re.search(r"https?:|url\(|@import", text)


def test_texts_of_labels_are_shown_and_never_markup(page):
    text = page.read_text("utf-8")
    assert "alert(1)</script>" not in text
    assert "&lt;/style&gt;&lt;script&gt;" in text
    assert "\x00" not in text
    assert "\u202e" not in text


def test_findings_have_their_number_their_cure_and_a_place_to_link_to(page):
    text = page.read_text("utf-8")
    for code in ("L020", "L047", "L056", "L081"):
        assert f'<details id="{code}"' in text
        assert f'href="#{code}"' in text
    assert "--fix repairs it" in text
    assert "What to do: put the image beside Label.txt" in text
    assert "covers 1 of 2 texts" in text


def test_pictures_that_do_not_apply_any_more_go(page, make_folder, tmp_path):
    out = page.parent
    assert (out / "classes.png").is_file()
    folder = make_folder("batch/a.png\t[]\n")
    written(folder, out)
    assert sorted(path.name for path in out.iterdir()) == [
        "boxes-per-page.png",
        "image-sizes.png",
        "labels.html",
    ]


def test_a_folder_without_a_usable_page_still_has_a_page(make_folder, tmp_path):
    page = written(make_folder("batch/none.png\t[]\n"), tmp_path / "out")
    assert "no usable page" in page.read_text("utf-8")


def test_the_same_labels_give_the_same_page(page, make_folder, tmp_path):
    again = written(tmp_path / "batch", tmp_path / "again", dictionary=tmp_path / "dict.txt")
    for path in page.parent.iterdir():
        assert (again.parent / path.name).read_bytes() == path.read_bytes()


def test_a_browser_shows_the_page_on_narrow_and_wide_screens(page, tmp_path):
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    browser = next((found for found in map(shutil.which, names) if found), None)
    if browser is None:
        pytest.skip("no Chromium here: apt-get install chromium lets this test run")
    shots = []
    for width in (500, 1240):
        shot = tmp_path / f"{width}.png"
        command = [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        command += [f"--window-size={width},1600", f"--screenshot={shot}", page.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        shots.append(cv2.imread(str(shot)))
    for picture in shots:
        # tiles, findings and pictures: ink all the way down, and nothing cut off at the right edge
        assert all(band.std() > 5 for band in picture[:1000].reshape(5, 200, -1))
        assert picture[:, -8:].std(axis=1).max() < 1
