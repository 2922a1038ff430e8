from __future__ import annotations

import cv2
import numpy as np
import pytest

from ppocr_kit.fingerprint import fingerprint
from ppocr_kit.labels.near_duplicates import FingerprintedPage, find_near_duplicates, original_stem
from ppocr_kit.labels.placement import place_page
from ppocr_kit.labels.sources import read_sources
from ppocr_kit.labels.text_evidence import text_signature


def photo(seed):
    """Draw something like a photograph: soft patches that no other seed has."""
    random = np.random.default_rng(seed)
    soft = cv2.resize(random.integers(0, 256, (9, 7, 3), dtype=np.uint8), (420, 540), interpolation=2)
    for _ in range(6):
        corner = random.integers(0, 400, 2).tolist()
        cv2.rectangle(soft, corner, [corner[0] + 90, corner[1] + 40], random.integers(0, 256, 3).tolist(), -1)
    return soft


def form(name, amount):
    """Draw a form and fill it in."""
    page = np.full((800, 600, 3), 255, np.uint8)
    cv2.rectangle(page, (20, 20), (580, 120), (200, 220, 190), -1)
    for number in range(10):
        cv2.putText(page, f"printed line {number}", (40, 180 + 55 * number), 0, 0.8, (0, 0, 0), 2)
    cv2.putText(page, name, (330, 200), 0, 0.8, (160, 0, 0), 2)
    cv2.putText(page, amount, (330, 420), 0, 0.8, (160, 0, 0), 2)
    return page


