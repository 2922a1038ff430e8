"""Pictures of one text that look alike: which are, which are not, and what happens to many."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from vl_sources import draw

from ppocr_kit.fingerprint import fingerprint
from ppocr_kit.vl import likeness
from ppocr_kit.vl.candidates import Candidate, PicturePlace
from ppocr_kit.vl.likeness import AlikePictures, find_alike
from ppocr_kit.vl.looking import SeenPicture
from ppocr_kit.vl.selecting import UsableRow


def picture(text: str) -> Image.Image:
    return Image.open(io.BytesIO(draw(text))).convert("RGB")


def rows(*shown: tuple[Image.Image, str]) -> list[UsableRow]:
    made = []
    for number, (image, text) in enumerate(shown):
        place = PicturePlace(Path(f"{number}.png"))
        looks = fingerprint(np.asarray(image.convert("L")))
        seen = SeenPicture(f"{number}.png", f"{number:064x}", *image.size, True, looks)
        candidate = Candidate(place, "OCR:", text, None, None, f"{number}.png")
        made.append(UsableRow(candidate, seen, "OCR:", text, 0))
    return made


def pairs(found: AlikePictures) -> list[tuple[int, int]]:
    return [(pair.first, pair.second) for pair in found.pairs]


def saved_again(image: Image.Image) -> Image.Image:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=40)
    return Image.open(io.BytesIO(stream.getvalue()))


@pytest.mark.parametrize(
    "change",
    [
        saved_again,
        lambda image: image.resize((image.width * 2, image.height * 2)),
        lambda image: image.point(lambda level: level * 0.6 + 20),
    ],
    ids=["saved again", "twice as large", "darker"],
)
def test_copies_are_found(change):
    birch = picture("birch")
    found = find_alike(rows((birch, "birch"), (picture("cedar"), "cedar"), (change(birch), "Birch ")))
    assert pairs(found) == [(0, 2)]
    assert found.group_of == {f"{number:064x}": f"{0:064x}" for number in (0, 2)}


@pytest.mark.parametrize(
    "other",
    [
        (picture("birch"), "beech"),
        (picture("maple"), "birch"),
        (picture("birch").resize((140, 40)), "birch"),
    ],
    ids=["another text", "another picture", "another shape"],
)
def test_what_differs_is_no_copy(other: tuple[Image.Image, str]):
    assert find_alike(rows((picture("birch"), "birch"), other)).pairs == []


def test_empty_pictures_are_like_nothing():
    white = Image.new("RGB", (90, 40), "white")
    assert find_alike(rows((white, "x"), (white, "x"))).pairs == []


def test_more_alike_than_a_split_can_hold_are_told_and_not_kept_together():
    found = find_alike(rows(*[(picture("oak"), "oak")] * 21, *[(picture("fir"), "fir")] * 20))
    assert found.loose == 21
    assert set(found.group_of.values()) == {f"{21:064x}"}


def test_texts_that_very_many_have_are_not_compared(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(likeness, "_CROWD", 2)
    found = find_alike(rows(*[(picture("oak"), "oak")] * 3, *[(picture("fir"), "fir")] * 2))
    assert (found.crowded, pairs(found)) == (3, [(3, 4)])
