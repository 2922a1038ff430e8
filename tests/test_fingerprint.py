from __future__ import annotations

import cv2
import numpy as np
import pytest

from ppocr_kit.errors import DataError
from ppocr_kit.fingerprint import Fingerprint, fingerprint, small_pictures, stack_fingerprints, turn


@pytest.fixture
def page():
    pixels = np.full((900, 640, 3), 240, np.uint8)
    cv2.rectangle(pixels, (40, 60), (500, 200), (30, 60, 90), -1)
    for number in range(12):
        cv2.putText(pixels, f"line {number * 37}", (60, 300 + 45 * number), 0, 1.2, (0, 0, 0), 3)
    return pixels


def correlation(one, other, quarters=0):
    first, second = stack_fingerprints([fingerprint(one)]), stack_fingerprints([fingerprint(other)])
    return float((turn(first, quarters) @ second.T)[0, 0])


@pytest.mark.parametrize("quarters", range(4))
def test_a_turned_page_is_known_by_the_turned_frequencies(page, quarters):
    turned = np.ascontiguousarray(np.rot90(page, quarters))
    assert correlation(page, turned, quarters) > 0.995
    assert correlation(page, turned, quarters + 1) < 0.9


def test_a_page_decoded_at_reduced_size_has_nearly_the_same_fingerprint(page):
    encoded = cv2.imencode(".jpg", page)[1]
    reduced = cv2.imdecode(encoded, cv2.IMREAD_REDUCED_GRAYSCALE_4)
    assert correlation(page, reduced) > 0.995


def test_brightness_and_contrast_do_not_count(page):
    darker = (page.astype(np.float32) * 0.6 + 20).astype(np.uint8)
    assert correlation(page, darker) > 0.999


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 5000, 3), (7, 3), (33, 31, 3), (300, 200)])
def test_any_size_has_a_fingerprint(shape):
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    looks = fingerprint(pixels)
    assert Fingerprint.from_text(looks.to_text()) == looks
    assert Fingerprint.from_bytes(looks.to_bytes()) == looks


def test_an_empty_page_has_no_contrast():
    assert fingerprint(np.full((500, 400, 3), 255, np.uint8)).contrast == 0


def test_the_small_picture_comes_back(page):
    small = cv2.resize(cv2.cvtColor(page, cv2.COLOR_BGR2GRAY), (32, 32), interpolation=cv2.INTER_AREA)
    back = small_pictures(stack_fingerprints([fingerprint(page)]))[0]
    assert np.corrcoef(back.ravel(), small.ravel().astype(float))[0, 1] > 0.9


@pytest.mark.parametrize("text", ["", "AAAA", "not base64 at all!", "é" * 10])
def test_what_is_no_fingerprint_is_refused(text):
    with pytest.raises(DataError, match="fingerprint"):
        Fingerprint.from_text(text)