def scan_again(pixels, seed=0):
    random = np.random.default_rng(seed)
    height, width = pixels.shape[:2]
    change = cv2.getRotationMatrix2D((width / 2, height / 2), 1.5, 1.0)
    change[:, 2] += random.uniform(-0.02, 0.02, 2) * (width, height)
    moved = cv2.warpAffine(pixels, change, (width, height), borderMode=cv2.BORDER_REPLICATE)
    small = cv2.resize(moved[8:-12, 10:-6], None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    lit = np.clip(small.astype(np.float32) * 0.9 + 12, 0, 255).astype(np.uint8)
    return cv2.imdecode(cv2.imencode(".jpg", lit, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], 1)


def page(number, pixels, *texts, name=None):
    return FingerprintedPage(
        name or f"p{number}.jpg", f"{number:064x}", fingerprint(pixels), text_signature(texts)
    )


def groups(*pages):
    return find_near_duplicates(pages).groups


TEXTS = ("INV-2291", "Müller GmbH", "1.204,50", "12.03.2024")


@pytest.mark.parametrize("quarters", [1, 2, 3])
@pytest.mark.parametrize("texts", [TEXTS, ("4-K071",), ()])
def test_a_turned_copy_is_found(quarters, texts):
    original = photo(1)
    turned = np.ascontiguousarray(np.rot90(original, quarters))
    assert groups(page(0, original, *texts), page(1, photo(2), "else"), page(2, turned, *texts)) == ((0, 2),)


@pytest.mark.parametrize("texts", [TEXTS, ("4-K071",)])
def test_a_page_scanned_again_is_found_when_the_texts_agree(texts):
    original = photo(3)
    assert groups(page(0, original, *texts), page(1, scan_again(original), *texts)) == ((0, 1),)


def test_a_page_scanned_again_is_found_though_one_text_was_typed_otherwise():
    original = photo(3)
    other = ("INV-2291", "Müller GmbH", "1.204,50", "12.03.2024", "Köln", "Total", "Seite 1", "netto", "X")
    typo = (*other[:-1], "Y")
    assert groups(page(0, original, *other), page(1, scan_again(original), *typo)) == ((0, 1),)


def test_letter_case_width_and_blanks_of_texts_do_not_count():
    assert text_signature(["Total  12"]) == text_signature(["ＴＯＴＡＬ12", " total 12 "])
    assert text_signature(["", "  "]) == b""


def test_filled_in_copies_of_one_form_are_not_copies_of_a_page():
    printed = [f"printed line {number}" for number in range(10)]
    pages = [
        page(
            number,
            form(f"Name {number}", f"{number * 71}.00"),
            *printed,
            f"Name {number}",
            f"{number * 71}.00",
        )
        for number in range(8)
    ]
    assert groups(*pages) == ()


def test_a_filled_in_form_that_was_scanned_again_is_found_among_its_like():
    names = [f"Name {number}" for number in range(8)]
    pages = [
        page(number, form(name, "1"), "printed", name, f"{number}.5") for number, name in enumerate(names)
    ]
    again = page(8, scan_again(form("Name 3", "1")), "printed", "Name 3", "3.5")
    assert groups(*pages, again) == ((3, 8),)


def test_labels_of_one_kind_with_the_same_text_are_not_copies():
    assert groups(page(0, photo(5), "1503"), page(1, photo(6), "1503")) == ()


def test_a_name_does_not_make_a_copy():
    one = page(0, photo(5), "a", name="x.jpg")
    assert groups(one, page(1, photo(6), "b", name="x_rotated.jpg")) == ()


def test_a_name_and_the_picture_make_a_copy_though_the_texts_differ():
    turned = np.ascontiguousarray(np.rot90(photo(5), 2))
    one, other = page(0, photo(5), "read so", name="x.jpg"), page(1, turned, "or so", name="x_rotated.jpg")
    assert groups(one, other) == ((0, 1),)
    assert groups(one, page(1, turned, "or so", name="y.jpg")) == ()


@pytest.mark.parametrize(
    "name",
    [
        "x_rotated.jpg",
        "x_rot90.png",
        "x-270.jpg",
        "x (1).jpg",
        "x_copy.jpeg",
        "x - Copy.jpg",
        "x_rotated (2).jpg",
    ],
)
def test_names_of_copies_lead_back_to_the_original(name):
    assert original_stem(name) == "x"


@pytest.mark.parametrize("name", ["scan_90.jpg", "wire_1624.jpg", "(1).jpg", "copy.jpg", "rotated.jpg"])
def test_names_that_only_look_so_are_kept_apart(name):
    assert original_stem(name) in (name.rpartition(".")[0], "scan")


def test_empty_pages_are_no_copies():
    blank = np.full((300, 200, 3), 250, np.uint8)
    assert groups(*(page(number, blank) for number in range(5))) == ()


def test_a_crowd_of_pages_without_texts_is_told_and_not_joined():
    crowd = [page(number, form("same", "same")) for number in range(30)]
    found = find_near_duplicates(crowd)
    assert (found.groups, found.crowded) == ((), 30)


def test_a_chain_does_not_swallow_the_set():
    pages = [page(number, photo(1), "frame", f"n{number // 2}", f"m{number}") for number in range(4)]
    many = [page(number, scan_again(photo(1), number), "one text") for number in range(60)]
    found = find_near_duplicates(many)
    assert max(map(len, found.groups)) <= 20
    assert found.refused
    assert find_near_duplicates(pages).refused == ()


def test_pages_that_were_only_saved_anew_stay_together_however_many():
    anew = [page(number, photo(1), "one text") for number in range(60)]
    scanned = page(60, scan_again(photo(1)), "one text")
    found = find_near_duplicates([*anew, page(61, photo(2), "another"), scanned])
    assert found.groups[0][:60] == tuple(range(60)) and 61 not in found.groups[0]
    assert [pair.likeness for pair in found.pairs][:59] == [1.0] * 59
    other_text = [page(number + 70, photo(1), f"text {number}") for number in range(3)]
    assert find_near_duplicates(other_text).groups == ()


def test_what_is_found_does_not_depend_on_the_order():
    pictures = [
        photo(1),
        scan_again(photo(1)),
        photo(2),
        np.ascontiguousarray(np.rot90(photo(2), 1)),
        photo(4),
    ]
    texts = [("a", "b"), ("a", "b"), ("c",), ("c",), ("d",)]
    pages = [page(number, *[picture, *words]) for number, (picture, words) in enumerate(zip(pictures, texts))]
    assert groups(*pages) == ((0, 1), (2, 3))
    turned = {tuple(sorted(4 - number for number in group)) for group in groups(*pages[::-1])}
    assert turned == {(0, 1), (2, 3)}


@pytest.mark.parametrize("count", [0, 1])
def test_few_pages_have_no_copies(count):
    assert groups(*(page(number, photo(number), "a") for number in range(count))) == ()


def test_pages_that_nobody_opened_are_no_copies():
    assert (
        groups(*(FingerprintedPage(f"{n}.jpg", f"{n:064x}", None, text_signature("a")) for n in range(3)))
        == ()
    )


def _real_pages(folder):
    pages = []
    for source in read_sources([folder]):
        for entry in source.pages:
            placed = place_page(entry)
            if placed.image is not None:
                texts = [region.rec_text for region in placed.regions if region.rec_text]
                pages.append((entry.key.rpartition("/")[2], placed.image.pixels, texts))
    return pages


def test_the_filled_in_tax_forms_are_not_copies(shared):
    pages = [
        page(n, pixels, *texts, name=name)
        for n, (name, pixels, texts) in enumerate(_real_pages(shared / "real/form_1040"))
    ]
    assert len(pages) == 24
    assert groups(*pages) == ()


def test_every_turned_twin_of_real_photographs_is_found(shared):
    real = _real_pages(shared / "real/wire")[::7]
    pages = [page(n, pixels, *texts, name=name) for n, (name, pixels, texts) in enumerate(real)]
    twins = [
        page(1000 + n, np.ascontiguousarray(np.rot90(pixels, 1 + n % 3)), *texts, name=f"twin{n}.jpg")
        for n, (_, pixels, texts) in enumerate(real)
    ]
    found = groups(*pages, *twins)
    assert all(any({n, n + len(real)} <= set(group) for group in found) for n in range(len(real)))
